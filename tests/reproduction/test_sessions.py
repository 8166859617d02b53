"""Reproductions of sessions with real kernels: their records are as the sessions' own runs are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from jupyter_mlops.records import Run, Verdict
from jupyter_mlops.reproduction import reproduce
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store

IMPORTS = "import numpy as np\nfrom sklearn.metrics import accuracy_score"
PARAMETERS = "n = {n}\nstart = 3"
DATA = "data = np.arange(start)"
TRAINED = "weights = np.random.rand({size}) * n"
SCORED = "score = float(weights.sum() + data.sum())\nprint('done')"


@pytest.fixture
def store(home: Settings) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


def session(
    store: Store, folder: Path, *sources: str, ids: str = "", silent: str | None = None
) -> Run:
    """Execute sources one after the other in a kernel, and return the last run of it.

    `ids` has a letter for the cell of each source, as JupyterLab tells a kernel its id. What is
    `silent` is no cell: it is executed as an extension of JupyterLab would, unrecorded.
    """
    manager, client = start_new_kernel(kernel_name="python3", cwd=str(folder))
    manager.shutdown_wait_time = 120  # a kernel that was killed has not ended in order
    try:
        for index, source in enumerate(sources):
            client.session.metadata = {"cellId": ids[index]} if ids else {}
            client.execute_interactive(
                source,
                silent=source == silent,
                timeout=60,
                output_hook=lambda message: None,
                stop_on_error=False,
            )
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    store.refresh()
    found = store.run(store.find("@1"))
    assert found.trigger == "interactive"
    return found


def reproduced(store: Store, run: Run, **options: Any) -> tuple[Verdict, Run]:
    found = reproduce(store, run.id, user="u", **options)
    return found, store.run(found.reproduction or "")


def parameters(run: Run) -> list[tuple[Any, ...]]:
    return sorted((one.name, one.value, one.cell) for one in run.parameters)


def metrics(run: Run) -> list[tuple[Any, ...]]:
    return [(one.name, one.cell) for one in run.metrics]


def test_a_session_is_replayed_in_its_recorded_order(store: Store, tmp_path: Path) -> None:
    factor = "factor = 2"
    scored = "score = factor * start\nprint('score', score)"
    run = session(store, tmp_path, "start = 10", scored.replace("factor *", ""), factor, scored)
    assert [one.source for one in store.steps(run.id)][-1] == scored
    verdict, again = reproduced(store, run)
    assert verdict.verdict == "identical", verdict
    assert [one.cell for one in again.cells] == [one.cell for one in run.cells]
    changed, _ = reproduced(store, run, parameters={"factor": 3})
    assert changed.verdict == "differs" and changed.causes[0].what == "factor"


def test_a_value_that_no_cell_gave_is_the_cause(store: Store, tmp_path: Path) -> None:
    between = "lr = 0.7"
    run = session(
        store, tmp_path, "lr = 0.1", between, "score = lr * 2\nprint(score)", silent=between
    )
    assert [(one.name, one.value) for one in run.metrics] == [("score", 1.4)]
    assert not run.parameters
    verdict, _ = reproduced(store, run)
    assert verdict.verdict == "differs", verdict
    assert [(one.kind, one.what, one.cell, one.detail) for one in verdict.causes] == [
        (
            "hidden state",
            "lr",
            1,
            "was changed outside a cell, and no recorded execution of this run did that",
        )
    ]


def test_an_error_that_a_session_went_on_after_is_expected(store: Store, tmp_path: Path) -> None:
    run = session(
        store,
        tmp_path,
        "data = [1]\ndata.append(2)\nraise ValueError('stop')",
        "total = 0.5 * sum(data)\nprint(total)",
    )
    verdict, _ = reproduced(store, run)
    assert verdict.verdict == "identical", verdict
    assert verdict.cells[0].outputs[0].kind == "error"


def test_a_cell_executed_again_is_one_cell_of_the_notebook_as_it_is_now(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "n.ipynb"
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    first, changed = "seed = 2\nalpha = 1.0", "seed = 2\nalpha = 3.0"
    made, scored = "x = 4 * seed", "score = x * alpha\nprint(score)"
    cells = [nbformat.v4.new_code_cell(one) for one in (changed, made, scored)]
    for cell, name in zip(cells, "abc", strict=True):
        cell["id"] = name
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    run = session(store, tmp_path, first, made, scored, changed, scored, ids="abcac")
    assert [one.cell for one in run.cells] == [0, 1, 0, 2]
    verdict, _ = reproduced(store, run, current=True)
    assert (verdict.sentence, len(verdict.cells)) == ("identical", 3)
    other = first.replace("2", "5"), changed
    run = session(store, tmp_path, other[0], made, scored, other[1], scored, ids="abcac")
    verdict, _ = reproduced(store, run, current=True)
    assert [(one.kind, one.detail) for one in verdict.causes] == [
        ("parameter", "5 → 2"),
        ("order", "read seed from cell 0, and now from an execution with other code"),
    ]


def test_a_failed_session_fails_again_and_says_so(store: Store, tmp_path: Path) -> None:
    failed = session(store, tmp_path, "total = 0.5", "raise ValueError('broken')")
    assert failed.status == "failed"
    for original in (failed, reproduced(store, failed)[1]):
        verdict, again = reproduced(store, original)
        assert verdict.sentence == (
            "identical · it failed the same way: cell 1 raised ValueError: broken"
        )
        assert again.status == "failed"
        assert again.notices[-1] == "cell 1 raised ValueError: broken"
    failing = store.runs(where="status = failed").runs
    assert len(failing) == 4


def test_an_error_that_a_session_mended_fails_nothing(store: Store, tmp_path: Path) -> None:
    mended = session(store, tmp_path, "x = missing", "missing = 0.5", "x = missing")
    assert mended.status == "completed"
    verdict, again = reproduced(store, mended)
    assert (verdict.sentence, again.status) == ("identical", "completed")


def test_a_cell_keeps_its_id_each_time_it_is_executed(store: Store, tmp_path: Path) -> None:
    # Without a result the run is all that was executed, what failed included.
    sources = ("x = missing", "missing = 'here'", "x = missing")
    original = session(store, tmp_path, *sources, ids="aba")
    _, again = reproduced(store, original)
    assert [one.id for one in again.cells] == [one.id for one in original.cells] == list("aba")
    assert again.status == "completed"
    assert {one.id: one.error for one in store.runs().runs}[again.id] is None


def test_a_replay_shows_the_parameters_that_its_results_came_from(
    store: Store, tmp_path: Path
) -> None:
    trained = TRAINED.format(size="start").replace("np.random.rand(start)", "np.ones(start)")
    first, second = (PARAMETERS.format(n=n) for n in (60, 200))
    original = session(store, tmp_path, IMPORTS, first, DATA, second, trained, SCORED)
    assert parameters(original) == [("n", 200, 1), ("start", 3, 1)]
    verdict, again = reproduced(store, original)
    assert verdict.sentence == "identical"
    assert [one.cell for one in again.cells] == [0, 1, 2, 1, 3, 4]
    assert parameters(again) == parameters(original)
    assert metrics(again) == metrics(original)
    (row, *_) = store.runs(where="parameter.n = 200", sort="-started").runs
    assert row.id == again.id
    changed, other = reproduced(store, original, parameters={"n": 5})
    assert parameters(other) == [("n", 5, 1), ("start", 3, 1)]
    assert changed.causes[0].what == "n"


def test_a_replay_is_itself_replayed_in_its_order_and_judged_truly(
    store: Store, tmp_path: Path
) -> None:
    first, second = (PARAMETERS.format(n=n) for n in (60, 200))
    trained = TRAINED.format(size="start")
    original = session(store, tmp_path, IMPORTS, first, DATA, second, trained, SCORED)
    _, once = reproduced(store, original)
    verdict, twice = reproduced(store, once)
    assert [one.cell for one in twice.cells] == [one.cell for one in original.cells]
    # Nobody seeded it: the recorded state was put back, twice.
    assert verdict.sentence.startswith("identical, with the recorded randomness put back")
    assert verdict.causes == ()
    assert parameters(twice) == parameters(original)
    _, changed = reproduced(store, once, parameters={"n": 7})
    _, again = reproduced(store, changed)
    assert parameters(again) == [("n", 7, 1), ("start", 3, 1)]


def test_a_replay_that_ended_early_is_replayed_as_far_as_it_was_to_go(
    store: Store, tmp_path: Path
) -> None:
    data = tmp_path / "data.txt"
    data.write_text("0.5")
    original = session(
        store, tmp_path, "text = open('data.txt').read()", "value = float(text)", "print('end')"
    )
    data.write_text("none")
    verdict, broken = reproduced(store, original)
    assert (verdict.verdict, broken.status) == ("could not run", "failed")
    assert [one.status for one in broken.cells] == ["ok", "error", "not run"]
    verdict, again = reproduced(store, broken)
    assert verdict.verdict == "identical" and "failed the same way" in verdict.sentence
    assert [one.status for one in again.cells] == ["ok", "error", "not run"]
    data.write_text("0.5")
    verdict, mended = reproduced(store, broken)
    assert [one.status for one in mended.cells] == ["ok", "ok", "ok"]
    assert [one.kind for one in verdict.causes] == ["data"]


def test_a_parameter_of_a_cell_beside_the_results_can_be_set(store: Store, tmp_path: Path) -> None:
    original = session(
        store, tmp_path, "lr = 0.1", "title = 'loss'\nprint(title)", "score = lr * 0.5"
    )
    verdict, again = reproduced(store, original, parameters={"title": "gain"})
    assert verdict.causes[0].what == "title"
    assert ("title", "gain", 1) in parameters(again)
    verdict, same = reproduced(store, again)
    assert (verdict.verdict, parameters(same)) == ("identical", parameters(again))


def test_a_value_that_no_result_came_from_is_no_parameter_of_a_replay(
    store: Store, tmp_path: Path
) -> None:
    original = session(store, tmp_path, "x = 0.5", "acc = x / 2", "y = 1.5")
    _, again = reproduced(store, original)
    assert parameters(again) == parameters(original) == [("x", 0.5, 0)]
    changed, asked = reproduced(store, original, parameters={"x": 0.25})
    assert (changed.causes[0].what, parameters(asked)) == ("x", [("x", 0.25, 0)])


def test_a_clock_in_a_model_makes_no_difference_and_is_named(store: Store, tmp_path: Path) -> None:
    original = session(
        store,
        tmp_path,
        "import time\nfrom sklearn.linear_model import Ridge",
        "model = Ridge().fit([[0], [1]], [0, 1])",
        "timed = Ridge().fit([[0], [1]], [0, 1])\ntimed.fit_time_ = time.time()",
    )
    verdict, _ = reproduced(store, original)
    judged = {one.what: one.verdict for cell in verdict.cells for one in cell.outputs}
    assert judged == {"model": "identical", "timed": "unverifiable"}
    assert verdict.sentence == "identical · not the same inside, which can't be judged: timed"


def test_an_inherited_metric_is_named_as_not_judged(store: Store, tmp_path: Path) -> None:
    scored = "depth = 3\ntree_score = sum([2.0, 4.0]) * depth"
    fitted = (
        "from sklearn.linear_model import Ridge\nmodel = Ridge(alpha=a).fit([[0], [1]], [1, 3])"
    )
    run = session(store, tmp_path, scored, "a = 0.5", fitted, "a = 2.0", fitted, ids="abcbc")
    assert [(one.name, one.inherited) for one in run.metrics] == [("tree_score", True)]
    verdict, again = reproduced(store, run)
    assert (verdict.verdict, metrics(again)) == ("identical", [])
    assert verdict.not_judged == ("tree_score: inherited from an earlier run",)
    assert verdict.sentence == (
        "identical · but none of its metrics was judged (tree_score: inherited from an earlier run)"
    )
