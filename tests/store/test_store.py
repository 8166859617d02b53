"""What the store tells of sessions, reproductions and changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops.errors import UnknownRunError
from jupyter_mlops.journal import now, this_process
from jupyter_mlops.records import Progress, Reproduction
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import Server, dead_process, messages, started


@pytest.fixture
def run(store: Store, home: Settings, kernel: Kernel) -> str:
    """Give the id of a run."""
    write_journal(home, kernel.events)
    store.refresh()
    return store.find("@1")


def test_the_id_of_a_run_is_the_same_whoever_asks_first(
    run: str, store: Store, home: Settings
) -> None:
    for path in home.home.glob("store.db*"):
        path.unlink()
    with Store.open(home) as again:
        again.refresh()
        assert again.find("@1") == run


def test_what_a_server_heard_joins_what_the_kernel_said(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, kernel_id="k")
    server = Server(home)
    server.told("k", "/work/old.ipynb")
    write_journal(home, kernel.events)
    store.refresh()
    assert store.run("@1").notebook == "/work/old.ipynb"
    server.saw("k", messages(kernel)[1], "hello")
    server.told("k", "/work/new.ipynb", user="grace")
    assert len(store.refresh().runs) == 1
    found = store.run("@1")
    assert found.notebook == "/work/new.ipynb"
    assert found.user == "grace"
    assert store.cells("@1", cell=1)[0].outputs[0]["text"] == "hello"
    assert store.runs(notebook="/work/new.ipynb").runs
    assert not store.runs(notebook="/work/old.ipynb").runs


def test_what_was_heard_before_the_kernel_spoke(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, kernel_id="k")
    Server(home).saw("k", messages(kernel)[1], "hello")
    store.refresh()
    write_journal(home, kernel.events)
    store.refresh()
    assert store.cells("@1", cell=1)[0].outputs[0]["text"] == "hello"


def test_a_path_that_nobody_told_is_unseen(run: str, store: Store) -> None:
    assert store.run(run).notebook is None
    assert "notebook" in [one.what for one in store.run(run).unseen]


def test_outputs_that_nobody_heard_are_unseen(run: str, store: Store) -> None:
    # Those of the last cell may still be on their way.
    unseen = [(one.what, one.cell) for one in store.run(run).unseen]
    assert ("outputs", 0) in unseen
    assert ("outputs", 1) not in unseen


def test_once_the_kernel_ended_no_output_is_on_its_way(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.end()
    write_journal(home, kernel.events)
    store.refresh()
    run = store.run("@1")
    assert {one.cell for one in run.unseen if one.what == "outputs"} == {0, 1}


def test_an_inferred_path_says_so(store: Store, home: Settings, kernel: Kernel) -> None:
    started(kernel, notebook="/work/a.ipynb", notebook_source="inferred")
    write_journal(home, kernel.events)
    store.refresh()
    assert "inferred" in store.run("@1").unseen[0].why


def test_a_path_that_the_server_confirms_is_known(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, kernel_id="k", notebook="/work/a.ipynb", notebook_source="inferred")
    Server(home).told("k", "/work/a.ipynb")
    write_journal(home, kernel.events)
    store.refresh()
    run = store.run("@1")
    assert run.notebook == "/work/a.ipynb"
    assert [one for one in run.unseen if one.what == "notebook"] == []


def test_the_draft(store: Store, home: Settings, kernel: Kernel) -> None:
    started(kernel, notebook="/work/a.ipynb", notebook_source="told")
    write_journal(home, kernel.events)
    store.refresh()
    before = store.sequence
    assert store.runs().draft is None
    kernel.execute("lr", "lr = 0.75")
    write_journal(home, kernel.events)
    store.refresh()
    draft = store.runs(notebook="/work/a.ipynb").draft
    assert draft is not None
    assert (draft.session, draft.parameters) == (kernel.id, {"lr": 0.75})
    assert [cell.cell for cell in draft.cells] == [0]
    assert store.sequence > before
    assert store.runs(notebook="/work/b.ipynb").draft is None
    kernel.end()
    write_journal(home, kernel.events)
    store.refresh()
    assert store.runs().draft is None


def test_a_cell_left_out_on_request_is_unseen_and_may_have_changed_anything(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path)
    kernel.execute("lr", "lr = 0.5")
    kernel.execute("secret", "lr = lr * 3")
    kernel.execute("score", "score = lr * 2")
    kernel.events[3] = replace(kernel.events[3], source="", skipped=True)  # type: ignore[call-arg]
    kernel.events[4] = replace(
        kernel.events[4], reads=(), writes=(), opaque=True, metrics=(), parameters=()
    )  # type: ignore[call-arg]
    write_journal(home, kernel.events)
    store.refresh()
    found = store.run("@1")
    assert [cell.cell for cell in found.cells] == [0, 1, 2]
    assert ("everything", 1) in [(one.what, one.cell) for one in found.unseen]


def test_changes_are_counted(run: str, store: Store, home: Settings, kernel: Kernel) -> None:
    first = store.sequence
    assert store.changed_since(0) == (run,)
    assert store.changed_since(first) == ()
    kernel.execute("lr", "lr = 0.75")
    kernel.execute("score", "score = lr * 2")
    write_journal(home, kernel.events)
    refreshed = store.refresh()
    assert refreshed.sequence > first
    assert store.changed_since(first) == refreshed.runs
    assert set(refreshed.runs) == {run, store.find("@1")}


def test_a_reproduction_is_kept_up_to_date(run: str, store: Store) -> None:
    before = store.sequence
    begun = Reproduction("r1", run, "running", now(), "ada", progress=Progress(1, 3))
    store.save_reproduction(begun, this_process())
    assert store.reproduction("r1") == begun
    assert store.changed_since(before) == ("r1",)
    done = replace(begun, state="done", progress=None)
    store.save_reproduction(done, this_process())
    assert store.reproductions(run[:8]) == (done,)


def test_a_reproduction_whose_process_is_gone_is_lost(run: str, store: Store) -> None:
    begun = Reproduction("r1", run, "running", now(), "ada")
    store.save_reproduction(begun, dead_process())
    assert store.reproduction("r1").state == "lost"
    store.save_reproduction(replace(begun, state="done"), dead_process())
    assert store.reproduction("r1").state == "done"


def test_reproductions_newest_first(run: str, store: Store) -> None:
    for number in (1, 3, 2):
        one = Reproduction(f"r{number}", run, "done", f"2026-01-0{number}T00:00:00Z", "ada")
        store.save_reproduction(one, this_process())
    assert [one.id for one in store.reproductions(run)] == ["r3", "r2", "r1"]


def test_an_unknown_reproduction(store: Store) -> None:
    with pytest.raises(UnknownRunError):
        store.reproduction("nothing")
    with pytest.raises(UnknownRunError):
        store.reproductions("nothing")
