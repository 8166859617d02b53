"""From events to runs: what has news is told again, and what differs is written.

Each session and each batch execution is derived in a write transaction of its own, so that
whoever comes second finds nothing left to do, and whoever dies in between leaves the mark
that there is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache, partial
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Row, func, select, update

from jupyter_mlops import journal, schema
from jupyter_mlops.errors import MissingBlobError, MlopsError, RefusedWriteError, StoreError
from jupyter_mlops.events import Event
from jupyter_mlops.records import Process, Unseen
from jupyter_mlops.store import batches, documents, positions, writing
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.database import Database
from jupyter_mlops.store.deaths import may_be_over, watcher_is_gone
from jupyter_mlops.store.secrets import StoreSecrets
from jupyter_mlops.store.segmentation import Segmentation, segment, whole
from jupyter_mlops.store.sessions import Session, tell
from jupyter_mlops.store.tables import batches as batches_table
from jupyter_mlops.store.tables import events, journals, runs, sessions

_MESSAGES_AT_ONCE = 400


def derive(database: Database, blobs: Blobs, secrets: StoreSecrets) -> tuple[str, ...]:
    """Bring all runs up to date; return the ids of those that changed."""
    _mark_deaths(database)
    changed: list[str] = []
    # Sessions first: those of batch executions leave their news to these.
    derive_session = partial(_derive_session, secrets=secrets)
    for key, derive_one in ((sessions.c.id, derive_session), (batches_table.c.run, _derive_batch)):
        for identifier in _dirty(database, key):
            try:
                with database.write() as connection:
                    changed += derive_one(connection, blobs, identifier)
            except MlopsError:
                raise
            except Exception as fault:  # noqa: BLE001 - one must not hide all others
                _give_up(database, key, identifier, fault)
    return tuple(dict.fromkeys(changed))


def problems(database: Database) -> tuple[str, ...]:
    """Say which sessions and batch executions can't be shown, one sentence each."""
    with database.read() as connection:
        return tuple(
            f"{name} {row[0]} can't be shown: {row.problem}"
            for name, key in (("session", sessions.c.id), ("run", batches_table.c.run))
            for row in connection.execute(
                select(key, key.table.c.problem).where(key.table.c.problem.is_not(None))
            )
        )


def check_shown(database: Database, run: str) -> None:
    """Refuse to tell of a batch execution as it was before its last news.

    Raises
    ------
    StoreError
        If it can't be shown; the message says why.
    """
    query = select(batches_table.c.problem).where(batches_table.c.run == run)
    with database.read() as connection:
        problem = connection.execute(query).scalar()
    if problem is not None:
        raise StoreError(message=f"run {run} can't be shown: {problem}")


def try_again(database: Database) -> None:
    """Mark what could not be shown: another version than the last one may be able to."""
    if not problems(database):
        return
    with database.write() as connection:
        for table in (sessions, batches_table):
            hidden = update(table).where(table.c.problem.is_not(None))
            connection.execute(hidden.values(dirty=True))


def _give_up(database: Database, key: Column[str], identifier: str, fault: Exception) -> None:
    """Say why something can't be shown; it is tried again when it has news."""
    first = "".join(str(fault).splitlines()[:1])
    said = f"{type(fault).__name__}: {first}"
    with database.write() as connection:
        given_up = update(key.table).where(key == identifier)
        connection.execute(given_up.values(dirty=False, problem=said))


def _dirty(database: Database, key: Column[str]) -> Sequence[str]:
    with database.read() as connection:
        found: Sequence[str] = (
            connection.execute(select(key).where(key.table.c.dirty)).scalars().all()
        )
    return found


def _mark_deaths(database: Database) -> None:
    """Mark what was alive when it was last told and may not be now."""
    with database.read() as connection:
        is_over = partial(_may_be_over, connection)
        over = [row.id for row in _open_sessions(connection) if _holds(is_over, row)]
        lost = [row.run for row in _open_batches(connection) if _holds(_is_left_alone, row)]
    if not over and not lost:
        return
    with suppress(RefusedWriteError), database.write() as connection:  # no news that can't wait
        connection.execute(update(sessions).where(sessions.c.id.in_(over)).values(dirty=True))
        connection.execute(
            update(batches_table).where(batches_table.c.run.in_(lost)).values(dirty=True)
        )


def _holds(condition: Callable[[Row[Any]], bool], row: Row[Any]) -> bool:
    try:
        return condition(row)
    except msgspec.ValidationError:  # another version wrote it; when it is derived, that is said
        return True


def _open_sessions(connection: Connection) -> Sequence[Any]:
    query = (
        select(sessions.c.id, sessions.c.process, journals.c.problem)
        .join(journals, journals.c.writer == sessions.c.id)
        .where(~sessions.c.closed, ~sessions.c.dirty, sessions.c.problem.is_(None))
    )
    return connection.execute(query).all()


def _may_be_over(connection: Connection, row: Row[Any]) -> bool:
    process = schema.decode(row.process, Process)
    alive = journal.is_alive(process)
    if alive is not None:
        return not alive
    if row.problem is not None:
        return may_be_over(process, None)
    query = select(events.c.at).where(events.c.writer == row.id).order_by(events.c.seq.desc())
    return may_be_over(process, connection.execute(query.limit(1)).scalar() or "")


def _open_batches(connection: Connection) -> Sequence[Any]:
    query = (
        select(batches_table.c.run, batches_table.c.document)
        .join(runs, runs.c.id == batches_table.c.run)
        .where(batches_table.c.outcome.is_(None), runs.c.status == "running")
        .where(~batches_table.c.dirty, batches_table.c.problem.is_(None))
    )
    return connection.execute(query).all()


def _is_left_alone(row: Row[Any]) -> bool:
    asked = schema.decode(row.document, batches.Asked)
    return watcher_is_gone(asked.process, asked.started, asked.run)


def _derive_session(
    connection: Connection, blobs: Blobs, identifier: str, *, secrets: StoreSecrets
) -> list[str]:
    query = select(sessions).where(sessions.c.id == identifier, sessions.c.dirty)
    row = connection.execute(query).one_or_none()
    if row is None:
        return []  # somebody else was faster
    if row.seal is not None:
        connection.execute(update(sessions).where(sessions.c.id == identifier).values(dirty=False))
        return []  # its runs are final, and what they came from is partly gone
    session = _load(connection, row)
    news: dict[str, Any] = {"dirty": False, "problem": None}
    changed: list[str] = []
    if session is not None:
        news["closed"] = session.fate != "alive"
        news["notebook"] = session.notebook
        if not _leave_to_batch(connection, session):
            changed, draft = _derive_runs(connection, blobs, secrets, session)
            news["draft"] = None if draft is None else schema.encode(draft).decode()
            if news["draft"] != row.draft:
                writing.next_sequence(connection)
    connection.execute(update(sessions).where(sessions.c.id == identifier).values(**news))
    return changed


def _leave_to_batch(connection: Connection, session: Session) -> bool:
    if session.start.run is None:
        return False
    marked = connection.execute(
        update(batches_table).where(batches_table.c.run == session.start.run).values(dirty=True)
    )
    return marked.rowcount > 0


def _load(connection: Connection, row: Row[Any]) -> Session | None:
    own = select(events.c.document).where(events.c.writer == row.id).order_by(events.c.seq)
    said = _decoded(connection.execute(own).scalars())
    unread = select(journals.c.problem).where(journals.c.writer == row.id)
    return tell(said, _heard(connection, row, said), connection.execute(unread).scalar())


def _decoded(documents_: Iterable[str]) -> list[Event]:
    return [schema.decode_event(json.loads(document)) for document in documents_]


def _heard(connection: Connection, row: Row[Any], said: Sequence[Event]) -> list[Event]:
    """Return what servers wrote of a session's kernel.

    A kernel keeps its id when it is restarted. Where the server did not know the session, what
    was heard counts until the next session with that id began, and its end only from this
    session's start.
    """
    found: list[str] = []
    if row.kernel_id is not None:
        later = select(sessions.c.started).where(
            sessions.c.kernel_id == row.kernel_id, sessions.c.started > row.started
        )
        until = connection.execute(later.order_by(sessions.c.started).limit(1)).scalar()
        # Clocks are set; times count only where nobody knew which session it was about.
        session = func.json_extract(events.c.document, "$.session")
        in_time = (events.c.type == "notebook_told") | (events.c.at >= row.started)
        if until is not None:
            in_time &= events.c.at < until
        about = (
            select(events.c.writer, events.c.at, events.c.document)
            .where(events.c.kernel_id == row.kernel_id)
            .where(events.c.type.in_(("notebook_told", "kernel_gone")))
            .where((session == row.id) | (session.is_(None) & in_time))
            .order_by(events.c.writer, events.c.seq)
        )
        told = connection.execute(about).all()
        first = {one.writer: one.at for one in reversed(told)}
        found += [one.document for one in sorted(told, key=lambda one: first[one.writer])]
    messages = [one.msg_id for one in said if one.type == "cell_started" and one.msg_id]
    for begin in range(0, len(messages), _MESSAGES_AT_ONCE):
        some = messages[begin : begin + _MESSAGES_AT_ONCE]
        query = select(events.c.document).where(
            events.c.msg_id.in_(some), events.c.type == "outputs_seen"
        )
        found += connection.execute(query).scalars()
    return _decoded(found)


def _derive_runs(
    connection: Connection, blobs: Blobs, secrets: StoreSecrets, session: Session
) -> tuple[list[str], Any]:
    if session.start.trigger == "interactive":
        segmentation = segment(session.executions)
    else:
        segmentation = whole(session.executions)
    changed: list[str] = []
    places: dict[str, int] = {}
    guessed: frozenset[str] = frozenset()
    for ordinal in range(len(segmentation.runs)):
        given = _document(connection, blobs, secrets, session, segmentation, ordinal)
        places = _places(blobs, given, session)
        unsure = _guessed(blobs, given)
        guessed = frozenset(cell for cell in places if positions.cell_id(cell) in unsure)
        built = documents.of_segment(session, segmentation, ordinal, places, given, guessed)
        if session.notebook is not None:
            unseen = (*built.run.unseen, *_unplaced(blobs, given))
            built = replace(built, run=replace(built.run, unseen=unseen))
        if writing.save(connection, built):
            changed.append(built.run.id)
    writing.drop_beyond(connection, session.id, len(segmentation.runs))
    draft = None
    if session.fate == "alive":
        draft = documents.draft_of(session, segmentation, places, guessed)
    return changed, draft


def _document(
    connection: Connection,
    blobs: Blobs,
    secrets: StoreSecrets,
    session: Session,
    segmentation: Segmentation,
    ordinal: int,
) -> str:
    """Return the digest of the document that a run's positions count in.

    That of a run that is closed stays what it was.
    """
    one = segmentation.runs[ordinal]
    own = [session.executions[index] for index in (*one.executed, *one.inherited)]
    needed = [execution.cell for execution in own if execution.console is None]
    is_open = ordinal == len(segmentation.runs) - 1 and session.fate == "alive"
    known = writing.given_of(connection, documents.run_id_of(session, ordinal))
    if known is not None and not is_open:
        try:
            there = _ids(blobs, known)
            if all(positions.cell_id(cell) in there for cell in needed):
                return known
        except MissingBlobError:  # lost or changed on disk; what is still known takes its place
            pass
    executed = [session.executions[index] for index in one.executed]
    sources = {one.cell: one.source for one in executed if one.console is None}
    of_notebook = [execution for execution in session.executions if execution.console is None]
    content = positions.document(session.notebook, of_notebook, needed, sources, secrets.document)
    return blobs.put(content)


@lru_cache(maxsize=512)
def _ids(blobs: Blobs, digest: str) -> dict[str, int]:
    return positions.places(blobs.get(digest))


@lru_cache(maxsize=512)
def _unplaced(blobs: Blobs, digest: str) -> tuple[Unseen, ...]:
    return positions.unplaced(blobs.get(digest))


@lru_cache(maxsize=512)
def _guessed(blobs: Blobs, digest: str) -> frozenset[str]:
    return positions.guessed(blobs.get(digest))


def _places(blobs: Blobs, given: str, session: Session) -> dict[str, int]:
    there = _ids(blobs, given)
    cells = {execution.cell for execution in session.executions if execution.console is None}
    return {cell: there[id_] for cell in cells if (id_ := positions.cell_id(cell)) in there}


def _derive_batch(connection: Connection, blobs: Blobs, run: str) -> list[str]:
    query = select(batches_table).where(batches_table.c.run == run, batches_table.c.dirty)
    row = connection.execute(query).one_or_none()
    if row is None:
        return []
    asked = schema.decode(row.document, batches.Asked)
    ended = None if row.outcome is None else schema.decode(row.outcome, batches.Ended)
    its = select(sessions).where(sessions.c.run == run).order_by(sessions.c.started).limit(1)
    its_session = connection.execute(its).one_or_none()
    session = None if its_session is None else _load(connection, its_session)
    try:
        given = blobs.get(asked.given)
    except MissingBlobError:
        given = b"{}"  # lost on disk: the run is shown without what only it could tell
    built = batches.of_batch(asked, ended, session, given)
    known = update(batches_table).where(batches_table.c.run == run)
    connection.execute(known.values(dirty=False, problem=None))
    return [run] if writing.save(connection, built) else []
