"""The answers to the question, once per folder, whether input data may be copied.

A *folder* is that of a notebook, without the folders below it: who agreed for one project
has not agreed for those that lie inside. Nobody has answered for a folder without a row.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, func, select
from sqlalchemy.dialects.sqlite import insert

from jupyter_mlops.records import DataUse, Folder, KeepData
from jupyter_mlops.store import writing
from jupyter_mlops.store.tables import copies, events, folders, runs

# A file above it is not copied, unless the answer allows more.
LIMIT_BYTES = 10**9


def of(connection: Connection, path: str) -> Folder:
    """Return the answer for a folder, and what it is about."""
    row = connection.execute(select(folders).where(folders.c.path == path)).one_or_none()
    limit = LIMIT_BYTES if row is None else row.limit_bytes
    sizes = {
        use.digest: use.size_bytes or 0
        for _, uses in read_by_runs(connection, path)
        for use in uses
        if (use.size_bytes or 0) <= limit
    }
    there = {one: sizes[one] for one in copied(connection) if one in sizes}
    return Folder(
        folder=path,
        keep_data="ask" if row is None else row.keep_data,
        files=len(sizes),
        size_bytes=sum(sizes.values()),
        limit_bytes=limit,
        kept_files=len(there),
        kept_bytes=sum(there.values()),
    )


def answer(
    connection: Connection, path: str, keep_data: KeepData | None, limit_bytes: int | None
) -> None:
    """Remember an answer, or another limit, or both; *ask* takes an answer back."""
    there = connection.execute(select(folders).where(folders.c.path == path)).one_or_none()
    values = {
        "keep_data": keep_data or ("ask" if there is None else there.keep_data),
        "limit_bytes": limit_bytes or (LIMIT_BYTES if there is None else there.limit_bytes),
        # Runs of before the answer are looked at too.
        "looked": 0,
    }
    connection.execute(
        insert(folders)
        .values(path=path, **values)
        .on_conflict_do_update(index_elements=["path"], set_=values)
    )


def due(connection: Connection) -> list[tuple[str, int, int]]:
    """List the folders with news whose data may be copied: path, limit, and where to begin."""
    now = writing.sequence(connection)
    agreed = select(folders.c.path, folders.c.limit_bytes, folders.c.looked).where(
        folders.c.keep_data == "yes", folders.c.looked < now
    )
    return [(row.path, row.limit_bytes, row.looked) for row in connection.execute(agreed)]


def read_by_runs(
    connection: Connection, path: str, since: int = 0
) -> Iterator[tuple[Row[Any], list[DataUse]]]:
    """Give each run of a folder's notebooks (id, session, started), and the whole files it read.

    Reproductions read copies of the same files in a sandbox, which are gone.
    """
    document = func.json_extract(runs.c.document, "$.data").label("data")
    query: Select[Any] = (
        select(runs.c.id, runs.c.notebook, runs.c.session, runs.c.started, document)
        .where(_inside(path), runs.c.sequence > since, runs.c.trigger != "reproduce")
        .order_by(runs.c.started)
    )
    for row in connection.execute(query):
        if os.path.dirname(row.notebook) == path:
            yield row, whole_files(json.loads(row.data or "[]"))


def whole_files(data: Any) -> list[DataUse]:
    """Return the files that a run read, by a digest of all their content; `data` is its JSON."""
    uses = msgspec.convert(data or [], list[DataUse])
    return [
        use
        for use in uses
        if use.kind == "file" and use.access == "read" and use.path and use.digest and use.complete
    ]


def of_kernel(connection: Connection, session: str) -> str | None:
    """Return the folder in which a session's kernel began to work."""
    query = select(events.c.document).where(events.c.writer == session, events.c.seq == 0)
    document = connection.execute(query).scalar()
    folder = None if document is None else json.loads(document).get("cwd")
    return None if folder is None else str(folder)


def copied(connection: Connection) -> set[str]:
    """Return the digests of the files that the store has a copy of."""
    query = select(copies.c.digest).where(copies.c.blob.is_not(None))
    return set(connection.execute(query).scalars())


def _inside(path: str) -> ColumnElement[Any]:
    # A range and not LIKE, in which a path could hold wildcards.
    begin = path if path.endswith(os.sep) else path + os.sep
    return and_(runs.c.notebook >= begin, runs.c.notebook < begin[:-1] + chr(ord(os.sep) + 1))
