from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from jupyter_mlops.fingerprints import files, of_file
from jupyter_mlops.fingerprints.hashing import Pieces
from jupyter_mlops.fingerprints.steps import finish


def test_the_whole_content_counts_and_nothing_else(tmp_path: Path) -> None:
    content = bytes(range(256)) * 5000
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    found = of_file(path)
    assert found is not None
    assert found.complete and found.size_bytes == len(content)
    (tmp_path / "b.csv").write_bytes(content)
    os.utime(tmp_path / "b.csv", (0, 0))
    assert of_file(tmp_path / "b.csv") == found
    for position in (0, len(content) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[position] ^= 1
        path.write_bytes(changed)
        assert of_file(path) != found
    path.write_bytes(content + b"\0")
    assert of_file(path) != found


def test_an_empty_file_has_a_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    found = of_file(tmp_path / "empty")
    assert found is not None and found.size_bytes == 0 and found.complete


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    (tmp_path / "link").symlink_to("data")
    assert of_file(tmp_path / "link") == of_file(tmp_path / "data")


def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        of_file(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        of_file(tmp_path)
    with pytest.raises(FileNotFoundError):
        of_file(tmp_path / "missing")


def test_who_reads_may_stop(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"x" * 10)
    assert of_file(tmp_path / "data", lambda: True) is None
    assert of_file(tmp_path / "data", lambda: False) == of_file(tmp_path / "data")


def test_a_file_that_changes_meanwhile_is_incomplete(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 5_000_000)
    reading = files.steps(path)
    next(reading)
    with path.open("ab") as file:
        file.write(b"y")
    assert not finish(reading).complete


def test_a_large_file_is_hashed_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGE_BYTES", 1000)
    monkeypatch.setattr(Pieces, "LENGTH", 700)
    path = tmp_path / "data"
    path.write_bytes(bytes(range(250)) * 4)
    assert (of_file(path) or missing()).digest.startswith("xxh3:")
    path.write_bytes(bytes(range(250)) * 9)
    found = of_file(path) or missing()
    assert found.complete and found.size_bytes == 2250 and found.digest.startswith("xxh3p:")
    for reading in (1, 699, 700, 701):
        monkeypatch.setattr(files, "_BUFFER_BYTES", reading)
        assert of_file(path) == found


def missing() -> NoReturn:
    pytest.fail("it has no fingerprint")
