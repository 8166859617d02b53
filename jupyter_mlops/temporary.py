"""Temporary folders that name their owner, so that those of killed processes are removed.

Whoever makes such a folder writes down in it which process that is, and holds a lock on that
file for as long as the folder is in use; a job that works in it holds one too. A later start
removes the folder once nobody holds it and the owner is dead, by number and time of start: a
process that got the same number since is another one. Neither alone would do. A lock says
nothing on some file systems, and a process of another container is not seen.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Literal

from jupyter_mlops import journal
from jupyter_mlops.records import Process

try:
    import fcntl
except ImportError:  # Windows, where nothing tells who is in a folder: there all of them stay
    fcntl = None  # type: ignore[assignment]

Kind = Literal["secrets", "job", "unwritable", "sandbox"]
# In the order in which they go: what may hold a secret comes first.
_KINDS: tuple[Kind, ...] = ("secrets", "job", "unwritable", "sandbox")
OWNER = ".owner"
# How long whatever starts may spend on what others left; the next start goes on.
AT_START_S = 1.0
# As `mkdtemp` ends its names: what a user calls "mlops-job-notes" is none of ours.
_NAME = re.compile(rf"mlops-(?P<kind>{'|'.join(_KINDS)})-[a-z0-9_]{{8}}")
# Without waiting: what has the owner's name may be a pipe.
_OPEN = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"))
# Whoever was killed before it wrote its name down left an empty folder.
_NAMELESS_S = 3600.0
# Of a collection that looks whether somebody is in a folder, which is a matter of microseconds.
_LOOK_S = 5.0
_RETRY_S = 0.001


class Folder:
    """A private temporary folder of this process, removed at the end or after its death."""

    def __init__(self, kind: Kind, parent: str | None = None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=f"mlops-{kind}-", dir=parent)).resolve()
        self._hold: int | None = None
        try:
            self.path.chmod(0o700)  # the umask may have taken our own permissions
            self._hold = _claim(self.path)
        except BaseException:  # the folder goes; the error goes on
            self.remove()
            raise

    def remove(self) -> None:
        """Remove it with all that is in it; what can't be removed stays."""
        if self._hold is not None:
            os.close(self._hold)
            self._hold = None
        remove(self.path)

    def __enter__(self) -> Path:
        return self.path

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.remove()


def hold(folder: Path) -> int | None:
    """Keep a folder of another process for as long as this one lives, or closes what it gets."""
    try:
        descriptor = os.open(folder / OWNER, os.O_RDONLY | _OPEN)
    except OSError:  # it has no owner, or is gone: then there is nothing to keep
        return None
    _lock(descriptor)
    return descriptor


def collect(limit_s: float = float("inf"), places: Iterable[str] | None = None) -> int:
    """Remove this user's folders whose owners are dead; return how many.

    Parameters
    ----------
    limit_s
        No further one is begun after so many seconds; the next collection goes on.
    places
        Where to look; default: wherever such folders are made.
    """
    if fcntl is None:
        return 0
    until = time.monotonic() + limit_s
    removed = 0
    for folder in _folders(places or (tempfile.gettempdir(), "/tmp")):
        if time.monotonic() > until:
            break
        with contextlib.suppress(OSError):  # somebody else removes it, or owns what is in it
            removed += _removed_if_left(folder)
    return removed


def is_one(folder: Path) -> bool:
    """Tell whether it is such a folder, of whichever process."""
    return _NAME.fullmatch(folder.name) is not None and os.path.lexists(folder / OWNER)


def remove(folder: Path) -> None:
    """Remove a folder, the owner's name last: what a kill leaves of it is found again."""
    # A notebook may have made a folder that can't be listed or changed; each is opened before
    # the walk comes to it.
    _open(folder)
    for top, names, _ in os.walk(folder):
        for name in names:
            _open(Path(top, name))
    with contextlib.suppress(OSError):  # what can't be removed stays, with the owner's name
        for entry in list(os.scandir(folder)):
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            elif entry.name != OWNER:
                os.unlink(entry.path)
        if {one.name for one in os.scandir(folder)} <= {OWNER}:
            (folder / OWNER).unlink(missing_ok=True)
            folder.rmdir()


def _claim(folder: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | _OPEN
    descriptor = os.open(folder / OWNER, flags, 0o600)
    try:
        os.chmod(folder / OWNER, 0o600)
        _lock(descriptor)
        with contextlib.suppress(OSError):  # no room: it works, and would stay after a kill
            os.write(descriptor, json.dumps(asdict(journal.this_process())).encode())
    except BaseException:  # nothing holds what was not claimed; the error goes on
        os.close(descriptor)
        raise
    return descriptor


def _lock(descriptor: int) -> None:
    if fcntl is None:
        return
    until = time.monotonic() + _LOOK_S
    with contextlib.suppress(OSError):  # a file system without locks: the owner's life counts
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:  # a collection is looking, or was stopped while it did
                if time.monotonic() > until:
                    return
                time.sleep(_RETRY_S)
            else:
                return


def _folders(places: Iterable[str]) -> Iterator[Path]:
    """Give this user's folders by kind."""
    found: list[tuple[int, str]] = []
    for place in dict.fromkeys(os.path.realpath(one) for one in places):
        with contextlib.suppress(OSError):  # it can't be listed, or is not there
            for entry in os.scandir(place):
                name = _NAME.fullmatch(entry.name)
                if name is not None and _is_mine(entry):
                    found.append((_KINDS.index(name["kind"]), entry.path))
    yield from (Path(path) for _, path in sorted(found))


def _is_mine(entry: os.DirEntry[str]) -> bool:
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:  # it was removed since it was listed
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _removed_if_left(folder: Path) -> bool:
    try:
        descriptor = os.open(folder / OWNER, os.O_RDONLY | _OPEN)
    except FileNotFoundError:  # none of ours, or its owner had no time to write its name
        found = folder.stat()
        is_private = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
        if is_private and found.st_mtime < time.time() - _NAMELESS_S:
            folder.rmdir()  # unless there is anything in it
            return True
        return False
    try:
        # Held until the folder is gone: of two collections one goes on. The other may have come
        # first, and what has the name now is none of what was opened.
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink == 0 or not _is_dead(os.read(descriptor, 4096)):
            return False
        remove(folder)
    finally:
        os.close(descriptor)
    return not folder.exists()


def _is_dead(owner: bytes) -> bool:
    try:
        process = Process(**json.loads(owner))
    except (ValueError, TypeError):  # not written to its end: its owner is at it
        return False
    return journal.is_alive(process) is False


def _open(folder: Path) -> None:
    if not folder.is_symlink():
        with contextlib.suppress(OSError):  # it is another user's; what stays is told
            folder.chmod(0o700)
