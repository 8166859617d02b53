"""The store's calls, made in threads: the server's event loop never waits for a disk."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from jupyter_mlops.errors import StoreError, UnwritableStoreError
from jupyter_mlops.settings import Settings

if TYPE_CHECKING:
    from jupyter_mlops.store import Store
    from jupyter_mlops.store.substitute import Substitute

T = TypeVar("T")

# One is busy for long while journals are taken in. More would not be faster: Python runs one
# at a time, and the event loop has to get its turn.
_THREADS = 3
# How often it is looked whether a store that could not be written takes something again.
_TRY_AGAIN_S = 5.0


class StoreCalls:
    """The store, opened at the first call, and the few threads that ask it.

    An opening that fails is tried again at the next call: a disk may be mounted again. Where
    the store can't be written, what it holds is shown until it can.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._closed = False
        self._tried = 0.0
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="mlops-store")

    async def __call__(self, work: Callable[[Store], T]) -> T:
        """Return what `work` makes of the store.

        Raises
        ------
        StoreError
            If the store can't be opened, or the server ends.
        """
        loop = asyncio.get_running_loop()
        try:
            asked = loop.run_in_executor(self._pool, lambda: work(self.opened()))
        except RuntimeError as error:  # the pool takes nothing more
            raise _closed() from error
        return await asked

    def opened(self) -> Store:
        """Return the open store; for threads, never for the event loop."""
        # Imported here, in a thread: SQLAlchemy would hold up the start of the server.
        from jupyter_mlops.store.substitute import Substitute

        with self._lock:
            if self._closed:
                raise _closed()
            if self._store is not None and not self._store.path.exists():
                # Its folder was removed. What SQLite still holds open nobody else will see; the
                # kernels put their journals back, and it is made from these again.
                self._store.close()
                self._store = None
            if isinstance(self._store, Substitute) and self._may_be_needless(self._store):
                self._store.close()
                self._store = None
            if self._store is None:
                self._store = self._open()
            return self._store

    def _may_be_needless(self, store: Substitute) -> bool:
        """Look, now and then, whether the store itself can be written again."""
        if time.monotonic() - self._tried < _TRY_AGAIN_S:
            return False
        self._tried = time.monotonic()
        return not store.is_needed

    def _open(self) -> Store:
        from jupyter_mlops.store import Store
        from jupyter_mlops.store.substitute import Substitute

        try:
            return Store.open(self.settings)
        except UnwritableStoreError as error:
            self._tried = time.monotonic()
            return Substitute.of(self.settings, error)
        except OSError as error:
            message = f"can't use {self.settings.home}: {error.strerror or error}"
            raise StoreError(message=message) from error

    async def close(self) -> None:
        """Wait for the calls that run, drop those that wait, and close the store for good."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        await asyncio.get_running_loop().run_in_executor(None, self._close)

    def _close(self) -> None:
        self._pool.shutdown(wait=True)
        with self._lock:
            self._closed = True
            if self._store is not None:
                self._store.close()
                self._store = None


def _closed() -> StoreError:
    return StoreError(message="the server ends, and its store is closed")
