"""What the product itself does and has to remember: batch executions and reproductions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.sqlite import insert

from jupyter_mlops import journal, schema
from jupyter_mlops.errors import UnknownRunError
from jupyter_mlops.outputs import seen
from jupyter_mlops.records import Batch, BatchCell, BatchOutcome, Output, Process, Reproduction, Run
from jupyter_mlops.store import batches, writing
from jupyter_mlops.store.deaths import watcher_is_gone
from jupyter_mlops.store.ingest import text_of
from jupyter_mlops.store.tables import batches as batches_table
from jupyter_mlops.store.tables import reproductions

_LOST = "the process that ran this reproduction is gone, or could not record its end"


def begin(connection: Connection, batch: Batch, given: str) -> None:
    """Remember that a batch execution is about to start; a second time changes nothing."""
    document = text_of(_asked(batch, given))
    connection.execute(
        insert(batches_table)
        .values(run=batch.run, document=document, given=given, dirty=True)
        .on_conflict_do_nothing()
    )


def ended(
    outcome: BatchOutcome, put: Callable[[bytes], str], obstacle: str | None
) -> batches.Ended:
    """Put the outcome's content away, and return what refers to it."""
    return batches.Ended(
        status=outcome.status,
        reason=outcome.reason,
        executed=None if outcome.executed is None else put(outcome.executed),
        cells=tuple(batches.seen(cell, _kept(cell, put)) for cell in outcome.cells),
        duration_s=outcome.duration_s,
        obstacle=obstacle,
    )


def unkept(batch: Batch, outcome: BatchOutcome, why: str) -> Run:
    """Return the record of an execution that nothing took in, of what is known without."""
    asked = _asked(batch, journal.sha256(batch.given))
    told = ended(outcome, journal.sha256, why)
    return batches.of_batch(asked, told, None, batch.given).run


def finish(connection: Connection, run: str, outcome: batches.Ended) -> None:
    """Remember how a batch execution ended.

    Raises
    ------
    UnknownRunError
        If none with this id was begun.
    """
    done = connection.execute(
        update(batches_table)
        .where(batches_table.c.run == run)
        .values(outcome=text_of(outcome), executed=outcome.executed, dirty=True)
    )
    if done.rowcount == 0:
        raise UnknownRunError(run=run)


def is_replay(connection: Connection, run: str) -> bool:
    """Tell whether a run replayed a session's executions one by one."""
    query = select(batches_table.c.document).where(batches_table.c.run == run)
    document = connection.execute(query).scalar()
    return document is not None and schema.decode(document, batches.Asked).steps is not None


def save_reproduction(connection: Connection, reproduction: Reproduction, process: Process) -> None:
    """Insert a reproduction, or bring it up to date."""
    values = {
        "run": reproduction.run,
        "started": reproduction.started,
        "document": text_of(reproduction),
        "process": text_of(process),
        "sequence": writing.next_sequence(connection),
    }
    connection.execute(
        insert(reproductions)
        .values(id=reproduction.id, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )


def reproduction(connection: Connection, identifier: str) -> Reproduction:
    """Return a reproduction.

    Raises
    ------
    UnknownRunError
        If there is none with this id.
    """
    query = select(reproductions).where(reproductions.c.id == identifier)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownRunError(run=identifier)
    return _reproduction(row)


def reproductions_of(connection: Connection, run: str) -> tuple[Reproduction, ...]:
    """Return a run's reproductions, newest first."""
    query = select(reproductions).where(reproductions.c.run == run)
    newest = query.order_by(reproductions.c.started.desc(), reproductions.c.id)
    return tuple(_reproduction(row) for row in connection.execute(newest))


def _reproduction(row: Row[Any]) -> Reproduction:
    found = schema.decode(row.document, Reproduction)
    process = schema.decode(row.process, Process)
    if found.state == "running" and watcher_is_gone(process, found.started, found.id):
        return replace(found, state="lost", message=_LOST)
    return found


def _asked(batch: Batch, given: str) -> batches.Asked:
    return batches.Asked(
        run=batch.run,
        notebook=batch.notebook,
        given=given,
        trigger=batch.trigger,
        user=batch.user,
        started=batch.started,
        process=batch.process,
        parent=batch.parent,
        sweep=batch.sweep,
        steps=batch.steps,
        shown=batch.shown,
        off=batch.off,
        values=batch.values,
    )


def _kept(cell: BatchCell, put: Callable[[bytes], str]) -> tuple[Output, ...]:
    return tuple(_output(content, put) for content in cell.outputs)


def _output(content: dict[str, Any], put: Callable[[bytes], str]) -> Output:
    output = seen(content)
    if output.content is not None:
        put(journal.canonical(output.content))
    return Output(output.type, output.mime, output.digest, output.size_bytes)
