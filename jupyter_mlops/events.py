"""What a kernel, an engine or the server may say in a journal: one tagged union.

Every line of a journal is one event as a JSON object. ``writer`` names the journal,
``seq`` counts its lines from 0 without gaps, and the pair is the event's identity, by
which the store takes each one in exactly once. ``at`` is the wall clock (RFC 3339, UTC)
and serves people only; order is ``seq``.

The union is closed and versioned: a reader that meets a greater ``v`` or an unknown
``type`` stops before that line and reports it instead of guessing; after an upgrade it
goes on from there.
"""

from __future__ import annotations

from typing import Any, Literal

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records import (
    CellError,
    CellStatus,
    DataUse,
    Environment,
    Metric,
    ModelFit,
    Parameter,
    Process,
    RandomUse,
    Surroundings,
    Trigger,
)

EVENT_VERSION = 1


@dataclass(frozen=True)
class SeenOutput:
    """An output in notebook format; ``content`` is ``None`` above the size that is kept.

    ``digest`` is the SHA-256 of the canonical JSON of the output (see
    :func:`jupyter_mlops.journal.canonical`), ``size_bytes`` the length of that JSON.
    """

    type: str
    mime: str | None
    digest: str
    size_bytes: int
    content: dict[str, Any] | None


@dataclass(frozen=True)
class NotSeen:
    """Something that could not be seen during one cell execution."""

    what: str
    why: str


@dataclass(frozen=True)
class Unread:
    """A large file whose content is left to whoever takes in the journal.

    It has the content that the execution left if its signature is still this one.
    """

    path: str
    signature: tuple[int, ...]


@dataclass(frozen=True)
class SessionStarted:
    """A kernel began to record. First line of a kernel's journal.

    ``listens`` tells that the process that started the kernel takes the outputs itself
    (a server on IOPub, or our engine from the executed notebook).
    """

    writer: str
    seq: int
    at: str
    process: Process
    kernel_id: str | None
    notebook: str | None
    notebook_source: Literal["told", "inferred"] | None
    trigger: Trigger
    run: str | None
    user: str
    cwd: str
    environment: Environment
    listens: bool
    type: Literal["session_started"] = "session_started"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class CellStarted:
    """A cell is about to execute; ``execution`` counts the session's executions from 0.

    ``variables`` are those of the environment that mean a secret and that the source names, each
    with the digest of its value, if they are as the kernel was started with them.
    ``changed_before`` are names that were bound anew or deleted since the last cell ended, by
    what is no cell: a widget's callback, a thread, a silent execution. ``client`` is the session
    id of the client that asked; ``by_notebook`` that it asked as only a notebook does,
    ``deleted`` the ids of the cells that were deleted from it since it asked the last time.
    """

    writer: str
    seq: int
    at: str
    execution: int
    msg_id: str | None
    cell_id: str | None
    source: str
    execution_count: int | None
    overlapping: bool = False
    skipped: bool = False
    changed_before: tuple[str, ...] = ()
    client: str | None = None
    by_notebook: bool = False
    deleted: tuple[str, ...] = ()
    variables: dict[str, str] | None = None
    type: Literal["cell_started"] = "cell_started"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class Sight:
    """What the kernel saw of the names that a cell mentions, where it did not read the source.

    Reading a source takes longer than all else that is done for a cell, and whoever reads the
    journal can do it as well (:func:`jupyter_mlops.dataflow.account`).

    Attributes
    ----------
    had
        Names in the source, whatever they stand for there, that were bound before.
    kept
        Those of them that hold the same object afterwards.
    there
        Names in the source, or in ``changed``, that are bound afterwards, without a value below.
    values
        Those that are bound to a number, a truth value or nothing, or to a text that stands in
        the source as it is.
    types
        The type's name of such a value where JSON does not tell it.
    mutable
        Names whose object can be changed in place by whoever is given it.
    inert
        Names whose object only a store into it can change: modules, functions, classes.
    aliases
        Further names of the objects in ``mutable``.
    changed
        Names that were bound anew or deleted meanwhile, in the source or not.
    numbers
        Entries of dictionaries of numbers that were bound, by the dictionary's name.
    parameters
        Whether the kernel looked for the parameters itself.
    nested
        Whether the cell executed another one inside itself.
    beside
        Whether another cell ran beside it, whose changes ``changed`` then holds as well.
    loaded
        Whether modules were loaded meanwhile, some of which draw a random number for that.
    """

    had: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    there: tuple[str, ...] = ()
    values: dict[str, float | int | bool | str | None] | None = None
    types: dict[str, str] | None = None
    numbers: dict[str, dict[str, float | int]] | None = None
    mutable: tuple[str, ...] = ()
    inert: tuple[str, ...] = ()
    aliases: dict[str, tuple[str, ...]] | None = None
    changed: tuple[str, ...] = ()
    parameters: bool = False
    nested: bool = False
    beside: bool = False
    loaded: bool = False


@dataclass(frozen=True)
class CellFinished:
    """What an execution used and produced.

    With a ``sight``, what depends on the source still has to be worked out from it.

    ``reads`` and ``writes`` are names at the notebook's top level, resolved as far as the
    kernel could (a mutated object counts as written). ``opaque`` is true where the
    dataflow is not known (``exec``, star imports, threads): it then depends on everything
    before it. ``functions`` maps each function or class that the cell defined to the
    global names its body reads, since those are read whenever it is called.
    ``minor`` names metrics that are recorded but open no run of their own (integer
    counts); ``volatile`` those whose value is a clock's.
    ``readings`` are what calls in the notebook's code measured: of a name among the ``metrics``
    they are all values, not the last one only.
    ``unsettled`` names those among the ``writes`` of which only their content could tell whether
    they were written, and that had to wait (see :class:`DataCompleted`).
    ``states`` are those in which it found the generators that it moved, as text (a blob's digest
    once it was taken in); ``entropy`` is what NumPy drew of the system's, each as ``bits:hex``.
    ``unread`` are the files among the ``data`` that others are to read; ``modules`` has the texts
    of those that are modules of the user's own, by their digests, each once in a session (blobs'
    digests once they were taken in).
    ``changed_beside`` are names that were bound anew while it ran, by nothing that its source
    shows. ``outputs`` is ``None`` where somebody else listens. Cells are unknown here: every
    ``cell`` field inside is ``None``, the store fills it in.
    """

    writer: str
    seq: int
    at: str
    execution: int
    status: CellStatus
    duration_s: float
    execution_count: int | None
    error: CellError | None = None
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    opaque: bool = False
    changed_beside: tuple[str, ...] = ()
    functions: dict[str, tuple[str, ...]] | None = None
    parameters: tuple[Parameter, ...] = ()
    metrics: tuple[Metric, ...] = ()
    readings: tuple[Metric, ...] = ()
    minor: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    data: tuple[DataUse, ...] = ()
    models: tuple[ModelFit, ...] = ()
    randomness: tuple[RandomUse, ...] = ()
    outputs: tuple[SeenOutput, ...] | None = None
    unseen: tuple[NotSeen, ...] = ()
    self_time_s: float = 0.0
    unsettled: tuple[str, ...] = ()
    unread: tuple[Unread, ...] = ()
    sight: Sight | None = None
    states: dict[str, str] | None = None
    entropy: tuple[str, ...] = ()
    modules: dict[str, str] | None = None
    type: Literal["cell_finished"] = "cell_finished"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class DataCompleted:
    """Content that was only outlined when an execution finished, read since.

    ``data`` take the place of the uses of the same kind, name, path and access; ``models`` are
    digests by name. Of the names that were unsettled, ``unchanged`` turned out not to have been
    written, and ``changed`` to have been.
    """

    writer: str
    seq: int
    at: str
    execution: int
    data: tuple[DataUse, ...] = ()
    models: dict[str, str] | None = None
    unchanged: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    type: Literal["data_completed"] = "data_completed"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class EnvironmentChanged:
    """Distributions were installed, removed or upgraded while the kernel ran."""

    writer: str
    seq: int
    at: str
    environment: Environment
    type: Literal["environment_changed"] = "environment_changed"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class SurroundingsSeen:
    """The machine, and what was imported by then; told again when more was."""

    writer: str
    seq: int
    at: str
    surroundings: Surroundings
    type: Literal["surroundings_seen"] = "surroundings_seen"
    v: int = EVENT_VERSION


# What a notice says of lines that had to wait, if none of them is lost.
WRITTEN_LATE = "this session was written late"


@dataclass(frozen=True)
class Notice:
    """A fault of capture itself, in words for the user; never the user's own error."""

    writer: str
    seq: int
    at: str
    what: str
    why: str
    type: Literal["notice"] = "notice"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class SessionEnded:
    """The last line: the kernel shut down in order. Its absence, with a dead process, is a death.

    Without ``shut_down`` the kernel went on, and capture switched itself off.
    """

    writer: str
    seq: int
    at: str
    shut_down: bool = True
    type: Literal["session_ended"] = "session_ended"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class OutputsSeen:
    """The server heard a kernel's outputs for one execution, in order, whole."""

    writer: str
    seq: int
    at: str
    kernel_id: str
    msg_id: str
    outputs: tuple[SeenOutput, ...]
    type: Literal["outputs_seen"] = "outputs_seen"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class NotebookTold:
    """The server says which notebook a kernel belongs to now (at its start, after a rename).

    ``session`` is the one that the kernel writes now; a kernel keeps its id over restarts.
    """

    writer: str
    seq: int
    at: str
    kernel_id: str
    notebook: str
    user: str | None = None
    session: str | None = None
    type: Literal["notebook_told"] = "notebook_told"
    v: int = EVENT_VERSION


@dataclass(frozen=True)
class KernelGone:
    """The server saw a kernel it started die, restart or shut down.

    ``session`` is the one that ended with it, ``None`` if that is not known for certain.
    """

    writer: str
    seq: int
    at: str
    kernel_id: str
    how: Literal["died", "restarted", "shut down"]
    session: str | None = None
    type: Literal["kernel_gone"] = "kernel_gone"
    v: int = EVENT_VERSION


Event = (
    SessionStarted
    | CellStarted
    | CellFinished
    | DataCompleted
    | EnvironmentChanged
    | SurroundingsSeen
    | Notice
    | SessionEnded
    | OutputsSeen
    | NotebookTold
    | KernelGone
)

EVENTS: dict[str, type[Event]] = {
    str(cls.__dataclass_fields__["type"].default): cls
    for cls in (
        SessionStarted,
        CellStarted,
        CellFinished,
        DataCompleted,
        EnvironmentChanged,
        SurroundingsSeen,
        Notice,
        SessionEnded,
        OutputsSeen,
        NotebookTold,
        KernelGone,
    )
}
