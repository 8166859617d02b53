"""Which files of a folder are opened, by whatever program or library does it.

What other programs and libraries outside Python open, no audit event tells of. Linux tells who
watches a folder of each file in it that is opened, changed or moved there, by whom it does not
tell: what another program did to the same folder meanwhile looks the same. Where nothing can be
watched (another system, no watch left for this user) nothing is found, and that is said.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

# More folders are not watched, and said not to be.
FOLDERS_LIMIT = 256

_MODIFIED, _CLOSED_WRITTEN, _CLOSED_READ, _OPENED = 0x2, 0x8, 0x10, 0x20
_MOVED_HERE, _CREATED = 0x80, 0x100
_OVERFLOW, _ONLY_FOLDERS, _IS_FOLDER = 0x4000, 0x01000000, 0x40000000
_CHANGES = _MODIFIED | _CLOSED_WRITTEN | _MOVED_HERE | _CREATED
_MASK = _CHANGES | _CLOSED_READ | _OPENED | _ONLY_FOLDERS
# What editors, servers and databases keep beside data.
_KEPT_BESIDE = (
    ".ipynb", ".pyc", "~", ".swp", ".lock", "-journal", "-wal", "-shm", ".duckdb.wal", ".ddb.wal"
)  # fmt: skip
_EVENT = struct.Struct("iIII")
_READ_BYTES = 1 << 16


@dataclass
class Use:
    """How a file was opened: to be read, before it was changed if it was; to be changed."""

    read: bool = False
    changed: bool = False


class Watch:
    """Watches folders while it is open.

    Parameters
    ----------
    is_data
        Tells of an absolute path whether it may be data; folders of others are left out.

    Attributes
    ----------
    is_partial
        Whether there were more folders, or more events, than could be taken in.
    """

    def __init__(self, is_data: Callable[[str], bool]) -> None:
        self._is_data = is_data
        self._descriptor = -1
        self._add: Callable[[int, bytes, int], int] | None = None
        self._folders: dict[int, str] = {}
        self._watched: set[str] = set()
        self.is_partial = False

    @property
    def is_open(self) -> bool:
        """Whether anything can be told."""
        return self._descriptor >= 0

    def open(self) -> bool:
        """Begin to watch; return whether that is possible here."""
        if self._descriptor < 0:
            system = _functions()
            if system is not None:
                begin, self._add = system
                self._descriptor = begin(os.O_NONBLOCK | os.O_CLOEXEC)
                self.is_partial = False
        return self.is_open

    def close(self) -> None:
        """Stop watching."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
        self._folders.clear()
        self._watched.clear()

    def add(self, folder: str, *, inside: bool = True) -> None:
        """Watch a folder, and those inside it."""
        if folder in self._watched or not self.is_open:
            return
        for path in _folders_of(folder, self._is_data) if inside else (folder,):
            if path in self._watched:
                continue
            if len(self._watched) >= FOLDERS_LIMIT:
                self.is_partial = True
                return
            assert self._add is not None
            number = self._add(self._descriptor, os.fsencode(path), _MASK)
            if number < 0:  # gone by now, not ours to read, or no watch is left
                self.is_partial = self.is_partial or os.access(path, os.R_OK)
                continue
            self._folders[number] = path
            self._watched.add(path)

    def take(self) -> dict[str, Use]:
        """Return the files that were opened since the last call."""
        found: dict[str, Use] = {}
        made: dict[str, None] = {}
        for number, mask, name in self._events():
            folder = self._folders.get(number)
            if mask & _OVERFLOW:
                self.is_partial = True
            if folder is None or not name:
                continue
            path = os.path.join(folder, name)
            if mask & _IS_FOLDER:
                if mask & _CHANGES:
                    made[path] = None
                continue
            if _may_be_data(name):
                use = found.setdefault(path, Use())
                use.changed = use.changed or mask & _CHANGES != 0
                # What is still open was opened to be read, unless it is changed later.
                use.read = use.read or (mask & _CLOSED_READ != 0 and not use.changed)
        for folder in made:
            # Nobody watched what came into it before it was noticed; what came is new.
            for parent in _folders_of(folder, self._is_data):
                for name in sorted(filter(_may_be_data, _names(parent))):
                    found.setdefault(os.path.join(parent, name), Use(changed=True))
            self.add(folder)
        for use in found.values():
            use.read = use.read or not use.changed
        return found

    def _events(self) -> Iterator[tuple[int, int, str]]:
        while self._descriptor >= 0:
            try:
                buffer = os.read(self._descriptor, _READ_BYTES)
            except BlockingIOError:  # that was all
                return
            position = 0
            while position < len(buffer):
                number, mask, _, length = _EVENT.unpack_from(buffer, position)
                position += _EVENT.size
                name = buffer[position : position + length].rstrip(b"\0")
                position += length
                yield number, mask, os.fsdecode(name)


def _functions() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    try:
        from ctypes import CDLL, c_char_p, c_int, c_uint32

        library = CDLL(None)
        begin, add = library.inotify_init1, library.inotify_add_watch
    except (ImportError, OSError, AttributeError):  # a Python or a system without: nothing is told
        return None
    begin.argtypes, add.argtypes = [c_int], [c_int, c_char_p, c_uint32]
    return begin, add


def _folders_of(folder: str, is_data: Callable[[str], bool]) -> Iterator[str]:
    """List a folder and those inside it, the outer ones first."""
    level = [folder]
    while level:
        inner: list[str] = []
        for path in level:
            yield path
            try:
                with os.scandir(path) as entries:
                    inner += sorted(
                        entry.path
                        for entry in entries
                        if not entry.name.startswith((".", "__"))
                        and entry.name != "node_modules"
                        and entry.is_dir(follow_symlinks=False)
                        and is_data(os.path.join(entry.path, "x"))
                    )
            except OSError:  # gone by now, or not ours to read: then it isn't watched either
                continue
        level = inner


def _names(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return [entry.name for entry in entries if entry.is_file()]
    except OSError:  # gone by now
        return []


def _may_be_data(name: str) -> bool:
    """Tell whether it is not what others keep beside data."""
    return not name.startswith(".") and not name.endswith(_KEPT_BESIDE)
