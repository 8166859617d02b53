"""The store that a verb works on: the one that it was given, or that of the settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_mlops import settings

if TYPE_CHECKING:
    from jupyter_mlops.records import Progress, Run
    from jupyter_mlops.results import ShownRun
    from jupyter_mlops.settings import Settings
    from jupyter_mlops.store import Store

PathLike = str | os.PathLike[str]
OnProgress = Callable[["Progress"], None]


def open_store(of: Settings | None = None) -> Store:
    """Open the store of these settings, or of the environment's, for several verbs on it.

    Raises
    ------
    StoreError
        If it can't be used.
    """
    from jupyter_mlops.store import Store

    return Store.open(of or settings.read())


@contextmanager
def opened(store: Store | None) -> Iterator[Store]:
    """Give `store`, or else that of the environment's settings, closed at the end."""
    if store is not None:
        yield store
        return
    with open_store() as own:
        yield own


def shown_run(record: Run) -> ShownRun:
    """Return a record that shows itself."""
    from jupyter_mlops.results import ShownRun, shown

    return shown(record, ShownRun)
