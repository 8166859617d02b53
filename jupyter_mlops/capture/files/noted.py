"""Files as capture notes them, what was in them, and what their paths tell."""

from __future__ import annotations

import glob
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import source_from_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from jupyter_mlops.capture.files.contents import Contents
from jupyter_mlops.capture.files.places import Places
from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.signatures import Signature, signature
from jupyter_mlops.records import Fingerprint

if TYPE_CHECKING:
    from jupyter_mlops.capture.files.addresses import Addresses
    from jupyter_mlops.capture.files.outside import Outside
    from jupyter_mlops.capture.files.programs import Command
    from jupyter_mlops.capture.files.watch import Use

# More files of one cell are counted, not fingerprinted.
FILES_LIMIT = 1000
# Fingerprinting may take as long as the cell itself did, or this long.
SECONDS_LIMIT = 5.0

# The texts of modules are kept up to this size, and so many bytes of one cell's.
MODULE_BYTES = 1 << 20
# File systems may stamp all changes within one tick of the system's clock alike.
CLOCK_TICK_NS = 20_000_000
# Files that another program may change are read before it starts up to this size.
_KEPT_BYTES = 1 << 24
_OTHER_PROGRAM = "the files that another program opens are not seen"
_ELSEWHERE = (
    "the files that another program opens outside the notebook's folder are not seen, "
    "but for those that its command line names"
)
_CHANGED = "another program changed it before it was fingerprinted"
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


class OpenedByOthers(NotedFiles):
    """Files that libraries outside Python and other programs open while the cell is executed.

    Parameters
    ----------
    places, contents
        As of :class:`NotedFiles`.
    outside
        Listens to the folders in which others open files.
    """

    def __init__(self, places: Places, contents: Contents, outside: Outside) -> None:
        super().__init__(places, contents)
        self._outside = outside
        self._folders: list[str] = []
        self._named: dict[str, NotedFile] = {}
        self._addresses: Addresses | None = None

    def pass_on(self, path: str, writing: bool | None) -> None:
        """Note a path given to a library that opens files itself.

        `writing` is ``None`` where the library does not say what it will do.
        """
        if "://" in path and not path.startswith("file://"):
            self.addresses.request(path)
            return
        path = os.path.abspath(path.removeprefix("file://"))
        if os.path.isdir(path):
            self._folders.append(path)
            for inside in files_in(path):
                self.pass_on(inside, writing)
            return
        if glob.has_magic(path) and not os.path.exists(path):
            for match in sorted(glob.glob(path, recursive=True)):
                self.pass_on(match, writing)
            return
        file = self._changing(path)
        if file is not None and not file.written:
            file.watched = True
            if not writing and file.before is not None:
                file.read = file.read or writing is False
                self._keep_content(file)

    @property
    def addresses(self) -> Addresses:
        """What the cell fetches from."""
        if self._addresses is None:
            from jupyter_mlops.capture.files.addresses import Addresses

            self._addresses = Addresses()
        return self._addresses

    def scan(self, path: str) -> None:
        """Note a path that a library may read from later, in any cell."""
        path = path.removeprefix("file://")
        if "://" in path:
            self.addresses.request(path)
        elif len(self._outside.scanned) < FILES_LIMIT:
            self._outside.scanned[os.path.abspath(path)] = None

    def collect(self) -> None:
        """Note that a library is about to read what it was told of, or part of it."""
        scanned = list(self._outside.scanned)
        if scanned and not self.listen(scanned):
            for path in scanned:
                self.pass_on(path, False)

    def listen(self, paths: Iterable[str] = ()) -> bool:
        """Listen to what others open from here on; return whether that is possible."""
        if self._outside.is_listening:
            self._meanwhile()
        return self._outside.listen(map(without_pattern, paths))

    def start(self, command: Command) -> None:
        """Note that another program is about to be started; its arguments may be secret."""
        from jupyter_mlops.capture.files.programs import PROBES

        if command.name in PROBES:
            return
        listens = self.name(command.paths)
        why = _ELSEWHERE if listens and not self._outside.is_partial else _OTHER_PROGRAM
        self._unseen[NotSeen(command.name or "another program", why)] = None

    def name(self, paths: Sequence[str]) -> bool:
        """Note paths that others may open from here on; return whether they are listened to."""
        listens = self.listen(paths)
        for path in paths[:FILES_LIMIT]:
            if self._places.is_data(path) and not os.path.isdir(path):
                self._name(path)
        self._outside.take()  # our own look at them
        return listens

    def _meanwhile(self) -> None:
        """Take in what others opened by now."""
        if self._outside.is_listening:
            for path, use in sorted(self._outside.take().items()):
                self._take_in(path, use)
            return
        from jupyter_mlops.capture.files.watch import Use

        for file in self._named.values():
            after = file.signature()
            changed = after is not None and after != file.before
            self._take_in(file.path, Use(read=not changed, changed=changed))

    def _take_in(self, path: str, use: Use) -> None:
        """Take in how others opened a file."""
        file = self._files.get(path)
        if file is not None and (file.written or not use.changed):
            return  # known as well as it can be
        if file is None and not self._places.is_data(path):
            return
        now = signature(path)
        began = time.time_ns() - int((time.monotonic() - self.began) * 1e9) - CLOCK_TICK_NS
        changed = use.changed and now is not None and max(now[1], now[2]) >= began
        if file is None:
            file = self._named.get(path) or NotedFile(path)
            if now is None and file.before is None:
                return  # a temporary file, or none that we may look at
            if not self._add(file):
                return
            file.inferred = path not in self._outside.scanned
            file.is_code, file.is_database = path.endswith(CODE), is_database(path)
            file.read = (use.read or not changed) and (now is not None or file.kept)
        if changed:
            if file.read and not file.kept:
                file.kept = True
                self._unseen[NotSeen(self._places.shown(path), _CHANGED)] = None
            file.written, file.before = True, ()

    def _name(self, path: str) -> None:
        """Note a file that others may open, as it is before."""
        if path in self._files:
            self._changing(path)
            return
        file = NotedFile(path, before=signature(path))
        if path not in self._named:
            self._named[path] = file
            if file.before and file.before[0] <= _KEPT_BYTES:
                self._keep_content(file)


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
