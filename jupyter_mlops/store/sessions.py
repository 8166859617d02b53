"""A session as its journal, and what the server heard of its kernel, tell it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import reduce

from jupyter_mlops.dataflow import Context, Flow, account, analyse
from jupyter_mlops.dataflow.printed import inferred, with_inferred
from jupyter_mlops.events import (
    CellFinished,
    CellStarted,
    DataCompleted,
    EnvironmentChanged,
    Event,
    KernelGone,
    NotebookTold,
    Notice,
    OutputsSeen,
    SeenOutput,
    SessionEnded,
    SessionStarted,
    SurroundingsSeen,
)
from jupyter_mlops.journal import sha256
from jupyter_mlops.records import (
    CHANGED_BESIDE,
    CHANGED_OUTSIDE,
    WHOLE_CELL,
    CellStatus,
    DataUse,
    Environment,
    Surroundings,
)
from jupyter_mlops.store.consoles import Console, consoles
from jupyter_mlops.store.deaths import Fate, fate

_SKIPPED = "its author left this cell out of the record"
_INFERRED_CONSOLE = (
    "that a console executed this cell",
    "inferred: it has no cell id, and cells of another client of the kernel have one",
)
_OVERLAPPING = ("what this cell alone did", "another one was executed at the same time")
# Above some, names that changed unseen are listed by their count.
_NAMES_LISTED = 20


@dataclass(frozen=True)
class Execution:
    """One execution of one cell, with what it is known to have used and produced.

    ``cell`` names the cell within its session: by its id where the kernel was told one.
    ``flow`` is what the source says of it, ``finished`` what the kernel saw, ``None`` while
    it runs or if the kernel died in it. ``outputs`` is ``None`` where nobody saw any.
    ``overlaps`` tells that another execution ran at the same time. ``console`` is set if it was
    asked for in a console on the notebook's kernel, and says how that is known.
    """

    number: int
    cell: str
    started: CellStarted
    finished: CellFinished | None
    status: CellStatus
    flow: Flow
    outputs: tuple[SeenOutput, ...] | None = None
    overlaps: bool = False
    console: Console | None = None

    @property
    def source(self) -> str:
        """The source as it was executed."""
        return self.started.source

    @property
    def source_digest(self) -> str:
        """Digest of the source."""
        return source_digest(self.started.source)

    @property
    def is_opaque(self) -> bool:
        """Whether nobody knows what the execution read and changed."""
        if self.started.skipped or self.overlaps:
            return True
        return self.finished.opaque if self.finished is not None else self.flow.opaque is not None


@dataclass(frozen=True)
class Session:
    """A kernel's life: its executions in order, and how it ended.

    ``environments`` are those that it had, each with the number of the line that told it, as
    ``surroundings`` are with those that told of them, each after what it is of;
    ``is_told`` says whether somebody who knows told the notebook's path, ``shut_down``
    whether the kernel, or the server that started it, said that it ended in order.
    """

    start: SessionStarted
    notebook: str | None
    is_told: bool
    user: str
    environments: tuple[tuple[int, Environment], ...]
    executions: tuple[Execution, ...]
    fate: Fate
    shut_down: bool = False
    notices: tuple[str, ...] = ()
    surroundings: tuple[tuple[int, Surroundings], ...] = ()

    @property
    def id(self) -> str:
        """The session's id, which names its journal."""
        return self.start.writer

    def environment_at(self, execution: Execution) -> Environment:
        """Return the environment in which an execution ended, its own installations included."""
        line = execution.started if execution.finished is None else execution.finished
        told = [environment for seq, environment in self.environments if seq < line.seq]
        return told[-1] if told else self.start.environment

    def surroundings_at(self, execution: Execution) -> Surroundings | None:
        """Return what was around the kernel after an execution, as soon as it was looked at."""
        line = execution.started if execution.finished is None else execution.finished
        later = [found for seq, found in self.surroundings if seq > line.seq]
        return later[0] if later else self.last_surroundings

    @property
    def last_surroundings(self) -> Surroundings | None:
        """What was around the kernel when it was last looked at."""
        return self.surroundings[-1][1] if self.surroundings else None


@dataclass
class _Told:
    """Events of one session sorted by what they tell."""

    start: SessionStarted | None = None
    cells: dict[int, CellStarted] = field(default_factory=dict)
    finished: dict[int, CellFinished] = field(default_factory=dict)
    completed: dict[int, list[DataCompleted]] = field(default_factory=dict)
    environments: list[tuple[int, Environment]] = field(default_factory=list)
    surroundings: list[tuple[int, Surroundings]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    ended: SessionEnded | None = None
    last_heard: str = ""


def source_digest(source: str) -> str:
    """Return the digest of a cell's source."""
    return sha256(source.encode("utf-8", "replace"))


def tell(
    events: Sequence[Event], heard: Sequence[Event], unread: str | None = None
) -> Session | None:
    """Put a session together.

    Parameters
    ----------
    events
        Those of its own journal, in order.
    heard
        What servers wrote of its kernel during its life.
    unread
        Why its journal can't be read further now, ``None`` if it was read to its end.

    Returns
    -------
    ``None`` as long as the journal's first line is missing.
    """
    told = _sorted(_in_time(events))
    if told.start is None:
        return None
    gone = [event for event in heard if isinstance(event, KernelGone)]
    last = max(told.cells, default=None)
    executing = last is not None and last not in told.finished
    state = fate(
        told.start.process,
        told.last_heard if unread is None else None,
        ended=told.ended,
        executing=executing,
        gone=gone,
    )
    outputs = {event.msg_id: event.outputs for event in heard if isinstance(event, OutputsSeen)}
    moves = [event for event in heard if isinstance(event, NotebookTold)]
    return Session(
        start=told.start,
        notebook=moves[-1].notebook if moves else told.start.notebook,
        is_told=bool(moves) or told.start.notebook_source != "inferred",
        user=next((move.user for move in reversed(moves) if move.user), told.start.user),
        environments=((told.start.seq, told.start.environment), *told.environments),
        executions=_executions(told, outputs, state),
        fate=state,
        shut_down=bool(told.ended or gone) and not any(event.how == "died" for event in gone),
        notices=tuple(dict.fromkeys([*told.notices, *_unread(unread)])),
        surroundings=tuple(told.surroundings),
    )


def _in_time(events: Sequence[Event]) -> list[Event]:
    """Let no line be told at or before the time of the one before it: clocks are set back.

    Runs are listed by their times, and those of one session are in its order.
    """
    found: list[Event] = []
    last = ""
    for event in events:
        at = event.at if event.at > last else _a_little_after(last)
        found.append(event if at == event.at else replace(event, at=at))
        last = at
    return found


def _a_little_after(at: str) -> str:
    try:
        later = datetime.fromisoformat(at.replace("Z", "+00:00")) + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        return at  # not a time of ours
    return later.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _unread(problem: str | None) -> list[str]:
    return [] if problem is None else [f"its session's journal was not read to its end: {problem}"]


def _sorted(events: Sequence[Event]) -> _Told:
    told = _Told()
    for event in events:
        told.last_heard = event.at
        if isinstance(event, SessionStarted):
            told.start = told.start or event
        elif isinstance(event, CellStarted):
            told.cells.setdefault(event.execution, event)
        elif isinstance(event, CellFinished):
            told.finished.setdefault(event.execution, event)
        elif isinstance(event, DataCompleted):
            told.completed.setdefault(event.execution, []).append(event)
        elif isinstance(event, EnvironmentChanged):
            told.environments.append((event.seq, event.environment))
        elif isinstance(event, SurroundingsSeen):
            told.surroundings.append((event.seq, event.surroundings))
        elif isinstance(event, Notice):
            told.notices.append(f"{event.what}: {event.why}")
        elif isinstance(event, SessionEnded):
            told.ended = event
    return told


def _executions(
    told: _Told, outputs: Mapping[str, tuple[SeenOutput, ...]], state: Fate
) -> tuple[Execution, ...]:
    assert told.start is not None
    batch = told.start.trigger != "interactive"
    context = Context()
    executions = []
    overlapping = _overlapping(told)
    of_console = {} if batch else consoles(told.cells.values())
    kept: dict[str, str] = {}
    for one in told.finished.values():
        kept.update(one.modules or {})
    for number, started in sorted(told.cells.items()):
        flow = analyse(started.source, context)
        context = context.after(flow)
        finished = told.finished.get(number)
        if finished is not None:
            finished = account(finished, started.source, flow)
            finished = reduce(_completed, told.completed.get(number, ()), finished)
            finished = _with_modules(finished, kept) if kept else finished
        seen = outputs.get(started.msg_id) if started.msg_id else None
        if seen is None and finished is not None:
            seen = finished.outputs
        if seen and finished is not None:
            finished = with_inferred(finished, inferred(one.content for one in seen))
        executions.append(
            Execution(
                number=number,
                cell=_cell(started, flow, batch),
                started=started,
                finished=finished,
                status=_status(finished, state),
                flow=flow,
                outputs=seen,
                overlaps=number in overlapping,
                console=of_console.get(started.client or ""),
            )
        )
    return tuple(executions)


def _overlapping(told: _Told) -> set[int]:
    """Return the executions that ran while another one did, by the order of their lines."""
    found: set[int] = set()
    # The last one that began, or an earlier one that ends later than all others.
    latest: tuple[int, float] | None = None
    for number, started in sorted(told.cells.items(), key=lambda item: item[1].seq):
        if latest is not None and started.overlapping and latest[1] > started.seq:
            found |= {latest[0], number}
        finished = told.finished.get(number)
        ends = math.inf if finished is None else finished.seq
        if latest is None or ends > latest[1]:
            latest = (number, ends)
    return found


def _completed(finished: CellFinished, later: DataCompleted) -> CellFinished:
    """Return what an execution produced, with what was read of it since it finished."""
    known = {_key(use): use for use in later.data}
    models = later.models or {}
    settled = {*later.unchanged, *later.changed}
    return replace(
        finished,
        writes=tuple(name for name in finished.writes if name not in later.unchanged),
        unsettled=tuple(name for name in finished.unsettled if name not in settled),
        data=tuple(
            known.get(_key(use), use)
            for use in finished.data
            if use.access != "made" or use.name not in later.unchanged
        ),
        models=tuple(
            replace(model, digest=models.get(model.name, model.digest)) for model in finished.models
        ),
    )


def _with_modules(finished: CellFinished, kept: Mapping[str, str]) -> CellFinished:
    """Say where the texts of the user's own modules are, which the session tells once."""
    data = tuple(
        replace(use, kept=kept.get(use.digest or "")) if use.access == "import" else use
        for use in finished.data
    )
    return replace(finished, data=data)


def _key(use: DataUse) -> tuple[str, str | None, str | None, str]:
    return use.kind, use.name, use.path, use.access


def _cell(started: CellStarted, flow: Flow, batch: bool) -> str:
    """Name the cell of an execution; without ids, what a cell binds is what it is.

    But ``x = 1`` and ``x += 1`` are two cells: what goes on from a name's value is not where
    the name was set.
    """
    if started.cell_id:
        return f"id {started.cell_id}"
    if batch:
        return f"execution {started.execution}"
    bound = flow.binds | flow.maybe_binds
    if bound and not bound & flow.reads:
        return "binds " + " ".join(sorted(bound))
    return f"source {source_digest(started.source.strip())}"


def _status(finished: CellFinished | None, state: Fate) -> CellStatus:
    if finished is not None:
        return finished.status
    return "running" if state == "alive" else "interrupted"


def unseen_of(execution: Execution) -> list[tuple[str, str]]:
    """List what was not seen of an execution, each with the reason."""
    found = _names(execution.started.changed_before, CHANGED_OUTSIDE)
    if execution.console == "inferred":
        found.append(_INFERRED_CONSOLE)
    if execution.started.skipped:
        return [*found, (WHOLE_CELL, _SKIPPED)]
    if execution.overlaps:
        found.append(_OVERLAPPING)
    if execution.finished is None:
        return found
    found += _names(execution.finished.changed_beside, CHANGED_BESIDE)
    return [*found, *((one.what, one.why) for one in execution.finished.unseen)]


def _names(names: Sequence[str], why: str) -> list[tuple[str, str]]:
    more = len(names) - _NAMES_LISTED
    rest = [(f"{more} more names", why)] if more > 0 else []
    return [(name, why) for name in names[:_NAMES_LISTED]] + rest


def unheard(session: Session) -> frozenset[int]:
    """Return the numbers of executions whose outputs nobody heard.

    Those of the last one may still be on their way while the kernel lives.
    """
    last = -1 if session.fate == "alive" else None
    return frozenset(
        one.number
        for one in session.executions[:last]
        if one.finished is not None and one.outputs is None and not one.started.skipped
    )
