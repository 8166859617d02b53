"""From a recorded run to a notebook that repeats it.

An interactive run is replayed step by step, in the recorded order: a cell executed twice
is executed twice; so is a run that was itself such a replay. Any other batch run is its
given notebook with the sources as they were executed and the parameters that were injected.
``--current`` takes the notebook's file as it is now.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import nbformat
from nbformat import NotebookNode

from jupyter_mlops import dataflow
from jupyter_mlops.errors import (
    AmbiguousParameterError,
    MissingBlobError,
    UnknownParameterError,
    UsageError,
    nearest,
)
from jupyter_mlops.execution import notebook as documents
from jupyter_mlops.execution.evidence import MARK
from jupyter_mlops.execution.notebook import Prepared, Setting
from jupyter_mlops.execution.parameters import given_twice
from jupyter_mlops.metadata import OWN, section, tags
from jupyter_mlops.records import BatchCell, BatchOutcome, CellDetail, Run, Step, last_failure
from jupyter_mlops.reproduction.alignment import aligned
from jupyter_mlops.reproduction.verdict import Pair
from jupyter_mlops.store import Store

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


@dataclass(frozen=True)
class Replay:
    """What will be executed for a run, and which cell stands for which step.

    Attributes
    ----------
    prepared
        The notebook to execute.
    given
        The document that positions of the new run's record count in.
    steps
        The recorded steps, in order.
    step_of
        Position in ``prepared`` to index in ``steps``.
    cell_of
        Position in ``prepared`` to the position in the recorded run's notebook.
    current
        Whether it is the notebook's file as it is now.
    stepwise
        Whether it is a session's executions, one by one.
    kernel
        Name of the kernel that executed the run, where it was recorded.
    kept
        Names of the parameters that the current notebook is given because the run was.
    """

    prepared: Prepared
    given: bytes
    steps: tuple[Step, ...]
    step_of: Mapping[int, int]
    cell_of: Mapping[int, int | None]
    current: bool = False
    stepwise: bool = False
    kernel: str | None = None
    kept: tuple[str, ...] = ()

    @property
    def positions(self) -> tuple[int | None, ...] | None:
        """Positions, in order, of the cells that a session is replayed by."""
        if not self.stepwise:
            return None
        return tuple(self.cell_of[index] for index in range(len(self.prepared.notebook.cells)))

    @property
    def settings(self) -> tuple[Setting, ...]:
        """Parameters that were asked for, by the positions of the new run's record."""
        if not self.stepwise:
            return self.prepared.settings
        placed = ((one, self.cell_of.get(one.cell)) for one in self.prepared.settings)
        return tuple(replace(one, cell=cell) for one, cell in placed if cell is not None)

    def sources(self) -> Iterator[str]:
        """Yield the sources of the code that will be executed."""
        return (cell.source for cell in self.prepared.notebook.cells if cell.cell_type == "code")

    def pairs(self, outcome: BatchOutcome, only_recorded: bool) -> list[Pair]:
        """Set each recorded step beside its repetition, in the order of execution.

        Parameters
        ----------
        outcome
            With positions of ``prepared``.
        only_recorded
            Leave out cells that the run did not have: it was not all of the notebook.
        """
        pairs: list[tuple[int, Pair]] = []
        reached = -1
        for cell in outcome.cells:
            if cell.cell is None:
                continue
            index = self.step_of.get(cell.cell)
            if index is None and (only_recorded or cell.status == "not run"):
                continue
            if index is None and not self.current and not cell.outputs:
                continue  # its author left it out of the record: nothing there can be judged
            step = None if index is None else self.steps[index]
            reached = reached if index is None else max(reached, index)
            pairs.append((reached, Pair(self.cell_of.get(cell.cell), step, cell)))
        there = {pair.after.cell for _, pair in pairs if pair.after is not None}
        repeated = {index for position, index in self.step_of.items() if position in there}
        # The notebook as it is now executes a cell once, in place of all its executions then.
        once = {self.steps[index].cell for index in repeated} if self.current else set()
        pairs += [
            (index, Pair(step.cell, step, None))
            for index, step in enumerate(self.steps)
            if index not in repeated and step.cell not in once and not step.injected
        ]
        return [pair for _, pair in sorted(pairs, key=lambda item: item[0])]

    def recorded(self, outcome: BatchOutcome) -> BatchOutcome:
        """Return `outcome` with the positions and the status that the new run's record has."""
        if self.current:
            return outcome
        cells = tuple(map(self._recorded, outcome.cells))
        failure = last_failure(cells)
        if failure is None or not self.stepwise or outcome.status != "completed":
            return replace(outcome, cells=cells)
        reason = f"{_name(failure.cell)} raised {failure}"
        return replace(outcome, cells=cells, status="failed", reason=reason)

    def _recorded(self, cell: BatchCell) -> BatchCell:
        return cell if cell.cell is None else replace(cell, cell=self.cell_of.get(cell.cell))


def of_run(store: Store, run: Run, current: bool, parameters: Mapping[str, Any]) -> Replay:
    """Build the replay of `run` with other values for `parameters`.

    Raises
    ------
    UsageError
        If the run can't be repeated, or a parameter is not its notebook's.
    """
    steps = _with_errors(run, store.steps(run.id))
    if not steps:
        raise UsageError(message=f"run {run.id} recorded no executions; there is none to repeat")
    if current:
        replay = _of_file(store, run, steps)
    elif run.trigger == "interactive" or store.is_replay(run.id):
        replay = _of_session(store, run, steps)
    else:
        replay = _of_batch(store, run, steps)
    if not parameters:
        return replay
    asked = _translated(parameters, replay)
    changed = documents.with_parameters(replay.prepared.notebook, asked)
    tagged = {**replay.prepared.tagged, **changed.tagged}
    others = {one.name for one in changed.settings}
    kept = tuple(name for name in replay.kept if name not in others)
    return replace(replay, prepared=replace(changed, tagged=tagged), kept=kept)


def _name(cell: int | None) -> str:
    return "a console's cell" if cell is None else f"cell {cell}"


def _with_errors(run: Run, steps: Sequence[Step]) -> tuple[Step, ...]:
    """Add the error that ended a step where only the kernel's record has it."""
    executions = [one for one in run.cells if one.status != "not run"]
    if len(executions) != len(steps):
        return tuple(filter(_can_be_judged, steps))
    told = (
        replace(step, outputs=(*step.outputs, _error_output(one.error.type, one.error.message)))
        if one.error is not None and not _shows_error(step)
        else step
        for step, one in zip(steps, executions, strict=True)
    )
    return tuple(filter(_can_be_judged, told))


def _can_be_judged(step: Step) -> bool:
    # A cell that asked not to be recorded left nothing; with capture off its outputs are left.
    return bool(step.source.strip() or step.outputs)


def _shows_error(step: Step) -> bool:
    return any(output.get("output_type") == "error" for output in step.outputs)


def _error_output(name: str, message: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": []}


def _of_session(store: Store, run: Run, steps: tuple[Step, ...]) -> Replay:
    given = store.given_notebook(run.id)
    notebook: NotebookNode = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    metadata = section(json.loads(given), "metadata")
    notebook.metadata.update(nbformat.from_dict(metadata))  # type: ignore[no-untyped-call]
    rest = _not_reached(store, run)
    for index, step in enumerate(steps):
        if run.trigger == "interactive" and step.status in ("interrupted", "running"):
            message = f"{_name(step.cell)} was interrupted in this run: "
            raise UsageError(message=message + "what it had done can't be repeated")
        cell = _replayed(notebook, step.source, step.id, step.cell)
        ended_it = bool(rest) and index == len(steps) - 1
        if (step.status == "error" or _shows_error(step)) and not ended_it:
            # Recorded as it was: the session went on after it.
            cell.metadata["tags"] = ["raises-exception"]
    for one in rest:
        _replayed(notebook, one.source, one.execution.id, one.execution.cell)
    cells = [*(step.cell for step in steps), *(one.execution.cell for one in rest)]
    return Replay(
        prepared=Prepared(notebook, {}),
        given=given,
        steps=steps,
        step_of={index: index for index in range(len(steps))},
        cell_of=dict(enumerate(cells)),
        stepwise=True,
    )


def _not_reached(store: Store, run: Run) -> list[CellDetail]:
    """Return what a replay that ended early would have executed next."""
    if run.trigger == "interactive":
        return []  # nobody had planned what comes next
    return [one for one in store.cells(run.id) if one.execution.status == "not run"]


def _replayed(notebook: NotebookNode, source: str, name: str | None, at: int | None) -> Any:
    """Add a cell to `notebook` for the recorded one at position `at`."""
    cell = nbformat.v4.new_code_cell(source)  # type: ignore[no-untyped-call]
    if name is not None and _ID.fullmatch(name) and all(name != c["id"] for c in notebook.cells):
        cell["id"] = name
    # What is said of a cell names it as the recorded run does; a cell that was executed
    # twice is two here, whose own ids can't be one.
    cell.metadata[MARK] = {"name": _name(at), "id": name}
    notebook.cells.append(cell)
    return cell


def _of_batch(store: Store, run: Run, steps: tuple[Step, ...]) -> Replay:
    given = store.given_notebook(run.id)
    notebook = documents.reads(given, run.notebook or "notebook")
    executed = _executed(store, run)
    if executed is not None:
        own, ran = (
            [cell for cell in document.cells if not _was_injected(cell)]
            for document in (notebook, executed)
        )
        if len(own) == len(ran):
            for cell, as_executed in zip(own, ran, strict=True):
                cell.source = as_executed.source
    else:
        for step in steps:
            if step.cell is not None:
                notebook.cells[step.cell].source = step.source
    gone = documents.fill(notebook, run.notebook)
    if gone:
        raise UsageError(
            message=f"the author of cell {gone[0]} keeps it out of the record, and the notebook's "
            "file does not hold it any more as it was; to execute the file as it is, add --current"
        )
    offered = documents.parameters(notebook)
    tagged = {one.name for one in offered if one.source == "tagged"}
    injected = {name: value for name, value in _injected(executed).items() if name in tagged}
    given_before = documents.as_given(run)
    values = {
        f"{one.name}@{one.cell}": given_before[one.name, one.cell]
        for one in offered
        if (one.name, one.cell) in given_before
    }
    return Replay(
        prepared=Prepared(documents.with_parameters(notebook, values).notebook, injected),
        given=given,
        steps=steps,
        step_of={step.cell: i for i, step in enumerate(steps) if step.cell is not None},
        cell_of={position: position for position in range(len(notebook.cells))},
        kernel=None
        if executed is None
        else section(executed.metadata, "papermill").get("kernel_name"),
    )


def _of_file(store: Store, run: Run, steps: tuple[Step, ...]) -> Replay:
    if run.notebook is None:
        reason = "nobody told the kernel which notebook it belonged to"
        raise UsageError(message=f"--current needs the notebook's file, but {reason}")
    notebook = documents.read(run.notebook)
    before = documents.reads(store.given_notebook(run.id), run.notebook)
    for step in steps:
        if step.cell is not None:
            before.cells[step.cell].source = step.source
    cell_of = aligned(before, notebook)
    last = {step.cell: index for index, step in enumerate(steps) if step.cell is not None}
    replay = Replay(
        prepared=Prepared(notebook, {}),
        given=documents.to_keep(notebook, documents.dump(notebook)),
        steps=steps,
        step_of={now: last[then] for now, then in cell_of.items() if then in last},
        cell_of=dict(cell_of),
        current=True,
    )
    executed = _executed(store, run) if run.trigger != "interactive" else None
    return _as_parameterised(replay, executed, documents.as_given(run))


def _as_parameterised(
    replay: Replay, executed: NotebookNode | None, given: Mapping[tuple[str, int], Any]
) -> Replay:
    """Give the current notebook the parameters that the run was given, where it has them."""
    notebook = replay.prepared.notebook
    offered = {(one.name, one.cell): one for one in documents.parameters(notebook)}
    tagged = {name for (name, _), one in offered.items() if one.source == "tagged"}
    values = {
        f"{name}@{cell}": value
        for (name, cell), one in offered.items()
        if one.source == "literal"
        for then in (replay.cell_of.get(cell),)
        for value in (
            [given[name, then]]
            if then is not None and (name, then) in given
            else _set_literals(executed, then, name)
        )
    }
    prepared = documents.with_parameters(notebook, values)
    injected = {name: value for name, value in _injected(executed).items() if name in tagged}
    kept = [name for name, cell in offered if name in injected or f"{name}@{cell}" in values]
    return replace(
        replay,
        prepared=replace(prepared, tagged=injected),
        kept=tuple(dict.fromkeys(kept)),
    )


def _set_literals(executed: NotebookNode | None, cell: int | None, name: str) -> Iterator[Any]:
    if executed is None or cell is None:
        return
    own = [one for one in executed.cells if not _was_injected(one)]
    if cell >= len(own):
        return
    original = section(own[cell].metadata, OWN).get("source")
    if not isinstance(original, str):
        return
    before = {one.name: one.value for one in dataflow.literals(original)}
    for one in dataflow.literals(own[cell].source):
        if one.name == name and before.get(name) != one.value:
            yield one.value


def _executed(store: Store, run: Run) -> NotebookNode | None:
    try:
        return documents.reads(store.executed_notebook(run.id))
    except MissingBlobError:  # the job died before it left one; the steps tell what ran
        return None


def _was_injected(cell: NotebookNode) -> bool:
    return "injected-parameters" in tags(cell.metadata)


def _injected(executed: NotebookNode | None) -> dict[str, Any]:
    if executed is None or not any(map(_was_injected, executed.cells)):
        return {}
    return dict(section(section(executed.metadata, "papermill"), "parameters"))


def _translated(parameters: Mapping[str, Any], replay: Replay) -> dict[str, Any]:
    """Return the parameters by their positions in the replay, where steps may repeat cells."""
    offered = documents.parameters(replay.prepared.notebook)
    translated: dict[str, Any] = {}
    for key, value in parameters.items():
        name, _, where = key.partition("@")
        fitting = [
            one
            for one in offered
            if one.name == name and where in ("", str(replay.cell_of.get(one.cell)))
        ]
        cells = {replay.cell_of.get(one.cell) for one in fitting}
        if not fitting:
            raise UnknownParameterError(name=key, hint=nearest(name, [one.name for one in offered]))
        if len(cells) > 1:
            examples = ", ".join(f"{name}@{cell}" for cell in sorted(map(str, cells)))
            raise AmbiguousParameterError(name=name, examples=examples)
        found = {f"{name}@{one.cell}": value for one in fitting}
        if not translated.keys().isdisjoint(found):
            raise given_twice(key, value)
        translated |= found
    return translated
