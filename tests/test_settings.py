"""Settings: one order of precedence, and the folder that Jupyter itself would choose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_data_dir

from jupyter_mlops import settings
from jupyter_mlops.errors import BadValueError
from jupyter_mlops.settings import Settings, Starter


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"JUPYTER_DATA_DIR": "/somewhere/data"},
        {"XDG_DATA_HOME": "/xdg"},
        {"HOME": "/home/of/someone"},
        {"HOME": "/home/of/someone", "XDG_DATA_HOME": ""},
    ],
)
def test_the_default_home_is_in_jupyters_data_folder(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    for name in ("JUPYTER_DATA_DIR", "XDG_DATA_HOME", "JUPYTER_PLATFORM_DIRS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv(settings.HOME_VARIABLE, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings.read().home == Path(jupyter_data_dir()) / "mlops"


def test_environment_before_configuration_before_default(tmp_path: Path) -> None:
    config = {"MLOps": {"home": str(tmp_path / "c"), "store_url": "postgresql:///c"}}
    assert settings.read(config, {"HOME": "/h"}) == Settings(
        home=tmp_path / "c", store_url="postgresql:///c"
    )
    environ = {"JUPYTER_MLOPS_HOME": str(tmp_path / "e"), "JUPYTER_MLOPS_STORE": "sqlite:///e"}
    assert settings.read(config, environ) == Settings(home=tmp_path / "e", store_url="sqlite:///e")
    plain = settings.read({}, {"JUPYTER_MLOPS_HOME": str(tmp_path)})
    assert plain.store_url == f"sqlite:///{tmp_path / 'store.db'}"
    assert (plain.journals, plain.blobs) == (tmp_path / "journals", tmp_path / "blobs")


def test_a_relative_home_is_made_absolute_and_a_tilde_expanded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ada")
    assert settings.read({}, {"JUPYTER_MLOPS_HOME": "here"}).home == tmp_path / "here"
    assert settings.read({}, {"JUPYTER_MLOPS_HOME": "~/m"}).home == Path("/home/ada/m")


@pytest.mark.parametrize(
    ("word", "capture"),
    [("", True), ("on", True), ("1", True), ("off", False), (" Off ", False), ("no", False)],
)
def test_the_switch(word: str, capture: bool) -> None:
    assert settings.read({}, {"HOME": "/h", "JUPYTER_MLOPS": word}).capture is capture
    assert settings.read({"MLOps": {"capture": False}}, {"JUPYTER_MLOPS": word}).capture is False


def test_a_starter_is_taken_once_and_only_from_the_parent() -> None:
    starter = Starter(pid=7, listens=True, trigger="run", notebook="/n.ipynb", run="r", user="ada")
    environ = {"OTHER": "x", **starter.environment()}
    assert settings.take_starter(environ, parent=7) == starter
    assert environ == {"OTHER": "x"}
    assert settings.take_starter(environ, parent=7) is None
    assert settings.take_starter(starter.environment(), parent=8) is None


def test_a_starter_is_believed_by_the_kernel_that_it_names() -> None:
    environ = Starter(pid=7, listens=True, kernel="k").environment()
    for file, believed in (("/r/kernel-k.json", True), ("/r/kernel-other.json", False)):
        assert bool(settings.take_starter(dict(environ), 8, file)) is believed
    unnamed = Starter(pid=7, listens=True).environment()
    assert settings.take_starter(dict(unnamed), 8, "/r/kernel-None.json") is None


def test_a_kernel_is_reached_and_put_back_as_it_was() -> None:
    starter = Starter(pid=7, listens=True)
    for before in ({}, {"PYTHONSTARTUP": ""}, {"PYTHONSTARTUP": "/mine.py", "OTHER": "x"}):
        environ = dict(before)
        starter.reach(environ)
        # A kernel whose IPython did not execute the file hands it on to what it starts.
        Starter(pid=8, listens=False).reach(environ)
        assert environ[settings.STARTUP_VARIABLE] == settings.START_FILE
        assert settings.take_starter(environ, 8) is not None
        assert environ == before


def test_a_kernel_that_cannot_be_reached_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "START_FILE", str(tmp_path / "gone.py"))
    environ = {"PYTHONSTARTUP": "/mine.py"}
    Starter(pid=7, listens=True).reach(environ)
    assert environ == {"PYTHONSTARTUP": "/mine.py"}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", "null", '{"pid": 7}', json.dumps({"pid": 7, "new": 1})]
)
def test_what_is_no_starter_is_removed_all_the_same(text: str) -> None:
    environ = {settings.STARTER_VARIABLE: text}
    assert settings.take_starter(environ, parent=7) is None
    assert environ == {}


def test_private_folders_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = settings.make_private(tmp_path / "one" / "two")
    finally:
        os.umask(before)
    assert [one.stat().st_mode & 0o777 for one in (folder, folder.parent)] == [0o700, 0o700]
    assert settings.make_private(folder) == folder


def test_the_system_user_is_not_forged_by_the_environment() -> None:
    code = "from jupyter_mlops.settings import system_user; print(system_user())"
    environment = {**os.environ, "USER": "eve", "LOGNAME": "eve", "USERNAME": "eve"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == settings.system_user() != "eve"


@pytest.mark.parametrize(
    ("told", "size"),
    [("10 GB", 10**10), (5, 5), ("7", 7), ("1.5 kB", 1500), ("2MiB", 2**21), ("1 TB", 10**12)],
)
def test_a_quota_is_a_size(told: str | int, size: int) -> None:
    assert settings.read({"MLOps": {"quota": told}}, {}).quota_bytes == size
    assert settings.read({}, {}).quota_bytes == 10**10


@pytest.mark.parametrize("told", ["much", "10 XB", "-1", "GB", "1e3"])
def test_what_is_no_size_is_refused(told: str) -> None:
    with pytest.raises(BadValueError, match=r"MLOps\.quota"):
        settings.read({"MLOps": {"quota": told}}, {})


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
@pytest.mark.parametrize("umask", [0, 0o777])
def test_a_folder_is_private_under_any_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        folder = settings.make_private(tmp_path / "a" / "b")
    finally:
        os.umask(before)
    assert folder.stat().st_mode & 0o777 == folder.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="gives files to another user")
def test_what_another_user_put_there_is_refused(tmp_path: Path) -> None:
    planted = tmp_path / "planted"
    planted.mkdir()
    os.chown(planted, 12345, 12345)
    own = tmp_path / "own"
    own.mkdir()
    link = tmp_path / "link"
    link.symlink_to(own)
    assert settings.make_private(link) == link
    os.chown(link, 12345, 12345, follow_symlinks=False)
    for folder in (planted, link):
        with pytest.raises(PermissionError, match="another user"):
            settings.make_private(folder)
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(NotADirectoryError):
        settings.make_private(file)
