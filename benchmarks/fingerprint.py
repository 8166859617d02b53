"""Fingerprints beside one pass over the same memory, and beside their peers.

The limit of any content-complete digest is reading the content once; ``numpy.sum`` in one
thread stands for it, over the very buffers that hold the data. Peers: ``joblib.hash`` for
values, MLflow's dataset digest (in a process of its own, on the same data), and MD5 in chunks
of 1 MiB (as DVC hashes) for files. A file is in the page cache; it is read as a kernel does,
and by the process that a server asks (which is there already: its start is measured apart).
Changes that MLflow's digest does not see are made to both. Times are processor time, with each
of them in one thread; what two threads gain is measured by the clock on the wall, and needs a
quiet machine.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from _data import KINDS, OTHERS
from _measure import Goal, arguments, interleaved, report, rows
from _mutations import MUTATIONS
from _peers import PYTHON, Peer

from jupyter_mlops.fingerprints import begin, fingerprint, of_file
from jupyter_mlops.fingerprints.mapped import Process
from jupyter_mlops.fingerprints.steps import finish

MIB = 2**20
SUM, OURS, JOBLIB, MLFLOW = "np.sum, one thread", "fingerprint", "joblib.hash", "MLflow's digest"

OUTSIDE, STARTED = "fingerprint, another process", "start of that process"
WALL, JOBLIB_WALL = "fingerprint, two threads", "joblib.hash, one thread"


def buffers_of(kind: str, value: Any) -> list[Any]:
    """Return the arrays that hold the content."""
    if kind == "array":
        return [value]
    if kind == "floats":
        return [value[name].to_numpy() for name in value]
    chunks = [chunk for name in value for chunk in value[name].array._pa_array.chunks]
    buffers = [buffer for chunk in chunks for buffer in chunk.buffers() if buffer is not None]
    return [np.frombuffer(buffer, "u8", len(buffer) // 8) for buffer in buffers]


def value_times(
    kind: str, megabytes: int, repeats: int, peer: Peer | None
) -> dict[str, list[float]]:
    """Measure one kind of data; what a peer's process says is taken as its time."""
    value = KINDS[kind](megabytes)
    buffers = buffers_of(kind, value)
    found = interleaved(
        {
            SUM: lambda: [buffer.sum() for buffer in buffers],
            OURS: lambda: alone(value),
            JOBLIB: lambda: joblib.hash(value),
        },
        repeats,
        clock=time.process_time,
    )
    by_the_wall = interleaved(
        {WALL: lambda: fingerprint(value), JOBLIB_WALL: lambda: joblib.hash(value)}, repeats
    )
    found |= by_the_wall
    if peer is not None:
        found[MLFLOW] = [peer.measure() for _ in range(repeats)]
    return found


def other_times(kind: str, megabytes: int, repeats: int) -> tuple[list[dict[str, Any]], list[Goal]]:
    """Measure what has no peer; strings, which polars has to put together, have no goal."""
    value = OTHERS[kind](megabytes)
    if kind == "torch tensor":
        buffers = [value.numpy()]
    elif kind == "polars floats":
        buffers = [value[name].to_numpy() for name in value.columns]
    else:
        buffers = buffers_of("strings", value.to_pandas())
    found = interleaved(
        {SUM: lambda: [buffer.sum() for buffer in buffers], OURS: lambda: alone(value)},
        repeats,
        clock=time.process_time,
    )
    goal = Goal(f"{kind}: of one pass over memory", _times(found, OURS, SUM), "x", 1.2)
    return rows(f"{kind}, {megabytes} MB", found, SUM), [] if kind == "polars strings" else [goal]


def alone(value: Any) -> Any:
    """Fingerprint a value in one thread, as an idle kernel does."""
    begun = begin(value)
    return None if begun is None else finish(begun)


def file_times(
    path: Path, megabytes: int, repeats: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Measure a file, in processor time and by the clock on the wall."""
    with path.open("wb") as file:
        # A smaller file is not left to others, and has a digest of another kind.
        for _ in range(max(megabytes, 40)):
            file.write(np.random.default_rng(0).bytes(10**6))
    content = np.fromfile(path, "u1")

    def chunks(take: Callable[[bytes], Any]) -> None:
        with path.open("rb", buffering=0) as file:
            while chunk := file.read(MIB):
                take(chunk)

    cases = {
        "read()": lambda: chunks(len),
        OURS: lambda: of_file(path),
        "the same bytes, as an array": lambda: alone(content),
        "md5": lambda: chunks(hashlib.md5(usedforsecurity=False).update),
    }
    found = interleaved(cases, repeats, clock=time.process_time)
    path.with_name("small").write_bytes(b"x")

    def start() -> None:
        with Process() as another:
            another.digest(path.with_name("small"))

    with Process() as process:
        expected = of_file(path)
        if expected is None or process.digest(path) != expected.digest:
            raise SystemExit("the digests of the file differ")
        by_the_wall = interleaved(
            {OUTSIDE: lambda: process.digest(path), "md5": cases["md5"], STARTED: start}, repeats
        )
    return found, by_the_wall


def noticed(folder: Path | None) -> list[dict[str, Any]]:
    """Make each change, and tell whose digest changed with it."""
    theirs = json.loads((folder / "noticed.json").read_text()) if folder is not None else {}
    return [
        {
            "change": name,
            OURS: _digest(make()) != _digest(change(make())),
            MLFLOW: theirs.get(name),
        }
        for name, (make, change) in MUTATIONS.items()
    ]


def _digest(value: Any) -> str | None:
    found = fingerprint(value)
    return found.digest if found is not None else None


def _times(found: dict[str, list[float]], one: str, other: str) -> float:
    """Return how many times longer `one` took than `other`, in the middle of the rounds."""
    return statistics.median(a / b for a, b in zip(found[one], found[other], strict=True))


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__, repeats=5)
    parser.add_argument("--megabytes", type=int, default=800, help="size of the float frame")
    options = parser.parse_args()
    made, goals = [], []
    with tempfile.TemporaryDirectory() as folder:
        last = None
        for kind, size in (
            ("floats", options.megabytes),
            ("strings", options.megabytes // 2),
            ("array", options.megabytes),
        ):
            last = Path(folder) / f"{kind}-{size}" if PYTHON.exists() else None
            peer = Peer("_mlflow_digest.py", last) if last is not None else None
            found = value_times(kind, size, options.repeats, peer)
            if peer is not None:
                peer.stop()
            wall = {name: found.pop(name) for name in (JOBLIB_WALL, WALL)}
            made += rows(f"{kind}, {size} MB", found, SUM)
            made += rows(f"{kind}, {size} MB, by the clock on the wall", wall, JOBLIB_WALL)
            goals.append(
                Goal(f"{kind}: of one pass over memory", _times(found, OURS, SUM), "x", 1.2)
            )
            goals.append(
                Goal(
                    f"{kind}: under joblib.hash",
                    _times(wall, JOBLIB_WALL, WALL),
                    "x",
                    30,
                    at_least=True,
                )
            )
        size = options.megabytes // 2
        for kind in OTHERS:
            more, goal = other_times(kind, size, options.repeats)
            made += more
            goals += goal
        found, wall = file_times(Path(folder) / "data", size, options.repeats)
        made += rows(f"file, {size} MB", found, "read()")
        made += rows(f"file, {size} MB, by the clock on the wall", wall, "md5")
        times = _times(wall, "md5", OUTSIDE)
        goals.append(Goal("file, outside the kernel: under md5", times, "x", 25, at_least=True))
        changes = noticed(last)
    seen = sum(row[OURS] for row in changes)
    goals.append(Goal("changes noticed, of six", seen, "", len(MUTATIONS), at_least=True))
    report(made, options, goals, changes=changes)
    if not options.json:
        print("\nwhose digest notices a change")
        for row in changes:
            said = {True: "yes", False: "NO", None: "not measured"}
            print(f"  {row['change']:42}ours {said[row[OURS]]:6}MLflow's {said[row[MLFLOW]]}")


if __name__ == "__main__":
    main()
