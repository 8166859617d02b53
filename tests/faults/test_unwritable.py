"""A home that takes nothing: notebooks are executed, records are read, one notice says it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops import api, cli
from jupyter_mlops.diagnosis import diagnose
from jupyter_mlops.errors import UnwritableStoreError, UnwritableWarning
from jupyter_mlops.server.store_calls import StoreCalls
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.faults.disks import Disk

READ_ONLY = "can't be written (Read-only file system); mend that, or set JUPYTER_MLOPS_HOME"
FULL = "can't be written (No space left on device); make room there, or set JUPYTER_MLOPS_HOME"


def spoil(small_home: Disk, how: str) -> None:
    if how == "read-only":
        small_home.remount("ro")
    else:
        small_home.fill()


@pytest.mark.parametrize(("how", "said"), [("read-only", READ_ONLY), ("full", FULL)])
def test_a_notebook_is_executed_and_what_was_recorded_is_shown(
    how: str,
    said: str,
    small_home: Disk,
    home: Settings,
    notebook: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = api.run(notebook)
    spoil(small_home, how)
    before = sorted(path for path in home.home.rglob("*"))

    assert cli.main(["runs", "--json"]) == 0
    out, err = capsys.readouterr()
    assert [run["id"] for run in json.loads(out)["runs"]] == [kept.id]
    (line,) = err.splitlines()
    assert said in line and line.endswith("nothing new is kept there")

    assert cli.main(["show", "@1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == kept.id

    output = notebook.with_name("executed.ipynb")
    assert cli.main(["run", str(notebook), "-p", "lr", "0.5", "-o", str(output), "--json"]) == 0
    out, err = capsys.readouterr()
    record = json.loads(out)
    assert record["status"] == "completed"
    assert [(one["name"], one["value"]) for one in record["parameters"]] == [("lr", 0.5)]
    assert [(one["name"], one["value"]) for one in record["metrics"]] == [("score", 1.0)]
    (notice,) = record["notices"]
    assert notice.startswith("this run is not kept: ") and said in notice
    assert "can't be written" not in err, "one notice is enough"
    assert "seen" in output.read_text()
    assert sorted(path for path in home.home.rglob("*")) == before

    # What needs content that lies in the home, and an execution of its own.
    with pytest.warns(UnwritableWarning, match="nothing new is kept"):
        verdict = api.reproduce(kept.id)
    assert verdict.verdict == "identical"
    assert verdict.reproduction is None, "no id leads to what is not kept"

    (finding,) = [
        check
        for check in diagnose(home).checks
        if check.state == "finding" and "can't be written" in check.what
    ]
    assert "nothing new is recorded" in finding.what
    assert finding.way_out is not None and "JUPYTER_MLOPS_HOME" in finding.way_out

    if how == "read-only":
        small_home.remount("rw")
    else:
        small_home.empty()
    assert [run.id for run in api.runs().page.runs] == [kept.id], "nothing was added meanwhile"


def test_what_would_change_the_record_is_refused(
    small_home: Disk, home: Settings, notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    api.run(notebook)
    small_home.remount("ro")
    folder = str(notebook.parent)
    for words in (["forget", "@1", "--yes"], ["keep-data", folder, "yes"], ["gc", "--yes"]):
        assert cli.main(words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert READ_ONLY in line


def test_what_only_looks_is_done_and_offers_nothing_that_would_be_refused(
    small_home: Disk, home: Settings, notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = api.run(notebook).id
    before = api.gc(dry_run=True, quota=1), api.forget(run, preview=True)
    small_home.remount("ro")
    with pytest.warns(UnwritableWarning):
        told = api.gc(dry_run=True, quota=1)
    assert told.notices == ("nothing can be dropped as long as the store can't be written",)
    assert replace(told, notices=()) == before[0] and told.dropped
    with pytest.warns(UnwritableWarning):
        found = api.forget(run, preview=True)
    assert READ_ONLY in (found.obstacle or "") and replace(found, obstacle=None) == before[1]
    capsys.readouterr()
    assert cli.main(["forget", run, "--preview"]) == 1
    assert "--yes would be refused as well" in capsys.readouterr().out
    for words in (["gc"], ["keep-data", str(notebook.parent)]):
        assert cli.main(words) == 0
    assert cli.main(["run", str(notebook)]) == 0
    out, err = capsys.readouterr()
    assert "jupyter mlops" not in out and "--yes" not in out
    assert err.count(READ_ONLY) == 2


def test_what_is_to_make_room_says_what_it_needs_itself(
    home: Settings, small_home: Disk, capsys: pytest.CaptureFixture[str]
) -> None:
    Store.open(home).close()
    small_home.fill()
    assert cli.main(["gc", "--yes"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "(No space left on device); gc writes down what it drops" in line
    small_home.empty()
    assert cli.main(["gc", "--yes"]) == 0


def test_a_full_disk_is_never_told_as_a_damaged_store(home: Settings, small_home: Disk) -> None:
    Store.open(home).close()
    small_home.fill()
    with pytest.raises(UnwritableStoreError, match="make room there") as raised:
        Store.open(home)
    assert "aside" not in str(raised.value)


def test_a_server_shows_what_is_there_and_takes_the_store_up_again(
    small_home: Disk, home: Settings, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = api.run(notebook)
    small_home.remount("ro")
    monkeypatch.setattr("jupyter_mlops.server.store_calls._TRY_AGAIN_S", 0.0)
    calls = StoreCalls(home)
    try:
        store = calls.opened()
        assert [run.id for run in store.runs().runs] == [kept.id]
        (problem,) = store.problems()
        assert READ_ONLY in problem
        with pytest.raises(UnwritableStoreError):
            store.forget([kept.id])
        small_home.remount("rw")
        assert calls.opened().problems() == ()
        assert not store.path.exists(), "what stood in for it is removed"
    finally:
        calls._close()
