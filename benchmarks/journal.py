"""What a journal's line costs in a real kernel: stored into mapped memory, and written.

Both journals are in one kernel, which prints between the lines, so that its threads have work:
what makes ``os.write`` slow there is not the disk, but that it lets another thread in. Each
cell writes one line of each kind to each journal, and the next cell begins with the other one.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from _kernels import Variant
from _measure import Goal, arguments, report, rows

FIRST = """
import json, os, time
from pathlib import Path
from jupyter_mlops.events import CellFinished, CellStarted
from jupyter_mlops.journal import Journal, compose, segments

def opened(name, kinds):
    kept, segments._KEEPS_ROOM = segments._KEEPS_ROOM, kinds
    try:
        return Journal(Path("journals"), name)
    finally:
        segments._KEEPS_ROOM = kept

journals = {"os.write": opened("written", frozenset())}
mapped = opened("mapped", segments._KEEPS_ROOM)
if isinstance(mapped._segment, segments.Mapped):
    journals["mapped"] = mapped
source = "rate = 0.1\\nfor step in range(10):\\n    print(step * rate)\\n" * 5
fields = {"execution": 1, "msg_id": "0" * 40, "cell_id": "1" * 12, "source": source,
          "execution_count": 1}
spent = {what: {name: [] for name in journals} for what in ("store", "whole")}

def forget():
    for cases in spent.values():
        for case in cases.values():
            case.clear()

def turn(number):
    for name in list(journals)[:: 1 if number % 2 else -1]:
        journal = journals[name]
        print(name)
        line = compose(CellStarted, fields)
        began = time.perf_counter()
        journal.write(line)
        stored = time.perf_counter()
        journal.append(CellStarted, **fields)
        spent["store"][name].append(stored - began)
        spent["whole"][name].append(time.perf_counter() - stored)
"""
WARM_UP = 10
LAST = "Path('spent.json').write_text(json.dumps(spent))"
WHAT = {"store": "the line's bytes alone", "whole": "one line of 500 bytes, its JSON included"}


def main() -> None:
    """Measure and print."""
    options = arguments(__doc__, repeats=1000).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kernel = Variant("absent", Path(folder)).start()
        kernel.execute(FIRST)
        for number in range(options.repeats + WARM_UP):
            if number == WARM_UP:
                kernel.execute("forget()")
            kernel.execute(f"turn({number})")
        kernel.execute(LAST)
        kernel.stop()
        spent = json.loads((Path(folder) / "absent" / "spent.json").read_text())
    made = [row for key, what in WHAT.items() for row in rows(what, spent[key], "os.write", "µs")]
    goals = [
        Goal("a line's bytes into mapped memory, median", row["median"], "µs", 10)
        for row in made
        if row["case"] == "mapped" and row["what"] == WHAT["store"]
    ]
    report(made, options, goals)


if __name__ == "__main__":
    main()
