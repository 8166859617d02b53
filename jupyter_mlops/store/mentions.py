"""Which rows of events and runs name which content.

An index, so that nobody has to read all rows to tell what would go with one run. It lags
behind, and nobody has to trust it: whatever it does not cover is read. An event never changes,
and those of a writer come in the order of their numbers; a run that changes gets a new number.
If a writer has not as many events as were noted, all of its events are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from jupyter_mlops.store import references
from jupyter_mlops.store.database import Database
from jupyter_mlops.store.tables import (
    batches,
    events,
    journals,
    mentions,
    noted,
    reproductions,
    runs,
    sessions,
)

# How many rows one look notes at most: others want to write too.
_AT_ONCE = 2000
# An owner of the runs, and what precedes a run's id; no writer's name has a colon.
_RUNS = "runs:"
_RUN = "run:"
_NONE = -1
# So much of a digest is kept; that two agree in it would keep content that could go.
_KEPT = 16


def note(database: Database) -> None:
    """Note some of what came since the last time, if anything did."""
    with database.read() as connection:
        has_news = bool(_behind(connection)) or _changed_runs(connection).first() is not None
    if has_news:
        with database.write() as connection:
            _note_events(connection)
            _note_runs(connection)


def forget(
    connection: Connection,
    lines: Mapping[str, Collection[int]],
    ids: Sequence[str],
    whole: Collection[str],
) -> None:
    """Drop what was noted of events and runs; to be called before these are deleted."""
    for writer, numbers in lines.items():
        for some in references.portions(sorted(numbers)):
            mine = and_(events.c.writer == writer, events.c.seq.in_(some))
            count = (
                select(func.count())
                .select_from(events)
                .where(mine, events.c.seq <= noted.c.upto)
                .scalar_subquery()
            )
            known = update(noted).where(noted.c.owner == writer)
            connection.execute(known.values(lines=noted.c.lines - count))
            its = and_(mentions.c.owner == writer, mentions.c.seq.in_(some))
            connection.execute(delete(mentions).where(its))
    for some in references.portions([_RUN + one for one in ids]):
        connection.execute(delete(mentions).where(mentions.c.owner.in_(some)))
    for some in references.portions(sorted(whole)):
        connection.execute(delete(noted).where(noted.c.owner.in_(some)))


def elsewhere(
    connection: Connection,
    digests: Collection[str],
    lines: Mapping[str, Collection[int]],
    ids: Collection[str],
    whole: Collection[str],
) -> set[str]:
    """Return those of these digests that a row names which stays.

    Parameters
    ----------
    lines
        Events that go, by their writers and numbers.
    ids
        Runs that go, with their batch executions and reproductions.
    whole
        Sessions that go.
    """
    covered = _covered(connection)
    found: set[str] = set()
    for text, owner, seq in _not_covered(connection, covered, ids, whole):
        if seq not in lines.get(owner, ()):
            found |= references.in_texts([text]) & set(digests)
    numbers = connection.execute(select(runs.c.id, runs.c.sequence))
    current = {row.id: row.sequence for row in numbers}
    for digest in set(digests) - found:
        query = select(mentions.c.owner, mentions.c.seq).where(mentions.c.digest == _key(digest))
        for owner, seq in connection.execute(query):
            run = owner.removeprefix(_RUN) if owner.startswith(_RUN) else None
            stays = (
                seq not in lines.get(owner, ()) and seq <= covered.get(owner, _NONE)
                if run is None
                else run not in ids and current.get(run) == seq
            )
            if stays:
                found.add(digest)
                break
    return found


def _behind(connection: Connection) -> Sequence[Any]:
    """Return the writers with events that are not noted, and up to where they are."""
    upto = func.coalesce(noted.c.upto, _NONE)
    query = (
        select(journals.c.writer, journals.c.next_seq, upto.label("upto"))
        .outerjoin(noted, noted.c.owner == journals.c.writer)
        .where(journals.c.next_seq - 1 > upto)
    )
    return connection.execute(query).all()


def _note_events(connection: Connection) -> None:
    left = _AT_ONCE
    for writer, next_seq, upto in _behind(connection):
        query = select(events.c.seq, events.c.document).where(
            events.c.writer == writer, events.c.seq > upto
        )
        rows = connection.execute(query.order_by(events.c.seq).limit(left)).all()
        _add(connection, ((writer, seq, (text,)) for seq, text in rows))
        end = next_seq - 1 if len(rows) < left else rows[-1].seq
        values = {"upto": end, "lines": noted.c.lines + len(rows)}
        connection.execute(
            insert(noted)
            .values(owner=writer, upto=end, lines=len(rows))
            .on_conflict_do_update(index_elements=["owner"], set_=values)
        )
        left -= len(rows)
        if left <= 0:
            return


def _changed_runs(connection: Connection) -> Any:
    upto = func.coalesce(
        select(noted.c.upto).where(noted.c.owner == _RUNS).scalar_subquery(), _NONE
    )
    return connection.execute(
        select(runs).where(runs.c.sequence > upto).order_by(runs.c.sequence).limit(_AT_ONCE // 10)
    )


def _note_runs(connection: Connection) -> None:
    rows = _changed_runs(connection).all()
    if not rows:
        return
    # Several runs may have one number, and a part of them is not yet among these.
    end = rows[-1].sequence
    rows += connection.execute(
        select(runs).where(runs.c.sequence == end, runs.c.id.not_in([row.id for row in rows]))
    ).all()
    owners = [_RUN + row.id for row in rows]
    for some in references.portions(owners):
        connection.execute(delete(mentions).where(mentions.c.owner.in_(some)))
    asked = _batches_of(connection, [row.id for row in rows])
    _add(
        connection,
        (
            (_RUN + row.id, row.sequence, (str(value) for value in (*row, *asked.get(row.id, ()))))
            for row in rows
        ),
    )
    connection.execute(
        insert(noted)
        .values(owner=_RUNS, upto=end, lines=0)
        .on_conflict_do_update(index_elements=["owner"], set_={"upto": end})
    )


def _batches_of(connection: Connection, ids: Sequence[str]) -> dict[str, Any]:
    return {
        row.run: row
        for some in references.portions(ids)
        for row in connection.execute(select(batches).where(batches.c.run.in_(some)))
    }


def _add(connection: Connection, told: Iterable[tuple[str, int, Iterable[str]]]) -> None:
    rows = [
        {"owner": owner, "seq": seq, "digest": digest}
        for owner, seq, texts in told
        for digest in set(map(_key, references.in_texts(texts)))
    ]
    if rows:
        connection.execute(insert(mentions).on_conflict_do_nothing(), rows)


def _key(digest: str) -> str:
    return digest[: digest.index(":") + 1 + _KEPT]


def _covered(connection: Connection) -> dict[str, int]:
    """Return up to which number the index may be believed, by writer."""
    there = (
        select(noted.c.owner, noted.c.upto, noted.c.lines, func.count(events.c.seq).label("count"))
        .outerjoin(events, and_(events.c.writer == noted.c.owner, events.c.seq <= noted.c.upto))
        .where(noted.c.owner != _RUNS)
        .group_by(noted.c.owner)
    )
    return {row.owner: row.upto for row in connection.execute(there) if row.lines == row.count}


def _not_covered(
    connection: Connection,
    covered: Mapping[str, int],
    ids: Collection[str],
    whole: Collection[str],
) -> Iterator[tuple[str, str, int]]:
    """Yield the texts of rows that the index says nothing of; of events with their keys."""
    for writer in connection.execute(select(events.c.writer).distinct()).scalars().all():
        query = select(events.c.document, events.c.writer, events.c.seq).where(
            events.c.writer == writer, events.c.seq > covered.get(writer, _NONE)
        )
        for row in connection.execute(query):
            yield row.document, row.writer, row.seq
    upto = connection.execute(select(noted.c.upto).where(noted.c.owner == _RUNS)).scalar()
    new = runs.c.sequence > (_NONE if upto is None else upto)
    of_new = select(batches).outerjoin(runs, runs.c.id == batches.c.run)
    queries = (
        select(runs).where(new, runs.c.id.not_in(ids)),
        of_new.where(batches.c.run.not_in(ids), or_(batches.c.dirty, runs.c.id.is_(None), new)),
        select(reproductions).where(
            reproductions.c.run.not_in(ids), reproductions.c.id.not_in(ids)
        ),
        select(sessions).where(sessions.c.id.not_in(whole)),
    )
    for query in queries:
        for row in connection.execute(query):
            yield " ".join(str(value) for value in row), "", _NONE
