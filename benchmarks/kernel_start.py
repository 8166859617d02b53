"""Start of a kernel until its first reply: without the product, switched off, and on.

A pair of numbers a start: the wall time from before the process is started until the reply
to ``1``, and the processor time that the kernel has used by then, which other work on the
machine moves less. What the three variants are is said in ``_kernels.py``.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from _kernels import VARIANTS, Variant
from _measure import arguments, report, rounds, rows


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__, repeats=12).parse_args()
    wall: dict[str, list[float]] = {name: [] for name in VARIANTS}
    processor: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with tempfile.TemporaryDirectory() as folder:
        variants = {name: Variant(name, Path(folder)) for name in VARIANTS}
        for variant in variants.values():  # once, to write bytecode and IPython's own files
            kernel = variant.start()
            kernel.execute("1")
            kernel.stop()
        for name in rounds(VARIANTS, options.repeats):
            kernel = variants[name].start()
            kernel.execute("1")
            wall[name].append(time.perf_counter() - kernel.began)
            processor[name].append(kernel.processor_seconds())
            kernel.stop()
        journals = list((variants["on"].home / "journals").glob("*.jsonl"))
        if len(journals) != options.repeats + 1:
            raise SystemExit(f"capture was not on: {len(journals)} journals")
    made = rows("wall time to the first reply", wall, "absent")
    made += rows("processor time of the kernel by then", processor, "absent")
    report(made, options.json)


if __name__ == "__main__":
    main()
