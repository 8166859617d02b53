"""The store that a verb works on: the one that it was given, or that of the settings."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_mlops import settings
from jupyter_mlops.errors import UnwritableStoreError, UnwritableWarning

if TYPE_CHECKING:
    from jupyter_mlops.records import Progress, Run
    from jupyter_mlops.results import ShownRun
    from jupyter_mlops.settings import Settings
    from jupyter_mlops.store import Store

PathLike = str | os.PathLike[str]
OnProgress = Callable[["Progress"], None]


@contextmanager
def open_store(of: Settings | None = None, *, lasting: bool = True) -> Iterator[Store]:
    """Open the store of these settings, or of the environment's, for several verbs on it.

    Parameters
    ----------
    of
        Default: what the environment says.
    lasting
        Without it a store that can't be written is no error: what it holds is read, notebooks
        are executed, and an ``UnwritableWarning`` says that nothing new is kept.

    Raises
    ------
    StoreError
        If it can't be used.
    """
    from jupyter_mlops.store import Store

    found = of or settings.read()
    if lasting:
        with Store.open(found) as store:
            yield store
        return
    with _whatever_takes_it(found) as store:
        yield store


@contextmanager
def opened(store: Store | None, *, lasting: bool = True) -> Iterator[Store]:
    """Give `store`, or else that of the environment's settings, closed at the end."""
    if store is not None:
        yield store
        return
    with open_store(lasting=lasting) as own:
        yield own


@contextmanager
def _whatever_takes_it(found: Settings) -> Iterator[Store]:
    from jupyter_mlops.journal import obstacle
    from jupyter_mlops.store import Store
    from jupyter_mlops.store.substitute import Substitute

    try:
        error = obstacle(found.home)
        if error is not None:
            raise UnwritableStoreError.of(found.home, error)
        store = Store.open(found)
    except UnwritableStoreError as why:
        store = Substitute.of(found, why)
    with store:
        if not isinstance(store, Substitute):
            yield store
            return
        warnings.warn(
            f"{store.unwritable}. What it holds is shown, and nothing new is kept there",
            UnwritableWarning,
            stacklevel=2,
        )
        # For the processes that execute a notebook, and the kernels in them.
        before = os.environ.get(settings.HOME_VARIABLE)
        os.environ[settings.HOME_VARIABLE] = str(store.home)
        try:
            yield store
        finally:
            if before is None:
                del os.environ[settings.HOME_VARIABLE]
            else:
                os.environ[settings.HOME_VARIABLE] = before


def shown_run(record: Run) -> ShownRun:
    """Return a record that shows itself."""
    from jupyter_mlops.results import ShownRun, shown

    return shown(record, ShownRun)
