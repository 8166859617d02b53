"""How an interactive session becomes runs. Pure.

The session is a list of executions, never rewritten. A *result* is a metric, a fitted model
or a written file; whole-number variables and values of a clock are results too, but open no
run. In the order of execution, each result

- joins the open run if its lineage agrees with the run's on every cell that they share:
  of each such cell both hold executions of the same identities (see :mod:`lineage`);
- otherwise opens the next run, with exactly its lineage.

So a run never holds a second, different value of one name of one cell, but for a lineage that
itself went through both: then both are the run's, in order, and neither is hidden.

A run shows what an earlier one produced as *inherited* if that result's lineage agrees with
all that the run shows. Executions that changed something and led to no result yet are the
*draft*. A session without any result is one run of all its executions.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from jupyter_mlops.dataflow.source import parse
from jupyter_mlops.records import Parameter
from jupyter_mlops.store.lineage import Traced, trace
from jupyter_mlops.store.sessions import Execution


@dataclass(frozen=True)
class Value:
    """A parameter with the execution that set it; `index` counts from 0 in the session."""

    index: int
    parameter: Parameter


@dataclass(frozen=True)
class Segment:
    """One run of a session, by indices of executions in their order.

    Attributes
    ----------
    lineage
        What replays the run.
    opened
        The execution whose result opened it; ``None`` without any result.
    first
        The first execution that belongs to this run and not to an earlier one's time.
    inherited
        Executions of earlier runs whose results, and with them parameters, are shown here.
    parameters, inherited_parameters
        Those in effect: of several values of one name of one cell the ones that were read.
    """

    lineage: tuple[int, ...]
    opened: int | None
    first: int
    inherited: tuple[int, ...] = ()
    parameters: tuple[Value, ...] = ()
    inherited_parameters: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Segmentation:
    """A session's runs in the order in which they opened, and what is pending.

    ``draft`` holds indices of executions; ``results`` those that produced one.
    """

    runs: tuple[Segment, ...]
    draft: tuple[int, ...] = ()
    draft_parameters: tuple[Value, ...] = ()


@dataclass
class _Growing:
    """A run while the session is read."""

    opened: int
    members: set[int]
    identities: dict[str, set[str]] = field(default_factory=dict)


Strength = Literal["strong", "weak"]


def segment(executions: Sequence[Execution]) -> Segmentation:
    """Find the runs of a session; more executions only ever add runs or grow the last one."""
    if not executions:
        return Segmentation(())
    traced = trace(executions)
    growing = _runs(traced)
    if not growing:
        return whole(executions)
    runs = []
    for number, run in enumerate(growing):
        before = growing[number - 1].opened if number else -1
        runs.append(_finished(traced, run, growing[:number], before))
    draft = _draft(traced, growing)
    return Segmentation(tuple(runs), draft, _effective(traced, draft))


def whole(executions: Sequence[Execution]) -> Segmentation:
    """Take a session as one run of all its executions, as a batch execution is."""
    if not executions:
        return Segmentation(())
    traced = trace(executions)
    everything = tuple(range(len(traced)))
    # No result says which value of a cell executed again it came from: the last ones stand.
    newest = tuple({one.cell: one.index for one in traced}.values())
    return Segmentation((Segment(everything, None, 0, (), _effective(traced, newest)),))


def strength(execution: Execution) -> Strength | None:
    """Tell whether an execution produced a result, and one that may open a run."""
    finished = execution.finished
    if finished is None or execution.started.skipped:
        return None
    aside = {*finished.minor, *finished.volatile}
    if (
        any(metric.name not in aside for metric in finished.metrics)
        or finished.models
        or any(use.access == "write" for use in finished.data)
    ):
        return "strong"
    return "weak" if finished.metrics else None


def _runs(traced: Sequence[Traced]) -> list[_Growing]:
    runs: list[_Growing] = []
    pending: list[Traced] = []
    for one in traced:
        result = strength(one.execution)
        if result is None:
            continue
        if runs and _agrees(traced, one.lineage, runs[-1].identities):
            _join(traced, runs[-1], one.lineage)
        elif result == "weak":
            pending.append(one)
        else:
            run = _Growing(one.index, set())
            _join(traced, run, one.lineage)
            runs.append(run)
            # Of a cell's several values the newest fits, if any does.
            for weak in reversed(pending):
                if _agrees(traced, weak.lineage, run.identities):
                    _join(traced, run, weak.lineage)
            pending = []
    return runs


def _by_cell(traced: Sequence[Traced], lineage: Iterable[int]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for index in lineage:
        found.setdefault(traced[index].cell, set()).add(traced[index].identity)
    return found


def _agrees(
    traced: Sequence[Traced], lineage: Iterable[int], identities: Mapping[str, set[str]]
) -> bool:
    own = _by_cell(traced, lineage)
    return all(identities[cell] == its for cell, its in own.items() if cell in identities)


def _join(traced: Sequence[Traced], run: _Growing, lineage: Iterable[int]) -> None:
    """Add a lineage that agrees; a mere repetition adds nothing to replay."""
    own = _by_cell(traced, lineage)
    if own.keys() <= run.identities.keys():
        return
    run.members.update(lineage)
    run.identities.update(own)


def _finished(
    traced: Sequence[Traced], run: _Growing, earlier: Sequence[_Growing], before: int
) -> Segment:
    lineage = tuple(sorted(run.members))
    inherited, theirs = _inherited(traced, run, earlier)
    return Segment(
        lineage=lineage,
        opened=run.opened,
        first=min(index for index in lineage if index > before),
        inherited=inherited,
        parameters=_effective(traced, lineage),
        inherited_parameters=_effective(traced, theirs),
    )


def _inherited(
    traced: Sequence[Traced], run: _Growing, earlier: Sequence[_Growing]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the results of earlier runs that agree, newest first choice, and their lineage."""
    shown = {cell: set(its) for cell, its in run.identities.items()}
    candidates = sorted(
        {index for other in earlier for index in other.members if index < run.opened},
        reverse=True,
    )
    results: list[int] = []
    lineage: set[int] = set()
    for index in candidates:
        one = traced[index]
        if strength(one.execution) is None or one.cell in shown:
            continue
        if _agrees(traced, one.lineage, shown):
            results.append(index)
            lineage |= one.lineage - run.members
            shown.update(_by_cell(traced, one.lineage))
    return tuple(sorted(results)), tuple(sorted(lineage))


def _effective(traced: Sequence[Traced], lineage: Sequence[int]) -> tuple[Value, ...]:
    """Return the parameters that were in effect in a lineage.

    Where a cell was executed with several values of a name, those count that its own cell or
    another execution of the lineage read: an early value that was overwritten unread is
    none of the run's, but one that a result went through is, even if the cell said
    something else later.
    """
    values: dict[tuple[str, str], list[Value]] = {}
    for index in lineage:
        finished = traced[index].execution.finished
        for parameter in finished.parameters if finished is not None else ():
            values.setdefault((traced[index].cell, parameter.name), []).append(
                Value(index, parameter)
            )
    read = {
        (supplier, name)
        for index in lineage
        for name, suppliers in traced[index].sources.items()
        for supplier in suppliers
    }
    kept: list[Value] = []
    for (_, name), candidates in values.items():
        used = [
            one
            for one in candidates
            if (one.index, name) in read or _is_used_at_once(one, traced[one.index].execution)
        ]
        kept += _distinct(used or candidates[-1:])
    return tuple(sorted(kept, key=lambda value: value.index))


def _is_used_at_once(value: Value, execution: Execution) -> bool:
    """Tell whether the cell that set a value read it too; arguments of a call always are."""
    if value.parameter.source in ("model", "declared"):
        return True
    parsed = parse(execution.source)
    return parsed is None or any(
        isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and node.id == value.parameter.name
        for node in ast.walk(parsed.tree)
    )


def _distinct(values: Sequence[Value]) -> list[Value]:
    """Drop what only repeats an earlier value."""
    kept: list[Value] = []
    for one in values:
        if not any(
            one.parameter.value == other.parameter.value
            and one.parameter.type == other.parameter.type
            for other in kept
        ):
            kept.append(one)
    return kept


def _draft(traced: Sequence[Traced], runs: Sequence[_Growing]) -> tuple[int, ...]:
    """Return the newest execution of each cell that changed something no run shows.

    It has another source than the open run's execution of its cell, or, if the run has none,
    than the one before; or it sets a parameter by a name that the open run has.
    """
    last = runs[-1]
    settled = {cell for run in runs for cell in run.identities}
    shown = {index for run in runs for index in run.members}
    executed: dict[str, list[Traced]] = {}
    for one in traced:
        executed.setdefault(one.cell, []).append(one)
    names = _names_set(traced, last.members)
    found = []
    for cell, ones in executed.items():
        newest = ones[-1]
        if newest.index in shown or newest.identity in last.identities.get(cell, ()):
            continue
        is_new = newest.index > last.opened
        if not is_new and cell not in settled:
            continue
        known = [one for one in ones if one.index in last.members] or ones[-2:-1]
        differs = any(
            one.execution.source_digest != newest.execution.source_digest for one in known
        )
        overrides = is_new and not known and names & _names_set(traced, [newest.index])
        if differs or overrides:
            found.append(newest.index)
    return tuple(sorted(found))


def _names_set(traced: Sequence[Traced], indices: Iterable[int]) -> set[str]:
    return {
        parameter.name
        for index in indices
        if (finished := traced[index].execution.finished) is not None
        for parameter in finished.parameters
    }
