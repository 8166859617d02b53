"""Reading a journal, also while it is written and after its writer was killed in a line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import Any

from jupyter_mlops.events import EVENT_VERSION, EVENTS
from jupyter_mlops.frozen import dataclass

SUFFIX = ".jsonl"
_ROOM = b"\0"


@dataclass(frozen=True)
class Lines:
    """What was read of a journal: whole events, where to go on, and torn lines met.

    ``newer`` says that a line follows there that only a newer version can read.
    ``forgotten`` has, for each line that was blanked on its owner's wish, how many of
    ``events`` stand before it: such a line was one event, and says nothing any more.
    """

    events: tuple[Mapping[str, Any], ...]
    offset: int
    torn: int
    newer: bool = False
    forgotten: tuple[int, ...] = ()


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
    forgotten: list[int] = []
    end = offset
    torn = 0
    newer = False
    with path.open("rb") as file:
        file.seek(offset)
        for line in _whole_lines(file):
            event = _decode(line)
            if event is not None and _is_newer(event):
                newer = True
                break
            end += len(line)
            if event is not None:
                events.append(event)
            elif not line.isspace():
                torn += 1
            elif line != b"\n":
                forgotten.append(len(events))
            if end - offset >= limit_bytes:
                break
    return Lines(tuple(events), end, torn, newer, tuple(forgotten))


def new_lines(path: Path, offset: int) -> list[bytes]:
    """Return the whole lines of a journal from `offset` as they stand, newlines included.

    Raises
    ------
    OSError
        If the file can't be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        return list(_whole_lines(file))


def has_line(path: Path, offset: int) -> bool:
    """Tell whether a whole line follows at `offset`; costs little if none does.

    Raises
    ------
    OSError
        If the file can't be read.
    """
    with path.open("rb") as file:
        file.seek(offset)
        return next(_whole_lines(file), None) is not None


def _whole_lines(file: BufferedReader) -> Iterator[bytes]:
    """Yield the lines that their writer has ended.

    NUL is room that is not used yet. Within a line it is what was read while the line was
    stored, or what a power loss left of it; which of the two, a second look tells once
    something follows, since no line is begun before the last one is whole.
    """
    while file.peek(1)[:1] not in (b"", _ROOM):
        begin = file.tell()
        line = file.readline()
        if not line.endswith(b"\n"):
            return
        if _ROOM in line:
            if file.peek(1)[:1] in (b"", _ROOM):
                return
            with open(file.name, "rb", buffering=0) as again:
                again.seek(begin)
                line = again.read(len(line))
        yield line


def _decode(line: bytes) -> Mapping[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):  # torn or foreign; the caller counts it
        return None
    return event if isinstance(event, dict) and isinstance(event.get("type"), str) else None


def _is_newer(event: Mapping[str, Any]) -> bool:
    version = event.get("v")
    return event["type"] not in EVENTS or (isinstance(version, int) and version > EVENT_VERSION)
