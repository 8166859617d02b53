"""Files as capture notes them, what was in them, and what their paths tell."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import source_from_cache
from urllib.parse import unquote, urlsplit

from jupyter_mlops.capture.contents import Contents
from jupyter_mlops.capture.places import Places
from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.signatures import Signature, signature
from jupyter_mlops.records import Fingerprint

# More files of one cell are counted, not fingerprinted.
FILES_LIMIT = 1000
# Fingerprinting may take as long as the cell itself did, or this long.
SECONDS_LIMIT = 5.0

# The texts of modules are kept up to this size, and so many bytes of one cell's.
MODULE_BYTES = 1 << 20
CODE = (".py", ".pyw", ".so", ".pyd")
# Written by a library that tells nobody, which is why they are known by their names.
_DATABASES = (".duckdb", ".ddb")


@dataclass(repr=False, eq=False)
class NotedFile:
    """One file.

    ``content`` is what was read of it, if that was ``kept`` before a change. Whether a
    ``watched`` one was written shows in its status only, compared with ``before``. That an
    ``inferred`` one is the cell's is told by its folder, or by the command that names it. One
    that was only ``looked_at`` was opened by who reloads modules that have changed.
    """

    path: str
    read: bool = False
    written: bool = False
    watched: bool = False
    is_code: bool = False
    looked_at: bool = False
    is_database: bool = False
    inferred: bool = False
    before: Signature | None = None
    kept: bool = False
    content: Fingerprint | None = None

    def signature(self) -> Signature | None:
        """Return what tells whether the file has changed; ``None`` if there is none."""
        found = signature(self.path)
        if found is None or not self.is_database:
            return found
        return found + (signature(self.path + "-wal") or ())

    def has_log(self) -> bool:
        """Tell whether part of a database still stands in its write-ahead log."""
        if not self.is_database:
            return False
        logs = signature(self.path + "-wal"), signature(self.path + ".wal")
        return any(log is not None and log[0] > 0 for log in logs)


class NotedFiles:
    """Those of one cell, fingerprinted as long as there is time.

    Attributes
    ----------
    began
        When the cell began, by the monotonic clock.
    """

    def __init__(self, places: Places, contents: Contents) -> None:
        self.began = time.monotonic()
        self._places = places
        self._contents = contents
        self._files: dict[str, NotedFile] = {}
        self._unseen: dict[NotSeen, None] = {}
        self._left_out = 0

    def _changing(self, path: str) -> NotedFile | None:
        """Return the file that is about to change, its content kept if the cell read it."""
        file = self._files.get(path)
        if file is None:
            if not self._places.is_data(path) or path.endswith(".pyc"):
                return None
            found = signature(path)
            if found is None and os.path.lexists(path) and not os.path.islink(path):
                return None  # a folder, pipe or device
            file = self._added(path)
            if file is not None:
                file.before = found
        elif file.read and not file.written and not file.kept:
            file.before = file.signature()
            self._keep_content(file)
        return file

    def _keep_content(self, file: NotedFile) -> None:
        """Fingerprint what the cell reads before it can change it."""
        if not file.kept and not file.written:
            file.kept = True
            file.content = self._fingerprint(file.path, self._deadline())

    def _added(self, path: str) -> NotedFile | None:
        file = NotedFile(path)
        return file if self._add(file) else None

    def _add(self, file: NotedFile) -> bool:
        if len(self._files) >= FILES_LIMIT:
            self._left_out += 1
            return False
        self._files[file.path] = file
        return True

    def _deadline(self) -> float:
        now = time.monotonic()
        return now + max(SECONDS_LIMIT, now - self.began)

    def _fingerprint(self, path: str, deadline: float) -> Fingerprint | None:
        shown = self._places.shown(path)
        try:
            found = self._contents.of(path, lambda: time.monotonic() > deadline)
        except OSError as error:
            why = f"not fingerprinted: {error.strerror or error}"
            self._unseen[NotSeen(shown, why)] = None
            return None
        if found is None:
            why = "fingerprinting it would have taken longer than the cell itself"
            self._unseen[NotSeen(shown, why)] = None
        return found


def is_database(path: str) -> bool:
    """Tell whether a file is a database by its name."""
    return path.endswith(_DATABASES)


def files_in(folder: str) -> Iterator[str]:
    """List the files of a data set that is a folder."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(names):
            if not name.startswith((".", "_")):
                yield os.path.join(parent, name)


def source_of(path: str) -> str:
    """Return the file that a cached bytecode file was made of."""
    try:
        return source_from_cache(path)
    except ValueError:  # a .pyc outside a __pycache__ folder is itself what is imported
        return path


def database_path(database: str) -> str | None:
    """Return the file of an SQLite database, if it is in one."""
    if database.startswith("file:"):
        parts = urlsplit(database)
        if "mode=memory" in parts.query:
            return None
        database = unquote(parts.path)
    return None if database in ("", ":memory:") else database


def without_pattern(path: str) -> str:
    """Return a path, or the folder in which a pattern begins."""
    while glob.has_magic(path):
        path = os.path.dirname(path)
    return path
