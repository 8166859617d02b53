"""A forgotten run is in no file any more, and what others need is."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from jupyter_mlops.errors import NotForgettableError, UnknownRunError
from jupyter_mlops.events import DataCompleted
from jupyter_mlops.journal import now
from jupyter_mlops.records import BatchCell, DataUse, Run
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store, erasure
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.database import Database
from tests.store.crashing import CrashError, dying_at
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import Server, batch, messages, notebook, outcome, started

SECRETS = ("tide", "wave", "surf")


def holding(home: Settings, *words: str) -> dict[str, list[str]]:
    """Return the files below the home that hold any of these words, with the words."""
    found: dict[str, list[str]] = {}
    for path in home.home.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        there = [word for word in words if word.encode() in content or word in path.name]
        if there:
            found[path.name] = there
    return found


def session(
    home: Settings, folder: Path, *, ended: bool = True, kernel_id: str | None = "kernel-1"
) -> Kernel:
    """Write down a session of two runs that share a cell; the first one's words are SECRETS."""
    kernel = Kernel(folder)
    started(kernel, kernel_id=kernel_id)
    kernel.execute("data", "data = [1, 2, 3]  # shared")
    kernel.execute("rate", "name = 'tide'  # wave")
    kernel.execute("score", "score = sum(data) / len(data) + len(name) / 7")
    kernel.execute("rate", "name = 'calm'")
    kernel.execute("score", "score = sum(data) / len(data) + len(name) / 9")
    if ended:
        kernel.end()
    write_journal(home, kernel.events)
    Server(home).saw(kernel_id or "", messages(kernel)[1], "surf\n")
    return kernel


def records(store: Store) -> list[Run]:
    return [store.run(one.id) for one in store.runs().runs]


def test_a_run_of_a_session_goes_and_the_others_stay_as_they_are(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    session(home, tmp_path)
    store.refresh()
    later, first = records(store)
    assert [p.value for p in first.parameters if p.name == "name"] == ["tide"]
    assert sorted({word for words in holding(home, *SECRETS).values() for word in words}) == sorted(
        SECRETS
    )
    steps = store.steps(later.id)
    told = store.forgetting([first.id])
    assert holding(home, *SECRETS)
    done = store.forget([first.id])
    assert (told.done, done.done) == (False, True)
    assert (done.runs, done.executions, done.shared_executions) == ((first.id,), 2, 1)
    assert (told.executions, told.blobs, told.freed_bytes) == (2, done.blobs, done.freed_bytes)
    assert holding(home, *SECRETS) == {}
    assert records(store) == [later]
    assert store.steps(later.id) == steps


def test_content_completed_after_a_cell_goes_with_it(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    kernel = session(home, tmp_path, ended=False)
    for execution, name in ((1, "tide"), (0, "data")):
        use = DataUse("frame", name, None, "made", None, f"wave-{name}" if execution else None)
        kernel.events.append(
            DataCompleted(
                writer=kernel.id, seq=len(kernel.events), at=now(), execution=execution,
                data=(use,),
            )
        )  # fmt: skip
    kernel.end()
    write_journal(home, kernel.events)
    store.refresh()
    store.forget([records(store)[1].id])
    assert holding(home, *SECRETS) == {}
    with sqlite3.connect(home.home / "store.db") as database:
        left = database.execute("SELECT document FROM events WHERE type = 'data_completed'")
        assert ['"data"' in document for (document,) in left] == [True]


def test_it_does_not_come_back(home: Settings, store: Store, tmp_path: Path) -> None:
    kernel = session(home, tmp_path)
    store.refresh()
    later, first = records(store)
    store.forget([first.id])
    # News of the same kernel: the session is looked at again.
    Server(home, "server-2").told("kernel-1", "/moved.ipynb")
    write_journal(home, kernel.events[:1])
    store.refresh()
    assert records(store) == [later]
    with Store.open(home) as again:
        again.refresh()
        assert records(again) == [later]
    with pytest.raises(UnknownRunError):
        store.run(first.id)


def test_the_last_run_takes_its_session_and_its_journal_along(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    kernel = session(home, tmp_path)
    store.refresh()
    for run in records(store):
        store.forget([run.id])
    assert records(store) == []
    assert holding(home, *SECRETS, "shared", "calm", kernel.id, str(tmp_path)) == {}
    assert not list(home.journals.glob(f"{kernel.id}*"))
    assert not [path for path in home.blobs.rglob("*") if path.is_file()]


def test_a_journal_keeps_its_length_and_the_lines_of_others(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    kernel = session(home, tmp_path)
    store.refresh()
    path = home.journals / f"{kernel.id}.jsonl"
    before = path.read_bytes().splitlines()
    store.forget([records(store)[1].id])
    after = path.read_bytes().splitlines()
    assert list(map(len, after)) == list(map(len, before))
    changed = [n for n, (one, other) in enumerate(zip(before, after, strict=True)) if one != other]
    # Start and end of the two executions that only the first run needed.
    assert changed == [3, 4, 5, 6]
    assert all(not after[number].strip() for number in changed)


def test_a_batch_run_goes_with_all_that_only_it_had(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    for name, text in (("1" * 32, "tide"), ("2" * 32, "calm")):
        given = notebook(f"print('{text}')", "print('both')")
        store.begin_batch(batch(name, given, notebook=f"/{text}/train.ipynb"))
        cells = [
            BatchCell(
                cell=index, id=f"c{index}", source="print()", status="ok", msg_id=None,
                execution_count=1, duration_s=0.1, error=None,
                outputs=({"output_type": "stream", "name": "stdout", "text": said},),
            )
            for index, said in enumerate((text, "both"))
        ]  # fmt: skip
        store.finish_batch(name, outcome(*cells, executed=given + text.encode()))
    done = store.forget(["1" * 32])
    # Given, executed and one output; the other output is the other run's as well.
    assert done.blobs == 3
    assert holding(home, "tide") == {}
    assert store.cells("2" * 32)[1].outputs[0]["text"] == "both"
    assert [run.id for run in records(store)] == ["2" * 32]


def test_what_is_being_recorded_is_refused(home: Settings, store: Store, tmp_path: Path) -> None:
    session(home, tmp_path, ended=False)
    store.refresh()
    later, first = records(store)
    for run in (later, first):
        with pytest.raises(NotForgettableError, match=r"kernel still runs.*shut the kernel down"):
            store.forget([run.id])
        # A look is told of it, and is no error.
        told = store.forgetting([run.id])
        assert told.runs == (run.id,) and told.executions
        assert told.obstacle is not None and "shut the kernel down" in told.obstacle
        assert told.kernel == "kernel-1"
    store.begin_batch(batch("1" * 32, notebook("1")))
    with pytest.raises(NotForgettableError, match=r"^run 11111111 .* still being executed.*cancel"):
        store.forget(["1" * 32])
    told = store.forgetting(["1" * 32])
    assert "still being executed" in (told.obstacle or "") and told.kernel is None
    assert len(records(store)) == 3


def test_of_two_kernels_of_a_notebook_the_one_that_keeps_a_run_is_named(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    ids = ("here", "elsewhere", None)
    for kernel_id in ids:
        session(home, tmp_path, ended=False, kernel_id=kernel_id)
    store.refresh()
    runs = records(store)
    assert len({run.notebook for run in runs}) == 1
    named: dict[str, set[str | None]] = {}
    for run in runs:
        told = store.forgetting([run.id])
        assert "kernel still runs" in (told.obstacle or "")
        named.setdefault(run.session or "", set()).add(told.kernel)
    # Of every session the newest run is open and the other one is not.
    assert sorted(named.values(), key=str) == sorted(({one} for one in ids), key=str)


def test_a_run_that_others_depend_on_goes_with_them_or_not_at_all(
    home: Settings, store: Store
) -> None:
    for name, parent in (("1" * 32, None), ("2" * 32, "1" * 32), ("3" * 32, "2" * 32)):
        trigger = "run" if parent is None else "reproduce"
        store.begin_batch(batch(name, notebook("tide"), parent=parent, trigger=trigger))
        store.finish_batch(name, outcome())
    told = store.forgetting(["1" * 32])
    assert [one.run for one in told.dependents] == ["2" * 32, "3" * 32]
    with pytest.raises(NotForgettableError, match="--with-dependents"):
        store.forget(["1" * 32])
    assert len(records(store)) == 3
    done = store.forget(["1" * 32], with_dependents=True)
    assert done.runs == ("1" * 32, "2" * 32, "3" * 32)
    assert records(store) == []
    assert holding(home, "tide") == {}


def test_copies_of_the_database_are_said(home: Settings, store: Store) -> None:
    store.begin_batch(batch("1" * 32, notebook("tide")))
    store.finish_batch("1" * 32, outcome())
    backup = home.home / "store-0001.backup"
    backup.touch()
    assert str(backup) in store.forget(["1" * 32]).notices[-1]


def test_a_reader_that_holds_up_the_log_is_said(
    home: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure, "_PATIENCE_S", 0.1)
    store.begin_batch(batch("1" * 32, notebook("tide")))
    store.finish_batch("1" * 32, outcome())
    reader = sqlite3.connect(store.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM runs").fetchone()
    assert "another program reads" in store.forget(["1" * 32]).notices[-1]
    reader.close()
    store.begin_batch(batch("2" * 32, notebook("calm")))
    store.finish_batch("2" * 32, outcome())
    assert store.forget(["2" * 32]).notices == ()
    assert holding(home, "tide") == {}


@pytest.mark.parametrize("step", range(7))
def test_who_dies_in_between_leaves_a_run_to_forget_or_waste(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    session(home, tmp_path)
    with Store.open(home) as store:
        store.refresh()
        later, first = records(store)
        dying = dying_at(step, monkeypatch)
        dying(erasure, "blank")
        dying(Blobs, "drop")
        dying(Database, "compact")
        dying(os, "unlink")
        dying(Database, "cut_log")
        try:
            store.forget([first.id])
        except CrashError:  # it died at this step; what is left is judged below
            pass
        else:
            assert step > 4, "it was never at this step"
    monkeypatch.undo()
    monkeypatch.setenv("JUPYTER_MLOPS_HOME", str(home.home))
    with Store.open(home) as store:
        store.refresh()
        assert later in records(store)
        if len(records(store)) == 2:
            store.forget([first.id])
            assert holding(home, *SECRETS) == {}
        assert records(store) == [later]
        assert [step.source for step in store.steps(later.id)]
