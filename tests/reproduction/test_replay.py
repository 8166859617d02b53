from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

import pytest

from jupyter_mlops.errors import (
    AmbiguousParameterError,
    BadValueError,
    UnknownParameterError,
    UsageError,
)
from jupyter_mlops.execution.notebook import dump
from jupyter_mlops.records import BatchOutcome, CellError, Run, Step
from jupyter_mlops.reproduction.replay import Replay, of_run
from jupyter_mlops.store import Store
from tests.execution.documents import document
from tests.reproduction.builders import execution, repeated, run, step

SESSION = run(trigger="interactive")


class _Kept:
    """What a store has kept of one run."""

    def __init__(self, *steps: Step, given: bytes = b"", executed: bytes = b"") -> None:
        self._steps, self._given, self._executed = steps, given or dump(document()), executed

    def steps(self, _run: str) -> tuple[Step, ...]:
        return self._steps

    def is_replay(self, _run: str) -> bool:
        return False

    def given_notebook(self, _run: str) -> bytes:
        return self._given

    def executed_notebook(self, _run: str) -> bytes:
        return self._executed


def _replay(kept: _Kept, of: Run, parameters: Mapping[str, Any] | None = None) -> Replay:
    return of_run(cast("Store", kept), of, False, parameters or {})


def _sources(replay: Replay) -> list[str]:
    return list(replay.sources())


def test_a_session_is_one_cell_a_step_in_its_order() -> None:
    kept = _Kept(step(3, "a = 1", id="x"), step(1, "b = 2", id="y"), step(3, "a = 3", id="x"))
    replay = _replay(kept, SESSION)
    assert _sources(replay) == ["a = 1", "b = 2", "a = 3"]
    ids = [cell["id"] for cell in replay.prepared.notebook.cells]
    assert ids[:2] == ["x", "y"] and ids[2] not in ("x", "y")
    outcome = BatchOutcome("completed", None, None, tuple(map(repeated, range(3))), 1.0)
    assert [cell.cell for cell in replay.recorded(outcome).cells] == [3, 1, 3]
    pairs = replay.pairs(outcome, only_recorded=True)
    assert [(pair.cell, pair.step and pair.step.source) for pair in pairs] == [
        (3, "a = 1"),
        (1, "b = 2"),
        (3, "a = 3"),
    ]


def test_an_error_that_the_session_went_on_after_is_expected_and_known() -> None:
    failed = step(0, "1 / 0", status="error")
    seen = run(
        trigger="interactive",
        cells=(execution(0),),
    )
    error = CellError("ZeroDivisionError", "division by zero")
    seen = run(
        trigger="interactive",
        cells=tuple(type(one)(**{**vars(one), "error": error}) for one in seen.cells),
    )
    replay = _replay(_Kept(failed), seen)
    assert replay.prepared.notebook.cells[0].metadata.tags == ["raises-exception"]
    assert replay.steps[0].outputs[0]["ename"] == "ZeroDivisionError"


def test_an_error_that_was_shown_behind_an_ok_reply_is_expected_too() -> None:
    shown = {"output_type": "error", "ename": "E", "evalue": "", "traceback": []}
    replay = _replay(_Kept(step(0, "%%capture\n1/0", shown), step(1, "2")), SESSION)
    tags = [cell.metadata.get("tags") for cell in replay.prepared.notebook.cells]
    assert tags == [["raises-exception"], None]


def test_what_can_not_be_repeated_is_refused() -> None:
    with pytest.raises(UsageError, match="recorded no executions"):
        _replay(_Kept(), SESSION)
    with pytest.raises(UsageError, match="cell 2 was interrupted"):
        _replay(_Kept(step(2, status="interrupted")), SESSION)
    with pytest.raises(UsageError, match="needs the notebook's file"):
        of_run(cast("Store", _Kept(step(0))), run(notebook=None), True, {})


def test_a_parameter_is_set_wherever_its_cell_was_executed() -> None:
    kept = _Kept(step(3, "a = 1"), step(4, "b = a"), step(3, "a = 1"))
    assert _sources(_replay(kept, SESSION, {"a": 5})) == ["a = 5", "b = a", "a = 5"]
    assert _sources(_replay(kept, SESSION, {"a@3": 5}))[0] == "a = 5"
    with pytest.raises(UnknownParameterError, match="'c'"):
        _replay(kept, SESSION, {"c": 1})
    with pytest.raises(BadValueError, match="a@3: 6 is not the only value"):
        _replay(kept, SESSION, {"a": 5, "a@3": 6})
    two = _Kept(step(3, "a = 1"), step(4, "a = 2"))
    with pytest.raises(AmbiguousParameterError, match="a@3, a@4"):
        _replay(two, SESSION, {"a": 5})


def test_a_batch_run_is_its_notebook_as_it_was_executed() -> None:
    given = document("lr = 0.1", "print(lr)")
    executed = document("lr = 0.5", "print(lr)")
    executed.metadata["papermill"] = {"kernel_name": "mine"}
    kept = _Kept(step(1, "lr = 0.5"), given=dump(given), executed=dump(executed))
    replay = _replay(kept, run())
    assert _sources(replay) == ["lr = 0.5", "print(lr)"] and replay.kernel == "mine"
    assert json.loads(replay.given)["cells"][1]["source"] == "lr = 0.1"


def test_injected_parameters_are_injected_again_with_changes() -> None:
    given = document("n = 1", "print(n)", tags={1: ["parameters"]})
    executed = document("n = 1", "n = 7", "print(n)", tags={2: ["injected-parameters"]})
    executed.metadata["papermill"] = {"parameters": {"n": 7}}
    kept = _Kept(step(1, "n = 1"), given=dump(given), executed=dump(executed))
    assert _replay(kept, run()).prepared.tagged == {"n": 7}
    assert _replay(kept, run(), {"n": 9}).prepared.tagged == {"n": 9}
    assert _sources(_replay(kept, run())) == ["n = 1", "print(n)"]
