"""Which failure of a run's cells still stands at its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from jupyter_mlops.records.runs import CellError, CellStatus, RunError


class Executed(Protocol):
    """What is known of one execution of a cell, whoever tells it."""

    @property
    def cell(self) -> int | None:
        """Its position."""

    @property
    def id(self) -> str | None:
        """The cell's own id."""

    @property
    def status(self) -> CellStatus:
        """How it ended."""

    @property
    def error(self) -> CellError | None:
        """The exception that ended it."""


def last_failure(executions: Iterable[Executed]) -> RunError | None:
    """Return the last failure that was not mended by executing its cell again."""
    newest: dict[object, Executed] = {}
    for index, one in enumerate(executions):
        if one.status != "not run":
            # Where neither is known, nothing tells that it is the same cell again.
            key = one.id or (index,) if one.cell is None else one.cell
            newest.pop(key, None)
            newest[key] = one
    for one in reversed(newest.values()):
        if one.error is not None:
            return RunError(**vars(one.error), cell=one.cell)
    return None
