"""What was changed in a session and has led to no result yet: the draft. Pure.

It holds the newest execution of a cell if that differs from what the open run rests on, from
what no result came from but a parameter of it was, or from what no run lists. A change that
was taken back is none, and neither is a plot that the open run lists as it was drawn last.

An execution under way is the draft's if its result can no longer be the open run's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from jupyter_mlops.records import Parameter
from jupyter_mlops.store.agreement import Claims, agree, claims, say_the_same
from jupyter_mlops.store.effective import Value, parameters_of, values_of
from jupyter_mlops.store.lineage import Traced, value_token


@dataclass(frozen=True)
class OpenRun:
    """The last run of a session, as far as changes to it are told by it.

    Attributes
    ----------
    opened
        The execution whose result opened it.
    members
        Its lineage.
    claims
        What its results say of cells and names.
    listed
        All that its record lists, in order.
    """

    opened: int
    members: frozenset[int]
    claims: Claims
    listed: tuple[int, ...]


def changes(traced: Sequence[Traced], run: OpenRun, shown: Collection[int]) -> tuple[int, ...]:
    """Return the newest execution of each cell that changed something no run shows.

    Parameters
    ----------
    traced
        The session's executions.
    run
        The run that is open.
    shown
        The lineages of all runs.
    """
    settled = {traced[index].cell for index in shown}
    held = {(traced[index].cell, traced[index].identity) for index in run.listed}
    executed: dict[str, list[Traced]] = {}
    for one in traced:
        executed.setdefault(one.cell, []).append(one)
    found = []
    for cell, (*earlier, newest) in executed.items():
        if newest.index in shown or not (newest.index > run.opened or cell in settled):
            continue
        if newest.execution.status == "running":
            is_change = not _may_join(traced, run, newest)
        else:
            known = _stood(earlier, run, shown)
            is_held = (cell, newest.identity) in held
            is_change = _is_change(traced, run, newest, known, is_held=is_held)
        if is_change:
            found.append(newest.index)
    return tuple(sorted(found))


def changed_values(
    traced: Sequence[Traced], draft: Sequence[int], known: Iterable[Value]
) -> tuple[Value, ...]:
    """Return the draft's parameters that the open run has not, or with other values."""
    there = [
        (traced[value.index].cell, value.parameter.name, value.parameter.value) for value in known
    ]
    return tuple(
        value
        for value in values_of(traced, draft)
        if (traced[value.index].cell, value.parameter.name, value.parameter.value) not in there
    )


def _stood(earlier: list[Traced], run: OpenRun, shown: Collection[int]) -> list[Traced]:
    """Choose of a cell's earlier executions the one that what came later is a change to."""
    choices = (
        [one for one in earlier if one.index in run.members],
        [one for one in earlier if one.index in shown],
        [one for one in earlier if one.index < run.opened],
        earlier[:1],
    )
    return next((some[-1:] for some in choices if some), [])


def _is_change(
    traced: Sequence[Traced], run: OpenRun, one: Traced, known: Sequence[Traced], *, is_held: bool
) -> bool:
    """Tell whether an execution without a result changed what a run rests on, or may rest on.

    What the run lists as it is, a plot for example, is no change but for its parameters.
    """
    if known and known[-1].index in run.members:
        return _has_other_source(one, known)
    values = values_of(traced, run.members) if one.index > run.opened else []
    return (
        (not is_held and _has_other_source(one, known))
        or _sets_other(one, [value.parameter for value in values])
        or any(_sets_other(one, parameters_of(other.execution)) for other in known)
    )


def _may_join(traced: Sequence[Traced], run: OpenRun, one: Traced) -> bool:
    """Tell whether what is under way may lead to a result of the run, by its source.

    Its identity is not known before it ends. What it reads is, but for what an earlier
    execution of its cell left, which it may leave as it is.
    """
    said = claims(traced, one)
    del said.said[one.cell, None]
    del said.rests[one.cell][one.identity]
    own = [traced[index] for index in sorted(run.members) if traced[index].cell == one.cell][-1:]
    read = {
        name: token
        for name, token in one.tokens.items()
        if not any(traced[supplier].cell == one.cell for supplier in one.sources[name])
    }
    # What a cell of the run only repeats may come from cells that were edited elsewhere.
    return (
        (say_the_same if own else agree)(said, run.claims)
        and not _has_other_source(one, own)
        and all(each.tokens.get(name, read[name]) == read[name] for each in own for name in read)
    )


def _has_other_source(one: Traced, known: Iterable[Traced]) -> bool:
    return any(one.execution.source_digest != other.execution.source_digest for other in known)


def _sets_other(one: Traced, known: Iterable[Parameter]) -> bool:
    """Tell whether an execution gives one of these names a value that it has not there."""
    values: dict[str, set[str]] = {}
    for parameter in known:
        values.setdefault(parameter.name, set()).add(value_token(parameter))
    return any(
        parameter.name in values and value_token(parameter) not in values[parameter.name]
        for parameter in parameters_of(one.execution)
    )
