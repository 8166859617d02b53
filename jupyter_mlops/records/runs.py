"""What was captured: a run and everything it consists of."""

from __future__ import annotations

from typing import Any, Literal

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records.disorder import Disorder
from jupyter_mlops.records.surroundings import Surroundings

SCHEMA_VERSION = 1
RunStatus = Literal["running", "completed", "failed", "interrupted", "lost"]
Trigger = Literal["interactive", "run", "reproduce", "sweep"]
CellStatus = Literal["ok", "error", "interrupted", "not run", "running"]
ParameterSource = Literal["literal", "tagged", "injected", "model", "declared"]
MetricSource = Literal["logged", "call", "variable", "history", "output"]
DataKind = Literal["file", "frame", "array", "database", "url"]
RunVerdict = Literal["identical", "within tolerance", "differs", "could not run"]
Access = Literal["read", "write", "made", "import"]
ArtifactKind = Literal["notebook", "output", "data", "module"]
# A journal's numbers end where those of its readers do.
INTEGER_LIMIT = 2**63
# JSON has no word for these three floats; a record spells them as strings, so that
# a loss that became NaN is shown as one and every document stays valid JSON.
NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
# Of an exception's message, where it is told in a line.
_LINE_LIMIT = 200


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

    @property
    def is_inferred(self) -> bool:
        """Whether nothing but a printed text tells of it."""
        return self.source == "output"


@dataclass(frozen=True)
class Column:
    """One column of a frame with the digest of all its values.

    The digest does not depend on the name. With ``complete=False`` it compares as unknown.
    """

    name: str
    dtype: str
    digest: str
    complete: bool = True


@dataclass(frozen=True)
class Fingerprint:
    """Digest over the whole content of a value or a file.

    A partial one has ``complete=False`` and never compares equal to anything.
    ``shape`` is ``(rows, columns)`` of a frame or an array's own shape. ``columns`` are the
    first ones of a frame that has very many, or what a list, tuple or dictionary of data holds.
    ``form`` says what the value is, where that is no pandas or numpy object.
    """

    digest: str
    complete: bool = True
    size_bytes: int | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    columns: tuple[Column, ...] = ()
    form: str | None = None


@dataclass(frozen=True)
class DataUse:
    """A file, frame, array, database or URL that a cell read, wrote, made or imported.

    ``digest`` is ``None`` where the content could not be fingerprinted; the run's
    ``unseen`` then says why. A file with access ``import`` is a module of the user's own.
    ``digests`` are further ones of the same whole content, by other algorithms. Of a frame with
    very many columns only the first, or none, are listed: ``column_count`` then says how many
    there are. ``form`` says what a frame or array is that is no pandas or numpy object, and
    what a list, tuple or dictionary of them holds: its ``columns`` are then the parts of it.
    That an ``inferred`` one was this cell's nobody said: it was opened, or changed, by
    another program or outside Python while the cell ran. ``kept`` is the blob that has the text
    of a module of the user's own, redacted as a cell's source is; ``statement`` what was sent to
    a database, without the values that were bound to it.
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
    digests: tuple[str, ...] = ()
    column_count: int | None = None
    form: str | None = None
    inferred: bool = False
    kept: str | None = None
    statement: str | None = None

    @property
    def width(self) -> int:
        """How many columns a frame has."""
        return len(self.columns) if self.column_count is None else self.column_count

    def has_other_extent(self, other: DataUse) -> bool:
        """Tell whether two whole contents differ by the rows, or by the bytes of a file.

        That settles it where their digests are of different algorithms.
        """
        pairs = [(self.rows, other.rows)]
        if self.kind == other.kind == "file":
            pairs.append((self.size_bytes, other.size_bytes))
        return any(None not in pair and pair[0] != pair[1] for pair in pairs)


@dataclass(frozen=True)
class FittedOn:
    """Data that a model was fitted on, by its text in the call; the digest only if complete."""

    name: str
    kind: DataKind
    digest: str | None
    complete: bool = True
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True)
class ModelFit:
    """A model that a cell fitted; ``class_`` is spelled ``class`` in JSON.

    ``parameters`` are the arguments of its constructor, those of estimators inside it as
    ``outer__inner``; ``digest`` is that of its state when the cell ended.
    """

    class_: str
    name: str
    cell: int | None
    parameters: dict[str, Any]
    digest: str | None
    inherited: bool = False
    data: tuple[FittedOn, ...] = ()


@dataclass(frozen=True)
class Environment:
    """Python, platform and every installed distribution with its version."""

    python: str
    platform: str
    packages: dict[str, str]
    digest: str


@dataclass(frozen=True)
class RandomUse:
    """A cell that moved a random generator: digests of its state around the cell.

    ``seeded`` tells whether the cell seeded it before using it; one under a ``name`` of the
    notebook's own, whether it was made with a seed.
    """

    cell: int | None
    generator: str
    seeded: bool
    before: str | None
    after: str | None
    name: str | None = None

    def __str__(self) -> str:
        """Return the generator, named if it is."""
        return self.generator if self.name is None else f"{self.name} ({self.generator})"


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

    def __str__(self) -> str:
        """Return it in a line, as a traceback ends: its type, and what it says if it does."""
        line = self.message.strip().partition("\n")[0]
        line = line if len(line) <= _LINE_LIMIT else line[: _LINE_LIMIT - 1] + "…"
        return f"{self.type}: {line}" if line else self.type


@dataclass(frozen=True)
class CellExecution:
    """One execution of one cell, as a run's document lists it.

    ``console`` is that of a console on the notebook's kernel, or of a replay of one: it stands
    in no notebook. ``variables`` are those of the environment that mean a secret and that it read,
    as the kernel was started with them, with a digest each. ``states`` are those in which it found
    the generators that it moved (blobs), ``entropy`` what NumPy drew of the system's meanwhile,
    each as ``bits:hex``: with both it can be repeated with the same random numbers.
    ``disorder`` is empty where it is in order, or was executed again since; ``origins`` are the
    cells that gave it what it read.
    """

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
    console: bool = False
    variables: dict[str, str] | None = None
    states: dict[str, str] | None = None
    entropy: tuple[str, ...] = ()
    disorder: tuple[Disorder, ...] = ()
    origins: dict[str, int] | None = None


@dataclass(frozen=True)
class Executing:
    """A cell execution under way, of a run that its result may join or of the draft."""

    cell: int | None
    id: str | None
    started: str


@dataclass(frozen=True)
class RunError(CellError):
    """In which cell a run failed, and with what exception."""

    cell: int | None = None


@dataclass(frozen=True)
class CellDetail:
    """A cell execution with its source and its outputs' content (notebook-format objects)."""

    execution: CellExecution
    source: str
    outputs: tuple[dict[str, Any], ...] = ()


# What of a cell could not be seen, where its author left it out of the record.
WHOLE_CELL = "everything"
# The same where the kernel did not record, and its outputs were heard outside.
ALL_BUT_OUTPUTS = "everything but the outputs"
# Why the change of a name could not be seen: the cell tells when it was noticed.
CHANGED_OUTSIDE = "changed outside a cell"
CHANGED_BESIDE = "changed while the cell ran, and not by what its source shows"


@dataclass(frozen=True)
class Unseen:
    """Something that capture could not see in a cell, and why."""

    cell: int | None
    what: str
    why: str


@dataclass(frozen=True)
class Artifact:
    """A stored blob of a run, addressed by its digest; ``path`` is a data file's or module's."""

    digest: str
    name: str
    mime: str
    size_bytes: int
    cell: int | None = None
    kind: ArtifactKind = "output"
    path: str | None = None


@dataclass(frozen=True)
class Run:
    """A set of results with one common lineage: the whole record.

    ``started`` and ``duration_s`` of an interactive run are those of the cells executed for
    it; what it rests on may have been executed for an earlier one. ``error`` is the last
    failure that was not mended, ``verdict`` that on a reproduction, ``kept`` has the data files
    of which the store holds a copy. A run that people stopped is *interrupted*, and ``cancelled``.
    """

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
    executing: Executing | None = None
    error: RunError | None = None
    verdict: RunVerdict | None = None
    kept: tuple[Artifact, ...] = ()
    cancelled: bool = False
    surroundings: Surroundings | None = None
    schema: int = SCHEMA_VERSION
