"""Fingerprints beside one pass over the same memory, and beside their peers.

The limit of any content-complete digest is reading the content once; ``numpy.sum`` in one
thread stands for it, over the very buffers that hold the data. Peers: ``joblib.hash`` for
values, and MD5 in chunks of 1 MiB (as DVC hashes) for files. A file is in the page cache.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from _measure import arguments, interleaved, report, rows

from jupyter_mlops.fingerprints import fingerprint, of_file

MIB = 2**20


def frame_cases(megabytes: int) -> dict[str, Callable[[], Any]]:
    """Give the cases of a frame of 10 float columns."""
    length = megabytes * 10**6 // 80
    generator = np.random.default_rng(0)
    frame = pd.DataFrame({f"c{i}": generator.normal(size=length) for i in range(10)})
    columns = [frame[name].to_numpy() for name in frame]
    return {
        "np.sum, one thread": lambda: [column.sum() for column in columns],
        "fingerprint": lambda: fingerprint(frame),
        "joblib.hash": lambda: joblib.hash(frame),
    }


def string_cases(megabytes: int) -> dict[str, Callable[[], Any]]:
    """Give the cases of a frame of 2 columns of Arrow strings."""
    import pyarrow as pa
    import pyarrow.compute as pc

    length = megabytes * 10**6 // 50
    numbers = pa.array(np.random.default_rng(0).integers(0, 10**12, length)).cast(pa.large_string())
    name, dash = (pa.scalar(text, pa.large_string()) for text in ("customer", "-"))
    texts = pc.binary_join_element_wise(name, numbers, dash)
    frame = pd.DataFrame({"a": texts.to_pandas(), "b": numbers.to_pandas()})
    chunks = [chunk for name in frame for chunk in frame[name].array._pa_array.chunks]
    buffers = [buffer for chunk in chunks for buffer in chunk.buffers() if buffer is not None]
    words = [np.frombuffer(buffer, "u8", len(buffer) // 8) for buffer in buffers]
    return {
        "np.sum, one thread": lambda: [word.sum() for word in words],
        "fingerprint": lambda: fingerprint(frame),
        "joblib.hash": lambda: joblib.hash(frame),
    }


def file_cases(path: Path, megabytes: int) -> dict[str, Callable[[], Any]]:
    """Give the cases of a file."""
    with path.open("wb") as file:
        for _ in range(megabytes):
            file.write(np.random.default_rng(0).bytes(10**6))

    def chunks(take: Callable[[bytes], Any]) -> None:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(MIB):
                take(chunk)

    return {
        "read()": lambda: chunks(len),
        "fingerprint": lambda: of_file(path),
        "md5": lambda: chunks(hashlib.md5(usedforsecurity=False).update),
    }


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__, repeats=5)
    parser.add_argument("--megabytes", type=int, default=800, help="size of the float frame")
    options = parser.parse_args()
    size = options.megabytes
    made = rows(
        f"frame of 10 float64 columns, {size} MB",
        interleaved(frame_cases(size), options.repeats),
        "np.sum, one thread",
    )
    made += rows(
        f"frame of 2 columns of Arrow strings, about {size // 2} MB",
        interleaved(string_cases(size // 2), options.repeats),
        "np.sum, one thread",
    )
    with tempfile.TemporaryDirectory() as folder:
        cases = file_cases(Path(folder) / "data", size // 2)
        made += rows(f"file, {size // 2} MB", interleaved(cases, options.repeats), "read()")
    report(made, options.json)


if __name__ == "__main__":
    main()
