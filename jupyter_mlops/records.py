"""The domain, as frozen dataclasses: what a run is made of.

The words are the product's words, and the field names are the keys of the JSON
document that ``jupyter mlops show RUN --json`` prints. Nothing is declared twice:
outside the kernel :mod:`jupyter_mlops.schema` decodes, validates and derives the
JSON Schema, and from it the front end's ``schema.ts``, from these classes. This
module is imported inside kernels and therefore needs the standard library alone.

A *digest* is a string ``algorithm:hex``, whole, never cut. Times are RFC 3339
strings in UTC, durations are seconds, sizes are bytes, and ``cell`` is a position
in the notebook from 0, markdown cells counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 1

RunStatus = Literal["running", "completed", "failed", "interrupted", "lost"]
Trigger = Literal["interactive", "run", "reproduce", "sweep"]
CellStatus = Literal["ok", "error", "interrupted", "not run", "running"]
ParameterSource = Literal["literal", "tagged", "injected", "model", "declared"]
MetricSource = Literal["logged", "call", "variable", "history", "output"]
DataKind = Literal["file", "frame", "array", "database", "url"]
Access = Literal["read", "write", "made", "import"]
RunVerdict = Literal["identical", "within tolerance", "differs", "could not run"]
OutputVerdict = Literal["identical", "within tolerance", "differs", "missing", "extra", "unverifiable"]
OutputKind = Literal["text", "number", "table", "image", "html", "figure", "error"]
RandomnessUse = Literal["restored", "fresh", "none used"]
CauseKind = Literal[
    "code",
    "parameter",
    "data",
    "environment",
    "seed",
    "order",
    "hidden state",
    "hardware",
    "unknown",
]

# JSON has no word for these three floats; a record spells them as strings, so that
# a loss that became NaN is shown as one and every document stays valid JSON.
NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


@dataclass(frozen=True)
class Process:
    """Which process writes a journal, told well enough to know later whether it lives.

    ``started_ticks`` (the kernel's clock ticks since boot, from ``/proc``) and ``boot_id``
    tell a reused process id from the same process; both are ``None`` off Linux.
    """

    pid: int
    host: str
    started_ticks: int | None
    boot_id: str | None


@dataclass(frozen=True)
class Parameter:
    """A named, typed input of a run.

    ``value`` is JSON; a redacted one is ``{"redacted": "hmac-sha256:…"}``.
    ``type`` is the Python type's name.
    """

    name: str
    value: Any
    type: str
    cell: int | None
    source: ParameterSource
    inherited: bool = False


@dataclass(frozen=True)
class Metric:
    """A named number that a run produced; ``value`` is a string only if not finite."""

    name: str
    value: float | int | str
    step: int | None
    cell: int | None
    source: MetricSource
    inherited: bool = False


@dataclass(frozen=True)
class Column:
    """One column of a frame with the digest of all its values."""

    name: str
    dtype: str
    digest: str


@dataclass(frozen=True)
class Fingerprint:
    """Digest over the whole content of a value or a file.

    A partial one has ``complete=False`` and never compares equal to anything.
    ``shape`` is ``(rows, columns)`` of a frame or an array's own shape.
    """

    digest: str
    complete: bool = True
    size_bytes: int | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True)
class DataUse:
    """A file, frame, array, database or URL that a cell read, wrote, made or imported.

    ``digest`` is ``None`` where the content could not be fingerprinted; the run's
    ``unseen`` then says why. A file with access ``import`` is a module of the user's own.
    """

    kind: DataKind
    name: str | None
    path: str | None
    access: Access
    cell: int | None
    digest: str | None
    complete: bool = True
    size_bytes: int | None = None
    rows: int | None = None
    columns: tuple[Column, ...] = ()
    inherited: bool = False


@dataclass(frozen=True)
class ModelFit:
    """A model that a cell fitted; ``class_`` is spelled ``class`` in JSON."""

    class_: str
    name: str
    cell: int | None
    parameters: dict[str, Any]
    digest: str | None
    inherited: bool = False


@dataclass(frozen=True)
class Environment:
    """Python, platform and every installed distribution with its version."""

    python: str
    platform: str
    packages: dict[str, str]
    digest: str


@dataclass(frozen=True)
class RandomUse:
    """A cell that moved a global random generator: digests of its state around the cell.

    ``seeded`` tells whether the cell itself seeded the generator before using it.
    """

    cell: int | None
    generator: str
    seeded: bool
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Output:
    """One output as the notebook format has it; its content is the blob ``digest``."""

    type: str
    mime: str | None
    digest: str | None
    size_bytes: int


@dataclass(frozen=True)
class CellError:
    """An exception that ended a cell; ``traceback`` is plain text without colour codes."""

    type: str
    message: str
    traceback: str = ""


@dataclass(frozen=True)
class CellExecution:
    """One execution of one cell, as a run's document lists it."""

    cell: int | None
    id: str | None
    execution_count: int | None
    status: CellStatus
    started: str | None
    duration_s: float | None
    source_digest: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    error: CellError | None = None
    injected: bool = False
    overlapping: bool = False


@dataclass(frozen=True)
class CellDetail:
    """A cell execution with its source and its outputs' content (notebook-format objects)."""

    execution: CellExecution
    source: str
    outputs: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class Unseen:
    """Something that capture could not see in a cell, and why."""

    cell: int | None
    what: str
    why: str


@dataclass(frozen=True)
class Artifact:
    """A stored blob of a run, addressed by its digest."""

    digest: str
    name: str
    mime: str
    size_bytes: int
    cell: int | None = None


@dataclass(frozen=True)
class Run:
    """A set of results with one common lineage: the whole record."""

    id: str
    session: str
    notebook: str | None
    notebook_digest: str | None
    status: RunStatus
    trigger: Trigger
    user: str
    started: str
    duration_s: float | None
    parent: str | None = None
    sweep: str | None = None
    parameters: tuple[Parameter, ...] = ()
    metrics: tuple[Metric, ...] = ()
    data: tuple[DataUse, ...] = ()
    models: tuple[ModelFit, ...] = ()
    environment: Environment | None = None
    randomness: tuple[RandomUse, ...] = ()
    cells: tuple[CellExecution, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    notices: tuple[str, ...] = ()
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Batch:
    """A batch execution that is about to start; it becomes the run `run`.

    ``notebook`` is the absolute path of the file, ``given`` the notebook document as it was
    given to the run (positions count in it), ``process`` whoever watches over it.
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
    """One recorded execution of a run's lineage, in the order in which it happened."""

    execution: int
    cell: int | None
    id: str | None
    source: str
    status: CellStatus
    execution_count: int | None
    injected: bool = False
    outputs: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class RunSummary:
    """A run as one row; a name used in several cells is ``name@cell`` for all but the last."""

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


@dataclass(frozen=True)
class Draft:
    """A change in an open interactive session that has produced no result yet."""

    session: str
    notebook: str | None
    parameters: dict[str, Any] = field(default_factory=dict)
    cells: tuple[CellExecution, ...] = ()


@dataclass(frozen=True)
class RunPage:
    """What ``runs --json`` prints; ``next`` is the token of the following page."""

    runs: tuple[RunSummary, ...]
    draft: Draft | None = None
    next: str | None = None
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Cause:
    """Why two runs differ."""

    kind: CauseKind
    what: str
    cell: int | None
    detail: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class OutputJudgement:
    """How one output of a reproduction compares with the recorded one.

    ``difference`` is the largest relative difference of numbers, or the share of
    pixels changed of an image; ``None`` where neither applies.
    """

    kind: OutputKind
    verdict: OutputVerdict
    difference: float | None = None
    masks: tuple[str, ...] = ()


@dataclass(frozen=True)
class CellJudgement:
    """The verdict of one cell, and of each of its outputs in order."""

    cell: int | None
    verdict: OutputVerdict
    outputs: tuple[OutputJudgement, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What ``reproduce RUN --json`` prints."""

    run: str
    reproduction: str | None
    verdict: RunVerdict
    randomness: RandomnessUse
    unseeded_cells: tuple[int, ...] = ()
    unverifiable: int = 0
    first_diverging_cell: int | None = None
    causes: tuple[Cause, ...] = ()
    cells: tuple[CellJudgement, ...] = ()
    sentence: str = ""
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Progress:
    """How far a batch execution is: ``done`` of ``total`` code cells, now in ``cell``."""

    done: int
    total: int
    cell: int | None = None


@dataclass(frozen=True)
class Reproduction:
    """A reproduction under way or ended; ``id`` is the id of the run it makes."""

    id: str
    run: str
    state: Literal["running", "done", "cancelled", "failed", "lost"]
    started: str
    user: str
    progress: Progress | None = None
    verdict: Verdict | None = None
    message: str | None = None
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class MetricCause:
    """A difference between runs that can have made a metric differ."""

    metric: str
    kind: CauseKind
    what: str
    cell: int | None
    detail: str


@dataclass(frozen=True)
class Difference:
    """One thing that differs between compared runs, with its value in each run, in order."""

    what: str
    cell: int | None
    values: tuple[Any, ...]
    detail: str = ""


@dataclass(frozen=True)
class Differences:
    """What differs between compared runs, by kind."""

    code: tuple[Difference, ...] = ()
    parameter: tuple[Difference, ...] = ()
    data: tuple[Difference, ...] = ()
    environment: tuple[Difference, ...] = ()
    output: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What ``compare RUN RUN… --json`` prints; a value is ``None`` where a run has none.

    ``unknown`` lists what could be compared neither as equal nor as different: digests that
    are partial, missing, or of different algorithms.
    """

    runs: tuple[str, ...]
    parameters: dict[str, tuple[Any, ...]]
    metrics: dict[str, tuple[float | int | str | None, ...]]
    differs: Differences
    unknown: tuple[Difference, ...] = ()
    causes: tuple[MetricCause, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class NotebookParameter:
    """A parameter that a notebook offers; ``settable`` ones can be given with ``-p``."""

    name: str
    value: Any
    type: str
    cell: int
    source: ParameterSource
    settable: bool = True


@dataclass(frozen=True)
class Status:
    """What the server part says of itself.

    ``problems`` are sentences, each with its way out; ``unsynced`` counts the journals
    that hold lines the store has not taken in.
    """

    version: str
    capture: bool
    capture_reason: str
    home: str
    unsynced: int
    sequence: int
    problems: tuple[str, ...] = ()
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Check:
    """One thing that ``doctor`` looked at; a finding says in ``way_out`` what mends it.

    ``unseen`` is what can't be recorded or looked at and needs no mending.
    """

    area: Literal["capture", "kernels", "server", "front end", "store"]
    state: Literal["ok", "finding", "unseen"]
    what: str
    way_out: str | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What ``doctor --json`` prints."""

    version: str
    home: str
    checks: tuple[Check, ...]
    schema: int = SCHEMA_VERSION
