"""Large files read by another process: the same digest, and nobody dies of a changed file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_mlops.fingerprints import mapped, of_file
from jupyter_mlops.fingerprints.hashing import Pieces
from jupyter_mlops.fingerprints.mapped import Process

LARGE = 2 * Pieces.LENGTH


@pytest.mark.parametrize("size", [LARGE + 1, 3 * Pieces.LENGTH, 3 * Pieces.LENGTH + 4097])
def test_the_digest_is_the_same_as_a_kernels(tmp_path: Path, size: int) -> None:
    path = tmp_path / "data"
    path.write_bytes(os.urandom(size))
    expected = of_file(path)
    assert expected is not None
    with Process() as process:
        assert process.digest(path) == process.digest(str(path)) == expected.digest


def test_what_can_not_be_read_has_no_digest(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with Process() as process:
        assert [process.digest(tmp_path / name) for name in ("none", "pipe", ".")] == [None] * 3
        (tmp_path / "data").write_bytes(bytes(LARGE))
        assert process.digest(tmp_path / "data") is not None


def test_a_file_that_is_cut_short_kills_the_process_and_nobody_else(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(LARGE))
    # What happens when another program does it in the middle, made to happen for certain.
    script = (
        "import os, sys\n"
        "from jupyter_mlops.fingerprints import mapped\n"
        "real = mapped.Content.bulk\n"
        "def cut(self, data):\n"
        "    os.truncate(sys.argv[1], 0)\n"
        "    real(self, data)\n"
        "mapped.Content.bulk = cut\n"
        "print(mapped.digest(sys.argv[1]))\n"
    )
    ended = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True)
    assert ended.returncode < 0, "by a signal"
    path.write_bytes(bytes(LARGE))
    with Process() as process:
        first = process.digest(path)
        assert process._process is not None
        process._process.kill()
        process._process.wait()
        assert process.digest(path) is None, "asked of the dead"
        assert process.digest(path) == first, "and of a new one"


def test_a_file_that_changes_meanwhile_has_no_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data"
    path.write_bytes(bytes(LARGE))
    real = mapped._piece

    def changing(descriptor: int, size: int, start: int) -> object:
        # In its place: to cut it short would kill the process that maps it.
        with path.open("r+b") as file:
            file.seek(-1, os.SEEK_END)
            file.write(b"x")
        return real(descriptor, size, start)

    assert mapped.digest(str(path)) is not None
    monkeypatch.setattr(mapped, "_piece", changing)
    os.utime(path, ns=(0, 0))
    assert mapped.digest(str(path)) is None
