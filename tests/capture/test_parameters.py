"""Every form of a parameter, in a real kernel: named, valued and typed."""

from __future__ import annotations

from pathlib import Path

import nbformat
from papermill import inspect_notebook

from tests.capture.conftest import Kernel

# Papermill drops five of these.
HARD = """\
lr: float = 0.1
d: datetime.date = None
cfg = dict(a=1)
n = 10
layers = [1,2]
x, y = 1, 2
name = "a=b"
"""
CELLS = (
    "import argparse, datetime, datetime as dt, os, types\nfrom pathlib import Path\n"
    "from dataclasses import dataclass, field\nfrom typing import NamedTuple\nimport numpy as np",
    HARD,
    "day = datetime.date(2024, 1, 31); begin = dt.datetime(2024, 1, 31, 8); w = dt.timedelta(7)\n"
    "path = Path('data') / 'x.csv'; other = os.path.join('data', 'y.csv')\n"
    "moment = np.datetime64('2024-01-31')",
    "a = b = 1e-3; z = 1 + 2j; big = 2**10; joined = 'a' + 'b'; told = f'{1}-b'\n"
    "first, *rest = 1, 2\n"
    "chosen = {1, 2}; few = frozenset({'x'}); "
    "nested = {'k': [(1, 2)], 'd': datetime.date(2024, 1, 31)}",
    "if __name__ == '__main__':\n    main = 5\n    ratio = 0.5\nif first:\n    branch = [1]\n"
    "else:\n    branch = [2]\n(walrus := 'w')",
    "class CFG:\n    rate = 0.1\n    depth: int = 3\n    computed = len('abc')\n"
    "@dataclass\nclass Config:\n    lr: float = 0.1\n    n: int = field(default=2)\n"
    "    def steps(self): return self.n\n"
    "class Named(NamedTuple):\n    size: int = 4\n"
    "class Counter:\n    count = 0\n    def add(self): self.count += 1",
    "config = Config(lr=0.5)",
    "ns = types.SimpleNamespace(k=3)\ncounter = Counter()",
    "parser = argparse.ArgumentParser()\nparser.add_argument('--lr', type=float, default=0.1)\n"
    "parser.add_argument('--n-jobs', default='4', type=int)\nparser.add_argument('-f')\n"
    "args = parser.parse_args(['--lr', '0.3', '-f', '/run/kernel-1a-2b.json'])",
    "total = 0\nfor step in range(3): total += step\nlosses = []\nresult = len('abc')\n"
    "CFG.rate = 0.2; same = other; args.lr = 1",
    "class CFG:\n    rate = 0.3\nCFG.rate = 0.4",
    "date = str\nwrong = date(2024)\nPath = str\nalso = Path('data')",
)  # fmt: skip
EXPECTED = (
    {},
    {
        "lr": (0.1, "float"),
        "d": (None, "NoneType"),
        "cfg": ({"a": 1}, "dict"),
        "n": (10, "int"),
        "layers": ([1, 2], "list"),
        "x": (1, "int"),
        "y": (2, "int"),
        "name": ("a=b", "str"),
    },
    {
        "day": ("2024-01-31", "datetime.date"),
        "begin": ("2024-01-31T08:00:00", "datetime.datetime"),
        "w": ("7 days, 0:00:00", "datetime.timedelta"),
        "path": ("data/x.csv", "pathlib.Path"),
        "other": ("data/y.csv", "str"),
        "moment": ("2024-01-31", "numpy.datetime64"),
    },
    {
        "a": (0.001, "float"),
        "b": (0.001, "float"),
        "z": ("(1+2j)", "complex"),
        "big": (1024, "int"),
        "joined": ("ab", "str"),
        "told": ("1-b", "str"),
        "first": (1, "int"),
        "chosen": ([1, 2], "set"),
        "few": (["x"], "frozenset"),
        "nested": ({"k": [[1, 2]], "d": "2024-01-31"}, "dict"),
    },
    {"main": (5, "int"), "ratio": (0.5, "float"), "branch": ([1], "list"), "walrus": ("w", "str")},
    {
        "CFG.rate": (0.1, "float"),
        "CFG.depth": (3, "int"),
        "Config.lr": (0.1, "float"),
        "Config.n": (2, "int"),
        "Named.size": (4, "int"),
    },
    {"config.lr": (0.5, "float")},
    {"ns.k": (3, "int")},
    {"args.lr": (0.3, "float"), "args.n_jobs": (4, "int")},
    {},
    {},
    {},
)


def test_all_forms_are_told_and_nothing_else(kernel: Kernel) -> None:
    for source in CELLS:
        kernel.run(source)
    ends = kernel.finished()
    assert [end.status for end in ends] == ["ok"] * len(CELLS)
    for end, expected in zip(ends, EXPECTED, strict=True):
        found = {one.name: (one.value, one.type) for one in end.parameters}
        assert found == expected, CELLS[end.execution]
        assert len(end.parameters) == len(found)


def test_papermill_finds_fewer_of_the_hard_ones(tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(HARD, metadata={"tags": ["parameters"]})]
    notebook.metadata["kernelspec"] = {"name": "python3", "language": "python"}
    path = tmp_path / "hard.ipynb"
    nbformat.write(notebook, path)
    found = set(inspect_notebook(str(path)))
    assert found < set(EXPECTED[1])
    assert len(found) <= 4
