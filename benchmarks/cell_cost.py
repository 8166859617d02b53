"""What capture costs a cell: its own time by the journal, and the whole cell on and off.

``self_time_s`` of the journal is the time that capture's hooks ran. The whole cell is the
wall time from request to reply in two kernels, one with capture and one without the product,
whose cells take turns. What a cell costs depends on what it does, so the kinds are apart.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from _kernels import Variant
from _measure import arguments, report, rows

FIRST = """
import numpy as np, pandas as pd
from sklearn.linear_model import LinearRegression
frame = pd.DataFrame(np.random.default_rng(0).normal(size=(10_000, 10))).rename(columns=str)
frame.to_csv("data.csv", index=False)
"""
KINDS = {
    "assign a number": "x{i} = {i}",
    "print": "print({i})",
    "define a function": "def f{i}(a, b={i}):\n    return a + b + x0",
    "change a frame of 0.8 MB": "frame['new'] = frame['0'] * {i}",
    "read a CSV file of 2 MB": "read{i} = pd.read_csv('data.csv')",
    "fit a linear model": "model = LinearRegression().fit(frame[['0', '1']], frame['2'] + {i})",
}


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__, repeats=50).parse_args()
    wall: dict[str, dict[str, list[float]]] = {kind: {"absent": [], "on": []} for kind in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        variants = {name: Variant(name, Path(folder)) for name in ("absent", "on")}
        kernels = {name: variant.start() for name, variant in variants.items()}
        for kernel in kernels.values():
            for source in (FIRST, *(source.format(i=0) for source in KINDS.values())):
                kernel.execute(source)
        warm_up = 1 + len(KINDS)
        for number in range(1, options.repeats + 1):
            for kind, source in KINDS.items():
                order = list(kernels) if number % 2 else list(kernels)[::-1]
                for name in order:
                    began = time.perf_counter()
                    kernels[name].execute(source.format(i=number))
                    wall[kind][name].append(time.perf_counter() - began)
        for kernel in kernels.values():
            kernel.stop()
        spent = own_times(variants["on"].home)[warm_up:]
    made = []
    for position, kind in enumerate(KINDS):
        own = spent[position :: len(KINDS)]
        found = {"without the product": wall[kind]["absent"], "with capture": wall[kind]["on"]}
        made += rows(kind, {**found, "capture's own time": own}, "without the product")
    report(made, options.json)


def own_times(home: Path) -> list[float]:
    """Read the time that capture took for each cell from the journal, in seconds."""
    (journal,) = (home / "journals").glob("*.jsonl")
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    return [event["self_time_s"] for event in events if event["type"] == "cell_finished"]


if __name__ == "__main__":
    main()
