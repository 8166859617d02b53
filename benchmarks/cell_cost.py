"""What capture costs a cell: all that its hooks take, and the whole cell on and off.

Capture's own time is measured from outside, in a kernel, around all that IPython and the
protocol call of ours (``_clock.py``). Of two kernels with capture one is *heard*, as all are
that our server or our engine started; the other one hears its outputs itself. The kernels take
turns, each with all kinds of cells, since what a cell costs depends on what it does; so do
the peer, one ``mlflow.log_param`` to SQLite, and hooks that do the least (``_least.py``).
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from _kernels import Variant
from _measure import Goal, arguments, percentile, report, rounds, rows
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
ABSENT = "absent"
# Our server and our engine hear the outputs of the kernels that they start.
HEARD, ALONE = "heard", "unheard"
# Hooks of another kind (``_least.py``), which are a floor under ours.
LEAST = "hooks that do the least"
_LEAST_FILE = Path(__file__).with_name("_least.py")


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__, repeats=100)
    parser.add_argument("--names", type=int, default=0, help="names that the namespace holds")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wall, own, logged = measured(Path(folder), options.repeats, options.names)
    made = []
    if logged:
        made = rows("capture's own time, heard", {PEER: logged} | own[HEARD], PEER, "µs")
    quiet = {
        name: [
            statistics.median(one)
            for one in zip(*(times[kind] for kind in NO_NEW_DATA), strict=True)
        ]
        for name, times in own.items()
    }
    made += rows("own time with no new data, median of a round", quiet, LEAST, "µs")
    for kind in KINDS:
        found = {"without the product": wall[ABSENT][kind]}
        for name in (HEARD, ALONE):
            found |= {
                f"with capture, {name}": wall[name][kind],
                f"its own, {name}": own[name][kind],
            }
        made += rows(kind, found, "without the product", "µs")
    report(made, options, goals(own, logged))


Times = dict[str, list[float]]


def measured(
    folder: Path, repeats: int, names: int
) -> tuple[dict[str, Times], dict[str, Times], list[float]]:
    """Return, of each kernel, the times of its cells and our own in them; and the peer's."""
    variants = {
        ABSENT: Variant("absent", folder, clock=True),
        HEARD: Variant("heard", folder, clock=True, heard=True),
        ALONE: Variant("on", folder, clock=True),
        LEAST: Variant("least", folder),
    }
    kernels = {name: variant.start() for name, variant in variants.items()}
    mlflow = peer("_log_param.py", folder / "peer")
    many = f"globals().update((f'name{{i}}', [i]) for i in range({names}))"
    warm_up = (FIRST, many, *(source.format(i=0) for source in KINDS.values()))
    kernels[LEAST].execute(f"__import__('runpy').run_path({str(_LEAST_FILE)!r})")
    for kernel in kernels.values():
        for source in warm_up:
            kernel.execute(source)
    wall: dict[str, Times] = {name: {kind: [] for kind in KINDS} for name in kernels}
    logged: list[float] = []
    for number, name in enumerate(rounds(list(kernels), repeats)):
        for kind, source in KINDS.items():
            began = time.perf_counter()
            kernels[name].execute(source.format(i=1 + number // len(kernels)))
            wall[name][kind].append(time.perf_counter() - began)
        if mlflow is not None and (number + 1) % len(kernels) == 0:
            logged.append(mlflow.measure())
    own = {}
    for name in (LEAST, HEARD, ALONE):
        spent = kernels[name].timed()["cells"][len(warm_up) : -1]
        own[name] = {kind: spent[at :: len(KINDS)] for at, kind in enumerate(KINDS)}
    for kernel in kernels.values():
        kernel.stop()
    if mlflow is not None:
        mlflow.stop()
    return wall, own, logged


def goals(own: dict[str, Times], logged: list[float]) -> list[Goal]:
    """Compare with what the product promises of cells with no new data."""
    found = []
    for name in (HEARD, ALONE):
        times = own[name]
        median = statistics.median(seconds for kind in NO_NEW_DATA for seconds in times[kind])
        found.append(Goal(f"own time, no new data, median, {name}", median * 1e6, "µs", 200))
        if logged:
            ratio = statistics.median(logged) / median
            found.append(Goal("  mlflow.log_param to that", ratio, "x", 50, at_least=True))
    every = [one for name in (HEARD, ALONE) for spent in own[name].values() for one in spent]
    found.append(Goal("own time of every cell here, p95", percentile(every, 0.95) * 1e3, "ms", 25))
    return found


if __name__ == "__main__":
    main()
