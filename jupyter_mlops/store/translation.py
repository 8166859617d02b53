"""Digests by the store's own algorithm, beside those of kernels that lack it.

An environment without ``xxhash`` digests by BLAKE2b, and what was recorded long ago may have a
digest that is made otherwise for large files now. Files that it read are read again when
its journal is taken in; where they still have the content that was told, their digest by the
store's algorithm is added, so that they compare with what other environments read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import Connection, select

from jupyter_mlops.events import CellFinished, DataCompleted, Event, SessionStarted
from jupyter_mlops.fingerprints import files
from jupyter_mlops.records import DataUse
from jupyter_mlops.store import tables


def translated(event: Event, folder: Callable[[], str | None]) -> Event:
    """Add digests to the files that an event tells of.

    Parameters
    ----------
    folder
        Returns the folder that relative paths start from; asked only where it is needed.
    """
    if not isinstance(event, (CellFinished, DataCompleted)) or not any(map(_foreign, event.data)):
        return event
    start = folder()
    if start is None:
        return event
    return replace(event, data=tuple(_translated(use, start) for use in event.data))


def folder_of(connection: Connection, writer: str) -> str | None:
    """Return the working folder of a session that is in the store."""
    known = tables.events.c
    query = select(known.document).where(
        known.writer == writer, known.type == SessionStarted.__dataclass_fields__["type"].default
    )
    document = connection.execute(query.limit(1)).scalar()
    return None if document is None else str(json.loads(document)["cwd"])


def _foreign(use: DataUse) -> bool:
    named = use.digest is not None and use.complete and use.path is not None
    own = files.algorithm(use.size_bytes or 0)
    return named and use.kind == "file" and not str(use.digest).startswith(f"{own}:")


def _translated(use: DataUse, start: str) -> DataUse:
    if not _foreign(use) or use.digest is None or use.path is None:
        return use
    own = files.translated(os.path.join(start, use.path), use.digest)
    return use if own is None else replace(use, digests=(*use.digests, own))
