"""The store's calls, made in threads: the server's event loop never waits for a disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from jupyter_mlops.errors import StoreError
from jupyter_mlops.settings import Settings

if TYPE_CHECKING:
    from jupyter_mlops.store import Store

T = TypeVar("T")

# One is busy for long while journals are taken in. More would not be faster: Python runs one
# at a time, and the event loop has to get its turn.
_THREADS = 3


class StoreCalls:
    """The store, opened at the first call, and the few threads that ask it.

    An opening that fails is tried again at the next call: a disk may be mounted again.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._store: Store | None = None
        self._closed = False
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
        from jupyter_mlops.store import Store

        with self._lock:
            if self._closed:
                raise _closed()
            if self._store is not None and not self._store.path.exists():
                # Its folder was removed. What SQLite still holds open nobody else will see; the
                # kernels put their journals back, and it is made from these again.
                self._store.close()
                self._store = None
            if self._store is None:
                try:
                    self._store = Store.open(self.settings)
                except OSError as error:
                    message = f"can't use {self.settings.home}: {error.strerror or error}"
                    raise StoreError(message=message) from error
            return self._store

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
