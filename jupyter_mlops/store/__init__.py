"""The only door to what is kept: runs, reproductions and their content."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from sqlalchemy import Row, func, select

from jupyter_mlops import journal
from jupyter_mlops.errors import StoreError, UnwritableStoreError
from jupyter_mlops.events import WRITTEN_LATE
from jupyter_mlops.records import (
    Artifact,
    Batch,
    BatchOutcome,
    CellDetail,
    Collection,
    Folder,
    Forgetting,
    KeepData,
    Process,
    Reproduction,
    Run,
    RunPage,
    Step,
)
from jupyter_mlops.redaction import Redactor
from jupyter_mlops.settings import Settings, make_private
from jupyter_mlops.store import (
    collection,
    contents,
    copies,
    derivation,
    folders,
    forgetting,
    ingest,
    keeping,
    mentions,
    missed,
    queries,
    tables,
    writing,
)
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.database import Database
from jupyter_mlops.store.secrets import StoreSecrets

__all__ = ["Refreshed", "Store"]

# Faults of capture are told to people for as long as they are likely to act on them.
_RECENT_NOTICES = 20
_RECENT_DAYS = 7


@dataclass(frozen=True)
class Refreshed:
    """What a refresh found: the change counter, and the ids of runs that changed."""

    sequence: int
    runs: tuple[str, ...]


class Store:
    """Everything kept under one home. Use :meth:`open`; any thread may call anything.

    ``unwritable`` says why this one stands in for the store, and keeps nothing for good.
    """

    unwritable: StoreError | None = None

    def __init__(self, settings: Settings, database: Database, blobs: Blobs) -> None:
        self._settings = settings
        # Where kernels that run now write.
        self._journals = settings.journals
        self._database = database
        self._blobs = blobs
        self._secrets = StoreSecrets(settings.home)
        # Threads that refresh at once would read the same lines and throw most of it away.
        self._refreshing = threading.Lock()
        self._quota = collection.Quota(blobs, settings.journals, settings.quota_bytes)

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """Open the store, creating and migrating it as needed.

        Raises
        ------
        StoreError
            If it can't be used; `NewerStoreError`, `NetworkFileSystemError` say why.
        """
        try:
            make_private(settings.home)
            make_private(settings.journals)
            blobs = Blobs(settings.blobs)
        except OSError as error:
            raise UnwritableStoreError.of(error.filename or settings.home, error) from error
        database = Database(settings.store_url)
        blobs.why_gone = partial(collection.why_gone, database)
        derivation.try_again(database)
        return cls(settings, database, blobs)

    def close(self) -> None:
        """Close the database; a second call does nothing."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def refresh(self) -> Refreshed:
        """Take in what the journals say that is new, and bring the runs up to date."""
        missed.tell(self)
        with self._refreshing:
            ingest.ingest(self._database, self._blobs, self._settings.journals)
            changed = derivation.derive(self._database, self._blobs, self._secrets)
            copies.keep(self._database, self._blobs)
            mentions.note(self._database)
        return Refreshed(self.sequence, changed)

    @property
    def path(self) -> Path:
        """The database's file."""
        return self._database.path

    @property
    def sequence(self) -> int:
        """The number of the last change of any run, draft or reproduction."""
        with self._database.read() as connection:
            return writing.sequence(connection)

    def changed_since(self, sequence: int) -> tuple[str, ...]:
        """Return the ids of runs and reproductions that changed after `sequence`, in order."""
        found: list[tuple[int, str]] = []
        with self._database.read() as connection:
            for table in (tables.runs, tables.reproductions):
                query = select(table.c.sequence, table.c.id).where(table.c.sequence > sequence)
                found += [(row.sequence, row.id) for row in connection.execute(query)]
        return tuple(dict.fromkeys(identifier for _, identifier in sorted(found)))

    def runs(
        self,
        notebook: str | None = None,
        where: str | None = None,
        sort: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> RunPage:
        """Return one page of runs, newest first, and on the first page the draft.

        Parameters
        ----------
        notebook
            Absolute path of one notebook.
        where
            A filter, see :mod:`jupyter_mlops.store.expressions`.
        sort
            A key of the same language, ``-`` before it for descending; runs without the
            value come last.
        limit
            At most so many runs.
        after
            The page token of an earlier page with the same filter and order.

        Raises
        ------
        BadExpressionError
            If the filter or the key can't be read.
        BadValueError
            If the limit or the token is none.
        """
        with self._database.read() as connection:
            return queries.page(connection, notebook, where, sort, limit, after)

    def find(self, ref: str) -> str:
        """Return the id of the run that `ref` names: an id, a unique prefix, or ``@1``.

        Raises
        ------
        UnknownRunError, AmbiguousRunError
        """
        with self._database.read() as connection:
            return queries.find(connection, ref)

    def run(self, ref: str) -> Run:
        """Return the whole record of a run; raises as :meth:`find` does."""
        with self._database.read() as connection:
            row = queries.row_of(connection, ref)
            record = queries.record_of(connection, row)
            dropped = collection.notices(connection, row, self._blobs)
            return replace(record, notices=(*record.notices, *dropped))

    def cells(self, run: str, cell: int | None = None) -> tuple[CellDetail, ...]:
        """Return a run's cell executions with sources and outputs, or those of one cell.

        An output whose content is not kept is a ``display_data`` without data whose metadata
        has ``jupyter_mlops.missing``.
        """
        with self._row(run) as row:
            return contents.cells(row, self._blobs, cell)

    def steps(self, run: str) -> tuple[Step, ...]:
        """Return a run's lineage in the recorded order, for replaying and judging it."""
        with self._row(run) as row:
            return contents.steps(row, self._blobs)

    def is_replay(self, run: str) -> bool:
        """Tell whether a run replayed a session's executions one by one."""
        with self._database.read() as connection:
            return keeping.is_replay(connection, queries.find(connection, run))

    def folder(self, run: str) -> str | None:
        """Return the folder in which a run's kernel worked, if the kernel told it."""
        with self._database.read() as connection:
            record = queries.record_of(connection, queries.row_of(connection, run))
            return folders.of_kernel(connection, record.session)

    def artifacts(self, run: str) -> tuple[Artifact, ...]:
        """List what is stored of a run."""
        with self._database.read() as connection:
            return contents.artifacts(connection, queries.row_of(connection, run), self._blobs)

    def blob(self, digest: str) -> bytes:
        """Return stored content, verified against its digest.

        Raises
        ------
        MissingBlobError
        """
        return self._blobs.get(digest)

    def pieces(self, digest: str) -> Iterator[bytes]:
        """Return stored content of any size piece by piece; raises as :meth:`blob` does."""
        return self._blobs.pieces(digest)

    def keep_data(
        self, path: str, answer: KeepData | None = None, limit_bytes: int | None = None
    ) -> Folder:
        """Tell whether the data that a folder's runs read may be copied; remember an answer."""
        if answer is None and limit_bytes is None:
            with self._database.read() as connection:
                return folders.of(connection, path)
        with self._database.write() as connection:
            folders.answer(connection, path, answer, limit_bytes)
            return folders.of(connection, path)

    def forgetting(self, refs: Sequence[str], *, with_dependents: bool = False) -> Forgetting:
        """Tell what :meth:`forget` would take away, and change nothing."""
        return forgetting.preview(
            self._database, self._blobs, refs, with_dependents=with_dependents
        )

    def forget(self, refs: Sequence[str], *, with_dependents: bool = False) -> Forgetting:
        """Remove runs from rows, blobs, journals and free pages.

        Raises
        ------
        NotForgettableError
            If one of them is being recorded, or others depend on it and do not go too.
        UnknownRunError, AmbiguousRunError
        """
        self.refresh()
        with self._refreshing:
            return forgetting.forget(
                self._database,
                self._blobs,
                self._settings.journals,
                refs,
                with_dependents=with_dependents,
            )

    def put(self, content: bytes) -> str:
        """Keep content and return its digest."""
        return self._blobs.put(content)

    def given_notebook(self, run: str) -> bytes:
        """Return the document in which the run's positions count."""
        with self._row(run) as row:
            return contents.given_notebook(row, self._blobs)

    def executed_notebook(self, run: str) -> bytes:
        """Return the notebook with outputs: as executed, or put together from the record."""
        with self._row(run) as row:
            return contents.executed_notebook(row, self._blobs)

    def begin_batch(self, batch: Batch) -> None:
        """Remember a batch execution before it starts; its run is there from now on."""
        kept = self._secrets.batch(batch)
        given = self._blobs.put(kept.given)
        with self._database.write() as connection:
            keeping.begin(connection, kept, given)
        derivation.derive(self._database, self._blobs, self._secrets)

    def finish_batch(self, run: str, outcome: BatchOutcome) -> Run:
        """Remember how a batch execution ended, refresh, and return its record.

        Raises
        ------
        UnknownRunError
            If none with this id was begun.
        StoreError
            If it can't be shown.
        """
        error, where = journal.obstacle(self._journals), self._journals
        told = None if error is None else f"{where} can't be written ({error.strerror or error})"
        ended = keeping.ended(self._secrets.outcome(outcome), self._blobs.put, told)
        with self._database.write() as connection:
            keeping.finish(connection, run, ended)
        self.refresh()
        derivation.check_shown(self._database, run)
        return self.run(run)

    def save_reproduction(self, reproduction: Reproduction, process: Process) -> None:
        """Insert or update a reproduction that `process` carries out."""
        with self._database.write() as connection:
            keeping.save_reproduction(connection, self._secrets.record(reproduction), process)

    def reproduction(self, id: str) -> Reproduction:
        """Return a reproduction; a running one whose process is gone reads as lost.

        Raises
        ------
        UnknownRunError
        """
        with self._database.read() as connection:
            return keeping.reproduction(connection, id)

    def reproductions(self, run: str) -> tuple[Reproduction, ...]:
        """Return the reproductions of a run, newest first."""
        with self._database.read() as connection:
            return keeping.reproductions_of(connection, queries.find(connection, run))

    def learn_secrets(self, values: Iterable[str]) -> None:
        """Keep these values out of everything that this store writes from now on."""
        self._secrets.learn(values)

    @property
    def redactor(self) -> Redactor:
        """What tells the secrets of this store apart, and whether two are one."""
        return self._secrets.redactor()

    def unsynced(self) -> int:
        """Count the journals that hold lines the store has not taken in."""
        return ingest.unsynced(self._database, self._settings.journals)

    def growth(self) -> frozenset[tuple[str, int, bool]]:
        """Return something else whenever a journal has news; cheap enough for each second."""
        return ingest.growth(self._database, self._settings.journals)

    def problems(self) -> tuple[str, ...]:
        """Say what is wrong: unreadable journals, and faults of capture in recent sessions."""
        since = (datetime.now(timezone.utc) - timedelta(days=_RECENT_DAYS)).isoformat()
        notices = (
            select(tables.events.c.document)
            .where(tables.events.c.type == "notice", tables.events.c.at > since)
            # Those tell of no loss, and need nobody.
            .where(func.json_extract(tables.events.c.document, "$.what") != WRITTEN_LATE)
            .order_by(tables.events.c.at.desc())
            .limit(_RECENT_NOTICES)
        )
        with self._database.read() as connection:
            said = [json.loads(one) for one in connection.execute(notices).scalars()]
        told = [f"{one['what']}: {one['why']}" for one in said]
        wrong = (*ingest.problems(self._database), *derivation.problems(self._database))
        return tuple(dict.fromkeys([*wrong, *told, *self._quota.problems()]))

    def gc(self, *, dry_run: bool, quota_bytes: int | None = None) -> Collection:
        """Drop waste, and the content of the oldest runs above the quota, or tell what it is."""
        self.refresh()
        act = collection.preview if dry_run else collection.collect
        quota = self._settings.quota_bytes if quota_bytes is None else quota_bytes
        with self._refreshing:
            return act(self._database, self._blobs, self._settings.journals, quota)

    def damage(self) -> tuple[str, ...]:
        """Look the whole database over and say what is damaged; as slow as reading it."""
        return self._database.damage()

    @contextmanager
    def _row(self, ref: str) -> Iterator[Row[Any]]:
        with self._database.read() as connection:
            yield queries.row_of(connection, ref)
