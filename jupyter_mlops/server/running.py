"""The reproductions that this server runs, each in a thread, until they end or are cancelled."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jupyter_mlops import api
from jupyter_mlops.errors import BusyError, CancelledError, MlopsError
from jupyter_mlops.records import Progress, Reproduction
from jupyter_mlops.server.store_calls import StoreCalls

if TYPE_CHECKING:
    from jupyter_mlops.server.reproductions import Order

# Each holds a kernel with the run's data in its memory.
LIMIT = 4
_STOP_TIMEOUT_S = 10.0


@dataclass(eq=False)
class _Running:
    """One thread's reproduction; it has an id once it has really started."""

    started: asyncio.Future[Reproduction]
    cancel: threading.Event = field(default_factory=threading.Event)
    id: str | None = None
    progress: Progress | None = None


class RunningReproductions:
    """Starts, cancels and outlives no reproduction.

    Parameters
    ----------
    on_change
        Called on the event loop with a reproduction's id when it started, went on or ended.
    """

    def __init__(
        self, calls: StoreCalls, on_change: Callable[[str], None], log: logging.Logger
    ) -> None:
        self._calls = calls
        self._on_change = on_change
        self._log = log
        self._running: set[_Running] = set()
        self._tasks: set[asyncio.Future[None]] = set()
        self._pool = ThreadPoolExecutor(LIMIT, thread_name_prefix="mlops-reproduction")

    def __len__(self) -> int:
        return len(self._running)

    async def start(self, run: str, order: Order, user: str) -> Reproduction:
        """Start to reproduce `run` and return as soon as that is under way.

        Raises
        ------
        BusyError
            If the server runs as many as it may.
        MlopsError
            Whatever refuses the reproduction before it starts.
        """
        if len(self._running) >= LIMIT:
            raise BusyError(count=len(self._running), what="reproductions")
        loop = asyncio.get_running_loop()
        running = _Running(started=loop.create_future())
        self._running.add(running)
        task = loop.run_in_executor(self._pool, self._reproduce, loop, running, run, order, user)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._ended(running, done))
        return await asyncio.shield(running.started)

    def cancel(self, reproduction: str) -> bool:
        """Ask a reproduction to end; false if this server does not run it."""
        for running in self._running:
            if running.id == reproduction:
                running.cancel.set()
                return True
        return False

    def progress(self) -> dict[str, Progress]:
        """Return how far each has come, by id; the store is told less often than this server."""
        return {one.id: one.progress for one in self._running if one.id and one.progress}

    async def stop(self) -> None:
        """Cancel all and wait for them, but not for ever: a kernel's end has its own limit."""
        for running in self._running:
            running.cancel.set()
        self._pool.shutdown(wait=False, cancel_futures=True)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_STOP_TIMEOUT_S)

    def _reproduce(
        self,
        loop: asyncio.AbstractEventLoop,
        running: _Running,
        run: str,
        order: Order,
        user: str,
    ) -> None:
        def on_started(reproduction: Reproduction) -> None:
            loop.call_soon_threadsafe(self._begun, running, reproduction)

        def on_progress(progress: Progress) -> None:
            loop.call_soon_threadsafe(self._moved, running, progress)

        store = self._calls.opened()
        if store.unwritable is not None:
            # What stands in for the store may end at any time, and kernels know only the store.
            raise store.unwritable
        api.reproduce(
            run,
            current=order.current,
            parameters=order.parameters,
            in_place=order.in_place,
            fresh_randomness=order.fresh_randomness,
            tolerance=order.tolerance,
            user=user,
            secrets=order.secrets,
            on_started=on_started,
            on_progress=on_progress,
            cancel=running.cancel,
            store=store,
        )

    def _begun(self, running: _Running, reproduction: Reproduction) -> None:
        running.id = reproduction.id
        if not running.started.done():
            running.started.set_result(reproduction)
        self._on_change(reproduction.id)

    def _moved(self, running: _Running, progress: Progress) -> None:
        running.progress = progress
        if running.id is not None:
            self._on_change(running.id)

    def _ended(self, running: _Running, done: asyncio.Future[None]) -> None:
        self._running.discard(running)
        self._tasks.discard(done)
        error = CancelledError(what="the reproduction") if done.cancelled() else done.exception()
        if not running.started.done():
            # It never started: whoever asked for it gets the reason.
            running.started.set_exception(error or RuntimeError("it ended before it started"))
        elif error is not None and not isinstance(error, MlopsError):
            self._log.error("mlops: a reproduction failed", exc_info=error)
        if running.id is not None:
            self._on_change(running.id)
