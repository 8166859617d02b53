"""What one cell has opened so far, and what became of it when the cell ended."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.files.contents import Contents, WaitingFile
from jupyter_mlops.capture.files.native_readers import NativeReaders
from jupyter_mlops.capture.files.noted import (
    CLOCK_TICK_NS,
    CODE,
    FILES_LIMIT,
    MODULE_BYTES,
    NotedFile,
    OpenedByOthers,
    database_path,
    files_in,
    source_of,
)
from jupyter_mlops.capture.files.outside import Outside
from jupyter_mlops.capture.files.places import Places
from jupyter_mlops.events import NotSeen, Unread
from jupyter_mlops.fingerprints.signatures import Signature, signature
from jupyter_mlops.records import Access, DataUse, Fingerprint

if TYPE_CHECKING:
    from jupyter_mlops.capture.calls.hearing import Heard
    from jupyter_mlops.capture.calls.statements import Statements

# Files of these sizes are read by whoever takes in the journal, if that is done at once.
_LEFT_BYTES = range((1 << 25) + 1, (1 << 30) + 1)


class Opened(OpenedByOthers):
    """Collects what one cell opens; :meth:`result` fingerprints it.

    Parameters
    ----------
    places
        Tells data from other files.
    databases
        Those of the session that may still be connected, as the last cell left them; shared.
    native
        The libraries of the session that open files themselves.
    contents
        What is known of the content of the session's files.
    outside
        Listens to the folders in which others open files.
    leaves
        Whether a server takes in the journal as it grows.

    Attributes
    ----------
    faults
        How many events could not be noted.
    heard
        What calls in the notebook's code told.
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
        outside: Outside,
        leaves: bool = False,
    ) -> None:
        super().__init__(places, contents, outside)
        self.faults = 0
        self.heard: Heard | None = None
        self.statements: Statements | None = None
        self.waiting: list[WaitingFile] = []
        self.unread: list[Unread] = []
        self._leaves = leaves
        self._databases = databases
        self.native = native

    @property
    def has_noted(self) -> bool:
        """Whether there is anything to look at when the cell ends."""
        noted = self._files or self._folders or self._addresses or self._unseen or self._named
        others = self._databases or self._left_out or self.faults or self.statements
        return bool(noted or others) or self._outside.is_listening

    def read(self, path: str, is_code: bool = False, *, looks: bool = False) -> None:
        """Note that a file is about to be read, or that somebody `looks` if it has changed."""
        if self._places.is_foreign(path):
            return
        path = os.path.abspath(path)
        if path.endswith(".pyc"):
            path = source_of(path)
        file = self._files.get(path)
        if file is None:
            if not self._places.is_data(path) or signature(path) is None:
                return
            file = self._added(path)
        if file is not None and not file.written:
            file.looked_at = looks and (file.looked_at or not file.read)
            file.read = True
            file.is_code = is_code or path.endswith(CODE)

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
        if file.before and file.before[1] > time.time_ns() - CLOCK_TICK_NS:
            file.before = ()  # changed so recently that its clock may not move again

    def rename(self, source: str, target: str) -> None:
        """Note that a file or folder is about to take the name of another."""
        source, target = os.path.abspath(source), os.path.abspath(target)
        if os.path.isdir(source):
            inside = os.path.join(source, "")
            known = [path for path in self._files if path.startswith(inside)]
            for path in dict.fromkeys((*known, *islice(files_in(source), FILES_LIMIT))):
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
        path = database_path(database)
        file = self._changing(os.path.abspath(path)) if path else None
        if file is not None and not file.is_database:
            file.is_database = file.watched = True
            file.before = file.signature()
            if file.before is not None:  # else it is about to be made
                file.read = True
                self._keep_content(file)

    def result(self, budget: Budget) -> tuple[tuple[DataUse, ...], tuple[NotSeen, ...]]:
        """Fingerprint what was noted, in the order in which it was, as `budget` allows."""
        self._meanwhile()
        if self.statements is not None and self.statements.texts:
            self._ask()
        self._look_again(self._deadline())
        uses = [use for file in list(self._files.values()) for use in self._uses(file, budget)]
        if self.statements is not None:
            others = sum(path not in self._files for path in self._databases)
            uses = list(self.statements.told(uses, others, self._unseen))
        for use, not_seen in self._addresses.uses() if self._addresses else ():
            uses.append(use)
            self._unseen[not_seen] = None
        self._unseen.update(dict.fromkeys(self.native.newly_imported(self._outside)))
        if self._left_out:
            why = f"of one cell, {FILES_LIMIT:,} files are fingerprinted"
            self._unseen[NotSeen(f"{self._left_out:,} more files", why)] = None
        if self.faults:
            self._unseen[NotSeen("what was opened", "an event could not be noted")] = None
        return tuple(uses), tuple(self._unseen)

    def _ask(self) -> None:
        """Note that the only database that an earlier cell connected was asked."""
        if len(self._databases) != 1 or any(file.is_database for file in self._files.values()):
            return
        for path, before in self._databases.items():
            file = NotedFile(path, read=True, is_database=True, before=before)
            if before is not None and file.signature() == before:
                self._add(file)

    def _look_again(self, deadline: float) -> None:
        """Find what libraries and connections of earlier cells wrote without saying so."""
        made = [file.path for file in self._files.values() if os.path.isdir(file.path)]
        for folder in (*self._folders, *made):
            for path in files_in(folder):
                if path not in self._files and self._places.is_data(path):
                    file = self._added(path)
                    if file is not None:
                        file.watched = True
        for path, before in list(self._databases.items()):
            if path not in self._files:
                file = NotedFile(path, watched=True, is_database=True, before=before)
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

    def _uses(self, file: NotedFile, budget: Budget) -> Iterator[DataUse]:
        if file.read:
            access: Access = "import" if file.is_code else "read"
            if file.kept:
                use = self._use(file, access, file.content)
            else:
                use = self._now_or_later(file, access, budget)
            modules = self._contents.modules
            if not (file.looked_at and modules.get(file.path) == use.digest):
                yield use
            if file.is_code:
                modules[file.path] = use.digest
        after = file.signature()
        if file.is_database:
            self._databases[file.path] = after
        if file.written and after is not None and after != file.before:
            yield self._now_or_later(file, "write", budget)

    def _now_or_later(self, file: NotedFile, access: Access, budget: Budget) -> DataUse:
        expected = signature(file.path)
        at_once = file.is_database or (file.is_code and expected and expected[0] <= MODULE_BYTES)
        if expected is None or at_once or not self._contents.waits(file.path, budget):
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

    def _use(self, file: NotedFile, access: Access, content: Fingerprint | None) -> DataUse:
        return DataUse(
            kind="database" if file.is_database else "file",
            name=None,
            path=self._places.shown(file.path),
            access=access,
            cell=None,
            digest=content.digest if content else None,
            complete=content is not None and content.complete and not file.has_log(),
            size_bytes=content.size_bytes if content else None,
            inferred=file.inferred,
        )
