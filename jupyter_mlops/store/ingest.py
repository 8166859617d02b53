"""From journals to rows, each line exactly once, whoever asks and however often they die.

How far a journal was taken in is written in the same transaction as its rows; a reader that
was overtaken meanwhile finds the mark moved and leaves what it read. The pair (writer, seq)
is unique besides. Lines that are torn, forged or numbered wrongly are counted, said and never
believed; at lines of a newer version the reading stops, until a version comes that knows them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects.sqlite import insert

from jupyter_mlops import journal, schema
from jupyter_mlops.events import (
    CellFinished,
    Event,
    KernelGone,
    NotebookTold,
    OutputsSeen,
    SeenOutput,
    SessionStarted,
)
from jupyter_mlops.fingerprints.mapped import Process
from jupyter_mlops.store import tables
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.database import Database
from jupyter_mlops.store.translation import folder_of, translated
from jupyter_mlops.store.unread import with_unread

# Taken in at a time: others get their turn to write in between.
_BLOCK_BYTES = 4 * 2**20
_MARK = (tables.journals.c.offset, tables.journals.c.next_seq, tables.journals.c.problem)
_NEWER = "it has lines of a newer jupyter_mlops; upgrade with: pip install -U jupyter-mlops"


@dataclass(frozen=True)
class _Mark:
    """How far a journal was taken in, and why not further."""

    offset: int = 0
    next_seq: int = 0
    problem: str | None = None


@dataclass
class _Block:
    """What was read of one journal and not yet written.

    ``left_out`` counts lines that will never be taken in, ``loss`` says what the last one was.
    """

    writer: str
    end: int
    next_seq: int
    events: list[Event] = field(default_factory=list)
    problem: str | None = None
    left_out: int = 0
    loss: str | None = None

    @property
    def mark(self) -> _Mark:
        """The mark that stands when this is written."""
        return _Mark(self.end, self.next_seq, self.problem)

    def lose(self, count: int, what: str) -> None:
        """Count lines that will never be taken in."""
        self.left_out += count
        self.loss = what


def ingest(database: Database, blobs: Blobs, folder: Path) -> None:
    """Take in what the journals below `folder` say beyond what is in the store.

    No further than the files reach now: a writer may be faster than this, and what it says
    meanwhile comes with the next call.
    """
    for path, mark, size in _behind(database, folder):
        following: _Mark | None = mark
        while following is not None:
            following = _take_block(database, blobs, path, following)
            if following is not None and following.offset >= size:
                break


def unsynced(database: Database, folder: Path) -> int:
    """Count the journals that hold lines the store has not taken in.

    A last line that its writer never ended, because it died in it, is none.
    """
    return sum(has_line for _, _, has_line in growth(database, folder))


def growth(database: Database, folder: Path) -> frozenset[tuple[str, int, bool]]:
    """Return of each journal that may have news its name, how far it was taken in, and more.

    The last tells whether a line follows there; sizes and times of files do not, since lines
    are stored into room that the file has already.
    """
    return frozenset(
        (path.stem, mark.offset, _has_line(path, mark.offset))
        for path, mark, _ in _behind(database, folder)
    )


def _has_line(path: Path, offset: int) -> bool:
    try:
        return journal.has_line(path, offset)
    except OSError:  # it can't be read, and what it says is not known
        return True


def problems(database: Database) -> tuple[str, ...]:
    """Say what is wrong with journals now, and what was lost of them, one sentence each."""
    known = tables.journals.c
    query = select(known.writer, known.problem, known.left_out, known.loss)
    with database.read() as connection:
        rows = connection.execute(
            query.where(known.problem.is_not(None) | (known.left_out > 0))
        ).all()
    said = []
    for row in rows:
        name = f"journal {row.writer}{journal.SUFFIX}"
        if row.problem is not None:
            said.append(f"{name}: {row.problem}")
        if row.left_out:
            lines = "1 line is" if row.left_out == 1 else f"{row.left_out} lines are"
            said.append(f"{name}: {lines} missing or left out; the last: {row.loss}")
    return tuple(said)


def _behind(database: Database, folder: Path) -> list[tuple[Path, _Mark, int]]:
    """List the journals that are not as they were read, or could not be read, and their sizes."""
    sizes = {}
    for path in sorted(folder.glob(f"*{journal.SUFFIX}")):
        try:
            sizes[path] = path.stat().st_size
        except FileNotFoundError:  # removed since it was listed
            continue
    with database.read() as connection:
        rows = connection.execute(select(tables.journals.c.writer, *_MARK)).all()
    marks = {row.writer: _Mark(row.offset, row.next_seq, row.problem) for row in rows}
    found = [(path, size, marks.get(path.stem, _Mark())) for path, size in sizes.items()]
    # A shorter file than was read is looked at too, so that it can be reported.
    return [(path, mark, size) for path, size, mark in found if size != mark.offset or mark.problem]


def _take_block(database: Database, blobs: Blobs, path: Path, mark: _Mark) -> _Mark | None:
    """Take in one block and return where the next begins; ``None`` at the end."""
    block = _read(path, mark)
    if block.mark == mark:
        return None
    # Blobs first: without its row a blob is waste that can be collected, a row without its
    # blob would be a lie.
    folder = _folder(database, block)
    with Process() as process:
        read = [with_unread(event, folder, process) for event in block.events]
    kept = [translated(_without_contents(event, blobs), folder) for event in read]
    with database.write() as connection:
        query = select(*_MARK).where(tables.journals.c.writer == block.writer)
        row = connection.execute(query).one_or_none()
        if (_Mark() if row is None else _Mark(*row)) != mark:
            return None  # somebody else took it in meanwhile
        _write(connection, block, kept, is_news=block.problem != mark.problem)
    return block.mark if block.end > mark.offset else None


def _folder(database: Database, block: _Block) -> Callable[[], str | None]:
    def find() -> str | None:
        for event in block.events:
            if isinstance(event, SessionStarted):
                return event.cwd
        with database.read() as connection:
            return folder_of(connection, block.writer)

    return find


def _read(path: Path, mark: _Mark) -> _Block:
    block = _Block(path.stem, mark.offset, mark.next_seq)
    try:
        if path.stat().st_size < mark.offset:
            block.problem = "it is shorter than what was read of it; its new lines are left out"
            return block
        lines = journal.read(path, mark.offset, _BLOCK_BYTES)
    except OSError as error:
        block.problem = f"it can't be read: {error.strerror or error}"
        return block
    block.end = lines.offset
    if lines.newer:
        block.problem = _NEWER
    if lines.torn:
        block.lose(lines.torn, "torn, or no event")
    # What its owner wanted forgotten was one event, and is no loss.
    forgotten = Counter(lines.forgotten)
    for number, line in enumerate(lines.events):
        block.next_seq += forgotten[number]
        _add(block, line)
    block.next_seq += forgotten[len(lines.events)]
    return block


def _add(block: _Block, line: Mapping[str, Any]) -> None:
    """Add an event to the block, or say why not."""
    try:
        event = schema.decode_event(line)
    except msgspec.ValidationError as error:
        block.lose(1, f"it is not of its type's form: {error}")
        return
    missing = event.seq - block.next_seq
    if event.writer != block.writer:
        block.lose(1, f"it names another writer: {event.writer[:80]!r}")
    elif missing < 0:
        block.lose(1, f"line {event.seq} stands in it twice, and the first one counts")
    else:
        if missing:
            block.lose(missing, f"what came before line {event.seq}")
        block.events.append(event)
        block.next_seq = event.seq + 1


def _without_contents(event: Event, blobs: Blobs) -> Event:
    if isinstance(event, (CellFinished, OutputsSeen)) and event.outputs:
        event = replace(event, outputs=tuple(_kept(output, blobs) for output in event.outputs))
    if isinstance(event, CellFinished) and event.states:
        states = {name: blobs.put(text.encode()) for name, text in event.states.items()}
        event = replace(event, states=states)
    if isinstance(event, CellFinished) and event.modules:
        modules = {name: blobs.put(text.encode()) for name, text in event.modules.items()}
        event = replace(event, modules=modules)
    return event


def _kept(output: SeenOutput, blobs: Blobs) -> SeenOutput:
    if output.content is None:
        return output
    # The digest that counts is that of what is kept, whatever the line said.
    content = journal.canonical(output.content)
    return replace(output, content=None, digest=blobs.put(content), size_bytes=len(content))


def _write(connection: Connection, block: _Block, events: list[Event], *, is_news: bool) -> None:
    """Write a block; `is_news` says that what is wrong with the journal has changed."""
    known = tables.journals.c
    add = insert(tables.journals).values(
        writer=block.writer, **asdict(block.mark), left_out=block.left_out, loss=block.loss
    )
    changed = {
        **asdict(block.mark),
        "left_out": known.left_out + block.left_out,
        "loss": func.coalesce(add.excluded.loss, known.loss),
    }
    connection.execute(add.on_conflict_do_update(index_elements=["writer"], set_=changed))
    if events:
        rows = [_row(event) for event in events]
        connection.execute(insert(tables.events).on_conflict_do_nothing(), rows)
    for event in events:
        if isinstance(event, SessionStarted):
            _add_session(connection, event)
    if events or is_news:
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
