"""A run's record, put together from what was seen of its executions.

The status of an interactive run: *running* while its session lives and no later run opened;
*failed* or *interrupted* if the last execution of one of its cells was; when the kernel died
or nobody knows, *interrupted* or *lost* for the run that was open, unless one of its cells had
failed and none was executing when the kernel died; *completed* only where none of this holds.
That of a batch run is what whoever watched over it said, and *lost* if nobody lives to say it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from jupyter_mlops.dataflow.accounts import with_origins
from jupyter_mlops.dataflow.variables import variables_read
from jupyter_mlops.events import CellFinished, CellStarted
from jupyter_mlops.records import (
    CellExecution,
    DataUse,
    Draft,
    Executing,
    Metric,
    ModelFit,
    Output,
    Parameter,
    RandomUse,
    Run,
    RunStatus,
    Unseen,
)
from jupyter_mlops.store.disorder import IN_ORDER, Judged, judged_in
from jupyter_mlops.store.effective import Value
from jupyter_mlops.store.notices import overwritten, several_values
from jupyter_mlops.store.order import Sources, in_document
from jupyter_mlops.store.segmentation import Segmentation
from jupyter_mlops.store.sessions import Execution, Session, unheard, unseen_of

_NO_PATH = Unseen(None, "notebook", "nobody told the kernel which notebook it belongs to")
_INFERRED_PATH = Unseen(
    None, "notebook", "its path is inferred from the kernel's environment and may be old"
)


@dataclass(frozen=True)
class Recorded:
    """A cell execution of a run with its source; `number` is -1 if the kernel told nothing."""

    number: int
    source: str
    execution: CellExecution


@dataclass(frozen=True)
class Built:
    """A run as the store keeps it: the record, its steps, and its documents' digests."""

    run: Run
    ordinal: int
    recorded: tuple[Recorded, ...]
    given: str | None = None
    executed: str | None = None


@dataclass(frozen=True)
class Placed:
    """An execution with its cell's position.

    ``inherited`` is that of an earlier run; more of a ``counted`` one was used than a value.
    """

    execution: Execution
    cell: int | None
    injected: bool = False
    console: bool = False
    inherited: bool = False
    counted: bool = False


@dataclass(frozen=True)
class Results:
    """What executions used and produced, as a record lists it."""

    metrics: tuple[Metric, ...]
    data: tuple[DataUse, ...]
    models: tuple[ModelFit, ...]
    randomness: tuple[RandomUse, ...]
    unseen: tuple[Unseen, ...]


def run_id(session: str, ordinal: int) -> str:
    """Return the id of a session's run, the same whoever asks first."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"jupyter_mlops:{session}:{ordinal}").hex


def run_id_of(session: Session, ordinal: int) -> str:
    """Return the id of a run of `session`; whoever started a batch gave it one."""
    return session.start.run or run_id(session.id, ordinal)


def of_segment(
    session: Session,
    segmentation: Segmentation,
    ordinal: int,
    places: dict[str, int],
    given: str | None,
    guessed: frozenset[str] = frozenset(),
) -> Built:
    """Build the record of one run of an interactive session.

    Parameters
    ----------
    places
        Position of each cell, by the session's name of it, in the document `given`.
    guessed
        Those cells whose position nobody told.
    """
    segment = segmentation.runs[ordinal]
    counted = segment.counted
    at = partial(_placed, session, places=places)
    own = [replace(at(index), counted=index in counted) for index in segment.executed]
    theirs = [replace(at(index), inherited=True, counted=True) for index in segment.inherited]
    shown = [at(index) for index in segment.results]
    results = results_of(own, (*shown, *theirs))
    order = judged_in(segmentation, places, guessed, segment.end)
    recorded = tuple(recorded_of(one, order.get(one.execution.number, IN_ORDER)) for one in own)
    new = [session.executions[index] for index in segment.new]
    run = Run(
        id=run_id_of(session, ordinal),
        session=session.id,
        notebook=session.notebook,
        notebook_digest=given,
        status=_status(session, segmentation, ordinal),
        trigger=session.start.trigger,
        user=session.user,
        started=new[0].started.at,
        duration_s=sum((one.finished.duration_s for one in new if one.finished), 0.0),
        parameters=_parameters(session, segment.parameters, places, sources_of([*theirs, *own])),
        metrics=results.metrics,
        data=results.data,
        models=results.models,
        environment=session.environment_at(session.executions[segment.lineage[-1]]),
        randomness=results.randomness,
        cells=tuple(one.execution for one in recorded),
        unseen=(*path_unseen(session), *results.unseen, *_unheard(session, own)),
        notices=(
            *session.notices,
            *several_values(session.executions, segment),
            *overwritten(session.executions, segment.overwritten),
            *_after(session, segmentation, ordinal),
        ),
        executing=executing_of(_under_way(session, segmentation, ordinal, places)),
        surroundings=session.surroundings_at(session.executions[segment.lineage[-1]]),
    )
    return Built(run, ordinal, recorded, given)


def draft_of(
    session: Session,
    segmentation: Segmentation,
    places: dict[str, int],
    guessed: frozenset[str] = frozenset(),
) -> Draft | None:
    """Return what was changed in a session and has led to no result yet."""
    if not segmentation.draft:
        return None
    placed = [_placed(session, index, places) for index in segmentation.draft]
    values = segmentation.draft_parameters
    parameters = _parameters(session, values, places, sources_of(placed))
    order = judged_in(segmentation, places, guessed, len(session.executions))
    return Draft(
        session=session.id,
        notebook=session.notebook,
        parameters={one.name: one.value for one in parameters},
        cells=tuple(
            recorded_of(one, order.get(one.execution.number, IN_ORDER)).execution for one in placed
        ),
        executing=executing_of(placed),
    )


def results_of(lineage: Sequence[Placed], results: Sequence[Placed]) -> Results:
    """Collect what executions used and produced.

    Parameters
    ----------
    lineage
        The run's own executions.
    results
        Those whose results count: of a cell executed again the last ones, and inherited ones.
    """
    inherited = [one for one in results if one.inherited]
    sources = sources_of([*inherited, *lineage])
    metrics = (
        replace(metric, cell=one.cell, inherited=one.inherited)
        for one, finished in _finished(results)
        for metric in finished.metrics
    )
    data = (
        replace(use, cell=one.cell, inherited=one.inherited)
        for one, use in _data([*lineage, *inherited])
    )
    models = (
        replace(model, cell=one.cell, inherited=one.inherited)
        for one, finished in _finished(results)
        for model in finished.models
    )
    return Results(
        metrics=in_document(metrics, sources),
        data=in_document(_unique(data), sources),
        models=in_document(models, sources),
        randomness=tuple(
            with_origins(
                replace(use, cell=one.cell)
                for one, finished in _finished(lineage)
                for use in finished.randomness
            )
        ),
        unseen=_unique(
            Unseen(one.cell, what, why) for one in lineage for what, why in unseen_of(one.execution)
        ),
    )


def sources_of(placed: Iterable[Placed]) -> Sources:
    """Return what was executed last in each cell, by its position."""
    return {one.cell: one.execution.source for one in placed}


def _finished(placed: Iterable[Placed]) -> Iterator[tuple[Placed, CellFinished]]:
    for one in placed:
        if one.execution.finished is not None:
            yield one, one.execution.finished


def _data(placed: Iterable[Placed]) -> Iterator[tuple[Placed, DataUse]]:
    """Yield what was read, written and made, once of each cell unless several led to a result.

    Whoever reads ``lr`` in a cell that was edited has not used the frame that it made before.
    """
    found: dict[tuple[str, str, str | None], list[tuple[Placed, DataUse]]] = {}
    for one, finished in _finished(placed):
        for use in finished.data:
            subject = one.execution.cell, use.access, use.path or use.name
            found.setdefault(subject, []).append((one, use))
    for several in found.values():
        last = several[-1][0].execution.number
        standing = {one.execution.number for one, _ in several if one.counted} or {last}
        yield from (each for each in several if each[0].execution.number in standing)


def recorded_of(placed: Placed, judged: Judged = IN_ORDER) -> Recorded:
    """Return an execution as a run's record lists it."""
    execution, finished = placed.execution, placed.execution.finished
    started = execution.started
    count = finished.execution_count if finished is not None else None
    return Recorded(
        number=execution.number,
        source=execution.source,
        execution=CellExecution(
            cell=placed.cell,
            id=started.cell_id,
            execution_count=started.execution_count if count is None else count,
            status=execution.status,
            started=started.at,
            duration_s=None if finished is None else finished.duration_s,
            source_digest=execution.source_digest,
            reads=() if finished is None else finished.reads,
            writes=() if finished is None else finished.writes,
            outputs=tuple(
                Output(seen.type, seen.mime, seen.digest, seen.size_bytes)
                for seen in execution.outputs or ()
            ),
            error=None if finished is None else finished.error,
            injected=placed.injected,
            overlapping=started.overlapping,
            console=placed.console,
            variables=_variables(started),
            states=None if finished is None else finished.states,
            entropy=() if finished is None else finished.entropy,
            disorder=judged.disorder,
            origins=judged.origins,
        ),
    )


def _variables(started: CellStarted) -> dict[str, str] | None:
    """Return the variables, of those that the source names, that it reads."""
    named = started.variables or {}
    read = variables_read(started.source, named)
    return {name: digest for name, digest in named.items() if name in read} or None


def executing_of(placed: Sequence[Placed]) -> Executing | None:
    """Return what is under way, if the last of these executions is."""
    if not placed or placed[-1].execution.status != "running":
        return None
    started = placed[-1].execution.started
    return Executing(placed[-1].cell, started.cell_id, started.at)


def _under_way(
    session: Session, segmentation: Segmentation, ordinal: int, places: dict[str, int]
) -> list[Placed]:
    """Return the session's last execution, if it is the open run's concern and not the draft's."""
    newest = len(session.executions) - 1
    if ordinal != len(segmentation.runs) - 1 or newest in segmentation.draft:
        return []
    return [_placed(session, newest, places)]


def path_unseen(session: Session) -> tuple[Unseen, ...]:
    """Say what is not known of the notebook's path."""
    if session.notebook is None:
        return (_NO_PATH,)
    return () if session.is_told else (_INFERRED_PATH,)


def _unheard(session: Session, own: Iterable[Placed]) -> tuple[Unseen, ...]:
    numbers = unheard(session)
    why = "nobody listened to the kernel when the cell was executed"
    return _unique(
        Unseen(one.cell, "outputs", why) for one in own if one.execution.number in numbers
    )


def _placed(session: Session, index: int, places: dict[str, int]) -> Placed:
    execution = session.executions[index]
    return Placed(execution, _place(execution, places), console=execution.console is not None)


def _place(execution: Execution, places: dict[str, int]) -> int | None:
    # A console without cell ids may execute what has the name of one of the notebook's cells.
    return None if execution.console is not None else places.get(execution.cell)


def _parameters(
    session: Session, values: Iterable[Value], places: dict[str, int], sources: Sources
) -> tuple[Parameter, ...]:
    def placed(value: Value) -> Parameter:
        cell = _place(session.executions[value.index], places)
        return replace(value.parameter, cell=cell, inherited=value.inherited)

    return in_document((placed(value) for value in values), sources)


def _status(session: Session, segmentation: Segmentation, ordinal: int) -> RunStatus:
    segment = segmentation.runs[ordinal]
    last = {session.executions[index].cell: session.executions[index] for index in segment.executed}
    statuses = {execution.status for execution in last.values()}
    is_open = ordinal == len(segmentation.runs) - 1
    if is_open and session.fate == "lost":
        return "lost"
    is_executing = session.executions[-1].finished is None
    if is_open and session.fate == "interrupted" and (is_executing or "error" not in statuses):
        return "interrupted"
    if "error" in statuses:
        return "failed"
    if "interrupted" in statuses:
        return "interrupted"
    if is_open and session.fate == "alive":
        return "running"
    return "completed"


def _after(session: Session, segmentation: Segmentation, ordinal: int) -> list[str]:
    """Say how the session went on after the last run, where the record would not show it."""
    if ordinal != len(segmentation.runs) - 1:
        return []
    said = []
    last = session.executions[-1]
    if len(session.executions) - 1 not in segmentation.runs[ordinal].executed:
        error = last.finished.error if last.finished is not None else None
        if last.status == "error":
            ended = f"failed: {error.type if error else 'error'}"
            said.append(f"after this run's last result a cell {ended}")
        elif last.status == "interrupted":
            said.append("after this run's last result a cell was interrupted")
    if session.fate == "interrupted":
        if session.shut_down:
            said.append("its kernel was shut down while a cell was executing")
        else:
            said.append("its kernel died while this run was open")
    return said


def _unique(items: Iterable[Any]) -> tuple[Any, ...]:
    kept: list[Any] = []
    seen = set()
    for item in items:
        key = repr(item)
        if key not in seen:
            seen.add(key)
            kept.append(item)
    return tuple(kept)
