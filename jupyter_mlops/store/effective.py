"""Which of a session's parameter values were in effect on the way to what a run shows. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from jupyter_mlops.records import Parameter
from jupyter_mlops.store.lineage import Traced
from jupyter_mlops.store.overwriting import stands
from jupyter_mlops.store.sessions import Execution


@dataclass(frozen=True)
class Value:
    """A parameter with the execution that set it; `index` counts from 0 in the session."""

    index: int
    parameter: Parameter
    inherited: bool = False


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
        kept += _distinct(counted or [last])
    return tuple(sorted(kept, key=lambda value: value.index))


def standing(
    executions: Sequence[Execution], values: Iterable[Value], among: Collection[int]
) -> tuple[tuple[Value, ...], tuple[Value, ...]]:
    """Part the values that stood when the results were computed from those replaced before."""
    parts: dict[bool, list[Value]] = {True: [], False: []}
    for value in values:
        parts[stands(executions, value.index, value.parameter, among)].append(value)
    return tuple(parts[True]), tuple(parts[False])


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
