"""A disk that fills while a notebook is executed costs the record, and never the result."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlops import api, cli, execution
from jupyter_mlops.errors import UnwritableStoreError, UsageError
from jupyter_mlops.records import BatchOutcome, Run
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from jupyter_mlops.store.recording import Recording
from tests.execution.documents import document
from tests.faults.disks import Disk, small_disk

# Loaded before anything is put in the place of what it imports; the function has its name.
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
    assert listed[record["id"]] != "completed", "how it ended was not kept"


def test_what_the_store_missed_it_is_told_once_there_is_room(
    home: Settings, small_home: Disk, notebook: Path
) -> None:
    run = api.run(notebook)
    ended = BatchOutcome("failed", "another end", executed=None, cells=(), duration_s=1.0)

    def finish(store: Store) -> Run:
        return store.finish_batch(run.id, ended)

    with Store.open(home) as store, Recording(store) as recording:
        small_home.fill()
        assert recording.do(finish).status == "failed"
        assert isinstance(recording.lost, UnwritableStoreError)
        recording.catch_up()
        assert recording.lost is not None
        small_home.empty()
        recording.catch_up()
        assert recording.lost is None
        assert store.run(run.id).status == "failed"


def test_a_file_that_can_not_be_written_costs_no_record(home: Settings, tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "16k") as other:
        path = tmp_path / "train.ipynb"
        nbformat.write(document("score = 0.5", "print('x' * 50_000)"), path)
        with pytest.raises(UsageError, match=r"No space left on device.*its record is kept"):
            api.run(path, output=other.path / "executed.ipynb")
        (run,) = api.runs().page.runs
        assert run.status == "completed"
        assert list(other.path.iterdir()) == []
