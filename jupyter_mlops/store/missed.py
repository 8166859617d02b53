"""What a store that took nothing was not told, kept by this process until it takes it.

A server whose disk was full for a while goes on, and so does what its store says of it. Each
act may be done twice, and one that follows another one is done after it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlops.errors import MlopsError, RefusedWriteError

if TYPE_CHECKING:
    from jupyter_mlops.store import Store

Act = Callable[["Store"], object]

# Each may hold an executed notebook. What is dropped stays lost.
_AT_MOST = 32

# By the database's file: who was not told may be closed, and another one opened, by then.
_missed: dict[Path, deque[Act]] = {}
_telling = threading.Lock()


def keep(path: Path, acts: Iterable[Act]) -> None:
    """Keep what the store of this file is to be told at one of its next refreshes."""
    acts = list(acts)
    if acts:
        _missed.setdefault(path, deque(maxlen=_AT_MOST)).extend(acts)


def tell(store: Store) -> None:
    """Tell a store what it missed, as far as it takes it."""
    acts = _missed.get(store.path)
    # One at a time; what it is told may refresh it once more.
    if not acts or not _telling.acquire(blocking=False):
        return
    try:
        told(store, acts)
    finally:
        _telling.release()


def told(store: Store, acts: deque[Act]) -> MlopsError | None:
    """Do the acts on the store, and leave those that it refuses; return why it lacks any."""
    why: MlopsError | None = None
    while acts:
        act = acts[0]
        try:
            act(store)
        except RefusedWriteError as error:
            return error
        except MlopsError as error:  # it was forgotten, or can't be shown: never will
            why = error
        if acts and acts[0] is act:  # unless more came meanwhile than are kept
            acts.popleft()
    return why
