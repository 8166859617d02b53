"""Doctor finds what keeps runs from being recorded, and says what mends it."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import sys
import venv
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops import diagnosis, settings
from jupyter_mlops.diagnosis import diagnose, kernels
from jupyter_mlops.events import Notice
from jupyter_mlops.journal import Journal
from jupyter_mlops.records import Check
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store


def checks(found: Settings, area: str) -> list[Check]:
    return [check for check in diagnose(found).checks if check.area == area]


def finding(found: list[Check]) -> Check:
    (one,) = [check for check in found if check.state == "finding"]
    return one


@pytest.fixture
def kernelspec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that installs a kernelspec where only this test finds it."""
    folder = tmp_path / "data"
    monkeypatch.setenv("JUPYTER_PATH", str(folder))

    def install(**spec: Any) -> list[Check]:
        place = folder / "kernels" / "other"
        place.mkdir(parents=True, exist_ok=True)
        fields = {"argv": [sys.executable], "language": "python", "display_name": "Other", **spec}
        (place / "kernel.json").write_text(json.dumps(fields))
        return [c for c in kernels.every_kernel() if c.what.startswith("kernel other")]

    return install


def test_every_area_is_looked_at_and_each_finding_has_a_way_out(home: Settings) -> None:
    found = diagnose(home)
    assert {check.area for check in found.checks} == {
        "capture", "kernels", "server", "front end", "store",
    }  # fmt: skip
    assert found.home == str(home.home)
    assert all(check.way_out for check in found.checks if check.state == "finding")
    assert not any("\n" in check.what for check in found.checks)


def test_this_environment_records(home: Settings) -> None:
    assert [check.state for check in checks(home, "capture")] == ["ok", "ok"]


def test_a_damaged_key_is_told_with_the_way_out(home: Settings) -> None:
    assert not [check for check in checks(home, "store") if check.state == "finding"]
    home.home.mkdir(mode=0o700, exist_ok=True)
    key = home.home / "redaction.key"
    key.write_bytes(b"k" * 31)
    key.chmod(0o600)

    found = finding(checks(home, "store"))

    assert found.what.startswith(f"{key} is not a key")
    assert "compare as unknown" in found.what
    assert "move it away" in str(found.way_out)


@pytest.mark.parametrize("word", ["off", "0"])
def test_capture_switched_off_by_the_variable(
    home: Settings, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    monkeypatch.setenv(settings.SWITCH_VARIABLE, word)
    found = finding(checks(settings.read(), "capture"))
    assert f"JUPYTER_MLOPS={word}" in found.what
    assert found.way_out == "unset JUPYTER_MLOPS"


def test_capture_switched_off_by_configuration(home: Settings) -> None:
    found = finding(checks(settings.read({"MLOps": {"capture": False}}), "capture"))
    assert "MLOps.capture" in found.what


def test_a_home_that_other_kernels_do_not_know(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(settings.HOME_VARIABLE)
    configured = settings.read({"MLOps": {"home": str(tmp_path / "else")}})
    found = finding(checks(configured, "capture"))
    assert found.way_out is not None
    assert f"JUPYTER_MLOPS_HOME={tmp_path / 'else'}" in found.way_out


@pytest.mark.parametrize(
    ("spec", "state", "says"),
    [
        ({}, "ok", "records"),
        ({"argv": ["python"]}, "ok", "records"),
        ({"language": "R", "argv": ["R"]}, "unseen", "its inside is not seen"),
        ({"argv": ["conda", "run", "python"]}, "unseen", "started through conda"),
        ({"argv": ["/nowhere/python"]}, "finding", "no /nowhere/python"),
        ({"env": {"JUPYTER_MLOPS": "off"}}, "finding", "switches capture off"),
        ({"env": {"PYTHONHOME": "/nowhere"}}, "finding", "can't be asked"),
    ],
)
def test_kernelspecs(home: Settings, kernelspec: Any, spec: Any, state: str, says: str) -> None:
    (check,) = kernelspec(**spec)
    assert check.state == state
    assert says in check.what
    assert (check.way_out is not None) == (state == "finding")


def test_a_kernel_that_something_else_starts() -> None:
    provisioner = {"kernel_provisioner": {"provisioner_name": "slurm"}}
    spec = {"argv": [sys.executable], "language": "python", "metadata": provisioner}
    check = kernels.kernel("kernel far", spec)
    assert (check.state, check.way_out) == ("unseen", None)
    assert "started by slurm" in check.what


@pytest.mark.slow
def test_a_kernel_of_an_environment_without_any_kernel(
    home: Settings, kernelspec: Any, tmp_path: Path
) -> None:
    venv.create(tmp_path / "bare", with_pip=False)
    python = str(tmp_path / "bare" / "bin" / "python")
    (check,) = kernelspec(argv=[python])
    assert check.state == "finding"
    assert "not installed" in check.what
    assert check.way_out == f"{python} -m pip install jupyter-mlops"


LAUNCH = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]


def test_a_kernel_of_an_environment_without_us(
    home: Settings, kernelspec: Any, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    (check,) = kernelspec(argv=[elsewhere, *LAUNCH])
    assert (check.state, check.way_out) == ("ok", None)
    assert "records if" in check.what and f"{elsewhere} -m pip install" in check.what
    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "theirs")
    (check,) = kernelspec(argv=[elsewhere, *LAUNCH])
    assert "records if jupyter mlops run, and not JupyterLab" in check.what
    (check,) = kernelspec(argv=[elsewhere, "-m", "xpython", "-f", "{connection_file}"])
    assert check.state == "unseen" and "xpython need not" in check.what
    # Nobody is given a profile by being asked.
    assert not (Path(os.environ["IPYTHONDIR"]) / "profile_default").exists()


@pytest.mark.parametrize("place", ["profile", "argv"])
def test_an_ipython_that_is_told_not_to_execute_our_file(
    home: Settings, kernelspec: Any, elsewhere: str, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)
    argv = [elsewhere, *LAUNCH]
    if place == "argv":
        argv.append("--InteractiveShellApp.exec_PYTHONSTARTUP=False")
    else:
        folder = Path(os.environ["IPYTHONDIR"]) / "profile_default"
        folder.mkdir(parents=True)
        switch = "c = get_config()\nc.IPKernelApp.exec_PYTHONSTARTUP = False\nprint('mine')\n"
        (folder / "ipython_kernel_config.py").write_text(switch)
    (check,) = kernelspec(argv=argv)
    assert check.state == "finding" and "exec_PYTHONSTARTUP = False" in check.what


def test_a_python_too_old_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"python": [3, 9], "version": None, "ipykernel": "6.22.0", "executes": True}
    # What such a Python would answer; the question itself is asked in the tests above.
    monkeypatch.setattr(kernels, "probed", lambda *_: answer)
    check = kernels.reached("kernel x", "/usr/bin/python3.9", {}, LAUNCH)
    assert (check.state, check.what) == (
        "unseen",
        "kernel x: Python 3.9; kernels record from 3.10 on",
    )


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"startup": None}, "no startup file"),
        ({"intact": False}, "is not that of version"),
        ({"version": "0.0.1"}, "has version 0.0.1"),
    ],
)
def test_an_installation_that_is_not_whole(
    monkeypatch: pytest.MonkeyPatch, answer: dict[str, Any], says: str
) -> None:
    whole = {"version": kernels.own_version(), "ipython": "9", "startup": "/s.py", "intact": True}
    # What such an installation would answer; the question itself is asked in the tests above.
    monkeypatch.setattr(kernels, "probed", lambda *_: {**whole, **answer})
    check = kernels.reached("kernel x", "/usr/bin/python", {})
    assert check.state == "finding"
    assert says in check.what
    assert "pip install" in (check.way_out or "")


def test_the_server_part_disabled(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "0")
    folder = tmp_path / "jupyter_server_config.d"
    folder.mkdir()
    off = {"ServerApp": {"jpserver_extensions": {"jupyter_mlops": False}}}
    (folder / "jupyter_mlops.json").write_text(json.dumps(off))
    assert (
        finding(checks(home, "server")).way_out == "jupyter server extension enable jupyter_mlops"
    )


@pytest.mark.parametrize(
    ("package", "says"),
    [
        ({"version": "0.0.1", "jupyterlab": {"_build": {"load": "x.js"}}}, "version 0.0.1"),
        ({"version": "0.1.0", "jupyterlab": {"_build": {"load": "gone.js"}}}, "gone.js is missing"),
        ({"version": "0.1.0"}, "is damaged"),
    ],
)
def test_a_front_end_that_does_not_fit(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: Any, says: str
) -> None:
    folder = tmp_path / "labextensions" / "jupyter-mlops"
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(json.dumps(package))
    (folder / "x.js").touch()
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert says in finding(checks(home, "front end")).what


def test_a_home_that_others_can_read_and_a_full_disk(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert {check.state for check in checks(home, "store")} == {"ok"}
    home.home.chmod(0o755)
    found = finding(checks(home, "store"))
    assert found.way_out == f"chmod 700 {home.home}"
    home.home.chmod(stat.S_IRWXU)
    monkeypatch.setattr(diagnosis, "FREE_BYTES", 2**62)
    assert "are free" in finding(checks(home, "store")).what


def test_a_store_that_cannot_be_opened(home: Settings) -> None:
    home.home.mkdir(parents=True)
    (home.home / "store.db").write_bytes(b"this is no database" * 100)
    found = finding(checks(home, "store"))
    assert "store.db" in found.what
    assert "move it aside" in (found.way_out or "")


def test_a_damaged_store(home: Settings) -> None:
    with Store.open(home) as store:
        store.refresh()
    path = home.home / "store.db"
    content = bytearray(path.read_bytes())
    # The page of an index: what stands there is read by no ordinary question.
    with sqlite3.connect(path) as connection:
        query = "SELECT rootpage FROM sqlite_master WHERE type = 'index' ORDER BY rootpage DESC"
        page = connection.execute(query).fetchone()[0]
        size = connection.execute("PRAGMA page_size").fetchone()[0]
    connection.close()
    content[(page - 1) * size : (page - 1) * size + 8] = b"\xff" * 8
    path.write_bytes(content)
    found = [check for check in checks(home, "store") if check.state == "finding"]
    assert any("store.db is damaged" in check.what for check in found)
    assert not any("sound" in check.what for check in checks(home, "store"))


def test_a_torn_journal_is_told(home: Settings) -> None:
    home.journals.mkdir(parents=True)
    (home.journals / "torn.jsonl").write_bytes(b'{"type": "session_started", "wri\n')
    assert any("torn" in check.what for check in checks(home, "store") if check.state == "finding")


def test_a_journal_of_a_newer_version_is_told_with_the_command_that_helps(home: Settings) -> None:
    home.journals.mkdir(parents=True)
    (home.journals / "newer.jsonl").write_bytes(b'{"type": "telepathy"}\n')
    found = [check for check in checks(home, "store") if check.state == "finding"]
    assert ["1 journals hold lines" in found[0].what, "newer" in found[1].what] == [True, True]
    assert found[1].way_out == "pip install -U jupyter-mlops"


def test_a_store_that_cannot_be_brought_up_to_date(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Store) -> None:
        raise LookupError("strange\nmore")

    monkeypatch.setattr(Store, "refresh", broken)
    found = finding(checks(home, "store"))
    assert found.what == "the store can't be brought up to date: LookupError: strange"
    assert not any("sound" in check.what for check in checks(home, "store"))


def test_a_fault_of_capture_is_told(home: Settings) -> None:
    journal = Journal(home.journals, "session")
    journal.append(Notice, what="the hooks failed", why="a test")
    journal.close()
    assert "the hooks failed" in finding(checks(home, "store")).what


def test_a_fault_of_long_ago_is_told_no_more(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jupyter_mlops.journal.lines.time.time_ns", lambda: 1_577_836_800 * 10**9)
    journal = Journal(home.journals, "session")
    journal.append(Notice, what="the hooks failed", why="a test")
    journal.close()
    assert all(check.state == "ok" for check in checks(home, "store"))


def test_a_module_in_the_working_folder_does_not_mislead_the_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    monkeypatch.chdir(tmp_path)
    assert kernels.probed(sys.executable, {})["version"] == kernels.own_version()


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_file_that_others_can_read_is_told(home: Settings) -> None:
    Store.open(home).close()
    journal = home.journals / "old.jsonl"
    journal.touch()
    journal.chmod(0o644)
    found = [check for check in checks(home, "store") if check.state == "finding"]
    assert [check.what for check in found] == [f"{journal} can be read by others"]
    assert found[0].way_out == f"chmod -R go= {home.home}"


def test_a_quota_that_is_exceeded_is_told_with_the_command(home: Settings) -> None:
    small = replace(home, quota_bytes=1)
    with Store.open(small) as store:
        store.put(b"content")
    found = [check for check in checks(small, "store") if check.state == "finding"]
    assert "MLOps.quota allows" in found[0].what
    assert found[0].way_out == "jupyter mlops gc"
