"""Copies of the files that runs read, where the folder's people have agreed to them.

Made when a run is taken in, never in a kernel: of a file that still has the content which the
run read. A file that has changed since can't be kept any more, and that is said.
"""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects.sqlite import insert

from jupyter_mlops.fingerprints import files
from jupyter_mlops.fingerprints.hashing import ALGORITHM, in_pieces
from jupyter_mlops.journal import now
from jupyter_mlops.records import Artifact, DataUse
from jupyter_mlops.redaction.names import holds_secrets
from jupyter_mlops.store import folders as answers
from jupyter_mlops.store import writing
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.database import Database
from jupyter_mlops.store.tables import copies, folders, runs

_PIECE_BYTES = 1 << 20


class _NotKeptError(Exception):
    """Why a file was not copied."""


def keep(database: Database, blobs: Blobs) -> None:
    """Copy what runs have read since the last look, in the folders where that was agreed to."""
    with database.read() as connection:
        due = answers.due(connection)
        seen = writing.sequence(connection)
    for path, limit, since in due:
        with database.read() as connection:
            wanted, readers = _wanted(connection, path, since)
        for use in wanted:
            _keep_one(database, blobs, use, limit)
        with database.write() as connection:
            # Their records say more than before, and whoever shows one has to be told.
            for run in readers:
                changed = update(runs).where(runs.c.id == run)
                connection.execute(changed.values(sequence=writing.next_sequence(connection)))
            # An answer that came meanwhile begins anew.
            looked = update(folders).where(folders.c.path == path, folders.c.looked == since)
            connection.execute(looked.values(looked=seen))


def of_run(connection: Connection, uses: Sequence[DataUse]) -> tuple[Artifact, ...]:
    """List the copies of files that a run read."""
    found = {use.digest: use for use in uses}
    query = select(copies).where(copies.c.digest.in_(found), copies.c.blob.is_not(None))
    rows = {row.digest: row for row in connection.execute(query)}
    return tuple(
        Artifact(
            digest=rows[digest].blob,
            name=os.path.basename(use.path or "data"),
            mime=mimetypes.guess_type(use.path or "")[0] or "application/octet-stream",
            size_bytes=rows[digest].size_bytes,
            cell=use.cell,
            kind="data",
            path=use.path,
        )
        for digest, use in found.items()
        if digest in rows
    )


def missing(connection: Connection, uses: Sequence[DataUse]) -> list[str]:
    """Say which files that a run read were to be copied, or had been, and are not kept."""
    found = {use.digest: use.path for use in uses}
    query = select(copies).where(copies.c.digest.in_(found), copies.c.blob.is_(None))
    return [f"no copy of {found[row.digest]}: {row.why}" for row in connection.execute(query)]


def _wanted(connection: Connection, path: str, since: int) -> tuple[list[DataUse], list[str]]:
    """List the files to copy, those that no earlier try settled, and the runs that read them."""
    settled: dict[str, str] = {
        row.digest: row.at for row in connection.execute(select(copies.c.digest, copies.c.at))
    }
    there = answers.copied(connection)
    wanted: dict[Any, DataUse] = {}
    readers: dict[str, None] = {}
    for run, uses in answers.read_by_runs(connection, path, since):
        for use in uses:
            digest = str(use.digest)
            # What changed before it could be copied may have been there again for a later run.
            if digest not in there and settled.get(digest, "") < run.started:
                readers[run.id] = None
                # The record has paths inside the kernel's folder without it.
                folder = answers.of_kernel(connection, run.session) or path
                wanted[digest] = replace(use, path=os.path.join(folder, str(use.path)))
    return list(wanted.values()), list(readers)


def _keep_one(database: Database, blobs: Blobs, use: DataUse, limit: int) -> None:
    values: dict[str, Any] = {"blob": None, "why": None, "size_bytes": use.size_bytes or 0}
    try:
        # Blobs first, as everywhere: without its row a blob is waste that can be collected.
        values["blob"] = blobs.put_pieces(_content(use, limit))
    except _NotKeptError as error:
        values["why"] = str(error)
    except OSError as error:
        values["why"] = error.strerror or str(error)
    values["at"] = now()
    with database.write() as connection:
        connection.execute(
            insert(copies)
            .values(digest=use.digest, **values)
            .on_conflict_do_update(index_elements=["digest"], set_=values)
        )


def _content(use: DataUse, limit: int) -> Iterator[bytes]:
    """Give a file's content; at the end, refuse one that is not what the run read."""
    assert use.path is not None
    assert use.digest is not None
    if holds_secrets(use.path):
        raise _NotKeptError("its name says that it holds secrets, and those are never kept")
    if (use.size_bytes or 0) > limit:
        raise _NotKeptError(f"it is larger than the limit of its folder, {limit} bytes")
    named = use.digest.partition(":")[0]
    content = files.content(named) if named in (ALGORITHM, in_pieces(ALGORITHM)) else None
    if content is None:
        raise _NotKeptError("its digest is of another algorithm than the store's")
    # Opening a pipe would wait for its other end.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(use.path, flags)
    except FileNotFoundError:
        raise _NotKeptError("it was gone before it could be copied") from None
    with os.fdopen(descriptor, "rb") as file:
        told = os.fstat(descriptor)
        if not stat.S_ISREG(told.st_mode) or told.st_size != use.size_bytes:
            raise _NotKeptError("it had changed before it could be copied")
        for piece in iter(lambda: file.read(_PIECE_BYTES), b""):
            content.bulk(piece)
            yield piece
    if content.text() != use.digest:
        raise _NotKeptError("it had changed before it could be copied")
