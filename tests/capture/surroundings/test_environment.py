"""The environment, from the names in its folders."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
import sysconfig
from pathlib import Path

import pytest

from jupyter_mlops.capture.surroundings import environment
from jupyter_mlops.capture.surroundings.environment import Installed, read


def test_it_is_what_importlib_says_of_this_environment() -> None:
    ours = read([sysconfig.get_path("purelib")]).packages
    theirs = {
        re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): one.version
        for one in importlib.metadata.distributions(path=[sysconfig.get_path("purelib")])
    }
    assert ours == dict(sorted(theirs.items()))


def test_names_and_versions(tmp_path: Path) -> None:
    for name in (
        "Scikit_Learn-1.9.1.dist-info",
        "ruamel.yaml-0.18.dist-info",
        "old-1.0-py3.11.egg-info",
        "linked.egg-info",
        "local-1.0+cu121.dist-info",
        "no-package",
        "~umpy-1.0.dist-info.bak",
    ):
        (tmp_path / name).mkdir()
    found = read([str(tmp_path)])
    assert found.packages == {
        "linked": "",
        "local": "1.0+cu121",
        "old": "1.0",
        "ruamel-yaml": "0.18",
        "scikit-learn": "1.9.1",
    }
    assert found.digest == read([str(tmp_path), str(tmp_path / "missing")]).digest
    (tmp_path / "new-1.dist-info").mkdir()
    assert found.digest != read([str(tmp_path)]).digest


def test_the_first_folder_of_the_path_wins(tmp_path: Path) -> None:
    for folder, version in (("a", "1"), ("b", "2")):
        (tmp_path / folder / f"one-{version}.dist-info").mkdir(parents=True)
    assert read([str(tmp_path / "a"), str(tmp_path / "b")]).packages == {"one": "1"}


def test_it_is_listed_again_only_when_a_folder_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    os.utime(packages, (0, 0))  # the clock of files may stand still for some milliseconds
    monkeypatch.setattr(sys, "path", ["", str(packages)])
    installed = Installed()
    assert installed.changed() is not None
    monkeypatch.setattr(environment, "read", None)
    assert installed.changed() is None
    monkeypatch.undo()
    monkeypatch.setattr(sys, "path", ["", str(packages)])
    (packages / "one-1.dist-info").mkdir()
    changed = installed.changed()
    assert changed is not None and changed.packages == {"one": "1"}
    (packages / "module.py").touch()
    assert installed.changed() is None
