"""What one cell has opened so far, and what became of it when the cell ended."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import source_from_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.contents import Contents, WaitingFile
from jupyter_mlops.capture.native_readers import NativeReaders
from jupyter_mlops.capture.places import Places
from jupyter_mlops.events import NotSeen, Unread
from jupyter_mlops.fingerprints.signatures import Signature, signature
from jupyter_mlops.records import Access, DataUse, Fingerprint

if TYPE_CHECKING:
    from jupyter_mlops.capture.calls.hearing import Heard

# More files of one cell are counted, not fingerprinted.
FILES_LIMIT = 1000
# Fingerprinting may take as long as the cell itself did, or this long.
SECONDS_LIMIT = 5.0

# File systems may stamp all changes within one tick of the system's clock alike.
_CLOCK_TICK_NS = 20_000_000
# Files of these sizes are read by whoever takes in the journal, if that is done at once.
_LEFT_BYTES = range((1 << 25) + 1, (1 << 30) + 1)
_OTHER_PROGRAM = "the files that another program opens are not seen"
_CODE = (".py", ".pyw", ".so", ".pyd")
# Libraries start these to learn about the machine.
_PROBES = frozenset(
    {"cc", "fc-list", "gcc", "getconf", "ld", "ldconfig", "lscpu", "nproc", "objdump", "uname"}
)


@dataclass(repr=False, eq=False)
class _File:
    """One file.

    ``content`` is what was read of it, if that was ``kept`` before a change. Whether a
    ``watched`` one was written shows in its status only, compared with ``before``.
    """

    path: str
    read: bool = False
    written: bool = False
    watched: bool = False
    is_code: bool = False
    is_database: bool = False
    before: Signature | None = None
    kept: bool = False
    content: Fingerprint | None = None

    def signature(self) -> Signature | None:
        """Return what tells whether the file has changed; ``None`` if there is none."""
        found = signature(self.path)
        if found is None or not self.is_database:
            return found
        return found + (signature(self.path + "-wal") or ())


class Opened:
    """Collects what one cell opens; :meth:`result` fingerprints it.

    Parameters
    ----------
    places
        Tells data from other files.
    databases
        Databases of the session that may still be connected, with the state in which the
        last cell left them; shared by all recordings.
    native
        The libraries of the session that open files themselves.
    contents
        What is known of the content of the session's files.
    leaves
        Whether a server takes in the journal as it grows.

    Attributes
    ----------
    began
        When the cell began, by the monotonic clock.
    faults
        How many events could not be noted.
    heard
        What calls in the notebook's code told, if any did.
    native
        As given.
    waiting
        The files whose content :meth:`result` left to be read later.
    unread
        Those that it left to others.
    """

    def __init__(
        self,
        places: Places,
        databases: dict[str, Signature | None],
        native: NativeReaders,
        contents: Contents,
        leaves: bool = False,
    ) -> None:
        self.faults = 0
        self.heard: Heard | None = None
        self.waiting: list[WaitingFile] = []
        self.unread: list[Unread] = []
        self._leaves = leaves
        self._contents = contents
        self._places = places
        self._databases = databases
        self.native = native
        self.began = time.monotonic()
        self._files: dict[str, _File] = {}
        self._folders: list[str] = []
        self._addresses: dict[str, None] = {}
        self._hosts: set[str] = set()
        self._unseen: dict[NotSeen, None] = {}
        self._left_out = 0

    @property
    def has_noted(self) -> bool:
        """Whether there is anything to look at when the cell ends."""
        noted = self._files or self._folders or self._addresses or self._unseen or self._hosts
        return bool(noted or self._databases or self._left_out or self.faults)

    def read(self, path: str, is_code: bool = False) -> None:
        """Note that a file is about to be opened for reading."""
        if self._places.is_foreign(path):
            return
        path = os.path.abspath(path)
        if path.endswith(".pyc"):
            path = _source(path)
        file = self._files.get(path)
        if file is None:
            if not self._places.is_data(path) or signature(path) is None:
                return
            file = self._added(path)
        if file is not None and not file.written:
            file.read = True
            file.is_code = is_code or path.endswith(_CODE)

    def write(self, path: str, keeps: bool = False) -> None:
        """Note that a file is about to be opened for writing.

        `keeps` tells that its content stays readable through the same opening.
        """
        file = self._changing(os.path.abspath(path))
        if file is None or file.written:
            return
        if keeps and file.before is not None and file.before[0]:
            file.read = True
            self._keep_content(file)
        file.written = True
        if file.before and file.before[1] > time.time_ns() - _CLOCK_TICK_NS:
            file.before = ()  # changed so recently that its clock may not move again

    def rename(self, source: str, target: str) -> None:
        """Note that a file or folder is about to take the name of another."""
        source, target = os.path.abspath(source), os.path.abspath(target)
        if os.path.isdir(source):
            inside = os.path.join(source, "")
            for path in [path for path in self._files if path.startswith(inside)]:
                self.rename(path, os.path.join(target, path[len(inside) :]))
            return
        self.remove(source)
        file = self._changing(target)
        if file is not None:
            file.written = True

    def remove(self, path: str) -> None:
        """Note that a file is about to be removed."""
        path = os.path.abspath(path)
        file = self._files.get(path)
        if file is None:
            return
        if file.read:
            self._keep_content(file)
            file.written = False
        else:
            # Written and gone again within the cell: a temporary file.
            del self._files[path]

    def connect(self, database: str) -> None:
        """Note that an SQLite database is about to be connected."""
        path = _database_path(database)
        file = self._changing(os.path.abspath(path)) if path else None
        if file is not None and not file.is_database:
            file.is_database = file.watched = True
            file.before = file.signature()
            file.read = file.before is not None
            self._keep_content(file)

    def pass_on(self, path: str, writing: bool | None) -> None:
        """Note a path given to a library that opens files itself.

        `writing` is ``None`` where the library does not say what it will do.
        """
        if "://" in path and not path.startswith("file://"):
            self.request(path)
            return
        path = os.path.abspath(path.removeprefix("file://"))
        if os.path.isdir(path):
            self._folders.append(path)
            for inside in _files_in(path):
                self.pass_on(inside, writing)
            return
        file = self._changing(path)
        if file is not None and not file.written:
            file.watched = True
            if not writing and file.before is not None:
                file.read = file.read or writing is False
                self._keep_content(file)

    def request(self, url: str) -> None:
        """Note that an address is about to be fetched; credentials and query are left out."""
        parts = urlsplit(url)
        if parts.scheme in ("data", "file"):
            return
        host = parts.hostname or ""
        self._hosts.add(host)
        if parts.port:
            host = f"{host}:{parts.port}"
        self._addresses[urlunsplit((parts.scheme, host, parts.path, "", ""))] = None

    def reach(self, host: str, port: object) -> None:
        """Note a connection to a web server of which no more is known."""
        if host not in self._hosts:
            self._hosts.add(host)
            scheme = "https" if port == 443 else "http"
            named = host if port in (80, 443) else f"{host}:{port}"
            self._addresses[f"{scheme}://{named}/"] = None

    def start(self, program: str) -> None:
        """Note that another program is about to be started; its arguments may be secret."""
        name = os.path.basename(program)
        if name not in _PROBES:
            self._unseen[NotSeen(name or "another program", _OTHER_PROGRAM)] = None

    def result(self, budget: Budget) -> tuple[tuple[DataUse, ...], tuple[NotSeen, ...]]:
        """Fingerprint what was noted, in the order in which it was, as `budget` allows."""
        self._look_again(self._deadline())
        uses = [use for file in list(self._files.values()) for use in self._uses(file, budget)]
        for address in self._addresses:
            uses.append(DataUse("url", None, address, "read", None, None, complete=False))
            self._unseen[NotSeen(address, "its content is not fingerprinted")] = None
        self._unseen.update(dict.fromkeys(self.native.newly_imported()))
        if self._left_out:
            why = f"of one cell, {FILES_LIMIT:,} files are fingerprinted"
            self._unseen[NotSeen(f"{self._left_out:,} more files", why)] = None
        if self.faults:
            self._unseen[NotSeen("what was opened", "an event could not be noted")] = None
        return tuple(uses), tuple(self._unseen)

    def _look_again(self, deadline: float) -> None:
        """Find what libraries and connections of earlier cells wrote without saying so."""
        made = [file.path for file in self._files.values() if os.path.isdir(file.path)]
        for folder in (*self._folders, *made):
            for path in _files_in(folder):
                if path not in self._files and self._places.is_data(path):
                    file = self._added(path)
                    if file is not None:
                        file.watched = True
        for path, before in list(self._databases.items()):
            if path not in self._files:
                file = _File(path, watched=True, is_database=True, before=before)
                if file.signature() != before:
                    self._files[path] = file
        for file in list(self._files.values()):
            if file.watched:
                file.written = file.signature() != file.before and not (
                    # Read for certain, and the same: only its clock was moved.
                    file.read
                    and file.content
                    and file.content == self._fingerprint(file.path, deadline)
                )
                # If it was there and was not written, it was named in order to be read.
                file.read = file.read or (file.before is not None and not file.written)

    def _uses(self, file: _File, budget: Budget) -> Iterator[DataUse]:
        if file.read:
            access: Access = "import" if file.is_code else "read"
            if file.kept:
                yield self._use(file, access, file.content)
            else:
                yield self._now_or_later(file, access, budget)
        after = file.signature()
        if file.is_database:
            self._databases[file.path] = after
        if file.written and after is not None and after != file.before:
            yield self._now_or_later(file, "write", budget)

    def _now_or_later(self, file: _File, access: Access, budget: Budget) -> DataUse:
        expected = signature(file.path)
        if expected is None or file.is_database or not self._contents.waits(file.path, budget):
            began = time.thread_time()
            content = self._fingerprint(file.path, self._deadline())
            budget.left -= time.thread_time() - began
            return self._use(file, access, content)
        use = self._use(file, access, Fingerprint("", complete=False, size_bytes=expected[0]))
        use = replace(use, digest=None)
        if self._leaves and expected[0] in _LEFT_BYTES and self._contents.is_local(expected[4]):
            self.unread.append(Unread(str(use.path), expected))
        else:
            self.waiting.append(WaitingFile(use, file.path, expected, self._contents))
        return use

    def _use(self, file: _File, access: Access, content: Fingerprint | None) -> DataUse:
        return DataUse(
            kind="database" if file.is_database else "file",
            name=None,
            path=self._places.shown(file.path),
            access=access,
            cell=None,
            digest=content.digest if content else None,
            complete=content is not None and content.complete and not _has_log(file),
            size_bytes=content.size_bytes if content else None,
        )

    def _changing(self, path: str) -> _File | None:
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

    def _keep_content(self, file: _File) -> None:
        """Fingerprint what the cell reads before it can change it."""
        if not file.kept and not file.written:
            file.kept = True
            file.content = self._fingerprint(file.path, self._deadline())

    def _added(self, path: str) -> _File | None:
        if len(self._files) >= FILES_LIMIT:
            self._left_out += 1
            return None
        file = self._files[path] = _File(path)
        return file

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


def _files_in(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith((".", "_")))
        for name in sorted(names):
            if not name.startswith((".", "_")):
                yield os.path.join(parent, name)


def _source(path: str) -> str:
    try:
        return source_from_cache(path)
    except ValueError:  # a .pyc outside a __pycache__ folder is itself what is imported
        return path


def _database_path(database: str) -> str | None:
    if database.startswith("file:"):
        parts = urlsplit(database)
        if "mode=memory" in parts.query:
            return None
        database = unquote(parts.path)
    return None if database in ("", ":memory:") else database


def _has_log(file: _File) -> bool:
    """Tell whether part of a database still stands in its write-ahead log."""
    log = signature(file.path + "-wal") if file.is_database else None
    return log is not None and log[0] > 0
