"""Erasing: lines of journals, and what a deleted row leaves in the database's files."""

from __future__ import annotations

import json
import os
from collections.abc import Collection
from pathlib import Path

from jupyter_mlops.store.database import Database

# How long a reader may hold up the emptying of the write-ahead log.
_PATIENCE_S = 10.0


def blank(path: Path, lines: Collection[int]) -> None:
    """Overwrite lines of a journal, by their sequence numbers, with spaces.

    In place and byte for byte: a kernel may be writing to the end of the same file, and
    readers remember how far they have read.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except FileNotFoundError:  # with the file the lines are gone
        return
    with os.fdopen(descriptor, "r+b", buffering=1 << 20) as file:
        begin = 0
        places = []
        for line in file:
            if line.endswith(b"\n") and _goes(line, lines):
                places.append((begin, len(line) - 1))
            begin += len(line)
        for begin, length in places:
            file.seek(begin)
            file.write(b" " * length)
        file.flush()
        os.fsync(file.fileno())


def _goes(line: bytes, lines: Collection[int]) -> bool:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):  # torn or foreign: it has no number to go by
        return False
    return isinstance(event, dict) and event.get("seq") in lines


def empty_pages(database: Database) -> str | None:
    """Empty the database's free pages and its write-ahead log; say what could not be.

    Deleted rows are overwritten at once (``secure_delete``), but pages of before may stand in
    the log until it is cut, and for that no reader may be in the middle of an old state.
    """
    database.compact()
    if database.cut_log(_PATIENCE_S):
        return None
    return (
        f"another program reads {database.path}: its write-ahead log, which may hold what was "
        "forgotten, is emptied when the next run is forgotten"
    )
