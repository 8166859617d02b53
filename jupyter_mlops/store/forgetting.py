"""Forgetting a run: what goes with it, what stays because others need it, and how it goes.

Lines of journals are blanked first, then rows are deleted in one transaction, then blobs, and
last the database's free pages are emptied. Whoever dies in between leaves a run that can be
forgotten again, or content that no row names and `gc` collects.

What runs of one session share stays as long as another of them needs it. A session that a run
was forgotten of is *sealed*: it has ended, its other runs are final, and finding runs in what
is left of it would find others.
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, or_, select, update

from jupyter_mlops import journal
from jupyter_mlops.errors import NotForgettableError
from jupyter_mlops.events import CellFinished, CellStarted, DataCompleted
from jupyter_mlops.records import Dependent, Forgetting
from jupyter_mlops.store import erasure, mentions, queries, references, writing
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.database import Database
from jupyter_mlops.store.tables import (
    batches,
    copies,
    environments,
    events,
    journals,
    reproductions,
    runs,
    sessions,
)
from jupyter_mlops.store.writing import recorded_from

_AT_ONCE = 400
_SHOWN = 5
# A file's time may be so much older than the clock's at that moment.
_CLOCKS_APART_S = 0.02
# The events that tell of one execution, whatever it was.
_OF_EXECUTIONS = frozenset(one.type for one in (CellStarted, CellFinished, DataCompleted))
SEALED = "a run of it was forgotten"
# Other runs of a session can be told apart from a forgotten one only once no more come.
_KERNEL_RUNS = (
    "its kernel still runs, and later runs may rest on it; shut the kernel down or restart it, "
    "then forget the run"
)
_UNDER_WAY = "it is still being executed; wait for its end or cancel it, then forget it"


@dataclass
class _Plan:
    """What goes, by its keys; ``shared`` counts executions that stay for other runs."""

    runs: list[Row[Any]]
    dependents: list[Dependent]
    lines: dict[str, set[int]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    sealed: set[str] = field(default_factory=set)
    executions: int = 0
    shared: int = 0
    copies: int = 0
    obstacle: NotForgettableError | None = None
    notices: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids of the runs that go."""
        return [row.id for row in self.runs]


def preview(
    database: Database, blobs: Blobs, refs: Sequence[str], *, with_dependents: bool
) -> Forgetting:
    """Tell what forgetting these runs takes away, or why it can't be done; change nothing."""
    with database.read() as connection:
        plan = _plan(connection, refs, with_dependents)
        gone = _orphaned(connection, plan)[0]
    sizes = {one: size for one in gone if (size := blobs.size(one)) is not None}
    return _told(plan, sizes, database, done=False)


def forget(
    database: Database,
    blobs: Blobs,
    folder: Path,
    refs: Sequence[str],
    *,
    with_dependents: bool,
) -> Forgetting:
    """Forget runs; `folder` is that of the journals.

    Raises
    ------
    NotForgettableError
        If one of them is being recorded, or others depend on them and were not to go too.
    """
    began = time.time()
    # Contents that are put from now on stay. What was put before must look older than that,
    # also by the file system's clock, or the last run's contents would stay as well.
    time.sleep(_CLOCKS_APART_S)
    with database.write() as connection:
        plan = _plan(connection, refs, with_dependents)
        if plan.obstacle is not None:
            raise plan.obstacle
        if plan.dependents and not with_dependents:
            raise NotForgettableError(run=plan.ids[0], reason=_needed(plan.dependents))
        for writer, lines in plan.lines.items():
            path = folder / f"{writer}{journal.SUFFIX}"
            erasure.blank(path, lines)
            if writer in plan.whole:
                path.unlink(missing_ok=True)
        gone = _delete(connection, plan)
        writing.next_sequence(connection)
    freed = {one: size for one in gone if (size := blobs.drop(one, before=began)) is not None}
    held_up = erasure.empty_pages(database)
    if held_up is not None:
        plan.notices.append(held_up)
    return _told(plan, freed, database, done=True)


def _told(plan: _Plan, freed: dict[str, int], database: Database, *, done: bool) -> Forgetting:
    backups = database.backups()
    if backups:
        plan.notices.append(
            "copies of the database of before an upgrade still hold it; remove them: "
            + ", ".join(map(str, backups))
        )
    return Forgetting(
        done=done,
        runs=tuple(plan.ids),
        dependents=tuple(plan.dependents),
        executions=plan.executions,
        shared_executions=plan.shared,
        blobs=len(freed),
        freed_bytes=sum(freed.values()),
        copies=plan.copies,
        obstacle=None if plan.obstacle is None else plan.obstacle.values["reason"],
        kernel=None if plan.obstacle is None else plan.obstacle.values.get("kernel"),
        notices=tuple(plan.notices),
    )


def _needed(dependents: Sequence[Dependent]) -> str:
    names = "; ".join(f"{one.run[:8]}, {one.why}" for one in dependents[:_SHOWN])
    more = f" and {len(dependents) - _SHOWN} more" if len(dependents) > _SHOWN else ""
    return f"others depend on it ({names}{more}); forget them too, with --with-dependents"


def _plan(connection: Connection, refs: Sequence[str], with_dependents: bool) -> _Plan:
    asked = list(dict.fromkeys(queries.find(connection, ref) for ref in refs))
    dependents = _dependents(connection, asked)
    ids = asked + [one.run for one in dependents if with_dependents]
    plan = _Plan(
        [connection.execute(select(runs).where(runs.c.id == one)).one() for one in ids], dependents
    )
    for row in plan.runs:
        if row.status == "running":
            plan.obstacle = (
                _kernel_runs(connection, row.id, row.session)
                if row.trigger == "interactive"
                else NotForgettableError(run=row.id, reason=_UNDER_WAY)
            )
    of_batches = select(sessions.c.id).where(sessions.c.run.in_(plan.ids))
    its = {row.session for row in plan.runs} | set(connection.execute(of_batches).scalars())
    for session in sorted(its):
        _plan_session(connection, plan, session)
    _say_notebooks(connection, plan)
    return plan


def _dependents(connection: Connection, asked: Sequence[str]) -> list[Dependent]:
    """Return the runs that repeat these, or repeat such a repetition, and so on."""
    found: dict[str, Dependent] = {}
    parents = list(asked)
    while parents:
        query = select(runs.c.id, runs.c.parent).where(runs.c.parent.in_(parents))
        parents = []
        for row in connection.execute(query.order_by(runs.c.started)):
            if row.id not in found and row.id not in asked:
                found[row.id] = Dependent(row.id, f"a reproduction of {row.parent[:8]}")
                parents.append(row.id)
    return list(found.values())


def _plan_session(connection: Connection, plan: _Plan, session: str) -> None:
    """Find which executions of a session go: those that none of its other runs lists."""
    row = connection.execute(select(sessions).where(sessions.c.id == session)).one_or_none()
    if row is None:
        return
    if not row.closed and plan.obstacle is None:
        run = next((one.id for one in plan.runs if one.session == session), row.run)
        plan.obstacle = _kernel_runs(connection, run, session)
    going = {number for one in plan.runs if one.session == session for number in _numbers(one)}
    others = connection.execute(
        select(runs).where(runs.c.session == session, runs.c.id.not_in(plan.ids))
    ).all()
    kept = {number for one in others for number in _numbers(one)}
    plan.shared += len(going & kept)
    if not others:
        plan.whole.add(session)
        mine = connection.execute(select(events).where(events.c.writer == session)).all()
        gone = mine
    else:
        plan.sealed.add(session)
        mine = connection.execute(select(events).where(events.c.writer == session)).all()
        # What belongs to no run at all goes too: nobody could forget it later.
        gone = [one for one in mine if (at := _execution(one)) is not None and at not in kept]
        _say_inherited(plan, others)
    plan.executions += sum(one.type == "cell_started" for one in gone)
    heard = _heard(connection, row, [one.msg_id for one in gone if one.msg_id], plan.whole)
    for one in [*gone, *heard]:
        plan.lines.setdefault(one.writer, set()).add(one.seq)


def _kernel_runs(connection: Connection, run: str, session: str) -> NotForgettableError:
    query = select(sessions.c.kernel_id).where(sessions.c.id == session)
    kernel = connection.execute(query).scalar_one_or_none()
    return NotForgettableError(run=run, reason=_KERNEL_RUNS, kernel=kernel)


def _numbers(row: Row[Any]) -> set[int]:
    return {one.number for one in recorded_from(row.steps) if one.number >= 0}


def _execution(row: Row[Any]) -> int | None:
    if row.type not in _OF_EXECUTIONS:
        return None
    number = json.loads(row.document).get("execution")
    return number if isinstance(number, int) else None


def _heard(
    connection: Connection, session: Row[Any], messages: Sequence[str], whole: Collection[str]
) -> list[Row[Any]]:
    """Return what servers wrote of these executions, and of a kernel with no session left."""
    found: list[Row[Any]] = []
    for begin in range(0, len(messages), _AT_ONCE):
        some = messages[begin : begin + _AT_ONCE]
        found += connection.execute(
            select(events).where(events.c.msg_id.in_(some), events.c.writer != session.id)
        )
    if session.kernel_id is not None and session.id in whole:
        of_kernel = sessions.c.kernel_id == session.kernel_id
        others = connection.execute(select(sessions.c.id).where(of_kernel)).scalars()
        if set(others) <= set(whole):
            found += connection.execute(
                select(events).where(events.c.kernel_id == session.kernel_id)
            )
    return found


def _say_inherited(plan: _Plan, others: Iterable[Row[Any]]) -> None:
    showing = [
        one.id[:8]
        for one in others
        if any(
            entry.get("inherited")
            for kind in ("parameters", "metrics", "data", "models")
            for entry in json.loads(one.document).get(kind) or ()
        )
    ]
    if showing:
        plan.notices.append(
            "what other runs of its session show as inherited stays with them: "
            + ", ".join(showing)
        )


def _say_notebooks(connection: Connection, plan: _Plan) -> None:
    """Say which runs keep copies of the same notebook, whose cells may hold the same source."""
    names = {row.notebook for row in plan.runs if row.notebook}
    query = select(runs.c.id).where(runs.c.notebook.in_(names), runs.c.id.not_in(plan.ids))
    others = len(connection.execute(query).all())
    if others:
        plan.notices.append(
            f"copies of the notebook with the sources that it had then stay with its other runs "
            f"({others})"
        )


def _orphaned(connection: Connection, plan: _Plan) -> tuple[set[str], set[str]]:
    """Return the digests of content that no row will name, and of files whose copies go."""
    candidates = _named(connection, plan)
    kept = mentions.elsewhere(connection, candidates, plan.lines, plan.ids, plan.whole)
    files = candidates - kept
    for some in references.portions(sorted(files)):
        query = select(copies.c.digest, copies.c.blob).where(copies.c.blob.in_(some))
        kept |= {blob for digest, blob in connection.execute(query) if digest not in files}
        mine = copies.c.digest.in_(some) & copies.c.blob.is_not(None)
        count = select(func.count()).select_from(copies).where(mine)
        plan.copies += connection.execute(count).scalar_one()
    return candidates - kept, files


def _delete(connection: Connection, plan: _Plan) -> set[str]:
    """Delete the rows; return the digests of content that no row names any more."""
    gone, files = _orphaned(connection, plan)
    mentions.forget(connection, plan.lines, plan.ids, plan.whole)
    _delete_rows(connection, plan)
    for some in references.portions(sorted(files)):
        connection.execute(delete(copies).where(copies.c.digest.in_(some)))
    return gone


def _delete_rows(connection: Connection, plan: _Plan) -> None:
    for writer, lines in plan.lines.items():
        for some in references.portions(sorted(lines)):
            connection.execute(
                delete(events).where(events.c.writer == writer, events.c.seq.in_(some))
            )
    ids = plan.ids
    connection.execute(delete(runs).where(runs.c.id.in_(ids)))
    connection.execute(delete(batches).where(batches.c.run.in_(ids)))
    connection.execute(delete(reproductions).where(_of(ids)))
    connection.execute(delete(sessions).where(sessions.c.id.in_(plan.whole)))
    connection.execute(delete(journals).where(journals.c.writer.in_(plan.whole)))
    connection.execute(
        update(sessions)
        .where(sessions.c.id.in_(plan.sealed))
        .values(seal=SEALED, draft=None, dirty=False)
    )
    used = select(runs.c.environment).where(runs.c.environment.is_not(None))
    connection.execute(delete(environments).where(environments.c.digest.not_in(used)))


def _of(ids: Sequence[str]) -> ColumnElement[bool]:
    return or_(reproductions.c.run.in_(ids), reproductions.c.id.in_(ids))


def _named(connection: Connection, plan: _Plan) -> set[str]:
    """Return the digests that the rows which go name, and the blobs of their copied files."""
    found = references.in_texts(str(value) for row in plan.runs for value in row)
    for table, mine in (
        (batches, batches.c.run.in_(plan.ids)),
        (reproductions, _of(plan.ids)),
        *(
            (events, (events.c.writer == writer) & events.c.seq.in_(some))
            for writer, lines in plan.lines.items()
            for some in references.portions(sorted(lines))
        ),
    ):
        for row in connection.execute(select(table).where(mine)):
            found |= references.in_texts(str(value) for value in row)
    for some in references.portions(sorted(found)):
        query = select(copies.c.blob).where(copies.c.digest.in_(some), copies.c.blob.is_not(None))
        found |= set(connection.execute(query).scalars())
    return found
