"""An execution's way into the store, which goes on where the store's disk fills meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from jupyter_mlops.errors import StoreError
from jupyter_mlops.store import Store
from jupyter_mlops.store.substitute import Substitute

T = TypeVar("T")


class Recording:
    """Has the store remember what happens, or what stands in for it once it takes nothing.

    What the store missed it is told at the end, if it takes it by then. Each act may be done
    twice, on two stores or on one.

    Parameters
    ----------
    store
        Where it is to be recorded.

    Attributes
    ----------
    store
        The one that knows most: where what was recorded so far can be read.
    lost
        Why the store lacks something of it, if it does.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lost: StoreError | None = None
        self._own = store
        self._standing_in: Substitute | None = None
        self._missed: list[Callable[[Store], object]] = []

    def do(self, act: Callable[[Store], T]) -> T:
        """Do `act` on the store, or on what stands in for it.

        Raises
        ------
        StoreError
            If neither takes it.
        """
        if self.lost is None:
            try:
                return act(self.store)
            except StoreError as why:
                self.store = self._standing_in = Substitute.taking_over(self._own, why)
                self.lost = why
        done = act(self.store)
        self._missed.append(act)
        return done

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._standing_in is not None:
            self._standing_in.close()

    def catch_up(self) -> None:
        """Tell the store what it missed; where it still takes nothing, ``lost`` stays."""
        try:
            while self._missed:
                self._missed[0](self._own)
                del self._missed[0]
        except StoreError as why:
            self.lost = why
        else:
            self.store, self.lost = self._own, None
