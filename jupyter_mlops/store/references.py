"""Which content the store's rows name.

Every digest that any row mentions counts, wherever it stands: a column that a later version
adds is covered too, and what is kept by mistake can be dropped later, the reverse can't.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import JSON, Connection, Table, Text, cast, select
from sqlalchemy.sql.elements import ColumnElement

from jupyter_mlops.store import tables

_DIGEST = re.compile(r"\b[a-z0-9]+:[0-9a-f]{16,128}\b")
# The copies come last: a row of theirs names a file's digest, but is no reason to keep it.
_SPEAKING = (
    tables.events,
    tables.sessions,
    tables.batches,
    tables.runs,
    tables.reproductions,
    tables.copies,
)


def named(connection: Connection, *, of_copies: bool = True) -> set[str]:
    """Return all digests that the store's rows name, those of copied files if `of_copies`."""
    found: set[str] = set()
    for table in _SPEAKING if of_copies else _SPEAKING[:-1]:
        for row in connection.execute(select(*_texts(table))):
            found |= in_texts(row)
    return found


def in_texts(texts: Iterable[str | None]) -> set[str]:
    """Return the digests that texts name."""
    return {digest for text in texts if text for digest in _DIGEST.findall(text)}


def _texts(table: Table) -> list[ColumnElement[str]]:
    return [
        cast(column, Text) if isinstance(column.type, JSON) else column
        for column in table.columns
        if isinstance(column.type, (Text, JSON))
    ]
