"""The journal of one writer: each line once, in order, wherever the writer is cut off."""

from __future__ import annotations

import json
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import Event
from jupyter_mlops.journal.lines import compose
from jupyter_mlops.journal.reading import SUFFIX, new_lines
from jupyter_mlops.journal.segments import Segment, identity, open_file, segment, status_of
from jupyter_mlops.settings import make_private

# How often it is looked whether the file is still where readers look for it.
_LOOK_S = 1.0
_PROBE_BYTES = 2**16


class Journal:
    """The journal of one writer, open for appending; for one thread at a time.

    Parameters
    ----------
    folder
        The journals' folder; created if missing.
    writer
        The session's id, or another name that is unique among writers.

    Raises
    ------
    JournalError
        If the file can't be opened.
    """

    def __init__(self, folder: Path, writer: str) -> None:
        self.writer = writer
        self.path = folder / (writer + SUFFIX)
        self._head = f'{{"writer":{json.dumps(writer)},"seq":'.encode()
        self._pid = os.getpid()
        self._look_at = time.monotonic() + _LOOK_S
        # Where the next line begins, its number, the last line that was asked for, and its
        # length while it is not known to be written. Always assigned as one: an interrupt may
        # come between any two instructions.
        self._stands: tuple[int, int, bytes | None, int] = (0, 0, None, 0)
        try:
            self._segment: Segment | None = self._open()
        except OSError as error:
            raise self._error(error) from error

    def append(self, kind: type[Event], **fields: Any) -> None:
        """Append one event; ``writer``, ``seq`` and ``at`` are filled in here.

        A forked child shares the file but is not the writer: its events are dropped.

        Raises
        ------
        JournalError
            If the line was not written. The next one takes the same sequence number.
        """
        self.write(compose(kind, fields))

    def write(self, line: bytes) -> None:
        """Append one line as `compose` made it; the same object again is the same line.

        So whoever was interrupted in here can ask again, and need not know how far it came.

        Raises
        ------
        JournalError
            If the line was not written.
        """
        if os.getpid() != self._pid or self._segment is None:
            return
        try:
            # Written out: all is well nearly always, and then nothing has to be asked.
            if (self._stands[3] or self._stands[2] is line) and self._is_written(line):
                return
            if time.monotonic() >= self._look_at:
                self._look()
            end, seq, _, _ = self._stands
            whole = b"%b%d%b" % (self._head, seq, line)
            length = len(whole) + 1
            if end + length > self._segment.room:
                self._reopen(end + length)
            self._stands = (end, seq, line, length)
            self._segment.put(whole, end)
            self._stands = (end + length, seq + 1, line, 0)
        except OSError as error:
            raise self._error(error) from error

    def close(self) -> None:
        """Close the file and give back the room it has left; a second call does nothing."""
        if os.getpid() != self._pid or self._segment is None:
            return
        with suppress(OSError):  # it stays in the file that its readers lost
            self._is_written(b"")
            self._look()
        end, ours = self._stands[0], self._segment.identity
        self._segment.close()
        self._segment = None
        with suppress(OSError):  # room at its end is in nobody's way
            descriptor = open_file(self.path)
            status = os.fstat(descriptor)
            if identity(status) == ours and status.st_size > end:
                os.ftruncate(descriptor, end)
            os.close(descriptor)

    def _is_written(self, line: bytes) -> bool:
        """Tell whether `line` was written already; clears up after a line that was not."""
        assert self._segment is not None
        end, seq, last, length = self._stands
        if length:
            if self._segment.holds(end, length):
                end, seq = end + length, seq + 1
            else:
                self._segment.wipe(end, length)
                last = None
            self._stands = (end, seq, last, 0)
        return last is line

    def _open(self) -> Segment:
        make_private(self.path.parent)
        known = status_of(self.path)
        descriptor = open_file(self.path, create=True)
        try:
            return self._resumed(descriptor)
        except OSError:
            if known is None:
                # A later try begins a file of its own, which changes its folder for readers.
                self.path.unlink(missing_ok=True)
            raise

    def _resumed(self, descriptor: int) -> Segment:
        """Take over the file that stands at the path, after the last whole line in it."""
        _, seq, last, length = self._stands
        end = sum(map(len, new_lines(self.path, 0)))
        self._stands = (end, seq, last, length)
        if os.fstat(descriptor).st_size > end:
            os.ftruncate(descriptor, end)
        return segment(descriptor, self.path.parent, end, end + 1)

    def _look(self) -> None:
        """Put the journal back if its file was removed, with its folder or without."""
        assert self._segment is not None
        if os.name != "posix":
            return  # a file that is open can't be removed there
        status = status_of(self.path)
        if status is None or identity(status) != self._segment.identity:
            self._restore()
        elif self._segment.is_cut(status.st_size, self._stands[0]):
            # Somebody else shortened it. A store beyond its end would kill the process.
            old, self._segment = self._segment, self._resumed(open_file(self.path))
            old.close()
        self._look_at = time.monotonic() + _LOOK_S

    def _reopen(self, room: int) -> None:
        """Get room up to `room`: by its path, since no descriptor is kept for that."""
        assert self._segment is not None
        self._look()
        old = self._segment
        descriptor = open_file(self.path)
        self._segment = segment(descriptor, self.path.parent, self._stands[0], room)
        old.close()

    def _restore(self) -> None:
        assert self._segment is not None
        end = self._stands[0]
        make_private(self.path.parent)
        new = self.path.with_name(f".{self.writer}.new")
        new.unlink(missing_ok=True)
        try:
            descriptor = open_file(new, create=True)
            try:
                self._segment.copy(end, descriptor)
            except OSError:
                os.close(descriptor)
                raise
            restored = segment(descriptor, self.path.parent, end, end + 1)
            new.replace(self.path)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        old, self._segment = self._segment, restored
        old.close()

    def _error(self, error: OSError) -> JournalError:
        return JournalError(path=self.path, reason=error.strerror or str(error))


def obstacle(folder: Path) -> OSError | None:
    """Return what keeps a journal from being written below `folder`, by trying it."""
    try:
        make_private(folder)
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            file.write(bytes(_PROBE_BYTES))
    except OSError as error:
        return error
    return None
