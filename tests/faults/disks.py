"""Disks that are small, full or read-only, as the faults need them."""

from __future__ import annotations

import errno
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """A small file system in memory, mounted at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Leave no room; refuses where nothing is mounted any more, and the disk is everybody's."""
        assert self.path.is_mount(), f"no small disk is mounted at {self.path}"
        with self._ballast.open("ab", buffering=0) as file:
            for size in (2**16, 2**12, 1):
                try:
                    while file.write(bytes(size)) == size:
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise

    def empty(self) -> None:
        """Make the room again."""
        self._ballast.unlink()

    def remount(self, how: str) -> None:
        """Make it read-only (``ro``) or writable (``rw``)."""
        _run("mount", "-o", f"remount,{how}", str(self.path))


@contextmanager
def small_disk(path: Path, size: str = "2m") -> Iterator[Disk]:
    """Mount a small disk at `path`; skips, and says why, where that is not allowed."""
    path.mkdir(parents=True, mode=0o700, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(path)],
        capture_output=True,
        text=True,
    )
    if done.returncode:
        pytest.skip(f"NOT TESTED, no small disk can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        # Lazily: a kernel that a failed test left behind may still have its journal there.
        _run("umount", "-l", str(path))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
