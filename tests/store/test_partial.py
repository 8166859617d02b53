"""Runs whose data were only outlined when their cells ended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.events import CellFinished, DataCompleted, Event
from jupyter_mlops.journal import now
from jupyter_mlops.store.segmentation import segment
from jupyter_mlops.store.sessions import Execution, tell
from tests.store.interpreter import Kernel

MAKE, SHOW, MEASURE = "frame = [3, 1, 2]", "check[0](frame)", "score = max(frame) / 2"


def session(folder: Path, *cells: str) -> Kernel:
    kernel = Kernel(folder)
    kernel.execute("c", "check = [len]")
    for cell in cells:
        kernel.execute({MAKE: "a", SHOW: "b", MEASURE: "m"}.get(cell, "m"), cell)
    return kernel


def changed(kernel: Kernel, execution: int, **fields: Any) -> None:
    """Change what was said when an execution finished."""
    for position, event in enumerate(kernel.events):
        if isinstance(event, CellFinished) and event.execution == execution:
            kernel.events[position] = replace(event, **fields)


def partial(kernel: Kernel, execution: int) -> None:
    """Make the digests of what an execution made partial ones."""
    (finished,) = (
        event
        for event in kernel.events
        if isinstance(event, CellFinished) and event.execution == execution
    )
    uses = tuple(replace(use, digest=f"x:{execution}", complete=False) for use in finished.data)
    changed(kernel, execution, data=uses)


def executions(kernel: Kernel) -> tuple[Execution, ...]:
    kernel.events = [replace(event, seq=seq) for seq, event in enumerate(kernel.events)]
    told = tell(kernel.events, [])
    assert told is not None
    return told.executions


def say(kernel: Kernel, **fields: Any) -> None:
    event: Event = DataCompleted(writer=kernel.id, seq=len(kernel.events), at=now(), **fields)
    kernel.events.append(event)


@pytest.mark.parametrize("hasty", [1, 3], ids=["first", "second"])
def test_two_equal_runs_do_not_part_for_want_of_a_digest(tmp_path: Path, hasty: int) -> None:
    kernel = session(tmp_path, MAKE, MEASURE, MAKE, MEASURE)
    whole = [use.digest for one in executions(kernel) for use in one.finished.data]  # type: ignore[union-attr]
    assert len(whole) >= 2
    assert len(segment(executions(kernel)).runs) == 1
    partial(kernel, hasty)
    assert len(segment(executions(kernel)).runs) == 1


def test_a_value_that_was_made_otherwise_parts_them_all_the_same(tmp_path: Path) -> None:
    kernel = session(tmp_path, MAKE, MEASURE, MAKE, MEASURE)
    changed(kernel, 4, metrics=tuple(replace(one, value=9.5) for one in _metrics(kernel, 4)))
    partial(kernel, 3)
    assert len(segment(executions(kernel)).runs) == 2


def test_what_may_have_changed_a_value_is_replayed_but_makes_no_other_run(tmp_path: Path) -> None:
    kernel = session(tmp_path, MAKE, SHOW, MEASURE, MAKE, SHOW, MEASURE)
    settled = segment(executions(kernel))
    changed(kernel, 5, writes=("frame",), unsettled=("frame",))
    hasty = segment(executions(kernel))
    assert len(settled.runs) == len(hasty.runs) == 1
    # Alone, the second half needs the cell that may have changed what it read.
    kernel = session(tmp_path, MAKE, SHOW, MEASURE)
    assert 2 not in segment(executions(kernel)).runs[0].lineage
    changed(kernel, 2, writes=("frame",), unsettled=("frame",))
    assert 2 in segment(executions(kernel)).runs[0].lineage


def test_a_completion_takes_the_place_of_the_outline(tmp_path: Path) -> None:
    kernel = session(tmp_path, MAKE, SHOW, MEASURE)
    (use,) = executions(kernel)[1].finished.data  # type: ignore[union-attr]
    partial(kernel, 1)
    changed(kernel, 2, writes=("frame",), unsettled=("frame",), data=(use,))
    say(kernel, execution=1, data=(use,))
    say(kernel, execution=2, unchanged=("frame",))
    _, made, shown, _ = executions(kernel)
    assert made.finished is not None
    assert shown.finished is not None
    assert made.finished.data == (use,)
    assert (shown.finished.writes, shown.finished.unsettled, shown.finished.data) == ((), (), ())


def _metrics(kernel: Kernel, execution: int) -> tuple[Any, ...]:
    found = executions(kernel)[execution].finished
    assert found is not None
    return found.metrics
