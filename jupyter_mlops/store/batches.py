"""The record of a batch run: what was given, what the kernel saw, and how it ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from jupyter_mlops.dataflow.printed import inferred, with_inferred
from jupyter_mlops.metadata import tags
from jupyter_mlops.records import (
    ALL_BUT_OUTPUTS,
    CANCELLED,
    CUT_SHORT,
    BatchCell,
    CellError,
    CellExecution,
    CellStatus,
    Metric,
    Output,
    Parameter,
    Process,
    Run,
    RunStatus,
    Trigger,
    Unseen,
)
from jupyter_mlops.store.deaths import watcher_is_gone
from jupyter_mlops.store.disorder import IN_ORDER, Layout, judged
from jupyter_mlops.store.documents import (
    Built,
    Placed,
    Recorded,
    executing_of,
    recorded_of,
    results_of,
    sources_of,
)
from jupyter_mlops.store.effective import Value
from jupyter_mlops.store.lineage import trace
from jupyter_mlops.store.notices import overwritten
from jupyter_mlops.store.order import Place, place
from jupyter_mlops.store.overwriting import stands
from jupyter_mlops.store.replays import Shown, replayed
from jupyter_mlops.store.sessions import Execution, Session, source_digest

_NOBODY = (
    "the process that watched over this run is gone, or could not record its end; how the run "
    "ended is not known"
)


@dataclass(frozen=True)
class Asked:
    """What was known of a batch execution before it started; `given` is a blob's digest."""

    run: str
    notebook: str | None
    given: str
    trigger: Trigger
    user: str
    started: str
    process: Process
    parent: str | None
    sweep: str | None
    steps: tuple[int | None, ...] | None = None
    shown: tuple[tuple[int | None, str], ...] = ()
    off: str | None = None
    values: tuple[Parameter, ...] = ()


@dataclass(frozen=True)
class SeenCell:
    """A :class:`BatchCell` whose outputs were put away as blobs.

    ``printed`` are the numbers that they show beside a name.
    """

    cell: int | None
    id: str | None
    source: str
    status: CellStatus
    msg_id: str | None
    execution_count: int | None
    duration_s: float | None
    outputs: tuple[Output, ...]
    error: CellError | None
    injected: bool
    printed: tuple[Metric, ...] = ()

    @property
    def is_a_consoles(self) -> bool:
        """Whether it replays what a console executed: nobody added it, and it has no place."""
        return self.cell is None and not self.injected


@dataclass(frozen=True)
class Ended:
    """How a batch execution ended; ``obstacle`` is what kept journals from being written then."""

    status: RunStatus
    reason: str | None
    executed: str | None
    cells: tuple[SeenCell, ...]
    duration_s: float
    obstacle: str | None = None


def seen(cell: BatchCell, outputs: tuple[Output, ...]) -> SeenCell:
    """Return what is kept of a cell as whoever executed it told it."""
    return SeenCell(
        cell=cell.cell,
        id=cell.id,
        source=cell.source,
        status=cell.status,
        msg_id=cell.msg_id,
        execution_count=cell.execution_count,
        duration_s=cell.duration_s,
        outputs=outputs,
        error=cell.error,
        injected=cell.injected,
        printed=inferred(cell.outputs),
    )


def of_batch(asked: Asked, ended: Ended | None, session: Session | None, given: bytes) -> Built:
    """Build the record of a batch run, under way or ended."""
    cells = _cells_of(given)
    executions = session.executions if session is not None else ()
    if ended is not None:
        placed, recorded = _joined(ended.cells, executions)
    else:
        placed = _matched(executions, cells) if asked.steps is None else _in_turn(executions, asked)
        recorded = [recorded_of(one) for one in placed]
    steps = [(one.execution, one.cell) for one in placed]
    shown = None if asked.steps is None else replayed(steps, asked.shown)
    recorded = _in_order(placed, recorded)
    results = results_of(placed, placed if shown is None else [placed[i] for i in shown.results])
    status, notices = _status(asked, ended)
    parameters, replaced = _parameters(placed, cells, shown)
    run = Run(
        id=asked.run,
        session="" if session is None else session.id,
        notebook=asked.notebook,
        notebook_digest=asked.given,
        status=status,
        trigger=asked.trigger,
        user=asked.user,
        started=asked.started,
        duration_s=None if ended is None else ended.duration_s,
        parent=asked.parent,
        sweep=asked.sweep,
        # Without capture nobody saw more of them than what was asked for.
        parameters=asked.values if session is None else parameters,
        metrics=results.metrics,
        data=results.data,
        models=results.models,
        environment=None if session is None else session.environments[-1][1],
        randomness=results.randomness,
        surroundings=None if session is None else session.last_surroundings,
        cells=tuple(one.execution for one in recorded),
        unseen=(*_unseen(asked, ended, session, recorded), *results.unseen),
        notices=(
            *(session.notices if session is not None else ()),
            *overwritten([one.execution for one in placed], replaced),
            *_unwritten(session, ended),
            *notices,
        ),
        cancelled=status == "interrupted" and ended is not None and ended.reason == CANCELLED,
        executing=executing_of(placed) if status == "running" else None,
    )
    executed = None if ended is None else ended.executed
    return Built(run, 0, tuple(recorded), asked.given, executed)


def _status(asked: Asked, ended: Ended | None) -> tuple[RunStatus, tuple[str, ...]]:
    if ended is not None:
        return ended.status, () if ended.reason is None else (ended.reason,)
    if watcher_is_gone(asked.process, asked.started, asked.run):
        return "lost", (_NOBODY,)
    return "running", ()


def _unwritten(session: Session | None, ended: Ended | None) -> tuple[str, ...]:
    """Say so if the kernel may have been kept from writing its lines, the last one included."""
    if ended is None or ended.obstacle is None or (session is not None and session.shut_down):
        return ()
    return (f"{CUT_SHORT}: {ended.obstacle}",)


def _unseen(
    asked: Asked, ended: Ended | None, session: Session | None, recorded: Sequence[Recorded]
) -> tuple[Unseen, ...]:
    what = ALL_BUT_OUTPUTS
    outside = [
        one.execution for one in recorded if one.number < 0 and one.execution.status != "not run"
    ]
    if session is not None:
        why = "its kernel, which recorded others, wrote nothing of it"
        return tuple(Unseen(one.cell, what, why) for one in outside)
    if not outside:
        return ()
    if asked.off is not None:
        return (Unseen(None, what, f"capture was switched off by {asked.off}"),)
    if ended is not None and ended.obstacle is not None:
        why = f"its kernel could not write it down: {ended.obstacle}"
        return (Unseen(None, what, why),)
    why = (
        "its kernel is no Python kernel that loads capture (jupyter mlops doctor says why), or "
        "what it wrote can't be read"
    )
    return (Unseen(None, what, why),)


def _cells_of(given: bytes) -> list[dict[str, Any]]:
    try:
        cells = json.loads(given).get("cells", [])
    except (ValueError, AttributeError):  # what was given can't be read; the outcome will say so
        return []
    return [cell if isinstance(cell, dict) else {} for cell in cells]


def _joined(
    seen_cells: Sequence[SeenCell], executions: Sequence[Execution]
) -> tuple[list[Placed], list[Recorded]]:
    """Join what was seen from outside with what the kernel saw, by message."""
    by_message = {one.started.msg_id: one for one in executions if one.started.msg_id}
    placed: list[Placed] = []
    recorded: list[Recorded] = []
    for cell in seen_cells:
        execution = by_message.get(cell.msg_id) if cell.msg_id else None
        if execution is None:
            recorded.append(Recorded(-1, cell.source, _from_outside(cell)))
            continue
        if cell.printed and execution.finished is not None:
            finished = with_inferred(execution.finished, cell.printed)
            execution = replace(execution, finished=finished)
        console = cell.is_a_consoles
        one = Placed(execution, cell.cell, injected=cell.injected, console=console)
        inside = recorded_of(one)
        placed.append(one)
        recorded.append(replace(inside, execution=_completed(inside.execution, cell)))
    return placed, recorded


def _completed(inside: CellExecution, cell: SeenCell) -> CellExecution:
    """Add what only the outside knows; a failure seen by either side is a failure."""
    return replace(
        inside,
        id=cell.id,
        status=cell.status if cell.status != "ok" else inside.status,
        outputs=cell.outputs,
        error=inside.error or cell.error,
    )


def _from_outside(cell: SeenCell) -> CellExecution:
    return CellExecution(
        cell=cell.cell,
        id=cell.id,
        execution_count=cell.execution_count,
        status=cell.status,
        started=None,
        duration_s=cell.duration_s,
        source_digest=source_digest(cell.source),
        outputs=cell.outputs,
        error=cell.error,
        injected=cell.injected,
        console=cell.is_a_consoles,
    )


def _in_order(placed: Sequence[Placed], recorded: Sequence[Recorded]) -> list[Recorded]:
    """Say which executions were not in the order of the cells; what was added stands between."""
    places: dict[str, float] = {}
    named: list[Execution] = []
    last = -1.0
    for number, one in enumerate(placed):
        if one.console:
            named.append(replace(one.execution, console="told"))
            continue
        name = f"added {number}" if one.cell is None else f"cell {one.cell}"
        last = last + 0.5 if one.cell is None else float(one.cell)
        places[name] = last
        named.append(replace(one.execution, cell=name))
    found = judged(trace(named), Layout(places), len(named))
    return [
        replace(one, execution=replace(one.execution, **vars(found.get(one.number, IN_ORDER))))
        for one in recorded
    ]


def _in_turn(executions: Sequence[Execution], asked: Asked) -> list[Placed]:
    """Place the executions of a replay: each is the next step."""
    steps = zip(executions, asked.steps or (), strict=False)
    return [Placed(one, cell, console=cell is None) for one, cell in steps]


def _matched(executions: Sequence[Execution], cells: list[dict[str, Any]]) -> list[Placed]:
    """Find the cells of executions while nobody has told them: by source, in order."""
    code = [
        (index, _source(cell))
        for index, cell in enumerate(cells)
        if cell.get("cell_type") == "code"
    ]
    placed = []
    for execution in executions:
        at = next(
            (place for place, (_, source) in enumerate(code) if source == execution.source), None
        )
        if at is None:
            placed.append(Placed(execution, None))
        else:
            placed.append(Placed(execution, code[at][0]))
            del code[: at + 1]
    return placed


def _source(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(source) if isinstance(source, list) else str(source)


def _parameters(
    placed: Sequence[Placed], cells: list[dict[str, Any]], shown: Shown | None
) -> tuple[tuple[Parameter, ...], tuple[Value, ...]]:
    """Return the parameters in effect, and those whose values something else replaced."""
    tagged = {
        index for index, cell in enumerate(cells) if "parameters" in tags(cell.get("metadata"))
    }
    found: list[tuple[int, Parameter]] = []
    replaced: list[Value] = []
    executions = [one.execution for one in placed]
    for index, one in enumerate(placed):
        finished = one.execution.finished
        for parameter in finished.parameters if finished is not None else ():
            source = parameter.source
            if source == "literal" and one.injected:
                source = "injected"
            elif source == "literal" and one.cell in tagged:
                source = "tagged"
            everything = range(len(placed))
            stood = stands(executions, index, parameter, everything, everything)
            own = replace(parameter, cell=one.cell, source=source)
            if stood == "none":
                replaced.append(Value(index, own))
            else:
                found.append((index, own))
    effective = [one for _, one in found] if shown is None else shown.in_effect(found)
    # The tagged default that an injected value replaced was never in effect; its place was.
    defaults = {one.name: one for one in effective if one.source == "tagged"}
    injected = {one.name for one in effective if one.source == "injected"}
    kept = [one for one in effective if one.source != "tagged" or one.name not in injected]
    sources = sources_of(placed)

    def its_place(one: Parameter) -> Place:
        default = defaults.get(one.name) if one.source == "injected" else None
        return place(default or one, sources)

    return tuple(sorted(kept, key=its_place)), tuple(replaced)
