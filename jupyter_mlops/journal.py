"""The file in which a kernel says what it saw: append and read.

A journal is a file of JSON lines, one event a line, written by one process with one
``write`` a line. What stands there with its newline survives the death of the process;
a line that a full disk tore is told from a whole one and skipped with a report.
Power loss may cost the last second: nothing here waits for the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import EVENT_VERSION, EVENTS, Event
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records import Process
from jupyter_mlops.settings import make_private

SUFFIX = ".jsonl"


def now() -> str:
    """Return the wall clock as RFC 3339 in UTC, with microseconds."""
    return datetime.now(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def canonical(value: object) -> bytes:
    """Return the canonical JSON of `value`: sorted keys, no spaces, UTF-8.

    Lone surrogates, which a cell may print, are kept by escaping them.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    """Return the digest of `content` that addresses a blob."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def this_process() -> Process:
    """Describe the calling process, so that others can tell later whether it lives."""
    pid = os.getpid()
    return Process(
        pid=pid, host=platform.node(), started_ticks=_started_ticks(pid), boot_id=_boot_id()
    )


def is_alive(process: Process) -> bool | None:
    """Tell whether `process` lives; ``None`` if that can't be known from here."""
    if process.host != platform.node():
        return None
    if process.boot_id != _boot_id():
        # The host was started anew since, and nothing survived that.
        return False if process.boot_id is not None and _boot_id() is not None else None
    if process.started_ticks is not None:
        return _started_ticks(process.pid) == process.started_ticks
    if os.name != "posix":
        return None
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return None  # it belongs to another user, or is another process with its number
    return True


def _started_ticks(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The second field is the program's name in parentheses, which may hold anything.
    fields = status[status.rfind(b")") + 2 :].split()
    # A zombie has ended; its parent has not asked for it yet.
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def _boot_id() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None


class Journal:
    """The journal of one writer, open for appending.

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
        self._seq = 0
        self._torn = False
        self._pid = os.getpid()
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        try:
            make_private(folder)
            self._fd = os.open(self.path, flags, 0o600)
        except OSError as error:
            raise JournalError(path=self.path, reason=error.strerror or str(error)) from error

    def append(self, kind: type[Event], **fields: Any) -> None:
        """Append one event; ``writer``, ``seq`` and ``at`` are filled in here.

        A forked child shares the descriptor but is not the writer: its events are dropped.

        Raises
        ------
        JournalError
            If the line was not written whole. The next one starts on a line of its own
            and takes the same sequence number, so that nothing torn is believed.
        """
        if os.getpid() != self._pid:
            return
        event = kind(writer=self.writer, seq=self._seq, at=now(), **fields)
        line = encode(event) + b"\n"
        if self._torn:
            line = b"\n" + line
        try:
            written = os.write(self._fd, line)
        except OSError as error:
            raise JournalError(path=self.path, reason=error.strerror or str(error)) from error
        if written != len(line):
            self._torn = True
            raise JournalError(path=self.path, reason="the disk is full")
        self._torn = False
        self._seq += 1

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._fd >= 0 and os.getpid() == self._pid:
            os.close(self._fd)
            self._fd = -1


def encode(event: Event) -> bytes:
    """Return the JSON of `event` on one line, without the newline."""
    text = json.dumps(
        event, default=vars, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    )
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(event, default=vars, allow_nan=False, separators=(",", ":")).encode()


@dataclass(frozen=True)
class Lines:
    """What was read of a journal: whole events, where to go on, and torn lines met.

    ``newer`` says that a line follows there that only a newer version can read.
    """

    events: tuple[Mapping[str, Any], ...]
    offset: int
    torn: int
    newer: bool = False


def read(path: Path, offset: int = 0, limit_bytes: int = 64 * 2**20) -> Lines:
    """Read the whole lines of a journal from `offset`.

    A last line without its newline may still be growing and is left for the next call.
    At least one line is read however long it is; call again until ``offset`` stands still.
    A line of a newer version, and all after it, is left for that version.

    Raises
    ------
    OSError
        If the file can't be read.
    """
    events: list[Mapping[str, Any]] = []
    end = offset
    torn = 0
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                break
            event = _decode(line)
            if event is not None and _is_newer(event):
                return Lines(tuple(events), end, torn, newer=True)
            end += len(line)
            if event is not None:
                events.append(event)
            elif line != b"\n":
                torn += 1
            if end - offset >= limit_bytes:
                break
    return Lines(tuple(events), end, torn)


def _decode(line: bytes) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("type"), str) else None


def _is_newer(event: Mapping[str, Any]) -> bool:
    version = event.get("v")
    return event["type"] not in EVENTS or (isinstance(version, int) and version > EVENT_VERSION)
