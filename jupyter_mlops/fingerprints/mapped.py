"""The digest of a large file by two threads over mapped memory, in a process of its own.

Mapped memory is read without being copied, and by two threads at once; but whoever reads it
is killed if another program cuts the file short meanwhile. So this is never done in a kernel
or in a server: they ask a process that may die, and read the file themselves if it does.
"""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any

from jupyter_mlops.fingerprints.hashing import ALGORITHM, Content, Pieces
from jupyter_mlops.fingerprints.signatures import signature

# One thread does not get all of the memory's bandwidth, and more than two get little more.
_THREADS = 2
# Linux since 5.14: all pages of a piece at once, instead of by a fault for every sixteen.
_MADV_POPULATE_READ = 22
_SCRIPT = f"import sys; sys.path += sys.argv[1:]; from {__name__} import main; main()"


class Process:
    """A process that digests files, started with the first one; a context manager.

    It ends with the block, or when this process does.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def digest(self, path: str | os.PathLike[str]) -> str | None:
        """Return the digest, in pieces, of a regular file that did not change meanwhile.

        Returns
        -------
        str or None
            ``None`` if the file can't be read in this way.
        """
        try:
            pipes = self._started()
            pipes.stdin.write(json.dumps(os.path.abspath(path)).encode() + b"\n")
            pipes.stdin.flush()
            answer = pipes.stdout.readline()
        except OSError:  # it can't be started, or has just died
            answer = b""
        if not answer:
            self.__exit__()
            return None
        found: str | None = json.loads(answer)
        return found

    def _started(self) -> Any:
        if self._process is None:
            self._process = subprocess.Popen(
                # Isolated: no folder that somebody else fills stands before the library's.
                [sys.executable or "", "-I", "-c", _SCRIPT, *filter(None, sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process


def digest(path: str) -> str | None:
    """Do what :meth:`Process.digest` asks for, in this process."""
    before = signature(path)
    if before is None:
        return None
    pieces = Pieces("file")
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            with ThreadPoolExecutor(_THREADS) as pool:
                starts = range(0, before[0], Pieces.LENGTH)
                for piece in pool.map(partial(_piece, descriptor, before[0]), starts):
                    pieces.add(piece)
        finally:
            os.close(descriptor)
    except (OSError, ValueError):  # another user's, cut short, or nothing is mapped there
        return None
    return pieces.text() if signature(path) == before else None


def _piece(descriptor: int, size: int, start: int) -> Content:
    content = Content("piece", ALGORITHM)
    length = min(Pieces.LENGTH, size - start)
    with mmap.mmap(descriptor, length, access=mmap.ACCESS_READ, offset=start) as memory:
        with suppress(AttributeError, OSError):  # elsewhere the pages come as they are read
            memory.madvise(_MADV_POPULATE_READ)
        content.bulk(memory)
    return content


def main() -> None:
    """Answer each line with one, until there are no more."""
    for line in sys.stdin.buffer:
        print(json.dumps(digest(json.loads(line))), flush=True)
