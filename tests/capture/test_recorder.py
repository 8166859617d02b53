"""What a real kernel's record of ordinary cells holds."""

from __future__ import annotations

import statistics
import time

from jupyter_mlops.events import CellFinished, Notice
from tests.capture.conftest import Kernel

SESSION = [
    "import numpy as np, pandas as pd\n"
    "from sklearn.linear_model import LinearRegression\n"
    "from sklearn.metrics import mean_squared_error\n"
    "from sklearn.model_selection import train_test_split",
    "lr = 0.1; seed: int = 3\nlayers, name = [4, 2], 'é'\ncount = 0\nfor i in range(3): count += 1",
    "np.random.seed(seed)\nX = np.random.rand(40, 2)\ndf = pd.DataFrame(X, columns=['a', 'b'])\n"
    "df['y'] = df.a * lr",
    "A, B, y, z = train_test_split(df[['a', 'b']], df.y)",
    "model = LinearRegression(fit_intercept=False)\nmodel.fit(A, y)",
    "mse = mean_squared_error(z, model.predict(B))\nr2 = model.score(B, z)\nrows = len(df)\n"
    "import time\nstamp = time.time()\nratio = np.float32(0.5)\n"
    "ok = r2 > 2\nbad = mse * float('nan')",
    "df.describe()",
    "df.fillna(0, inplace=True)\ndf['c'] = 1",
]


def record(kernel: Kernel, cells: list[str]) -> list[CellFinished]:
    for cell in cells:
        kernel.run(cell)
    assert kernel.of(Notice) == []
    return kernel.finished()


def test_a_session_of_ordinary_cells(kernel: Kernel) -> None:
    cells = record(kernel, SESSION)
    assert [cell.status for cell in cells] == ["ok"] * len(SESSION)
    assert not any(cell.opaque for cell in cells)
    assert all(not cell.unseen for cell in cells)
    _check_names(cells)
    _check_parameters(cells[1])
    _check_data(cells)
    _check_model(cells[4])
    _check_metrics(cells[5])
    _check_randomness(cells)
    assert all(0 < cell.self_time_s < 5 for cell in cells)


def _check_names(cells: list[CellFinished]) -> None:
    assert cells[0].reads == ()
    assert cells[0].writes == (
        *("LinearRegression", "mean_squared_error", "np", "pd", "train_test_split"),
    )
    assert cells[1].reads == ()
    assert cells[2].reads == ("lr", "np", "pd", "seed")
    assert cells[2].writes == ("X", "df")
    assert cells[3].reads == ("df", "train_test_split")
    assert cells[3].writes == ("A", "B", "y", "z")
    assert cells[4].reads == ("A", "LinearRegression", "y")
    assert cells[4].writes == ("model",)
    assert cells[5].reads == ("B", "df", "mean_squared_error", "model", "np", "z")
    assert cells[6].writes == ()
    assert cells[7].writes == ("df",)


def _check_parameters(cell: CellFinished) -> None:
    found = {one.name: (one.value, one.type, one.source) for one in cell.parameters}
    assert found == {
        "lr": (0.1, "float", "literal"),
        "seed": (3, "int", "literal"),
        "layers": ([4, 2], "list", "literal"),
        "name": ("é", "str", "literal"),
    }


def _check_data(cells: list[CellFinished]) -> None:
    made = {one.name: one for one in cells[2].data if one.access == "made"}
    assert {name: (one.kind, one.rows) for name, one in made.items()} == {
        "X": ("array", 40),
        "df": ("frame", 40),
    }
    assert [column.name for column in made["df"].columns] == ["a", "b", "y"]
    changed = {one.name: one for one in cells[7].data}
    assert changed["df"].digest != made["df"].digest
    assert [column.name for column in changed["df"].columns] == ["a", "b", "y", "c"]
    assert changed["df"].columns[0].digest == made["df"].columns[0].digest
    assert cells[6].data == ()


def _check_model(cell: CellFinished) -> None:
    (model,) = cell.models
    assert (model.name, model.class_) == ("model", "sklearn.linear_model._base.LinearRegression")
    assert model.parameters["fit_intercept"] is False
    assert model.digest is not None


def _check_metrics(cell: CellFinished) -> None:
    metrics = {one.name: one for one in cell.metrics}
    assert set(metrics) == {"mse", "r2", "rows", "stamp", "ratio", "bad"}
    assert (metrics["mse"].source, metrics["r2"].source) == ("call", "call")
    assert (metrics["ratio"].source, metrics["ratio"].value) == ("variable", 0.5)
    assert metrics["bad"].value == "NaN"
    assert cell.minor == ("rows",)
    assert cell.volatile == ("stamp",)


def _check_randomness(cells: list[CellFinished]) -> None:
    seeded = cells[2].randomness
    assert [(one.generator, one.seeded) for one in seeded] == [("numpy.random", True)]
    unseeded = cells[3].randomness
    assert [(one.generator, one.seeded) for one in unseeded] == [("numpy.random", False)]
    assert unseeded[0].before == seeded[0].after != unseeded[0].after
    for cell in (cells[0], cells[1], cells[4], cells[5], cells[6], cells[7]):
        assert cell.randomness == ()


def test_names_by_what_really_happened(kernel: Kernel) -> None:
    cells = record(
        kernel,
        [
            "best = None; items = [1]; flag = False; text = 'a'",
            "if flag:\n    best = 1",  # 1: not taken
            "if not flag:\n    best = [2]",  # 2: taken
            "def show(x): return unknown_use(x)\ndef unknown_use(x): return x.count",
            "show(text)",  # 4: a string can't be changed
            "other = items",
            "items.append(3)",  # 6: the second name sees it too
            "try:\n    gone = 1\n    1 / 0\nexcept ZeroDivisionError as error: pass",
            "kept = 1\nraise SystemExit",
            "kept = 2\n1 / 0\nnever = 3",
            "del gone",
            "undefined_name",
        ],
    )
    assert "best" in cells[1].reads
    assert cells[2].reads == ("flag",)
    assert cells[2].writes == ("best",)
    assert cells[4].writes == ()
    assert cells[4].reads == ("show", "text", "unknown_use")
    assert cells[6].writes == ("items", "other")
    assert cells[7].writes == ("gone",)
    assert cells[9].writes == ("kept",)
    assert cells[10].writes == ("gone",)
    assert cells[11].reads == cells[11].writes == ()


def test_reads_go_through_functions_classes_and_instances(kernel: Kernel) -> None:
    cells = record(
        kernel,
        [
            "scale = 2\nshift = 1",
            "def helper(x): return x * scale\ndef work(x): return helper(x)\n"
            "class Net:\n    def run(self): return shift\n",
            "net = Net(); again = work; call = [work]",
            "work(1)",
            "net.run()",
            "again(1)",
            "scale = 3\nwork(1)",
        ],
    )
    assert cells[1].functions == {
        "helper": ("scale",),
        "work": ("helper",),
        "Net": ("shift",),
    }
    assert cells[3].reads == ("helper", "scale", "work")
    assert cells[4].reads == ("Net", "net", "shift")
    assert cells[5].reads == ("again", "helper", "scale", "work")
    assert cells[6].reads == ("helper", "work")


def test_frames_given_away_count_as_written_only_if_they_changed(kernel: Kernel) -> None:
    cells = record(
        kernel,
        [
            "import pandas as pd\ndf = pd.DataFrame({'a': [1.0, 2.0]})\n"
            "import sys, types\nlib = types.ModuleType('lib')\n"
            "exec('def look(d): return d.sum()\\ndef spoil(d): d.loc[0, \"a\"] = 9', vars(lib))",
            "lib.look(df)",
            "lib.spoil(df)",
        ],
    )
    assert "df" not in cells[1].writes
    assert "df" in cells[2].writes
    assert [one.name for one in cells[2].data] == ["df"]


def test_a_literal_that_is_not_in_effect_is_no_parameter(kernel: Kernel) -> None:
    cells = record(
        kernel,
        [
            "import sys\ndef sly(): sys.modules['__main__'].lr = 5",
            "lr = 0.1\nsly()",
            "lr = 0.1\nkind = 1.0; kind2 = True",
        ],
    )
    assert cells[1].parameters == ()
    assert {one.name: one.value for one in cells[2].parameters} == {
        "lr": 0.1,
        "kind": 1.0,
        "kind2": True,
    }


def test_metrics_in_loops_keep_the_last_call_only(kernel: Kernel) -> None:
    (_, cell) = record(
        kernel,
        [
            "class M:\n    def score(self, n): return n / 10\nm = M()",
            "for epoch in range(3):\n    acc = m.score(epoch)\n    loss = 1 / (epoch + 1)",
        ],
    )
    assert [(one.name, one.value, one.source) for one in cell.metrics] == [("acc", 0.2, "call")]


def test_generators_are_told_with_whether_they_were_seeded(kernel: Kernel) -> None:
    cells = record(
        kernel,
        [
            "import random, numpy as np",
            "random.random()",
            "rng = np.random.default_rng()",
            "rng = np.random.default_rng(3)",
            "random.seed(1); random.random()",
        ],
    )
    told = [[(use.generator, use.seeded) for use in cell.randomness] for cell in cells]
    assert told == [
        [],
        [("random", False)],
        [("numpy.random.Generator", False)],
        [("numpy.random.Generator", True)],
        [("random", True)],
    ]


def test_a_cell_that_is_executed_again_is_read_by_what_is_known_now(kernel: Kernel) -> None:
    call, again = "result = f()", "a = 1\nb = 2"
    cells = record(
        kernel,
        [again, "def f(): return a", call, again, call, "def f(): return b", call, again],
    )
    reads = [cell.reads for cell in cells]
    assert reads == [(), (), ("a", "f"), (), ("a", "f"), (), ("b", "f"), ()]
    for cell in (cells[0], cells[3], cells[7]):
        assert [one.name for one in cell.parameters] == ["a", "b"]


def test_capture_takes_a_small_part_of_the_smallest_cell(kernel: Kernel) -> None:
    # Measured by benchmarks/cell_cost.py; here it is only kept from growing several times.
    # Both times are of one kernel and of the same moments, so that other work falls on both.
    kernel.run("x = 0")
    waited: list[float] = []
    for number in range(40):
        began = time.perf_counter()
        kernel.run(f"x{number} = {number}")
        waited.append(time.perf_counter() - began)
    own = [cell.self_time_s for cell in kernel.finished()[1:]]
    assert len(own) == len(waited)
    assert 0 < statistics.median(own) < statistics.median(waited) / 3


def test_timed_cells_are_read_like_others(kernel: Kernel) -> None:
    cells = record(kernel, ["a = 2", "%%time\nlr = 0.5\nb = a * lr", "%time c = b"])
    assert (cells[1].reads, cells[1].writes) == (("a",), ("b", "lr"))
    assert [one.name for one in cells[1].parameters] == ["lr"]
    assert (cells[2].reads, cells[2].writes) == (("b",), ("c",))


def test_captured_cells_are_read_like_others(kernel: Kernel) -> None:
    cells = record(kernel, ["a = 2", "%%capture out\nlr = 0.5\nb = a * lr", "c = b * 2.0"])
    assert not cells[1].opaque
    assert (cells[1].reads, cells[1].writes) == (("a",), ("b", "lr", "out"))
    assert [(one.name, one.value) for one in cells[1].metrics] == [("b", 1.0)]
    assert cells[2].reads == ("b",)


def test_a_cell_inside_a_captured_cell_is_not_known(kernel: Kernel) -> None:
    (cell,) = record(kernel, ["%%capture\nget_ipython().run_cell('a = 1')"])
    assert cell.opaque
    assert "a" in cell.writes


def test_what_an_error_left_unbound_is_no_result(kernel: Kernel) -> None:
    fit = "model = LinearRegression().fit([[0], [1]], [0, rate])"
    head = "from sklearn.linear_model import LinearRegression\nrate = 0.5"
    cells = record(
        kernel,
        [
            f"{head}\nscore = rate * 3",
            fit,
            "early = rate * 5\n1 / 0\nscore = rate * 4",
            f"%%capture\n1 / 0\nscore = rate * 4\n{fit}",
            f"1 / 0\n{fit}",
        ],
    )
    assert [one.name for one in cells[2].metrics] == ["early"]
    assert cells[3].metrics == ()
    assert [len(one.models) for one in cells] == [0, 1, 0, 0, 0]
    # It may all the same have stored the same object once more.
    assert "score" in cells[2].reads
    assert "score" in cells[2].writes
