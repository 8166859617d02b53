"""What capture costs whole notebooks: its own time for each cell, and its share of all time.

Notebooks of this file (tables, arrays, strings, files; frames of up to 1 GB), the tour, and
any that are named, each in a real kernel, cell after cell without a pause, as *Run All* does
it. Own time is measured in the kernel (``_clock.py``), by the clock and of the processor, which
a busy machine does not lengthen; a cell's time is that of its execution. What waits for an idle
kernel gets one of two seconds when the notebook has ended.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from _kernels import Variant
from _measure import Goal, arguments, percentile, report, rows

from jupyter_mlops.journal import read

PAUSE_S = 2
# Of each cell: own time by the clock and of the processor, and how long it was executed.
Costs = list[tuple[float, float, float]]
TOUR = Path(__file__).parent.parent / "binder" / "tour.ipynb"
IMPORTS = "import numpy as np\nimport pandas as pd\nrng = np.random.default_rng(0)"


SMALL_TABLE = [
    IMPORTS,
    "df = pd.DataFrame(rng.normal(size=(100_000, 8))).rename(columns=str)",
    "df.head()",
    "df['label'] = (df['0'] > 0).astype(int)",
    "df.describe()",
    "from sklearn.linear_model import LogisticRegression\n"
    "from sklearn.model_selection import train_test_split",
    "X, y = df.drop(columns='label'), df['label']",
    "A, B, a, b = train_test_split(X, y, random_state=0)",
    "model = LogisticRegression().fit(A, a)",
    "accuracy = model.score(B, b)",
    "for C in (0.1, 1.0, 10.0):\n    print(LogisticRegression(C=C).fit(A, a).score(B, b))",
    "df.groupby('label').mean()",
]


def notebooks(megabytes: int) -> dict[str, list[str]]:
    """Return our own notebooks by name; the largest frame has that many megabytes."""
    return {"small table": SMALL_TABLE} | _frames(megabytes) | _others(megabytes)


def _frames(megabytes: int) -> dict[str, list[str]]:
    rows = megabytes * 10**6 // 80
    return {
        f"frame of {megabytes} MB": [
            IMPORTS,
            f"df = pd.DataFrame({{f'c{{i}}': rng.normal(size={rows}) for i in range(10)}})",
            "df.head()",
            "len(df), df.shape",
            "df['c0'].mean()",
            "df['sum'] = df['c0'] + df['c1']",
            "part = df[df['c0'] > 1]",
            "df.describe()",
            "train = df.iloc[: len(df) // 2]",
            "train.tail()",
            "means = df.mean()",
            "del train, part",
        ],
        "arrays": [
            IMPORTS,
            f"a = rng.random({megabytes // 2 * 10**6 // 8})",
            "b = a.reshape(-1, 10)",
            "c = b.T[::2]",
            "a[:10] = 0",
            "m = np.ma.masked_array(a, a > 0.5)",
            "total = float(a.sum())",
            "s = np.sort(a)",
        ],
    }


def _others(megabytes: int) -> dict[str, list[str]]:
    return {
        "strings": [
            IMPORTS,
            f"n = rng.integers(0, 10**9, {megabytes * 10**6 // 300})",
            "text = pd.Series(n).astype(str)",
            "frame = pd.DataFrame({'name': text, 'upper': text.str.upper()})",
            "frame.head()",
            "objects = frame['name'].astype(object)",
            "frame['kind'] = frame['name'].str[0].astype('category')",
            "counts = frame['kind'].value_counts()",
        ],
        "files": [
            IMPORTS,
            f"df = pd.DataFrame(rng.normal(size=({megabytes * 10**6 // 400}, 5)))",
            "df.columns = list('abcde')",
            "df.to_parquet('data.parquet')",
            "again = pd.read_parquet('data.parquet')",
            "df.iloc[:200_000].to_csv('data.csv', index=False)",
            "small = pd.read_csv('data.csv')",
            "small = pd.read_csv('data.csv', nrows=1000)",
            "np.save('data.npy', df.to_numpy())",
            "loaded = np.load('data.npy')",
        ],
    }


def sources(path: Path) -> list[str]:
    """Return the sources of a notebook's code cells."""
    cells = json.loads(path.read_text())["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def costs(variant: Variant, cells: list[str], seconds: float) -> tuple[Costs, list[Any]]:
    """Execute cells in a kernel of their own; return what they cost and the journal's events."""
    folder = variant.home / "journals"
    before = set(folder.glob("*.jsonl"))
    kernel = variant.start()
    for source in cells:
        kernel.client.execute(source, reply=True, timeout=seconds)
    time.sleep(PAUSE_S)
    timed = kernel.timed()
    kernel.stop()
    (journal,) = set(folder.glob("*.jsonl")) - before
    events = list(read(journal).events)
    finished = [event["duration_s"] for event in events if event["type"] == "cell_finished"]
    return list(zip(timed["cells"], timed["processor"], finished, strict=False))[:-1], events


def main() -> None:
    """Measure and print."""
    parser = arguments(__doc__, repeats=1)
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the largest frame")
    parser.add_argument("--notebook", type=Path, action="append", default=[], help="one more")
    options = parser.parse_args()
    corpus = notebooks(options.megabytes)
    corpus["tour"] = sources(TOUR)
    corpus |= {path.name: sources(path) for path in options.notebook}
    found: dict[str, Costs] = {name: [] for name in corpus}
    partial = completed = 0
    with tempfile.TemporaryDirectory() as folder:
        variant = Variant("on", Path(folder), clock=True, processor=True)
        # Not counted: whatever is executed first compiles us, which no installation does.
        costs(variant, [cell for cells in notebooks(1).values() for cell in cells], seconds=600)
        for _ in range(options.repeats):
            for name, cells in corpus.items():
                spent, events = costs(variant, cells, seconds=600)
                found[name] += spent
                for event in events:
                    if event["type"] == "cell_finished":
                        partial += sum(not use["complete"] for use in event.get("data", ()))
                    elif event["type"] == "data_completed":
                        completed += len(event.get("data", ()))
    every = [cost for some in found.values() for cost in some]
    made = []
    for name, some in {**found, "all notebooks": every}.items():
        own, processor, cells_s = ([cost[column] for cost in some] for column in range(3))
        both = {"cells": cells_s, "own time": own, "own time, processor": processor}
        made += rows(name, both, "cells")
    report(made, options, goals(every), partial=partial, completed=completed)
    if not options.json:
        print(f"\n{len(every)} cells; partial digests when cells ended: {partial},")
        print(f"uses completed while the kernel idled: {completed}")


def goals(every: Costs) -> list[Goal]:
    """Compare with what the product promises."""
    found = []
    whole = sum(own + duration for own, _, duration in every)
    for column, what in ((0, "own time"), (1, "own time, processor")):
        own = [cost[column] for cost in every]
        found.append(Goal(f"{what} a cell, p95", 1e3 * percentile(own, 0.95), "ms", 25))
        found.append(Goal(f"{what}, share of the notebooks' time", 100 * sum(own) / whole, "%", 2))
    return found


if __name__ == "__main__":
    main()
