"""What capture costs a cell: all that its hooks take, and the whole cell on and off.

Capture's own time is measured from outside, in a kernel, around all that IPython and the
protocol call of ours (``_clock.py``); nobody listens outside, so that outputs are heard in
there too. The peer is one ``mlflow.log_param`` to SQLite, whose calls take turns with the
cells. What a cell costs depends on what it does, so the kinds are apart.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from _kernels import Variant
from _measure import Goal, arguments, percentile, report, rows
from _peers import peer

FIRST = """
import numpy as np, pandas as pd
from sklearn.linear_model import LinearRegression
frame = pd.DataFrame(np.random.default_rng(0).normal(size=(10_000, 10))).rename(columns=str)
frame.to_csv("data.csv", index=False)
"""
TEN_LINES = """
rate{i} = {i} / 100
steps = {i} + 3
total, seen = 0, []
for step in range(steps):
    total += step * rate{i}
    if step % 2:
        seen.append(total)
best = max(seen) if seen else 0
shown = f"best of {{steps}}: {{best:.3f}}"
print(shown)
"""
NO_NEW_DATA = {
    "assign a number": "x{i} = {i}",
    "show an expression": "x0 + {i}",
    "print": "print({i})",
    "define a function": "def f{i}(a, b={i}):\n    return a + b + x0",
    "ten lines with a loop": TEN_LINES,
    "exec, whose effects are not known": "exec('hidden = {i}')",
    "a mean of a frame's column": "mean{i} = frame['0'].mean()",
}
NEW_DATA = {
    "change a frame of 0.8 MB": "frame['new'] = frame['0'] * {i}",
    "read a CSV file of 2 MB": "read{i} = pd.read_csv('data.csv')",
    "fit a linear model": "model = LinearRegression().fit(frame[['0', '1']], frame['2'] + {i})",
}
KINDS = NO_NEW_DATA | NEW_DATA
PEER = "one mlflow.log_param to SQLite"


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__, repeats=100)
    parser.add_argument("--names", type=int, default=0, help="names that the namespace holds")
    options = parser.parse_args()
    wall: dict[str, dict[str, list[float]]] = {kind: {"absent": [], "on": []} for kind in KINDS}
    logged: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        variants = {name: Variant(name, Path(folder), clock=True) for name in ("absent", "on")}
        kernels = {name: variant.start() for name, variant in variants.items()}
        mlflow = peer("_log_param.py", Path(folder) / "peer")
        many = f"globals().update((f'name{{i}}', [i]) for i in range({options.names}))"
        warm_up = (FIRST, many, *(source.format(i=0) for source in KINDS.values()))
        for kernel in kernels.values():
            for source in warm_up:
                kernel.execute(source)
        for number in range(1, options.repeats + 1):
            for kind, source in KINDS.items():
                order = list(kernels) if number % 2 else list(kernels)[::-1]
                for name in order:
                    began = time.perf_counter()
                    kernels[name].execute(source.format(i=number))
                    wall[kind][name].append(time.perf_counter() - began)
            if mlflow is not None:
                logged.append(mlflow.measure())
        spent = kernels["on"].timed()["cells"][len(warm_up) : -1]
        for kernel in kernels.values():
            kernel.stop()
        if mlflow is not None:
            mlflow.stop()
    own = {kind: spent[position :: len(KINDS)] for position, kind in enumerate(KINDS)}
    made = rows("capture's own time", {PEER: logged} | own, PEER, "µs") if logged else []
    for kind in KINDS:
        found = {"without the product": wall[kind]["absent"], "with capture": wall[kind]["on"]}
        made += rows(kind, {**found, "capture's own time": own[kind]}, "without the product", "µs")
    report(made, options, goals(own, logged))


def goals(own: dict[str, list[float]], logged: list[float]) -> list[Goal]:
    """Compare with what the product promises of cells with no new data."""
    quiet = [seconds for kind in NO_NEW_DATA for seconds in own[kind]]
    median = statistics.median(quiet)
    what = "own time of a cell with no new data"
    found = [Goal(f"{what}, median", median * 1e6, "µs", 200)]
    if logged:
        ratio = statistics.median(logged) / median
        found.append(Goal("mlflow.log_param to that median", ratio, "x", 50, at_least=True))
    every = [seconds for spent in own.values() for seconds in spent]
    found.append(Goal("own time of every cell here, p95", percentile(every, 0.95) * 1e3, "ms", 25))
    return found


if __name__ == "__main__":
    main()
