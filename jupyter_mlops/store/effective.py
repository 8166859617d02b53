"""Which of a session's parameter values were in effect on the way to what a run shows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from jupyter_mlops.records import Parameter
from jupyter_mlops.store.lineage import Traced, value_token
from jupyter_mlops.store.overwriting import Standing, stands
from jupyter_mlops.store.sessions import Execution


@dataclass(frozen=True)
class Value:
    """A parameter with the execution that set it; `index` counts from 0 in the session."""

    index: int
    parameter: Parameter
    inherited: bool = False


class Stood(NamedTuple):
    """Values that a run shows, those of them that some results had no more, and the others."""

    shown: tuple[Value, ...]
    replaced: tuple[Value, ...]
    overwritten: tuple[Value, ...]


def effective(
    traced: Sequence[Traced],
    own: Sequence[int],
    theirs: Iterable[int],
    used: Collection[tuple[int, str]],
) -> tuple[Value, ...]:
    """Return the parameters that were in effect on the way to what is shown.

    Where a cell was executed with several values of a name, those count that were used: an
    early value that was overwritten unread is none of the run's, but one that a result went
    through is, even if the cell said something else later.
    """
    values: dict[tuple[str, str], list[Value]] = {}
    for value in (*values_of(traced, own), *values_of(traced, sorted(theirs), inherited=True)):
        subject = (traced[value.index].cell, value.parameter.name)
        values.setdefault(subject, []).append(value)
    kept: list[Value] = []
    for candidates in values.values():
        counted = [one for one in candidates if (one.index, one.parameter.name) in used]
        last = max(candidates, key=lambda value: value.index)
        kept += counted or [last]
    return tuple(sorted(kept, key=lambda value: value.index))


def standing(
    executions: Sequence[Execution],
    values: Iterable[Value],
    among: Collection[int],
    seen: Collection[int],
) -> Stood:
    """Part the values by whether they stood when the results were computed.

    `among` and `seen` are those of :func:`overwriting.stands`.
    """
    parts: dict[Standing, list[Value]] = {"all": [], "some": [], "none": []}
    for value in values:
        parts[stands(executions, value.index, value.parameter, among, seen)].append(value)
    # A repetition may stand where the first one did not last.
    shown = _distinct(executions, [*parts["all"], *parts["some"]])
    known = {_said(executions, value) for value in shown}
    some = {_said(executions, value) for value in (*parts["some"], *parts["none"])}
    return Stood(
        shown,
        tuple(value for value in shown if _said(executions, value) in some),
        tuple(
            value
            for value in _distinct(executions, parts["none"])
            if _said(executions, value) not in known
        ),
    )


def values_of(
    traced: Sequence[Traced], indices: Iterable[int], *, inherited: bool = False
) -> list[Value]:
    """Return the parameters that executions set."""
    return [
        Value(index, parameter, inherited)
        for index in indices
        for parameter in parameters_of(traced[index].execution)
    ]


def parameters_of(execution: Execution) -> tuple[Parameter, ...]:
    """Return the parameters that an execution set, none before it ended."""
    return execution.finished.parameters if execution.finished is not None else ()


def _distinct(executions: Sequence[Execution], values: Sequence[Value]) -> tuple[Value, ...]:
    """Drop what only repeats an earlier value; the rest in order."""
    first: dict[tuple[str, str, str], Value] = {}
    for value in sorted(values, key=lambda value: value.index):
        first.setdefault(_said(executions, value), value)
    return tuple(first.values())


def _said(executions: Sequence[Execution], value: Value) -> tuple[str, str, str]:
    cell = executions[value.index].cell
    return cell, value.parameter.name, value_token(value.parameter)
