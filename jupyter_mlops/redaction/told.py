"""How a kernel tells the process that listens to it which values are secret: never by a file.

The outputs of a kernel that somebody listens to are written down outside of it, where a
password that was typed in is just another word. Its value goes there through a pipe with a
name (a FIFO), which only its owner may open and whose content never reaches a disk; and so do
the names that a notebook's metadata says mean a secret, or none, since whoever listens has not
read the notebook.

A kernel may outlive whoever listened. The name is free then for anybody, in a temporary folder
of all users: a kernel tells nothing to a pipe, or by a folder, that is not its own user's.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple, get_args

# Shorter writes than this are not mixed with those of other kernels (POSIX's PIPE_BUF).
_LINE_LIMIT = 4096
_READ_BYTES = 65_536

Kind = Literal["value", "secret name", "not secret name"]
_KINDS = get_args(Kind)


class Told(NamedTuple):
    """What a kernel told: which one, what kind of text, and the text."""

    kernel_id: str | None
    kind: Kind
    text: str


class Teller:
    """A kernel's end of the pipe at `path`; without a path nobody listens.

    Attributes
    ----------
    waiting
        What found no room yet.
    """

    def __init__(self, path: str | None, kernel_id: str | None) -> None:
        self._path = path
        self._kernel_id = kernel_id
        self.waiting: list[tuple[Kind, str]] = []

    def tell(self, texts: Iterable[str], kind: Kind = "value") -> None:
        """Pass values or names on without ever waiting; what finds no room goes later."""
        if self._path is None:
            return
        self.waiting += [(kind, text) for text in texts]
        if not self.waiting:
            return
        try:
            descriptor = _opened(self._path)
        except OSError:  # nobody listens any more: then nobody writes outputs down either
            return
        try:
            if not _is_private(descriptor, stat.S_IFIFO):
                return
            while self.waiting:
                line = json.dumps([self._kernel_id, *self.waiting[0]]).encode() + b"\n"
                if len(line) <= _LINE_LIMIT:
                    os.write(descriptor, line)
                del self.waiting[0]
        except OSError:  # full: whoever listens has not come round to it; or gone just now
            return
        finally:
            os.close(descriptor)


class Hearer:
    """The listening end, with the pipe in `folder`.

    Where the system has no such pipes (Windows), ``path`` is ``None`` and nothing is heard.
    """

    def __init__(self, folder: Path) -> None:
        self.path: str | None = None
        self._descriptor = -1
        self._rest = b""
        if not hasattr(os, "mkfifo"):
            return
        path = folder / "secrets"
        os.mkfifo(path, 0o600)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self.path = str(path)

    def hear(self) -> list[Told]:
        """Return what was told since the last call."""
        if self._descriptor < 0:
            return []
        with suppress(BlockingIOError):  # all that was told is read
            while piece := os.read(self._descriptor, _READ_BYTES):
                self._rest += piece
        *lines, self._rest = self._rest.split(b"\n")
        found: list[Told] = []
        for line in lines:
            with suppress(ValueError, TypeError):  # not by a kernel of ours
                kernel_id, kind, text = json.loads(line)
                if kind in _KINDS and isinstance(text, str):
                    kernel = kernel_id if isinstance(kernel_id, str) else None
                    found.append(Told(kernel, kind, text))
        return found

    def close(self) -> None:
        """Close and remove the pipe; a second call does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        if self.path is not None:
            Path(self.path).unlink(missing_ok=True)


def _opened(path: str) -> int:
    """Open the pipe for writing, in a folder that nobody else could have made or changed."""
    flags = os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    folder = os.open(os.path.dirname(path), flags | os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not _is_private(folder, stat.S_IFDIR):
            raise PermissionError(path)
        # By the folder that was looked at: another one may have its name by now.
        return os.open(os.path.basename(path), flags | os.O_WRONLY, dir_fd=folder)
    finally:
        os.close(folder)


def _is_private(descriptor: int, kind: int) -> bool:
    """Tell whether what was opened is of this kind, our own user's, and closed to all others."""
    found = os.fstat(descriptor)
    is_closed = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_IFMT(found.st_mode) == kind and found.st_uid == os.geteuid() and is_closed
