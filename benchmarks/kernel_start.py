"""Start of a kernel until its first reply: without the product, switched off, and on.

Of each start: the wall time from before the process is started until the reply to ``1``, the
processor time that the kernel has used by then, which other work on the machine moves less,
and the processor time that is capture's own (the startup file with all that it imports, and
what the first cell triggers), measured in there. Bytecode is written by the first starts,
which are not counted. What the three variants are is said in ``_kernels.py``.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from _kernels import VARIANTS, Variant
from _measure import Goal, arguments, report, rounds, rows

WARM_UP = 2  # Python caches bytecode, IPython makes files of its own


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__, repeats=12).parse_args()
    wall: dict[str, list[float]] = {name: [] for name in VARIANTS}
    processor: dict[str, list[float]] = {name: [] for name in VARIANTS}
    own: dict[str, list[float]] = {"startup file": [], "first cell": [], "together": []}
    with tempfile.TemporaryDirectory() as folder:
        variants = {name: Variant(name, Path(folder)) for name in VARIANTS}
        clocked = Variant("clocked", Path(folder), clock=True)
        for variant in (*variants.values(), clocked) * WARM_UP:
            kernel = variant.start()
            kernel.execute("1")
            kernel.stop()
        for name in rounds(VARIANTS, options.repeats):
            kernel = variants[name].start()
            kernel.execute("1")
            wall[name].append(time.perf_counter() - kernel.began)
            processor[name].append(kernel.processor_seconds())
            kernel.stop()
            if name == "on":
                kernel = clocked.start()
                kernel.execute("1")
                parts = kernel.timed()["start"]
                for part, seconds in zip(own, (*parts, sum(parts)), strict=True):
                    own[part].append(seconds)
                kernel.stop()
        journals = list((variants["on"].home / "journals").glob("*.jsonl"))
        if len(journals) != options.repeats + WARM_UP:
            raise SystemExit(f"capture was not on: {len(journals)} journals")
    made = rows("wall time to the first reply", wall, "absent")
    made += rows("processor time of the kernel by then", processor, "absent")
    made += rows("processor time of capture by then", own, "together")
    together = statistics.median(own["together"]) * 1e3
    report(made, options, [Goal("start-up work in a kernel, CPU", together, "ms", 30)])


if __name__ == "__main__":
    main()
