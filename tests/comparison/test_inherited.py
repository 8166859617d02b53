"""What a run inherited stands beside what the other run executed, and is no difference."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops.comparison import diff
from jupyter_mlops.records import Comparison, Differences, Metric
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.comparison.made import cell, compare, file, made, metric
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import started

SOURCES = {
    "lr": "lr = 0.1",
    "rows": "rows = [1, 2, 3, 4]",
    "extra": "extra_score = len(rows) / 8",
    "model": "model = [lr * one for one in rows]",
    "score": "score = sum(model)",
    "plot": "shown = str(model)",
}


@pytest.fixture
def store(home: Settings) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return tmp_path / "train.ipynb"


@pytest.fixture
def kernel(tmp_path: Path, notebook: Path) -> Kernel:
    """Give a kernel that has executed every cell of its notebook once."""
    save(notebook, *SOURCES)
    found = Kernel(tmp_path)
    started(found, notebook=str(notebook), notebook_source="told")
    for name, source in SOURCES.items():
        found.execute(name, source)
    return found


def save(path: Path, *names: str) -> None:
    cells = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "source": SOURCES.get(name, ""),
            "outputs": [],
            "execution_count": None,
        }
        for name in names
    ]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document))


def again(kernel: Kernel, lr: float, *names: str) -> None:
    """Change the parameter and execute the named cells."""
    kernel.execute("lr", f"lr = {lr}")
    for name in names:
        kernel.execute(name, SOURCES[name])


def refreshed(store: Store, home: Settings, kernel: Kernel) -> None:
    write_journal(home, kernel.events)
    store.refresh()


def compared(store: Store, *refs: str) -> Comparison:
    return diff.compare([store.run(ref) for ref in refs], [store.cells(ref) for ref in refs])


@pytest.mark.parametrize("refs", [("@1", "@2"), ("@2", "@1")])
def test_an_inherited_metric_is_the_other_runs_own(
    store: Store, home: Settings, kernel: Kernel, refs: tuple[str, str]
) -> None:
    again(kernel, 0.2, "model", "score")
    refreshed(store, home, kernel)
    assert {one.name: one.inherited for one in store.run("@1").metrics}["extra_score"]
    found = compared(store, *refs)
    assert found.metrics["extra_score"] == (0.5, 0.5)
    assert set(found.metrics) == {"extra_score", "score"}
    assert {(one.metric, one.what) for one in found.causes} == {("score", "lr")}
    # The cell is shown by both; only the plot was not made again.
    assert [one.cell for one in found.differs.code] == [5]


def test_what_both_runs_inherited_is_the_same_cell(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    again(kernel, 0.2, "model", "score")
    again(kernel, 0.3, "model", "score")
    refreshed(store, home, kernel)
    found = compared(store, "@1", "@2", "@3")
    assert found.metrics["extra_score"] == (0.5, 0.5, 0.5)
    assert compared(store, "@1", "@2").metrics["extra_score"] == (0.5, 0.5)
    assert {one.metric for one in found.causes} == {"score"}


def test_cells_that_moved_between_the_runs(
    store: Store, home: Settings, kernel: Kernel, notebook: Path
) -> None:
    refreshed(store, home, kernel)
    save(notebook, "title", "lr", "rows", "extra", "model", "score", "plot")
    again(kernel, 0.2, "model", "score")
    refreshed(store, home, kernel)
    assert [store.run(ref).metrics[0].cell for ref in ("@1", "@2")] == [3, 2]
    found = compared(store, "@1", "@2")
    assert found.metrics["extra_score"] == (0.5, 0.5)
    assert {one.metric for one in found.causes} == {"score"}


def inherited(name: str, value: float, position: int) -> Metric:
    return replace(metric(name, value, position), inherited=True)


def test_an_inherited_value_that_differs_has_the_causes_of_its_cell() -> None:
    cells = ["a = 1", "b = 1", "m = a * 2", "n = b"]
    first = made("a", cells, [metric("m", 2, 2)])
    kept = [cell(0, "a = 2"), cell(1, "b = 2"), cell(3, "n = b")]
    found = compare(first, made("b", kept, [inherited("m", 4, 2)]))
    assert found.metrics == {"m": (2, 4)}
    assert [one.what for one in found.causes] == ["a"]


def test_two_cells_of_one_name_that_a_run_inherited_are_two() -> None:
    both = [inherited("m", 1, 1), inherited("m", 2, 2)]
    one = made("a", [cell(0, "x = 1"), cell(3, "y = 1")], both)
    found = compare(one, made("b", [cell(0, "x = 1"), cell(3, "y = 1")], both))
    assert found.metrics == {"m@1": (1, 1), "m": (2, 2)}


def test_inherited_data_is_the_same_use() -> None:
    use = file("train.csv", "xxh3:1", 1)
    one = made("a", ["x = 1", "d = load(x)", "m = x"], data=(use,))
    other = made("b", [cell(0, "x = 1"), cell(2, "m = x")], data=(replace(use, inherited=True),))
    assert compare(one, other).differs == Differences()
