"""An execution's way into the store, which goes on where the store's disk fills meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from jupyter_mlops.errors import MlopsError, RefusedWriteError, StoreError
from jupyter_mlops.records import Batch, BatchOutcome, Run
from jupyter_mlops.store import Store, deaths, keeping, missed
from jupyter_mlops.store.substitute import Substitute

T = TypeVar("T")


class Recording:
    """Has the store remember a batch execution, or what stands in for it once it takes nothing.

    What the store missed it is told at the end, or at a later refresh of this process; until
    then its run reads as lost. Where nothing can stand in for it either, the result is what is
    known without. Each act may be done twice, on two stores or on one.

    Parameters
    ----------
    store
        Where it is to be recorded.
    batch
        What is executed.

    Attributes
    ----------
    store
        The one that knows most: where what was recorded so far can be read.
    lost
        Why the store lacks something of it, if it does.
    """

    def __init__(self, store: Store, batch: Batch) -> None:
        self.store = store
        self.lost: MlopsError | None = None
        self._own = store
        self._batch = batch
        self._standing_in: Substitute | None = None
        self._missed: deque[missed.Act] = deque()

    def begin(self) -> None:
        """Remember the execution before it starts."""
        batch = self._batch
        self.do(lambda store: store.begin_batch(batch))

    def finish(self, outcome: BatchOutcome) -> Run:
        """Remember how it ended, and return its record."""
        run = self._batch.run
        found = self.do(lambda store: store.finish_batch(run, outcome))
        if found is not None:
            return found
        secrets = self._own._secrets
        return keeping.unkept(secrets.batch(self._batch), secrets.outcome(outcome), str(self.lost))

    def do(self, act: Callable[[Store], T]) -> T | None:
        """Do `act` on the store, or on what stands in for it; ``None`` if neither takes it.

        Raises
        ------
        MlopsError
            Whatever it raises that does not mean that the store can't be written.
        """
        if self.lost is None:
            try:
                return act(self.store)
            except RefusedWriteError as why:
                self.lost = why
                self._stand_in(why)
        self._missed.append(act)
        if self._standing_in is None:
            return None
        try:
            return act(self._standing_in)
        except RefusedWriteError:  # there is no room for it either
            self._end_standing_in()
            return None

    def catch_up(self) -> None:
        """Tell the store what it missed; where it still takes nothing, ``lost`` stays."""
        if self.lost is not None:
            self.lost = missed.told(self._own, self._missed)
            if self.lost is None:
                self.store = self._own

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.catch_up()
        finally:
            deaths.leave(self._batch.run)
            missed.keep(self._own.path, self._missed)
            self._end_standing_in()

    def _stand_in(self, why: StoreError) -> None:
        try:
            self.store = self._standing_in = Substitute.taking_over(self._own, why)
        except StoreError:  # no place to work in, or nothing to copy: it goes on without
            self._standing_in = None

    def _end_standing_in(self) -> None:
        self.store = self._own
        if self._standing_in is not None:
            self._standing_in.close()
            self._standing_in = None
