"""A disk that fills while a notebook is executed costs the record, and never the result."""

from __future__ import annotations

import json
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlops import api, cli, execution
from jupyter_mlops.errors import (
    CancelledError,
    MissingBlobError,
    NotForgettableError,
    UnwritableStoreError,
    UnwritableWarning,
    UsageError,
)
from jupyter_mlops.journal import now, this_process
from jupyter_mlops.records import Batch, BatchOutcome, Reproduction, Run
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from jupyter_mlops.store.recording import Recording
from tests.execution.documents import document
from tests.faults.disks import Disk, small_disk

# Loaded before anything is put in the place of what it imports; the function has its name.
EXPECTED = {"run": "completed", "reproduce": "identical"}
REPRODUCE = import_module("jupyter_mlops.reproduction.reproduce")


def test_the_result_is_delivered_and_recording_resumes(
    small_home: Disk,
    notebook: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = api.run(notebook)
    really_execute = execution.execute

    def execute_while_it_fills(*order: Any) -> BatchOutcome:
        small_home.fill()
        outcome = really_execute(*order)
        small_home.fill()  # a kernel that ends gives back what its journal did not use
        return outcome

    monkeypatch.setattr(execution, "execute", execute_while_it_fills)
    monkeypatch.setattr(REPRODUCE, "execute", execute_while_it_fills)
    output = notebook.with_name("executed.ipynb")

    assert cli.main(["run", str(notebook), "-o", str(output), "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert record["status"] == "completed"
    (unseen,) = record["unseen"]
    assert unseen["why"].startswith("its kernel could not write it down")
    assert [len(cell["outputs"]) for cell in record["cells"]] == [0, 1]
    (notice,) = record["notices"]
    assert notice.startswith("the end of this run is not kept, nor all that its cells used")
    assert "No space left on device" in notice and "make room there" in notice
    assert "No space left" not in err, "one notice is enough"
    assert nbformat.read(output, 4).cells[-1].outputs[0].text == "seen\n"

    small_home.empty()
    assert cli.main(["run", str(notebook)]) == 0
    assert "can't be shown later" in capsys.readouterr().out

    small_home.empty()
    assert cli.main(["reproduce", before.id]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("identical")
    assert "jupyter mlops compare" not in out, "no id leads to what is not kept"
    (line,) = [line for line in err.splitlines() if "No space left" in line]
    assert "What follows is not kept" in line

    small_home.empty()
    monkeypatch.setattr(execution, "execute", really_execute)
    after = api.run(notebook)
    assert after.notices == ()
    listed = {run.id: run.status for run in api.runs().page.runs}
    assert listed[before.id] == listed[after.id] == "completed"
    assert listed[record["id"]] == "completed", "this process goes on, and told it since"


def test_what_the_store_missed_it_is_told_once_there_is_room(
    home: Settings, small_home: Disk, notebook: Path
) -> None:
    run = api.run(notebook)
    ended = BatchOutcome("failed", "another end", executed=None, cells=(), duration_s=1.0)

    with Store.open(home) as store, Recording(store, batch_of(run)) as recording:
        small_home.fill()
        assert recording.finish(ended).status == "failed"
        assert isinstance(recording.lost, UnwritableStoreError)
        recording.catch_up()
        assert recording.lost is not None
        small_home.empty()
        recording.catch_up()
        assert recording.lost is None
        assert store.run(run.id).status == "failed"


def test_what_ended_on_a_full_disk_is_lost_until_the_store_is_told(
    home: Settings, small_home: Disk, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = api.run(notebook)
    really_execute = REPRODUCE.execute

    def fill_and_execute(*order: Any) -> BatchOutcome:
        small_home.fill()
        outcome = really_execute(*order)
        small_home.fill()
        return outcome

    def fill_and_cancel(*order: Any) -> BatchOutcome:
        small_home.fill()
        raise CancelledError(what="the reproduction")

    with Store.open(home) as store:
        monkeypatch.setattr(REPRODUCE, "execute", fill_and_execute)
        with pytest.warns(UnwritableWarning, match="is listed as lost"):
            assert api.reproduce(before.id, store=store).verdict == "identical"
        (done,) = store.reproductions(before.id)
        assert done.state == "lost", "this process lives, and does not run it any more"
        small_home.empty()
        monkeypatch.setattr(REPRODUCE, "execute", fill_and_cancel)
        with pytest.raises(CancelledError):
            api.reproduce(before.id, store=store)
        states = {one.id: one.state for one in store.reproductions(before.id)}
        (other,) = states.keys() - {done.id}
        assert states[other] == "lost"

        small_home.empty()
        store.refresh()
        states = {one.id: one.state for one in store.reproductions(before.id)}
        assert states == {done.id: "done", other: "cancelled"}
        assert store.reproduction(done.id).verdict is not None
        assert (store.run(done.id).status, store.run(other).status) == ("completed", "interrupted")
        assert store.forget([before.id], with_dependents=True).done


def test_what_nobody_told_the_store_can_be_forgotten(
    home: Settings, small_home: Disk, notebook: Path
) -> None:
    batch = batch_of(api.run(notebook), "b" * 32)
    state = Reproduction(batch.run, batch.parent or "", "running", batch.started, "ada")
    with Store.open(home) as store:
        with Recording(store, batch) as recording:
            recording.begin()
            recording.do(lambda place: place.save_reproduction(state, batch.process))
            assert store.run(batch.run).status == store.reproduction(batch.run).state == "running"
            with pytest.raises(NotForgettableError, match="still being executed"):
                store.forget([batch.run])
        assert store.reproduction(batch.run).state == "lost"
        store.refresh()
        assert store.run(batch.run).status == "lost"
        assert store.forget([batch.run]).done


def test_what_stands_in_keeps_the_secrets_out_that_the_store_was_told(
    home: Settings, small_home: Disk, notebook: Path
) -> None:
    batch = batch_of(api.run(notebook), "b" * 32)
    said = Reproduction(
        batch.run, "a" * 32, "failed", batch.started, "ada", message="no quiet-Heron-41 here"
    )
    with Store.open(home) as store, Recording(store, batch) as recording:
        store.learn_secrets(["quiet-Heron-41"])
        small_home.fill()
        recording.do(lambda place: place.save_reproduction(said, batch.process))
        assert recording.lost is not None and recording.store is not store
        message = recording.store.reproduction(batch.run).message or ""
        assert message.endswith("here") and "Heron" not in message


def test_only_what_can_not_be_written_is_done_elsewhere(home: Settings, notebook: Path) -> None:
    run = api.run(notebook)
    with Store.open(home) as store, Recording(store, batch_of(run)) as recording:
        with pytest.raises(MissingBlobError):
            recording.do(lambda place: place.blob("sha256:" + "0" * 64))
        assert recording.lost is None and recording.store is store


def test_no_place_at_all_costs_the_record_and_not_the_result(
    small_home: Disk,
    notebook: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = api.run(notebook)
    temporary = small_home.path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    really_execute = execution.execute

    def execute_and_fill(*order: Any) -> BatchOutcome:
        outcome = really_execute(*order)
        small_home.fill()
        return outcome

    monkeypatch.setattr(execution, "execute", execute_and_fill)
    monkeypatch.setattr(REPRODUCE, "execute", execute_and_fill)
    for verb, what in (("run", str(notebook)), ("reproduce", before.id)):
        output = notebook.with_name(f"{verb}.ipynb")
        assert cli.main([verb, what, "-o", str(output), "--json"]) == 0
        out, err = capsys.readouterr()
        told = json.loads(out)
        said = [*told.get("notices", ()), err]
        assert sum("No space left on device" in one for one in said) == 1
        assert nbformat.read(output, 4).cells[-1].outputs[0].text == "seen\n"
        assert told["status" if verb == "run" else "verdict"] == EXPECTED[verb]
        if verb == "reproduce":
            (metric,) = told["not_judged"]
            assert metric.startswith("score") and told["reproduction"] is None
        small_home.empty()


def test_a_disk_that_is_full_for_a_cell_ends_no_execution(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Not below `tmp_path`: the sockets of a kernel take no path of that length.
    with tempfile.TemporaryDirectory() as short, small_disk(Path(short)) as disk:
        ballast = str(disk.path / "ballast")
        fill = f"""import os
assert os.path.ismount({str(disk.path)!r})
with open({ballast!r}, "wb", buffering=0) as file:
    try:
        while file.write(bytes(1)):
            file.write(bytes(2**16))
    except OSError:
        pass"""
        path = tmp_path / "train.ipynb"
        nbformat.write(document(fill, f"os.unlink({ballast!r})", "score = 0.5"), path)
        monkeypatch.setattr(tempfile, "tempdir", str(disk.path))
        run = api.run(path)
        assert (run.status, [cell.status for cell in run.cells]) == ("completed", ["ok"] * 3)


def batch_of(run: Run, id: str | None = None) -> Batch:
    """Give what the store is to know of an execution, of this run or of one that repeats it."""
    return Batch(
        run=id or run.id,
        notebook=run.notebook,
        given=b"{}",
        trigger="run" if id is None else "reproduce",
        user="ada",
        started=now(),
        process=this_process(),
        parent=None if id is None else run.id,
    )


def test_a_file_that_can_not_be_written_costs_no_record(home: Settings, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "16k") as other:
        path = tmp_path / "train.ipynb"
        nbformat.write(document("score = 0.5", "print('x' * 50_000)"), path)
        with pytest.raises(UsageError, match=r"No space left on device.*its record is kept"):
            api.run(path, output=other.path / "executed.ipynb")
        (run,) = api.runs().page.runs
        assert run.status == "completed"
        assert list(other.path.iterdir()) == []
