"""Files: the whole content, read once through a small buffer.

Not through ``mmap``: a file that another program cuts short under it would kill the kernel.
A large file is hashed in pieces, so that a process which may be killed can make the same
digest with two threads (see :mod:`mapped`).
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from jupyter_mlops.fingerprints.hashing import ALGORITHM, ALGORITHMS, Content, Pieces, in_pieces
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

# Fits the processor's cache, so that hashing finds there what reading brought.
_BUFFER_BYTES = 1 << 18
# Bytes between two steps, and steps between two questions to a caller who may want to stop.
_PAUSE_EVERY_BYTES = 1 << 22
_ASK_EVERY = 16
# A file that is larger is hashed in pieces.
LARGE_BYTES = 1 << 25
# Whoever takes in a journal waits for a file to be read by two algorithms.
_TRANSLATED_BYTES = 1 << 30


def algorithm(size_bytes: int, own: str = ALGORITHM) -> str:
    """Return by which algorithm a file of that size is digested."""
    return in_pieces(own) if size_bytes > LARGE_BYTES else own


def content(named: str) -> Content | Pieces | None:
    """Begin the digest of a file by an algorithm; ``None`` if it is not here."""
    if named in ALGORITHMS:
        return Content("file", named)
    pieced = next((own for own in ALGORITHMS if in_pieces(own) == named), None)
    return None if pieced is None else Pieces("file", pieced)


def of_file(
    path: str | os.PathLike[str], stop: Callable[[], bool] | None = None
) -> Fingerprint | None:
    """Return the fingerprint of a regular file.

    Parameters
    ----------
    path
        Followed if it is a symbolic link.
    stop
        Asked before each 64 MiB; the answer True ends the reading.

    Returns
    -------
    Fingerprint or None
        ``None`` if `stop` ended the reading. Incomplete if the file changed meanwhile.

    Raises
    ------
    OSError
        If the file can't be opened or read, or is not a regular file.
    """
    reading = steps(path)
    pieces = 0
    while True:
        if stop is not None and pieces % _ASK_EVERY == 0 and stop():
            reading.close()
            return None
        pieces += 1
        try:
            next(reading)
        except StopIteration as ended:
            found: Fingerprint = ended.value
            return found


def steps(path: str | os.PathLike[str]) -> Steps[Fingerprint]:
    """Read a regular file in steps; otherwise as :func:`of_file`."""
    buffer = bytearray(_BUFFER_BYTES)
    view = memoryview(buffer)
    # Opening a pipe would wait for its other end.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode):
            raise OSError(f"{Path(path)} is not a regular file")
        large = before.st_size > LARGE_BYTES
        found = Pieces("file") if large else Content("file")
        pause_at = _PAUSE_EVERY_BYTES
        while True:
            length = os.readv(descriptor, [buffer]) if _READV else _read(descriptor, view)
            if not length:
                break
            found.bulk(view[:length])
            if found.size_bytes >= pause_at:
                pause_at += _PAUSE_EVERY_BYTES
                yield
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    size = found.size_bytes
    steady = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    return Fingerprint(digest=found.text(), complete=steady, size_bytes=size)


def translated(path: str | os.PathLike[str], digest: str) -> str | None:
    """Return the digest, by the algorithm of this environment, of a file that has `digest`.

    The file is read once for both. ``None`` if it has another content, is larger than 1 GiB,
    can't be read, or if `digest` is of this algorithm already or of one that is not here.
    """
    other = content(digest.partition(":")[0])
    if other is None:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    except OSError:  # gone, or another user's: the digest stays alone
        return None
    try:
        found = os.fstat(descriptor)
        named = algorithm(found.st_size)
        own = content(named)
        if own is None or digest.startswith(f"{named}:"):
            return None
        if not stat.S_ISREG(found.st_mode) or found.st_size > _TRANSLATED_BYTES:
            return None
        while piece := os.read(descriptor, _PAUSE_EVERY_BYTES):
            own.bulk(piece)
            other.bulk(piece)
    except OSError:  # the disk failed: the digest stays alone
        return None
    finally:
        os.close(descriptor)
    return own.text() if other.text() == digest else None


_BINARY = getattr(os, "O_BINARY", 0)
_READV = hasattr(os, "readv")


def _read(descriptor: int, view: memoryview) -> int:
    data = os.read(descriptor, len(view))
    view[: len(data)] = data
    return len(data)
