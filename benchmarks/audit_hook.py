"""What capture's audit hook costs code that raises events it does not care for.

Python tells each audit hook of every ``id()``, which nothing can prevent: the worst cases are
a loop of ``id()`` and ``copy.deepcopy``, which calls it for each object. Each case runs in
processes of its own, with and without the hook, that take turns, since a hook can't be
taken out; a cell is being recorded meanwhile. Peer: a hook that is an empty function.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

from _measure import Goal, arguments, report, rounds, rows

PREPARE = {
    "no hook": "",
    "an empty hook": "import sys\nsys.addaudithook(lambda event, args: None)\n",
    "capture's hook": (
        "from jupyter_mlops.capture.files.reads import Reads\n"
        "reads = Reads()\nreads.install()\nreads.begin()\n"
    ),
}
# Each leaves the seconds of one call in `best`, and tells how often the event is raised.
MEASURE = """
import time
best = 1.0
for _ in range({tries}):
    began = time.perf_counter()
    run()
    best = min(best, time.perf_counter() - began)
print(best / {divisor})
"""
CASES = {
    "one id() of a loop": (
        "from itertools import repeat\nthing = object()\n"
        "def run():\n    for _ in repeat(None, 10_000): id(thing)\n",
        10_000,
    ),
    "copy.deepcopy of 1,000 lists of 10 numbers": (
        "import copy\ndata = [list(range(10)) for _ in range(1_000)]\n"
        "def run(): copy.deepcopy(data)\n",
        1,
    ),
    "pickle.dumps of 10,000 numbers (raises no event)": (
        "import pickle\ndata = list(range(10_000))\ndef run(): pickle.dumps(data)\n",
        1,
    ),
}


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__, repeats=15).parse_args()
    found: dict[str, dict[str, list[float]]] = {
        case: {name: [] for name in PREPARE} for case in CASES
    }
    for name in rounds(list(PREPARE), options.repeats):
        for case, (setup, divisor) in CASES.items():
            measure = MEASURE.format(tries=40, divisor=divisor)
            command = [sys.executable, "-c", PREPARE[name] + setup + measure]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[case][name].append(float(done.stdout))
    made = [row for case in CASES for row in rows(case, found[case], "no hook", "µs")]
    calls = found["one id() of a loop"]
    pairs = zip(calls["capture's hook"], calls["no hook"], strict=True)
    cost = statistics.median(with_hook - without for with_hook, without in pairs) * 1e6
    report(made, options, [Goal("the hook rejects a foreign event in", cost, "µs", 0.3)])


if __name__ == "__main__":
    main()
