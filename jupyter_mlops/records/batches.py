"""A batch execution: what is about to start, how far it is, how it ended; and a run's steps."""

from __future__ import annotations

from typing import Any, Literal

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records.runs import CellError, CellStatus, Parameter, Process, Trigger


@dataclass(frozen=True)
class Batch:
    """A batch execution that is about to start; it becomes the run `run`.

    ``notebook`` is the absolute path of the file, ``given`` the notebook document as it was
    given to the run (positions count in it), ``process`` whoever watches over it. ``steps``
    are the cells of a session's executions that are replayed one by one, in order; ``None``
    where the whole notebook is executed. ``shown`` are cells and names of the parameters that
    the record of such a replay shows even if no result came from them. ``off`` is the switch by
    which capture is off, so that nothing but outputs is kept, and the ``values`` that it was given.
    """

    run: str
    notebook: str | None
    given: bytes
    trigger: Trigger
    user: str
    started: str
    process: Process
    parent: str | None = None
    sweep: str | None = None
    steps: tuple[int | None, ...] | None = None
    shown: tuple[tuple[int | None, str], ...] = ()
    off: str | None = None
    values: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class BatchCell:
    """What became of one code cell of a batch execution, read off the executed notebook.

    ``cell`` is the position in the notebook as given, ``msg_id`` joins it with the kernel's
    own record, ``outputs`` are notebook-format objects.
    """

    cell: int | None
    id: str | None
    source: str
    status: CellStatus
    msg_id: str | None = None
    execution_count: int | None = None
    duration_s: float | None = None
    outputs: tuple[dict[str, Any], ...] = ()
    error: CellError | None = None
    injected: bool = False


# Why an execution ended that somebody had asked for and did not want any more.
CANCELLED = "it was cancelled"
# What a notice begins with where a kernel could not write down all that it saw.
CUT_SHORT = "what its cells used and produced is not recorded to the end"
# What it begins with where the store did not take how a run ended.
END_NOT_KEPT = "the end of this run is not kept"


@dataclass(frozen=True)
class BatchOutcome:
    """How a batch execution ended; ``reason`` says in words why it did not complete."""

    status: Literal["completed", "failed", "interrupted"]
    reason: str | None
    executed: bytes | None
    cells: tuple[BatchCell, ...]
    duration_s: float


@dataclass(frozen=True)
class Step:
    """One recorded execution of a run's lineage, in the order in which it happened.

    ``states`` and ``entropy`` are as in :class:`CellExecution`.
    """

    execution: int
    cell: int | None
    id: str | None
    source: str
    status: CellStatus
    execution_count: int | None
    injected: bool = False
    outputs: tuple[dict[str, Any], ...] = ()
    states: dict[str, str] | None = None
    entropy: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far a batch execution is: ``done`` of ``total`` code cells, now in ``cell``."""

    done: int
    total: int
    cell: int | None = None
