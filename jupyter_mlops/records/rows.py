"""Runs as lists show them: a row each, in pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any, get_args

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records.disorder import DisorderKind
from jupyter_mlops.records.runs import (
    SCHEMA_VERSION,
    CellExecution,
    Executing,
    Run,
    RunError,
    RunStatus,
    RunVerdict,
    Trigger,
)


@dataclass(frozen=True)
class RunSummary:
    """A run as one row; a name used in several cells is ``name@cell`` for all but the last.

    ``verdict`` is that on a reproduction, which ``parent`` names the original of.
    ``disorder`` counts the cells that are not in order, by what they are instead.
    ``inferred`` names those of ``metrics`` that were only printed beside a name: they can be
    looked for, and have no column of their own.
    """

    id: str
    notebook: str | None
    status: RunStatus
    trigger: Trigger
    started: str
    duration_s: float | None
    parameters: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, float | int | str] = field(default_factory=dict)
    user: str = ""
    parent: str | None = None
    error: RunError | None = None
    executing: Executing | None = None
    verdict: RunVerdict | None = None
    cancelled: bool = False
    disorder: dict[DisorderKind, int] = field(default_factory=dict)
    inferred: tuple[str, ...] = ()

    @property
    def measured(self) -> dict[str, float | int | str]:
        """The metrics that are not inferred."""
        return {name: value for name, value in self.metrics.items() if name not in self.inferred}


def disorder_of(cells: Iterable[CellExecution]) -> dict[DisorderKind, int]:
    """Count the cells that are stale, out of order, of hidden state, or of unknown order."""
    kinds = [{found.kind for found in one.disorder} for one in cells]
    counts = {kind: sum(kind in each for each in kinds) for kind in get_args(DisorderKind)}
    return {kind: count for kind, count in counts.items() if count}


def state_of(run: Run | RunSummary) -> str:
    """Return a run's status in the word for people.

    An interactive run is *open* while no cell executes: it waits for people, it does not run.
    """
    if run.cancelled:
        return "cancelled"
    waits = run.trigger == "interactive" and run.executing is None
    return "open" if run.status == "running" and waits else run.status


@dataclass(frozen=True)
class Draft:
    """A change in an open interactive session that has produced no result yet.

    ``executing`` is under way, and rests on the change: it can no longer join the open run.
    """

    session: str
    notebook: str | None
    parameters: dict[str, Any] = field(default_factory=dict)
    cells: tuple[CellExecution, ...] = ()
    executing: Executing | None = None


@dataclass(frozen=True)
class RunPage:
    """What ``runs --json`` prints; ``next`` is the token of the following page."""

    runs: tuple[RunSummary, ...]
    draft: Draft | None = None
    next: str | None = None
    schema: int = SCHEMA_VERSION
