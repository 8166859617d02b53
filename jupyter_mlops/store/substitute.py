"""What stands in for a store that can't be written: all that it holds, and nothing for good.

The database is copied into a temporary folder and worked with there; content and journals are
read where they lie. Whatever is added goes with the folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from jupyter_mlops import journal, temporary
from jupyter_mlops.errors import MissingBlobError, StoreError
from jupyter_mlops.records import Collection, Folder, Forgetting, KeepData
from jupyter_mlops.redaction.keys import FILE as KEY
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Refreshed, Store, collection, derivation, ingest
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.database import Database, file_of

# Somebody else may be writing while the files are copied.
_ATTEMPTS = 5


class Substitute(Store):
    """A store that reads another one's home, and writes elsewhere.

    What changes the record for good is refused with :attr:`unwritable`.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        blobs: Blobs,
        original: Settings,
        folder: temporary.Folder,
    ) -> None:
        super().__init__(settings, database, blobs)
        self._folder = folder
        self._original = original
        self._quota = collection.Quota(blobs, original.journals, original.quota_bytes)

    @classmethod
    def of(cls, settings: Settings, why: StoreError) -> Substitute:
        """Make what stands in for the store of `settings`.

        Raises
        ------
        StoreError
            `why` itself, if there is no place to work in either.
        """
        try:
            folder = temporary.Folder("unwritable")
        except OSError:
            raise why from None
        home = folder.path
        try:
            _copy(file_of(settings.store_url), home / "store.db")
            with suppress(FileNotFoundError):  # nothing was ever redacted there
                shutil.copyfile(settings.home / KEY, home / KEY)
            own = replace(settings, home=home, store_url=f"sqlite:///{home / 'store.db'}")
            blobs = _Over(own.blobs, settings.blobs)
            database = Database(own.store_url)
            derivation.try_again(database)
        except OSError as error:
            folder.remove()
            raise why from error
        except BaseException:  # the folder goes; the error goes on
            folder.remove()
            raise
        made = cls(own, database, blobs, settings, folder)
        made.unwritable = why
        return made

    @classmethod
    def taking_over(cls, store: Store, why: StoreError) -> Substitute:
        """Make what stands in for `store`, of which something is under way; raises as `of` does."""
        made = cls.of(store._settings, why)
        made._journals = store._journals
        made._secrets = store._secrets  # with the values that it was told of
        return made

    @property
    def home(self) -> Path:
        """The folder that kernels are to record into meanwhile."""
        return self._settings.home

    def close(self) -> None:
        """Close it, and remove all that was added."""
        super().close()
        self._folder.remove()

    def refresh(self) -> Refreshed:
        """Take in what the journals of either home say that is new."""
        with self._refreshing:
            ingest.ingest(self._database, self._blobs, self._original.journals)
        return super().refresh()

    def unsynced(self) -> int:
        """Count the journals that the store itself has not taken in."""
        return ingest.unsynced(self._database, self._original.journals)

    def growth(self) -> frozenset[tuple[str, int, bool]]:
        """Return something else whenever a journal of the home has news."""
        return ingest.growth(self._database, self._original.journals)

    def keep_data(
        self, path: str, answer: KeepData | None = None, limit_bytes: int | None = None
    ) -> Folder:
        """Tell what a folder's answer is; a new one is refused."""
        if answer is not None or limit_bytes is not None:
            raise self._refusal
        return replace(super().keep_data(path), answerable=False)

    def forgetting(self, refs: Sequence[str], *, with_dependents: bool = False) -> Forgetting:
        """Tell what would go, were it not for the disk."""
        found = super().forgetting(refs, with_dependents=with_dependents)
        return replace(found, obstacle=str(self._refusal), kernel=None)

    def forget(self, refs: Sequence[str], *, with_dependents: bool = False) -> Forgetting:
        """Refuse: nothing can be removed from what can't be written."""
        raise self._refusal

    def gc(self, *, dry_run: bool, quota_bytes: int | None = None) -> Collection:
        """Tell what could go; nothing can be removed from what can't be written."""
        if not dry_run:
            raise self._refusal
        self.refresh()
        quota = self._original.quota_bytes if quota_bytes is None else quota_bytes
        with self._refreshing:
            found = collection.preview(self._database, self._blobs, self._original.journals, quota)
        return replace(
            found, notices=("nothing can be dropped as long as the store can't be written",)
        )

    def problems(self) -> tuple[str, ...]:
        """Say first why this is a substitute, then what else is wrong."""
        return (f"{self.unwritable}; what was recorded before is shown", *super().problems())

    @property
    def is_needed(self) -> bool:
        """Whether the home still takes nothing."""
        return any(
            journal.obstacle(folder) is not None
            for folder in (self._original.home, file_of(self._original.store_url).parent)
        )

    @property
    def _refusal(self) -> StoreError:
        return self.unwritable or StoreError(message="the store can't be written")


class _Over(Blobs):
    """Blobs that are read where they lie, and written elsewhere."""

    def __init__(self, location: Path, beneath: Path) -> None:
        super().__init__(location)
        self._beneath = Blobs(beneath) if beneath.is_dir() else None

    def get(self, digest: str) -> bytes:
        try:
            return super().get(digest)
        except MissingBlobError:
            if self._beneath is None:
                raise
            return self._beneath.get(digest)

    def pieces(self, digest: str, size: int = 1 << 20) -> Iterator[bytes]:
        if self._beneath is None or super().size(digest) is not None:
            return super().pieces(digest, size)
        return self._beneath.pieces(digest, size)

    def files(self) -> Iterator[tuple[str, Path, os.stat_result]]:
        # Of what the home holds, and not of what goes again anyway.
        return iter(()) if self._beneath is None else self._beneath.files()

    def size(self, digest: str) -> int | None:
        found = super().size(digest)
        return self._beneath.size(digest) if found is None and self._beneath is not None else found


def _copy(source: Path, target: Path) -> None:
    """Copy a database that may be written meanwhile, or that does not exist."""
    files = {source: target, Path(f"{source}-wal"): Path(f"{target}-wal")}
    for _ in range(_ATTEMPTS):
        before = [_state(path) for path in files]
        for path, copy in files.items():
            copy.unlink(missing_ok=True)
            with suppress(FileNotFoundError):  # there may be no log, or no database yet
                shutil.copyfile(path, copy)
                copy.chmod(0o600)
        if before == [_state(path) for path in files]:
            return
    raise OSError(f"{source} is written all the time")


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:  # there may be no log
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
