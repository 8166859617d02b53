"""Reading runs: pages of summaries, single records, and finding one by what people call it."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, or_, select, true, tuple_

from jupyter_mlops import schema
from jupyter_mlops.errors import AmbiguousRunError, BadValueError, UnknownRunError, nearest
from jupyter_mlops.records import Draft, Executing, Run, RunError, RunPage, RunSummary
from jupyter_mlops.store import copies, folders
from jupyter_mlops.store.expressions import VERDICT, Key, bad, is_text, key, read
from jupyter_mlops.store.tables import environments, runs, sessions

PAGE_LIMIT = 10_000
T = TypeVar("T")

_SUMMARY = (
    runs.c.id,
    runs.c.notebook,
    runs.c.status,
    runs.c.trigger,
    runs.c.started,
    runs.c.duration_s,
    runs.c.summary,
    runs.c.user,
    runs.c.parent,
    VERDICT.label("verdict"),
)


def page(
    connection: Connection,
    notebook: str | None,
    where: str | None,
    sort: str | None,
    limit: int,
    after: str | None,
) -> RunPage:
    """Return one page of runs; see :meth:`Store.runs`."""
    if not 1 <= limit <= PAGE_LIMIT:
        raise BadValueError(name="limit", value=limit, expected=f"between 1 and {PAGE_LIMIT}")
    text = (sort or "-started").strip()
    down = text.startswith("-")
    by = key(text.removeprefix("-"), text, 2 if down else 1)
    _check_known(connection, text, ((by, 2 if down else 1),))
    query: Select[Any] = select(*_SUMMARY, by.value.label("by"))
    path = None if notebook is None else _as_recorded(os.path.abspath(notebook))
    if path is not None:
        query = query.where(runs.c.notebook == path)
    if where is not None and where.strip():
        filtered = read(where)
        _check_known(connection, where, filtered.keys)
        query = query.where(filtered.condition)
    if after is not None:
        query = query.where(_after(by, down, _unpacked(after)))
    # One more than asked for tells whether there is a next page.
    rows = connection.execute(query.order_by(*_ordering(by, down)).limit(limit + 1)).all()
    more = len(rows) > limit
    rows = rows[:limit]
    return RunPage(
        runs=tuple(_summary(row) for row in rows),
        draft=_draft(connection, path) if after is None and not where else None,
        next=_packed(rows[-1]) if more else None,
    )


def _as_recorded(path: str) -> str:
    # A path that is no UTF-8 reaches Python as surrogates, and a record as question marks.
    return path.encode("utf-8", "replace").decode()


def _check_known(connection: Connection, expression: str, keys: Sequence[tuple[Key, int]]) -> None:
    """Refuse a name that no run has: an empty list would hide that it is misspelt.

    Raises
    ------
    BadExpressionError
        It names the nearest one. A store without runs knows no names, and refuses none.
    """
    for one, column in keys:
        if one.column is not None or _any(connection, one.type.is_not(None)):
            continue
        if not _any(connection, true()):
            return
        each = func.json_each(runs.c.summary, one.folder).table_valued("key")
        names = select(each.c.key).distinct().select_from(runs.join(each, true()))
        hint = nearest(one.name, list(connection.execute(names).scalars()))
        raise bad(expression, column, f"no run has a {one.kind} {one.name!r}; {hint}")


def _any(connection: Connection, condition: ColumnElement[bool]) -> bool:
    return connection.execute(select(runs.c.id).where(condition).limit(1)).first() is not None


def _ordering(by: Key, down: bool) -> list[ColumnElement[Any]]:
    """Order by the key, runs without it last, and newest first among equals."""
    value = by.value
    if by.column is runs.c.started:
        # As its index has it, so that a page costs what it shows and not what there is.
        return [value.desc(), runs.c.id.desc()] if down else [value.asc(), runs.c.id.asc()]
    return [
        value.is_(None),
        value.desc() if down else value.asc(),
        runs.c.started.desc(),
        runs.c.id.desc(),
    ]


def _after(by: Key, down: bool, mark: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition for everything that comes after a row in the order."""
    value, started, identifier = mark
    if by.column is runs.c.started:
        here, there = tuple_(runs.c.started, runs.c.id), tuple_(started, identifier)
        return here < there if down else here > there
    rest = or_(runs.c.started < started, and_(runs.c.started == started, runs.c.id < identifier))
    if value is None:
        return and_(by.value.is_(None), rest)
    further = by.value < value if down else by.value > value
    return or_(by.value.is_(None), further, and_(by.value == value, rest))


def _packed(row: Row[Any]) -> str:
    mark = json.dumps([row.by, row.started, row.id], separators=(",", ":"))
    return base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")


def _unpacked(token: str) -> Sequence[Any]:
    try:
        padded = token.encode("ascii") + b"=" * (-len(token) % 4)
        mark = json.loads(base64.urlsafe_b64decode(padded))
        value, started, identifier = mark
        texts = [one for one in mark if isinstance(one, str)]
        fits = isinstance(started, str) and isinstance(identifier, str)
        is_value = value is None or isinstance(value, (str, float)) or _is_whole(value)
        if fits and is_value and all(map(is_text, texts)):
            return [value, started, identifier]
    except (ValueError, TypeError, RecursionError):  # not one of our tokens, which is said below
        pass
    raise BadValueError(name="page", value=token[:80], expected="a token from an earlier page")


def _is_whole(value: object) -> bool:
    """Tell whether a value is a whole number that SQLite can compare with."""
    return isinstance(value, int) and -(2**63) <= value < 2**63


def _summary(row: Row[Any]) -> RunSummary:
    return RunSummary(
        id=row.id,
        notebook=row.notebook,
        status=row.status,
        trigger=row.trigger,
        started=row.started,
        duration_s=row.duration_s,
        parameters=row.summary["parameters"],
        metrics=row.summary["metrics"],
        user=row.user,
        parent=row.parent,
        error=_told(row, "error", RunError),
        executing=_told(row, "executing", Executing),
        verdict=row.verdict,
        cancelled=row.summary.get("cancelled", False),
        disorder=row.summary.get("disorder", {}),
        inferred=tuple(row.summary.get("inferred", ())),
    )


def _told(row: Row[Any], key: str, kind: type[T]) -> T | None:
    # Rows of an earlier version lack it until their session has news.
    told = row.summary.get(key)
    return None if told is None else schema.from_builtins(told, kind)


def _draft(connection: Connection, notebook: str | None) -> Draft | None:
    query = select(sessions.c.draft).where(~sessions.c.closed, sessions.c.draft.is_not(None))
    if notebook is not None:
        query = query.where(sessions.c.notebook == notebook)
    text = connection.execute(query.order_by(sessions.c.started.desc()).limit(1)).scalar()
    return None if text is None else schema.decode(text, Draft)


def find(connection: Connection, ref: str) -> str:
    """Return the id of the run that `ref` names; see :meth:`Store.find`."""
    if ref.startswith("@"):
        return _by_age(connection, ref)
    if not ref or not is_text(ref):
        raise UnknownRunError(run=ref)
    # A range and not LIKE, in which a reference could hold wildcards.
    query = select(runs.c.id).where(runs.c.id >= ref, runs.c.id < ref + "\U0010ffff")
    found: Sequence[str] = connection.execute(query.order_by(runs.c.id).limit(4)).scalars().all()
    if ref in found or len(found) == 1:
        return found[0]
    if not found:
        raise UnknownRunError(run=ref)
    total = connection.execute(
        select(func.count()).where(runs.c.id >= ref, runs.c.id < ref + "\U0010ffff")
    ).scalar_one()
    examples = ", ".join(one[: len(ref) + 6] for one in found)
    raise AmbiguousRunError(run=ref, count=total, examples=examples)


def _by_age(connection: Connection, ref: str) -> str:
    digits = ref[1:]
    if not (digits.isascii() and digits.isdigit()) or not 1 <= int(digits[:10]) <= PAGE_LIMIT:
        raise UnknownRunError(run=ref)
    newest = select(runs.c.id).order_by(runs.c.started.desc(), runs.c.id.desc())
    ids: Sequence[str] = connection.execute(newest.limit(int(digits))).scalars().all()
    if len(ids) < int(digits):
        raise UnknownRunError(run=ref)
    return ids[-1]


def row_of(connection: Connection, ref: str) -> Row[Any]:
    """Return everything that is kept of the run that `ref` names."""
    return connection.execute(select(runs).where(runs.c.id == find(connection, ref))).one()


def record_of(connection: Connection, row: Row[Any]) -> Run:
    """Return a run's record with its environment."""
    document = json.loads(row.document)
    if row.environment is not None:
        query = select(environments.c.document).where(environments.c.digest == row.environment)
        document["environment"] = json.loads(connection.execute(query).scalar_one())
    judged = select(VERDICT).select_from(runs).where(runs.c.id == row.id)
    document["verdict"] = connection.execute(judged).scalar_one()
    record = schema.from_builtins(document, Run)
    uses = folders.whole_files(document.get("data"))
    return replace(
        record,
        kept=copies.of_run(connection, uses),
        notices=(*record.notices, *copies.missing(connection, uses)),
    )
