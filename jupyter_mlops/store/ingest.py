"""From journals to rows, each line exactly once, whoever asks and however often they die.

How far a journal was taken in is written in the same transaction as its rows; a reader that
was overtaken meanwhile finds the mark moved and leaves what it read. The pair (writer, seq)
is unique besides. Lines that are torn, unknown, forged or numbered wrongly become problems
in words, and are never believed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from jupyter_mlops import journal, schema
from jupyter_mlops.events import (
    EVENT_VERSION,
    CellFinished,
    Event,
    KernelGone,
    NotebookTold,
    OutputsSeen,
    SeenOutput,
    SessionStarted,
)
from jupyter_mlops.store import tables
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.database import Database

# Taken in at a time: others get their turn to write in between.
_BLOCK_BYTES = 4 * 2**20


@dataclass
class _Block:
    """What was read of one journal and not yet written."""

    writer: str
    start: int
    end: int
    next_seq: int
    events: list[Event] = field(default_factory=list)
    problem: str | None = None


def ingest(database: Database, blobs: Blobs, folder: Path) -> None:
    """Take in what the journals below `folder` say beyond what is in the store."""
    for path, mark in _behind(database, folder):
        offset: int | None = mark
        while offset is not None:
            offset = _take_block(database, blobs, path, offset)


def unsynced(database: Database, folder: Path) -> int:
    """Count the journals that hold lines the store has not taken in.

    A last line that its writer never ended, because it died in it, is none.
    """
    return sum(_has_line(path, offset) for path, offset in _behind(database, folder))


def _has_line(path: Path, offset: int) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            return any(b"\n" in block for block in iter(lambda: file.read(_BLOCK_BYTES), b""))
    except OSError:
        return True  # it can't be read, and what it says is not known


def problems(database: Database) -> tuple[str, ...]:
    """Say what was wrong in journals, one sentence each."""
    query = select(tables.journals.c.writer, tables.journals.c.problem)
    with database.read() as connection:
        rows = connection.execute(query.where(tables.journals.c.problem.is_not(None))).all()
    return tuple(f"journal {row.writer}{journal.SUFFIX}: {row.problem}" for row in rows)


def _behind(database: Database, folder: Path) -> list[tuple[Path, int]]:
    sizes = {}
    for path in sorted(folder.glob(f"*{journal.SUFFIX}")):
        try:
            sizes[path] = path.stat().st_size
        except FileNotFoundError:
            continue  # removed since it was listed
    with database.read() as connection:
        rows = connection.execute(select(tables.journals.c.writer, tables.journals.c.offset))
        marks = {row.writer: row.offset for row in rows}
    # A shorter file than was read is looked at too, so that it can be reported.
    return [
        (path, marks.get(path.stem, 0))
        for path, size in sizes.items()
        if size != marks.get(path.stem, 0)
    ]


def _take_block(database: Database, blobs: Blobs, path: Path, offset: int) -> int | None:
    """Take in one block and return where the next begins; ``None`` at the end."""
    next_seq = _next_seq(database, path.stem)
    block = _read(path, offset, next_seq)
    if block.end == block.start and block.problem is None:
        return None
    # Blobs first: without its row a blob is waste that can be collected, a row without its
    # blob would be a lie.
    kept = [_without_contents(event, blobs) for event in block.events]
    with database.write() as connection:
        mark = connection.execute(
            select(tables.journals.c.offset).where(tables.journals.c.writer == block.writer)
        ).scalar()
        if (mark or 0) != block.start:
            return None  # somebody else took it in meanwhile
        _write(connection, block, kept)
    return block.end if block.end > block.start else None


def _next_seq(database: Database, writer: str) -> int:
    query = select(tables.journals.c.next_seq).where(tables.journals.c.writer == writer)
    with database.read() as connection:
        return connection.execute(query).scalar() or 0


def _read(path: Path, offset: int, next_seq: int) -> _Block:
    block = _Block(path.stem, offset, offset, next_seq)
    try:
        if path.stat().st_size < offset:
            block.problem = "it is shorter than what was read of it; its new lines are left out"
            return block
        lines = journal.read(path, offset, _BLOCK_BYTES)
    except OSError as error:
        block.problem = f"it can't be read: {error.strerror or error}"
        return block
    block.end = lines.offset
    if lines.torn:
        block.problem = f"{lines.torn} torn or unknown lines were left out"
    for line in lines.events:
        problem = _add(block, line)
        block.problem = problem or block.problem
    return block


def _add(block: _Block, line: Mapping[str, Any]) -> str | None:
    """Add an event to the block, or say why not."""
    if _version(line) > EVENT_VERSION:
        return "it has lines of a newer jupyter_mlops; upgrade with: pip install -U jupyter-mlops"
    try:
        event = schema.decode_event(line)
    except msgspec.ValidationError as error:
        return f"a line was left out, since it is not of its type's form: {error}"
    if event.writer != block.writer:
        return f"a line was left out, since it names another writer: {event.writer[:80]!r}"
    missing = event.seq - block.next_seq
    if missing < 0:
        return f"line {event.seq} stands in it twice; the first one counts"
    block.events.append(event)
    block.next_seq = event.seq + 1
    return f"{missing} lines before line {event.seq} are missing" if missing else None


def _version(line: Mapping[str, Any]) -> int:
    version = line.get("v", EVENT_VERSION)
    return version if isinstance(version, int) else EVENT_VERSION


def _without_contents(event: Event, blobs: Blobs) -> Event:
    if isinstance(event, (CellFinished, OutputsSeen)) and event.outputs:
        return replace(event, outputs=tuple(_kept(output, blobs) for output in event.outputs))
    return event


def _kept(output: SeenOutput, blobs: Blobs) -> SeenOutput:
    if output.content is None:
        return output
    # The digest that counts is that of what is kept, whatever the line said.
    content = journal.canonical(output.content)
    return replace(output, content=None, digest=blobs.put(content), size_bytes=len(content))


def _write(connection: Connection, block: _Block, events: list[Event]) -> None:
    mark: dict[str, Any] = {"offset": block.end, "next_seq": block.next_seq}
    if block.problem is not None:
        mark["problem"] = block.problem
    connection.execute(
        insert(tables.journals)
        .values(writer=block.writer, **mark)
        .on_conflict_do_update(index_elements=["writer"], set_=mark)
    )
    if not events:
        return
    connection.execute(
        insert(tables.events).on_conflict_do_nothing(), [_row(event) for event in events]
    )
    for event in events:
        if isinstance(event, SessionStarted):
            _add_session(connection, event)
    _mark_dirty(connection, block.writer, events)


def _row(event: Event) -> dict[str, Any]:
    return {
        "writer": event.writer,
        "seq": event.seq,
        "type": event.type,
        "at": event.at,
        "kernel_id": getattr(event, "kernel_id", None),
        "msg_id": getattr(event, "msg_id", None),
        "document": text_of(event),
    }


def text_of(value: object) -> str:
    """Return the JSON of a record as text that every encoding can hold."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        # A cell may print half of a surrogate pair, which is no text in UTF-8.
        return msgspec.json.encode(_scrubbed(msgspec.to_builtins(value))).decode()


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_scrubbed(key): _scrubbed(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrubbed(item) for item in value]
    return value


def _add_session(connection: Connection, event: SessionStarted) -> None:
    connection.execute(
        insert(tables.sessions)
        .values(
            id=event.writer,
            kernel_id=event.kernel_id,
            run=event.run,
            notebook=event.notebook,
            started=event.at,
            process=text_of(event.process),
            closed=False,
            dirty=True,
        )
        .on_conflict_do_nothing()
    )


def _mark_dirty(connection: Connection, writer: str, events: list[Event]) -> None:
    sessions = tables.sessions
    kernels = {
        event.kernel_id
        for event in events
        if isinstance(event, (OutputsSeen, NotebookTold, KernelGone))
    }
    connection.execute(update(sessions).where(sessions.c.id == writer).values(dirty=True))
    for kernel in kernels:
        connection.execute(
            update(sessions).where(sessions.c.kernel_id == kernel).values(dirty=True)
        )
