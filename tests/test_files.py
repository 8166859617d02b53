"""A file that was asked for is there whole, or was refused before anything was computed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlops import files
from jupyter_mlops.errors import BadValueError


def test_a_file_is_replaced_whole_and_readable_as_new_files_are(tmp_path: Path) -> None:
    target = tmp_path / "out.ipynb"
    target.write_text("old")
    before = os.umask(0o022)
    try:
        files.write(files.writable(target), b"new")
    finally:
        os.umask(before)
    assert target.read_bytes() == b"new"
    assert target.stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path) == ["out.ipynb"]


def test_a_link_is_followed_not_replaced(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("old")
    link.symlink_to(real)
    files.write(files.writable(link), b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


@pytest.mark.parametrize("target", ["folder", "missing/out", os.devnull])
def test_what_is_no_place_for_a_file_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(BadValueError):
        files.writable(tmp_path / target)
    assert Path(os.devnull).is_char_device()


def test_the_source_is_refused_under_any_name(tmp_path: Path) -> None:
    source = tmp_path / "a.ipynb"
    source.write_text("x")
    os.link(source, tmp_path / "same.ipynb")
    with pytest.raises(BadValueError, match="never written"):
        files.writable(tmp_path / "same.ipynb", source)


def test_a_source_that_is_gone_refuses_nothing(tmp_path: Path) -> None:
    (tmp_path / "out.ipynb").write_text("old")
    assert files.writable(tmp_path / "out.ipynb", tmp_path / "gone.ipynb").name == "out.ipynb"


def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out"
    target.write_text("old")

    def fail(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(BadValueError, match="No space left"):
        files.write(target, b"new")
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]
