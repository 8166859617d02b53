"""A batch execution is one run, whose status whoever watched over it tells."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.errors import MissingBlobError, StoreError, UnknownRunError
from jupyter_mlops.records import BatchCell, CellError
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import batch, dead_process, messages, notebook, outcome, started

RUN = "a" * 32
SOURCES = ("lr = 0.1", "# a note", "score = lr * 10")
TEXT = {"output_type": "stream", "name": "stdout", "text": "done\n"}


@pytest.fixture
def recorded(home: Settings, tmp_path: Path) -> Kernel:
    """Give the kernel of a batch execution."""
    kernel = Kernel(tmp_path, has_ids=False)
    started(kernel, run=RUN, trigger="run", notebook="/work/train.ipynb", notebook_source="told")
    for source in SOURCES:
        kernel.execute("", source)
    return kernel


def cells(kernel: Kernel, **last: Any) -> list[BatchCell]:
    found = [
        BatchCell(index, f"c{index}", source, "ok", message, index + 1, 0.1, (TEXT,))
        for index, (source, message) in enumerate(zip(SOURCES, messages(kernel), strict=True))
    ]
    return [*found[:-1], BatchCell(**{**vars(found[-1]), **last})]


def test_begun(store: Store) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    run = store.run(RUN)
    assert (run.status, run.trigger, run.user) == ("running", "run", "ada")
    assert store.given_notebook(RUN) == notebook(*SOURCES)
    assert store.changed_since(0) == (RUN,)


def of_another_version(home: Settings, run: str, *, dirty: bool) -> None:
    """Give a batch execution a trigger that this version does not know."""
    with sqlite3.connect(home.home / "store.db") as connection:
        connection.execute(
            'UPDATE batches SET document = replace(document, \'"run","user"\', '
            '\'"telepathy","user"\'), dirty = ? WHERE run = ?',
            (dirty, run),
        )
        (document,) = connection.execute("SELECT document FROM batches").fetchone()
        assert "telepathy" in document
    connection.close()


@pytest.mark.parametrize("dirty", [True, False])
def test_one_that_cannot_be_shown_hides_no_other(
    store: Store, home: Settings, kernel: Kernel, dirty: bool
) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    of_another_version(home, RUN, dirty=dirty)
    write_journal(home, kernel.events)
    store.refresh()
    assert [run.metrics for run in store.runs(where="trigger = interactive").runs] == [
        {"score": 1.0}
    ]
    (problem,) = store.problems()
    assert problem.startswith(f"run {RUN} can't be shown: ValidationError: ")
    log = (home.home / "store.db-wal").read_bytes()
    store.refresh()
    assert (home.home / "store.db-wal").read_bytes() == log
    with pytest.raises(StoreError, match="can't be shown"):
        store.finish_batch(RUN, outcome())


def test_under_way(store: Store, home: Settings, recorded: Kernel) -> None:
    store.begin_batch(batch(RUN, notebook("# Title", *SOURCES)))
    write_journal(home, recorded.events[:-1])
    assert store.refresh().runs == (RUN,)
    run = store.run(RUN)
    assert run.status == "running"
    assert [(cell.cell, cell.status) for cell in run.cells] == [
        (1, "ok"),
        (2, "ok"),
        (3, "running"),
    ]
    assert [(one.name, one.cell) for one in run.parameters] == [("lr", 1)]


def test_a_parameter_that_another_cell_replaced_is_named(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    sources = ("lr = 0.1", "lr = sum([0.5])", "score = lr * 10")
    kernel = Kernel(tmp_path, has_ids=False)
    started(kernel, run=RUN, trigger="run")
    for source in sources:
        kernel.execute("", source)
    kernel.end()
    store.begin_batch(batch(RUN, notebook(*sources)))
    write_journal(home, kernel.events)
    executed = [
        BatchCell(index, f"c{index}", source, "ok", message, index + 1, 0.1, ())
        for index, (source, message) in enumerate(zip(sources, messages(kernel), strict=True))
    ]
    run = store.finish_batch(RUN, outcome(*executed))
    assert run.parameters == ()
    assert [notice for notice in run.notices if "lr is no parameter" in notice] != []


def test_completed(store: Store, home: Settings, recorded: Kernel) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    recorded.end()
    write_journal(home, recorded.events)
    executed = b'{"cells": []}'
    run = store.finish_batch(RUN, outcome(*cells(recorded), executed=executed))
    assert (run.status, run.duration_s, run.session) == ("completed", 2.5, recorded.id)
    assert [(one.name, one.value, one.cell) for one in run.metrics] == [("score", 1.0, 2)]
    assert [cell.id for cell in run.cells] == ["c0", "c1", "c2"]
    assert run.cells[2].reads == ("lr",)
    assert run.environment is not None
    assert run.environment.packages == {"numpy": "2"}
    assert store.executed_notebook(RUN) == executed
    assert [step.outputs for step in store.steps(RUN)] == [(TEXT,)] * 3
    names = [artifact.name for artifact in store.artifacts(RUN)]
    assert names[:2] == ["given.ipynb", "executed.ipynb"]
    assert names[2:] == [f"cell-{cell}-output-0.json" for cell in range(3)]
    (summary,) = store.runs().runs
    assert (summary.parameters, summary.metrics) == ({"lr": 0.1}, {"score": 1.0})


def test_the_journal_may_come_after_the_outcome(
    store: Store, home: Settings, recorded: Kernel
) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    run = store.finish_batch(RUN, outcome(*cells(recorded)))
    assert run.metrics == ()
    write_journal(home, recorded.events)
    store.refresh()
    assert store.run(RUN).metrics[0].value == 1.0
    assert len(store.runs().runs) == 1


def test_failed_with_cells_that_never_ran(store: Store, home: Settings, recorded: Kernel) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    write_journal(home, recorded.events[:5])
    told = cells(recorded, status="not run", msg_id=None, outputs=(), execution_count=None)
    told[1] = BatchCell(1, "c1", "# a note", "error", None, error=CellError("DeadKernelError", ""))
    run = store.finish_batch(RUN, outcome(*told, status="failed", reason="the kernel died"))
    assert run.status == "failed"
    assert "the kernel died" in run.notices
    assert [cell.status for cell in run.cells] == ["ok", "error", "not run"]
    assert [step.cell for step in store.steps(RUN)] == [0, 1]


def test_what_only_the_outside_saw_fail_is_failed(
    store: Store, home: Settings, recorded: Kernel
) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    write_journal(home, recorded.events)
    error = CellError("CellTimeoutError", "too slow")
    told = cells(recorded, status="interrupted", error=error)
    run = store.finish_batch(RUN, outcome(*told, status="failed", reason="too slow"))
    assert run.cells[2].status == "interrupted"
    assert run.cells[2].error == error


def test_nobody_is_left_to_say_how_it_ended(store: Store, home: Settings, recorded: Kernel) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES), process=dead_process()))
    recorded.end()
    write_journal(home, recorded.events)
    store.refresh()
    run = store.run(RUN)
    assert run.status == "lost"
    assert any("not known" in notice for notice in run.notices)


def test_the_watcher_dies_later(
    store: Store, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    assert store.refresh().runs == ()
    monkeypatch.setattr("jupyter_mlops.journal.is_alive", lambda process: False)
    assert store.refresh().runs == (RUN,)
    assert store.run(RUN).status == "lost"
    assert store.refresh().runs == ()


def test_a_kernel_without_capture(store: Store) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    told = [BatchCell(0, "c0", "print(1)", "ok", "message", 1, 0.1, (TEXT,))]
    run = store.finish_batch(RUN, outcome(*told))
    assert run.session == ""
    assert run.unseen[0].what == "everything but the outputs"
    assert [step.source for step in store.steps(RUN)] == ["print(1)"]


def test_tagged_and_injected_parameters(store: Store, home: Settings, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, has_ids=False)
    started(kernel, run=RUN, trigger="run")
    for source in ("lr = 0.1\ndepth = 3", "lr = 0.5", "score = lr * 10"):
        kernel.execute("", source)
    write_journal(home, kernel.events)
    given = notebook("lr = 0.1\ndepth = 3", "score = lr * 10", tags=(0,))
    store.begin_batch(batch(RUN, given))
    first, second, third = messages(kernel)
    told = [
        BatchCell(0, "c0", "lr = 0.1\ndepth = 3", "ok", first),
        BatchCell(None, None, "lr = 0.5", "ok", second, injected=True),
        BatchCell(1, "c1", "score = lr * 10", "ok", third),
    ]
    run = store.finish_batch(RUN, outcome(*told))
    assert [(one.name, one.value, one.source, one.cell) for one in run.parameters] == [
        ("lr", 0.5, "injected", None),
        ("depth", 3, "tagged", 0),
    ]
    assert [cell.injected for cell in run.cells] == [False, True, False]


def test_one_name_in_two_cells(store: Store, home: Settings, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, has_ids=False)
    started(kernel, run=RUN, trigger="run")
    sources = ("lr = 0.1", "score = lr * 10", "lr = 0.5", "score = lr * 10")
    for source in sources:
        kernel.execute("", source)
    write_journal(home, kernel.events)
    store.begin_batch(batch(RUN, notebook(*sources)))
    told = [
        BatchCell(index, None, source, "ok", message)
        for index, (source, message) in enumerate(zip(sources, messages(kernel), strict=True))
    ]
    store.finish_batch(RUN, outcome(*told))
    (summary,) = store.runs().runs
    assert summary.parameters == {"lr@0": 0.1, "lr": 0.5}
    assert summary.metrics == {"score@1": 1.0, "score": 5.0}


def test_a_replayed_session_shows_what_its_results_came_from(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path, has_ids=False)
    started(kernel, run=RUN, trigger="reproduce")
    sources = (
        "lr = 0.1\nstart = 3",
        "base = start + 1",
        "lr = 0.5\nstart = 3",
        "score = base * lr",
    )
    for source in sources:
        kernel.execute("", source)
    steps = (0, 1, 0, 2)
    given = notebook(sources[2], sources[1], sources[3], "never = 1")
    store.begin_batch(batch(RUN, given, trigger="reproduce", steps=steps))
    write_journal(home, kernel.events)
    store.refresh()

    def check() -> None:
        run = store.run(RUN)
        assert [cell.cell for cell in run.cells] == list(steps)
        assert sorted((one.name, one.value) for one in run.parameters) == [
            ("lr", 0.5),
            ("start", 3),
        ]
        assert ("score", 2.0, 2) in [(one.name, one.value, one.cell) for one in run.metrics]

    check()  # under way: nobody has told yet which cells they were
    told = [
        BatchCell(cell, None, source, "ok", message)
        for cell, source, message in zip(steps, sources, messages(kernel), strict=True)
    ]
    store.finish_batch(RUN, outcome(*told))
    check()
    assert store.is_replay(RUN)
    (row,) = store.runs(where="parameter.lr = 0.5").runs
    assert row.parameters == {"lr": 0.5, "start": 3}


def test_values_that_a_replay_went_through_are_all_shown(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path, has_ids=False)
    started(kernel, run=RUN, trigger="reproduce")
    sources = ("lr = 0.1", "base = lr * 10", "lr = 0.5", "score = base * lr")
    for source in sources:
        kernel.execute("", source)
    steps = (0, 1, 0, 2)
    given = notebook(sources[2], sources[1], sources[3])
    store.begin_batch(batch(RUN, given, trigger="reproduce", steps=steps))
    write_journal(home, kernel.events)
    run = store.finish_batch(
        RUN,
        outcome(
            *(
                BatchCell(cell, None, source, "ok", message)
                for cell, source, message in zip(steps, sources, messages(kernel), strict=True)
            )
        ),
    )
    assert [(one.name, one.value) for one in run.parameters] == [("lr", 0.1), ("lr", 0.5)]


def test_a_batch_that_nobody_announced(store: Store, home: Settings, recorded: Kernel) -> None:
    recorded.end()
    write_journal(home, recorded.events)
    store.refresh()
    run = store.run(RUN)
    assert (run.status, run.trigger) == ("completed", "run")
    assert run.metrics[0].value == 1.0


def test_finishing_what_was_never_begun(store: Store) -> None:
    with pytest.raises(UnknownRunError):
        store.finish_batch(RUN, outcome())
    assert store.runs().runs == ()


def test_a_run_without_an_executed_notebook_has_one_put_together(
    store: Store, home: Settings, recorded: Kernel
) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    write_journal(home, recorded.events)
    store.finish_batch(RUN, outcome(*cells(recorded), executed=None, status="interrupted"))
    document = json.loads(store.executed_notebook(RUN))
    assert [cell["outputs"] for cell in document["cells"]] == [[TEXT]] * 3
    assert [cell["execution_count"] for cell in document["cells"]] == [1, 2, 3]


def test_a_given_notebook_lost_on_disk_is_said(store: Store, home: Settings) -> None:
    store.begin_batch(batch(RUN, notebook(*SOURCES)))
    for path in home.blobs.rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(MissingBlobError):
        store.given_notebook(RUN)
    assert store.finish_batch(RUN, outcome()).status == "completed"
