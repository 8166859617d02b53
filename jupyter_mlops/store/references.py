"""Which content the store's rows name.

Every digest that any row mentions counts, wherever it stands: a column that a later version
adds is covered too, and what is kept by mistake can be dropped later, the reverse can't.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import JSON, Connection, Table, Text, cast, select
from sqlalchemy.sql.elements import ColumnElement

from jupyter_mlops.store import tables

_DIGEST = re.compile(r"\b[a-z0-9]+:[0-9a-f]{16,128}\b")
_AT_ONCE = 400
_SPEAKING = (
    tables.events,
    tables.sessions,
    tables.batches,
    tables.runs,
    tables.reproductions,
    tables.copies,
)


def named(connection: Connection) -> set[str]:
    """Return all digests that the store's rows name."""
    found: set[str] = set()
    for table in _SPEAKING:
        for row in connection.execute(select(*_texts(table))):
            found |= in_texts(row)
    return found


def in_texts(texts: Iterable[str | None]) -> set[str]:
    """Return the digests that texts name."""
    return {digest for text in texts if text for digest in _DIGEST.findall(text)}


def portions(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Part what a statement can't take at once."""
    return (items[begin : begin + _AT_ONCE] for begin in range(0, len(items), _AT_ONCE))


def _texts(table: Table) -> list[ColumnElement[str]]:
    return [
        cast(column, Text) if isinstance(column.type, JSON) else column
        for column in table.columns
        if isinstance(column.type, (Text, JSON))
    ]
