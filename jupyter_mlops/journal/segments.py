"""Where a journal's lines go: mapped memory with its room on the disk, or plain writes.

A store into a mapping whose page has no room on the disk kills the process (SIGBUS). So only
files are mapped whose room was allocated and is seen to be there, on file systems that keep
what they have promised; everything else is written to.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from jupyter_mlops.journal.mounts import kind_of
from jupyter_mlops.settings import make_file_private

try:
    import fcntl
    import resource
except ImportError:  # Windows, which has no such locks and limits
    fcntl = None  # type: ignore[assignment]
    resource = None  # type: ignore[assignment]

ROOM_BYTES = 256 * 2**10
_PAGE_BYTES = mmap.PAGESIZE
_COPY_BYTES = 2**20
# Those that write in place what they allocated. Of others, btrfs and ZFS write a changed
# block elsewhere and may then lack the room; networks answer whenever they like.
_KEEPS_ROOM = frozenset({"ext2", "ext3", "ext4", "xfs", "tmpfs", "overlay"})
_FLAGS = os.O_RDWR | os.O_APPEND | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)

Identity = tuple[int, int]


class Segment(Protocol):
    """A journal's file, open; positions are those in the file.

    ``room`` is where the last line must end, ``identity`` the file's device and inode.
    """

    room: int
    identity: Identity

    def put(self, line: bytes, at: int) -> None:
        """Store a line, and then the newline that makes it one."""

    def holds(self, at: int, length: int) -> bool:
        """Tell whether the line that was put there, with its newline, is whole."""

    def wipe(self, at: int, length: int) -> None:
        """Undo a line that is not."""

    def copy(self, end: int, descriptor: int) -> None:
        """Write all before `end` to another file."""

    def is_cut(self, size: int, end: int) -> bool:
        """Tell whether a file of `size` is shorter than it was left, with lines up to `end`."""

    def close(self) -> None:
        """Let go of the file."""


class Mapped:
    """Lines as stores into memory: no call of the system, and nothing another thread waits for.

    The mapping holds a descriptor of its own, so that `descriptor` is not needed afterwards.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        status = os.fstat(descriptor)
        self.identity = identity(status)
        self.room = size
        if status.st_blocks * 512 < size:
            raise OSError(errno.EOPNOTSUPP, "its room was not allocated")
        self._map = mmap.mmap(descriptor, size)

    def put(self, line: bytes, at: int) -> None:
        """Store a line, and then the newline that makes it one."""
        end = at + len(line)
        self._map[at:end] = line
        # A store of its own: within one copy nothing says that the last byte comes last.
        self._map[end] = 10

    def holds(self, at: int, length: int) -> bool:
        """Tell whether the line that was put there, with its newline, is whole."""
        return self._map[at + length - 1] == 10

    def wipe(self, at: int, length: int) -> None:
        """Undo a line that is not."""
        self._map[at : at + length] = bytes(length)

    def copy(self, end: int, descriptor: int) -> None:
        """Write all before `end` to another file."""
        if self._map.size() < end:
            # Reading beyond the end of the file would kill us just as writing would.
            raise OSError(errno.EIO, "something else has cut it")
        for begin in range(0, end, _COPY_BYTES):
            _write(descriptor, self._map[begin : min(begin + _COPY_BYTES, end)])

    def is_cut(self, size: int, end: int) -> bool:
        """Tell whether a file of `size` is shorter than it was left, with lines up to `end`."""
        return size < self.room

    def close(self) -> None:
        """Let go of the file."""
        self._map.close()


class Plain:
    """Lines as one ``write`` each, to a descriptor that was opened for appending."""

    def __init__(self, descriptor: int, end: int) -> None:
        status = os.fstat(descriptor)
        self.identity = identity(status)
        self.room = sys.maxsize
        self._descriptor = descriptor
        if status.st_size > end:
            os.ftruncate(descriptor, end)

    def put(self, line: bytes, at: int) -> None:
        """Store a line, and then the newline that makes it one."""
        _check_limit(at + len(line) + 1)
        _write(self._descriptor, line + b"\n")

    def holds(self, at: int, length: int) -> bool:
        """Tell whether the line that was put there, with its newline, is whole."""
        return os.fstat(self._descriptor).st_size >= at + length

    def wipe(self, at: int, length: int) -> None:
        """Undo a line that is not."""
        os.ftruncate(self._descriptor, at)

    def copy(self, end: int, descriptor: int) -> None:
        """Write all before `end` to another file."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        while end > 0:
            content = os.read(self._descriptor, min(end, _COPY_BYTES))
            if not content:
                raise OSError(errno.EIO, "something else has cut it")
            _write(descriptor, content)
            end -= len(content)

    def is_cut(self, size: int, end: int) -> bool:
        """Tell whether a file of `size` is shorter than it was left, with lines up to `end`."""
        return size < end

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def open_file(path: Path, *, create: bool = False) -> int:
    """Open a journal's file for its writer, and as its owner's only if it is created."""
    descriptor = os.open(path, _FLAGS | (os.O_CREAT if create else 0), 0o600)
    if fcntl is not None:
        with suppress(OSError):  # a file system without locks: nobody will take it for left
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    if create:
        # The umask may have taken the owner's own permissions; it will be opened again.
        make_file_private(descriptor)
    return descriptor


def is_held(path: Path) -> bool:
    """Tell whether a writer may have the journal open; True where that can't be known."""
    if fcntl is None:
        return True
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:  # what is gone is nobody's
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # a writer's, or a file system without locks
        return True
    finally:
        os.close(descriptor)
    return False


def segment(descriptor: int, folder: Path, end: int, room: int) -> Segment:
    """Take over an open file below `folder` whose lines end at `end`, with room up to `room`.

    Raises
    ------
    OSError
        If there is no such room; the descriptor is closed then.
    """
    try:
        if _may_be_mapped(folder):
            size = _allocate(descriptor, room)
            if size is not None:
                try:
                    mapped = Mapped(descriptor, size)
                except OSError:  # mapping is refused, writing may not be
                    return Plain(descriptor, end)
                os.close(descriptor)
                return mapped
        return Plain(descriptor, end)
    except OSError:
        os.close(descriptor)
        raise


def status_of(path: Path) -> os.stat_result | None:
    """Return the status of what stands at `path`, ``None`` if nothing does."""
    try:
        return os.stat(path, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):  # nothing stands there
        return None


def identity(status: os.stat_result) -> Identity:
    """Return what tells a file from every other one."""
    return status.st_dev, status.st_ino


def _may_be_mapped(folder: Path) -> bool:
    return hasattr(os, "posix_fallocate") and kind_of(folder) in _KEEPS_ROOM


def _allocate(descriptor: int, room: int) -> int | None:
    """Allocate the file's room on the disk and return its size, ``None`` if that can't be."""
    for unit in (ROOM_BYTES, _PAGE_BYTES):
        size = -(-room // unit) * unit
        try:
            _check_limit(size)
            # From the beginning: a hole that anything has left is filled.
            os.posix_fallocate(descriptor, 0, size)
            return size
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                return None
            full = error
    raise full


def _check_limit(size: int) -> None:
    """Refuse what the process may not write: the system would kill it, if it was asked to."""
    if resource is None:
        return
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if limit != resource.RLIM_INFINITY and size > limit:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))


def _write(descriptor: int, content: bytes) -> None:
    if os.write(descriptor, content) != len(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
