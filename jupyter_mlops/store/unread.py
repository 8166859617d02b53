"""Large files that a kernel left to be read by whoever takes its journal in.

Reading them is nobody's wait here, and faster than a kernel could do it, which must not be
killed by a file that is cut short. What is read counts only if the file's signature is, before
and after, the one that the kernel saw when the cell ended.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace

from jupyter_mlops.events import CellFinished, Event, NotSeen, Unread
from jupyter_mlops.fingerprints import files
from jupyter_mlops.fingerprints.mapped import Process
from jupyter_mlops.fingerprints.signatures import Signature, is_settled, signature
from jupyter_mlops.records import DataUse

# Digests of files that this process has read, by path and signature; above that they are read
# again.
_known: dict[tuple[str, Signature], str] = {}
_KNOWN_LIMIT = 10_000
_CHANGED = "it changed, or was gone, before its content was read"


def with_unread(event: Event, folder: Callable[[], str | None], process: Process) -> Event:
    """Add to an event what was left to be read, or say why it could not be.

    Parameters
    ----------
    folder
        Returns the folder that relative paths start from; asked only where it is needed.
    process
        Reads large files.
    """
    if not isinstance(event, CellFinished) or not event.unread:
        return event
    start = folder() or ""
    found = {one.path: _digest(os.path.join(start, one.path), one, process) for one in event.unread}
    missed = [NotSeen(path, _CHANGED) for path, digest in found.items() if digest is None]
    return replace(
        event,
        data=tuple(_completed(use, found) for use in event.data),
        unseen=(*event.unseen, *missed),
        unread=(),
    )


def _completed(use: DataUse, found: dict[str, str | None]) -> DataUse:
    digest = found.get(use.path or "")
    if use.kind != "file" or use.digest is not None or digest is None:
        return use
    return replace(use, digest=digest, complete=True)


def _digest(path: str, told: Unread, process: Process) -> str | None:
    """Return the digest of a file that is still what it was."""
    began = time.time_ns()
    if signature(path) != told.signature:
        return None
    key = path, told.signature
    digest = _known.get(key) or process.digest(path) or _read(path)
    if digest is None or signature(path) != told.signature:
        return None
    if is_settled(told.signature, began):
        if len(_known) >= _KNOWN_LIMIT:
            _known.clear()
        _known[key] = digest
    return digest


def _read(path: str) -> str | None:
    try:
        found = files.of_file(path)
    except OSError:  # another user's, or gone
        return None
    return found.digest if found is not None and found.complete else None
