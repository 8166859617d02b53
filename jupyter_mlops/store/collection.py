"""What `gc` drops: waste at once, and above the quota the content of the oldest runs.

Waste is what nothing in the store names, and journals of kernels that have ended, once all of
their lines are in the store. Of runs only content goes: outputs, the executed notebook, copies
of data. Their rows stay with every digest, and say when the content was dropped.

Rows are written before content is removed: whoever dies in between leaves content that is
marked as dropped, which the next collection removes. Content that was put in the last minutes
may be that of a row which is about to be written, and stays.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.sqlite import insert

from jupyter_mlops import journal
from jupyter_mlops.records import Collection, Dropped, Protected
from jupyter_mlops.store import references, writing
from jupyter_mlops.store.blobs import ASIDE, Blobs
from jupyter_mlops.store.database import Database
from jupyter_mlops.store.tables import (
    batches,
    copies,
    dropped,
    events,
    journals,
    reproductions,
    runs,
    sessions,
)
from jupyter_mlops.store.writing import recorded_from

# Content without a row may be on its way to one; a collection of waste can wait an hour.
GRACE_S = 3600.0
# Content that a row names already may be that of another one which is being written.
SETTLED_S = 120.0
_LOOK_S = 60.0


@dataclass
class _Found:
    """What lies in the folders, and what of it goes; sizes in bytes by digest or path."""

    sizes: dict[str, int] = field(default_factory=dict)
    young: set[str] = field(default_factory=set)
    waste: dict[Path, int] = field(default_factory=dict)
    journals: dict[Path, int] = field(default_factory=dict)
    contents: dict[str, str | None] = field(default_factory=dict)
    used: int = 0
    dropped: list[Dropped] = field(default_factory=list)
    protected: list[Protected] = field(default_factory=list)


class Quota:
    """How much blobs and journals may take, and whether they do; looked at once a minute."""

    def __init__(self, blobs: Blobs, folder: Path, quota_bytes: int) -> None:
        self._blobs = blobs
        self._folder = folder
        self._quota_bytes = quota_bytes
        self._looked_at = float("-inf")
        self._used = 0

    def problems(self) -> list[str]:
        """Say if it is exceeded, with the way out."""
        if time.monotonic() - self._looked_at > _LOOK_S:
            self._used = sum(status.st_size for _, _, status in self._blobs.files())
            self._used += sum(size for _, size in _journals(self._folder))
            self._looked_at = time.monotonic()
        if self._used <= self._quota_bytes:
            return []
        return [
            f"stored content and journals take {self._used / 1e9:.1f} GB of the "
            f"{self._quota_bytes / 1e9:.1f} GB that MLOps.quota allows; see what can go with: "
            "jupyter mlops gc"
        ]


def preview(database: Database, blobs: Blobs, folder: Path, quota_bytes: int) -> Collection:
    """Tell what a collection would drop, and change nothing."""
    with database.read() as connection:
        found = _found(connection, blobs, folder, quota_bytes)
    return _told(found, quota_bytes, done=False)


def collect(database: Database, blobs: Blobs, folder: Path, quota_bytes: int) -> Collection:
    """Drop waste, and what exceeds the quota; `folder` is that of the journals."""
    with database.write() as connection:
        found = _found(connection, blobs, folder, quota_bytes)
        _mark(connection, found.contents)
    now = time.time()
    for path in found.waste:
        _remove_waste(path, blobs, now - GRACE_S)
    for digest in found.contents:
        blobs.drop(digest, before=now - SETTLED_S)
    for path in found.journals:
        with suppress(FileNotFoundError):  # another collection was faster
            path.unlink()
    return _told(found, quota_bytes, done=True)


def why_gone(database: Database, digest: str) -> str:
    """Return the reason why there is no content under a digest."""
    with database.read() as connection:
        at = connection.execute(select(dropped.c.at).where(dropped.c.digest == digest)).scalar()
    return "it is not in the store" if at is None else reason(at)


def reason(at: str) -> str:
    """Return why content is not there any more that was dropped at a time."""
    return f"it was dropped by gc on {at[:10]}, to keep the quota"


def notices(connection: Connection, row: Row[Any], blobs: Blobs) -> list[str]:
    """Say what of a run's content was dropped."""
    mine = select(dropped).where(dropped.c.digest.in_(_content(row)))
    gone = [one for one in connection.execute(mine) if blobs.size(one.digest) is None]
    if not gone:
        return []
    at = max(one.at for one in gone)
    return [f"of its outputs and documents {len(gone)} were dropped by gc, the last on {at[:10]}"]


def _told(found: _Found, quota_bytes: int, *, done: bool) -> Collection:
    return Collection(
        done=done,
        used_bytes=found.used,
        quota_bytes=quota_bytes,
        left_bytes=found.used - sum(one.size_bytes for one in found.dropped),
        dropped=tuple(found.dropped),
        protected=tuple(found.protected),
    )


def _found(connection: Connection, blobs: Blobs, folder: Path, quota_bytes: int) -> _Found:
    found = _Found()
    _find_blobs(connection, blobs, found)
    _find_journals(connection, folder, found)
    over = found.used - sum(one.size_bytes for one in found.dropped) - quota_bytes
    if over > 0:
        _find_contents(connection, found, over)
    return found


def _find_blobs(connection: Connection, blobs: Blobs, found: _Found) -> None:
    named = references.named(connection)
    marked = {one.digest: one.at for one in connection.execute(select(dropped))}
    now = time.time()
    left = 0
    for digest, path, status in blobs.files():
        found.used += status.st_size
        is_old = status.st_mtime < now - GRACE_S
        is_marked = digest in marked and status.st_mtime < _seconds(marked[digest])
        if is_old and (digest not in named or is_marked):
            found.waste[path] = status.st_size
            left += status.st_size
        elif digest:
            found.sizes[digest] = status.st_size
            if status.st_mtime >= now - SETTLED_S:
                found.young.add(digest)
    if found.waste:
        what = _counted(len(found.waste), "stored content")
        found.dropped.append(Dropped("waste", what, left, "nothing names them any more"))


def _find_journals(connection: Connection, folder: Path, found: _Found) -> None:
    marks = {row.writer: row for row in connection.execute(select(journals))}
    state = {row.id: row for row in connection.execute(select(sessions))}
    left = 0
    for path, size in _journals(folder):
        found.used += size
        mark, session = marks.get(path.stem), state.get(path.stem)
        is_over = session is None or (session.closed and not session.dirty)
        if mark is None or mark.problem is not None or not is_over:
            continue
        # A server's journal tells nothing of its end; that nobody holds it does.
        if not journal.is_held(path) and not journal.has_line(path, mark.offset):
            found.journals[path] = size
            left += size
    if found.journals:
        what = _counted(len(found.journals), "journal")
        why = "all that they say is in the store, and their writers have ended"
        found.dropped.append(Dropped("journal", what, left, why))


def _journals(folder: Path) -> Iterator[tuple[Path, int]]:
    for path in sorted(folder.glob(f"*{journal.SUFFIX}")):
        with suppress(FileNotFoundError):  # removed since it was listed
            yield path, path.stat().st_size


def _find_contents(connection: Connection, found: _Found, over: int) -> None:
    """Choose the runs, oldest first, whose content goes until the quota is kept."""
    rows = connection.execute(select(runs).order_by(runs.c.started, runs.c.id)).all()
    blob_of = {
        row.digest: row.blob
        for row in connection.execute(select(copies).where(copies.c.blob.is_not(None)))
    }
    needing = _needed(connection, rows) | found.young
    holders: dict[str, int] = {}
    contents: dict[str, dict[str, str | None]] = {}
    for row in rows:
        data = {blob_of[one]: one for one in references.in_texts([row.document]) & blob_of.keys()}
        contents[row.id] = {**dict.fromkeys(_content(row)), **data}
        for digest in contents[row.id]:
            holders[digest] = holders.get(digest, 0) + 1
    over -= _drop_outputs_of_no_run(found, needing | holders.keys())
    why_not = _protections(connection)
    for row in rows:
        mine = contents[row.id]
        if over <= 0:
            return
        alone = {
            one: found.sizes[one]
            for one in mine
            if holders[one] == 1 and one not in needing and one in found.sizes
        }
        why = why_not.get(row.id) or ("it is being recorded" if row.status == "running" else None)
        if why is not None:
            if alone:
                found.protected.append(Protected(row.id, sum(alone.values()), why))
            continue
        for one in mine:
            holders[one] -= 1
        if alone:
            found.contents.update({one: mine[one] for one in alone})
            what = "outputs, executed notebook and copies of data"
            size = sum(alone.values())
            found.dropped.append(
                Dropped("content", what, size, "the oldest, and nothing else needs it", row.id)
            )
            over -= size


def _drop_outputs_of_no_run(found: _Found, needing: AbstractSet[str]) -> int:
    gone = {one: size for one, size in found.sizes.items() if one not in needing}
    found.contents.update(dict.fromkeys(gone))
    if gone:
        what = f"{_counted(len(gone), 'output')} of cell executions that belong to no run"
        why = "no run shows them"
        found.dropped.append(Dropped("content", what, sum(gone.values()), why))
    return sum(gone.values())


def _needed(connection: Connection, rows: Iterable[Row[Any]]) -> set[str]:
    """Return content that no quota drops: documents that count cells, and of live kernels."""
    alive = select(sessions.c.id, sessions.c.kernel_id).where(~sessions.c.closed)
    ids = {one for row in connection.execute(alive) for one in row if one is not None}
    live = select(events.c.document).where(events.c.writer.in_(ids) | events.c.kernel_id.in_(ids))
    said = references.in_texts(connection.execute(live).scalars())
    asked = references.in_texts(connection.execute(select(batches.c.given)).scalars())
    return said | asked | {row.given for row in rows if row.given}


def _protections(connection: Connection) -> dict[str, str]:
    """Say which runs others depend on, or live kernels."""
    found = {}
    for parent in connection.execute(select(runs.c.parent).where(runs.c.parent.is_not(None))):
        found[parent[0]] = "a reproduction rests on it"
    for original in connection.execute(select(reproductions.c.run)):
        found[original[0]] = "a reproduction rests on it"
    live = select(runs.c.id).join(sessions, sessions.c.id == runs.c.session)
    for run in connection.execute(live.where(~sessions.c.closed)):
        found[run[0]] = "its kernel still runs"
    return found


def _content(row: Row[Any]) -> set[str]:
    """Return the digests of a run's outputs and of its executed notebook."""
    outputs = {
        output.digest
        for one in recorded_from(row.steps)
        for output in one.execution.outputs
        if output.digest is not None
    }
    return outputs | ({row.executed} if row.executed and row.executed != row.given else set())


def _mark(connection: Connection, contents: dict[str, str | None]) -> None:
    at = journal.now()
    for digest, file in contents.items():
        connection.execute(
            insert(dropped)
            .values(digest=digest, at=at)
            .on_conflict_do_update(index_elements=["digest"], set_={"at": at})
        )
        if file is not None:
            gone = update(copies).where(copies.c.digest == file)
            connection.execute(gone.values(blob=None, why=reason(at), at=at))
    if contents:
        writing.next_sequence(connection)


def _remove_waste(path: Path, blobs: Blobs, before: float) -> None:
    if path.name.endswith(ASIDE):
        # Whoever died while removing it has not looked whether it was wanted again.
        whole = path.with_name(path.name.removesuffix(ASIDE))
        with suppress(FileNotFoundError):  # another collection was faster
            path.unlink() if whole.exists() else path.rename(whole)
        return
    if path.name.startswith("."):
        path.unlink(missing_ok=True)
        return
    blobs.drop(f"sha256:{path.name}", before)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp()
