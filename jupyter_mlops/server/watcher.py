"""From the journals' growth to rows, and from there to events, while the server runs."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_mlops.errors import MlopsError
from jupyter_mlops.server.store_calls import StoreCalls

if TYPE_CHECKING:
    from jupyter_mlops.store import Store

BUSY_INTERVAL_S = 1.0
IDLE_INTERVAL_S = 4.0
IDLE_AFTER_S = 120.0
# A kernel that was killed writes nothing: the store has to look whether its process lives.
FORCED_AFTER_S = 15.0
ERROR_INTERVAL_S = 30.0

Signature = frozenset[tuple[str, int, int]]


class Watcher:
    """Looks at the journals each second, and less often while nothing happens.

    Parameters
    ----------
    on_change
        Called on the event loop with the store's sequence and the ids of changed runs.
    on_problem
        Called on the event loop with the sequence when `problem` has changed.
    """

    def __init__(
        self,
        calls: StoreCalls,
        on_change: Callable[[int, tuple[str, ...]], None],
        on_problem: Callable[[int], None],
        log: logging.Logger,
    ) -> None:
        self.problem: str | None = None
        self.sequence = 0
        self._calls = calls
        self._on_change = on_change
        self._on_problem = on_problem
        self._log = log
        self._seen: Signature | None = None
        self._looked_at = self._changed_at = time.monotonic()
        self._known = False
        self._stopping = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        self._task = asyncio.create_task(self._watch())

    def look(self) -> None:
        """Look now instead of at the end of the interval."""
        self._wake.set()

    async def stop(self) -> None:
        """End, after the look that is under way."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def _watch(self) -> None:
        while not self._stopping:
            try:
                await self._look()
                self._say(None)
            except MlopsError as error:
                self._say(str(error))
            except Exception as error:  # noqa: BLE001 -- a lock, a full disk: the next look may do
                self._log.exception("mlops: the store could not be brought up to date")
                self._say(f"the store could not be brought up to date: {type(error).__name__}")
            with suppress(asyncio.TimeoutError):  # the usual end of waiting
                await asyncio.wait_for(self._wake.wait(), self._interval_s())
            self._wake.clear()

    async def _look(self) -> None:
        now = time.monotonic()
        seen, refreshed = await self._calls(self._refresh)
        if seen != self._seen:
            self._seen, self._changed_at = seen, now
        if refreshed is None:
            return
        self._looked_at = now
        sequence, ids = refreshed
        if self._known and sequence != self.sequence:
            self._on_change(sequence, ids)
        self.sequence, self._known = sequence, True

    def _refresh(self, store: Store) -> tuple[Signature, tuple[int, tuple[str, ...]] | None]:
        seen = signature(store)
        due = time.monotonic() - self._looked_at > FORCED_AFTER_S
        if seen == self._seen and not due:
            return seen, None
        store.refresh()
        # Read from the counter and not from the refresh: another process may have been first.
        sequence = store.sequence
        changed = store.changed_since(self.sequence) if sequence != self.sequence else ()
        return seen, (sequence, changed)

    def _interval_s(self) -> float:
        if self.problem is not None:
            return ERROR_INTERVAL_S
        idle = time.monotonic() - self._changed_at > IDLE_AFTER_S
        return IDLE_INTERVAL_S if idle else BUSY_INTERVAL_S

    def _say(self, problem: str | None) -> None:
        if problem != self.problem:
            self.problem = problem
            self._on_problem(self.sequence)


def signature(store: Store) -> Signature:
    """Return what is another one whenever something new is to be taken in or told."""
    found: set[tuple[str, int, int]] = set(store.growth())
    # SQLite writes to the second until it is done with it. The index beside it is readers' too.
    for path in (store.path, store.path.with_name(f"{store.path.name}-wal")):
        try:
            stat = path.stat()
        except FileNotFoundError:  # not there yet, or dropped
            continue
        found.add((str(path), stat.st_size, stat.st_mtime_ns))
    return frozenset(found)
