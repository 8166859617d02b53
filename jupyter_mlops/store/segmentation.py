"""How an interactive session becomes runs. Pure.

The session is a list of executions, never rewritten. A *result* is a metric, a fitted model
or a written file; whole-number variables and values of a clock are results too, but open no
run. In the order of execution, each result

- joins the open run if its lineage agrees with the run's on every cell that they share
  (see :mod:`agreement`);
- otherwise opens the next run, with exactly its lineage.

So a run never holds a second, different value of one name of one cell, but for a lineage that
itself went through both: then both are the run's, in order, and neither is hidden. What is
shown of a run, its own results as well as earlier ones, which are *inherited*, agrees with
everything else that is shown.

Executions that changed something and led to no result yet are the *draft*. A session without
any result is one run of all its executions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal

from jupyter_mlops.store.agreement import Claims, agree, came_from, claims, say_the_same
from jupyter_mlops.store.company import company, left_out, replays
from jupyter_mlops.store.draft import OpenRun, changed_values, changes
from jupyter_mlops.store.effective import Value, effective, parameters_of, standing, values_of
from jupyter_mlops.store.lineage import Traced, trace
from jupyter_mlops.store.sessions import Execution


@dataclass(frozen=True)
class Segment:
    """One run of a session, by indices of executions in their order.

    Attributes
    ----------
    lineage
        What replays the run.
    results
        Those of them whose results the run shows.
    opened
        The execution whose result opened it; ``None`` without any result.
    inherited
        Executions of earlier runs whose results are shown here as well.
    parameters
        Those in effect: of several values of one name of one cell the ones that were used.
    replaced
        Those of them that something else replaced before other results of the run read them.
    overwritten
        Those that are not, since something else replaced them before they were read.
    counted
        Executions on the way to what it shows of which more was used than a value by itself.
    company
        What was executed along with it and led to no result (see :mod:`company`).
    new
        Those executed for it: after the run before it opened, and listed by no earlier one.
    end
        The execution before which its time ended: the first step of the next run.
    """

    lineage: tuple[int, ...]
    results: tuple[int, ...]
    opened: int | None
    inherited: tuple[int, ...] = ()
    parameters: tuple[Value, ...] = ()
    replaced: tuple[Value, ...] = ()
    overwritten: tuple[Value, ...] = ()
    counted: frozenset[int] = frozenset()
    company: tuple[int, ...] = ()
    new: tuple[int, ...] = ()
    end: int = 0

    @property
    def executed(self) -> tuple[int, ...]:
        """All that the run's record lists, in order."""
        return tuple(sorted((*self.lineage, *self.company)))


@dataclass(frozen=True)
class Segmentation:
    """A session's runs in the order in which they opened, and the draft's executions.

    ``traced`` are all executions, with what each depends on.
    """

    runs: tuple[Segment, ...]
    draft: tuple[int, ...] = ()
    draft_parameters: tuple[Value, ...] = ()
    traced: tuple[Traced, ...] = ()


@dataclass
class _Growing:
    """A run while the session is read.

    ``joined`` are the results that make it up, by cell; ``equal`` maps executions that need
    no second replay to the members that they equal.
    """

    opened: int
    joined: dict[str, int] = field(default_factory=dict)
    equal: dict[int, int] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    full: set[int] = field(default_factory=set)
    claims: Claims = field(default_factory=Claims)


Strength = Literal["strong", "weak"]


def segment(executions: Sequence[Execution]) -> Segmentation:
    """Find the runs of a session; more executions only ever add runs or grow the last one."""
    traced = trace(executions)
    claimed = {
        one.index: claims(traced, one) for one in traced if strength(one.execution) is not None
    }
    growing = _runs(traced, claimed)
    if not growing:
        return whole(executions)
    finished = [
        _finished(traced, claimed, run, growing[:number]) for number, run in enumerate(growing)
    ]
    runs = _accompanied(traced, growing, finished)
    last = growing[-1]
    open_run = OpenRun(last.opened, frozenset(last.members), last.claims, runs[-1].executed)
    draft = changes(traced, open_run, {index for run in growing for index in run.members})
    values = changed_values(traced, draft, runs[-1].parameters)
    return Segmentation(tuple(runs), draft, values, traced)


def _accompanied(
    traced: Sequence[Traced], growing: Sequence[_Growing], runs: Sequence[Segment]
) -> list[Segment]:
    """Add to each run what was executed in its time: up to the first step of the next one.

    That is the first step to the result which opened it, as later ones change no closed run.
    """
    firsts = [
        min(one for one in traced[run.opened].lineage - before.members if one > before.opened)
        for before, run in pairwise(growing)
    ]
    starts = [0, *firsts, len(traced)]
    opened = [-1, *(run.opened for run in growing)]
    listed: set[int] = set()
    found = []
    # What is under way has changed nothing yet.
    done = sum(one.execution.status != "running" for one in traced)
    for number, run in enumerate(runs):
        time = range(starts[number], starts[number + 1])
        without = [
            index
            for index in time
            if strength(traced[index].execution) is None
            and not traced[index].execution.started.skipped
        ]
        beside = {
            *company(traced, run.lineage, growing[number].claims, without),
            *left_out(traced, run.lineage, time),
        }
        every = sorted((*run.lineage, *beside))
        new = tuple(one for one in every if one > opened[number] and one not in listed)
        # What led to its last result may have been executed after the next run's first step.
        end = max(min(time.stop, done), every[-1] + 1)
        found.append(replace(run, company=tuple(sorted(beside)), new=new, end=end))
        listed.update(every)
    return found


def whole(executions: Sequence[Execution]) -> Segmentation:
    """Take a session as one run of all its executions, as a batch execution is."""
    if not executions:
        return Segmentation(())
    # No result says which value of a cell executed again it came from: the last ones stand.
    newest = {execution.cell: index for index, execution in enumerate(executions)}
    values = [
        Value(index, parameter)
        for index in sorted(newest.values())
        for parameter in parameters_of(executions[index])
    ]
    everything = tuple(range(len(executions)))
    stood = standing(executions, values, everything, everything)
    results = tuple(sorted(newest.values()))
    end = len(executions)
    one = Segment(everything, results, None, (), *stood, new=everything, end=end)
    return Segmentation((one,), traced=trace(executions))


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


def _runs(traced: Sequence[Traced], claimed: Mapping[int, Claims]) -> list[_Growing]:
    runs: list[_Growing] = []
    pending: list[int] = []
    for index in sorted(claimed):
        if runs and _fits(traced, claimed, runs[-1], index):
            _join(traced, claimed, runs[-1], index)
        elif strength(traced[index].execution) == "weak":
            pending.append(index)
        else:
            runs.append(_Growing(index))
            _join(traced, claimed, runs[-1], index)
            # Of a cell's several values the newest fits, if any does.
            for weak in reversed(pending):
                if _fits(traced, claimed, runs[-1], weak):
                    _join(traced, claimed, runs[-1], weak)
            pending = []
    return runs


def _fits(
    traced: Sequence[Traced], claimed: Mapping[int, Claims], run: _Growing, index: int
) -> bool:
    # What claims everything before it (see lineage.py) may hold both results of its own cell.
    joined = run.joined.get(traced[index].cell, index)
    if traced[joined].identity != traced[index].identity:
        return False
    if agree(claimed[index], run.claims):
        return True
    # What a result only repeats, it may have computed from a cell that was edited elsewhere.
    return (
        joined != index
        and agree(claimed[joined], run.claims)
        and say_the_same(claimed[index], run.claims)
    )


def _join(
    traced: Sequence[Traced], claimed: Mapping[int, Claims], run: _Growing, index: int
) -> None:
    """Add a result that agrees; its mere repetition adds nothing."""
    one = traced[index]
    if one.cell in run.joined:
        return
    known = _oldest(traced, run.members)
    first = known.get((one.cell, one.identity))
    if first is not None and agree(claimed[first], run.claims):
        run.joined[one.cell] = first
        return
    run.joined[one.cell] = index
    run.equal |= {
        other: same
        for other in one.lineage - run.members - {index}
        if (same := known.get((traced[other].cell, traced[other].identity), other)) < other
    }
    run.members = (run.members | one.lineage) - run.equal.keys()
    if run.equal and not replays(traced, run.members):
        run.members |= run.equal.keys()
        run.equal = {}
    run.full |= one.full
    run.claims.add(claimed[index])


def _oldest(traced: Sequence[Traced], members: Iterable[int]) -> dict[tuple[str, str], int]:
    return {
        (traced[index].cell, traced[index].identity): index
        for index in sorted(members, reverse=True)
    }


def _finished(
    traced: Sequence[Traced],
    claimed: Mapping[int, Claims],
    run: _Growing,
    earlier: Sequence[_Growing],
) -> Segment:
    shown = run.claims.copy()
    taken: set[str] = set()
    results = _fitting(traced, claimed, run.joined.values(), shown, taken)
    results += _fitting(traced, claimed, run.members, shown, taken)
    others = {index for other in earlier for index in other.members if index < run.opened}
    inherited = _fitting(traced, claimed, others - run.members, shown, taken)
    theirs = {one for index in inherited for one in traced[index].lineage} - run.members
    used = frozenset(run.full).union(*(traced[index].full for index in (*results, *inherited)))
    lineage = tuple(sorted(run.members))
    # What a cell set beside a result is the result's, whoever it came from went through else.
    own = {
        (value.index, value.parameter.name) for value in values_of(traced, (*results, *inherited))
    }
    values = effective(traced, lineage, theirs, own | _came_from(traced, run, used))
    executions = [one.execution for one in traced]
    seen = frozenset().union(*(traced[index].seen for index in (*results, *inherited)))
    stood = standing(executions, values, used.union(lineage, theirs), seen)
    return Segment(
        lineage=lineage,
        results=tuple(sorted(results)),
        opened=run.opened,
        inherited=tuple(sorted(inherited)),
        parameters=stood.shown,
        replaced=stood.replaced,
        overwritten=stood.overwritten,
        counted=used,
    )


def _fitting(
    traced: Sequence[Traced],
    claimed: Mapping[int, Claims],
    candidates: Iterable[int],
    shown: Claims,
    taken: set[str],
) -> list[int]:
    """Choose results that agree with all that is shown: the newest first, one of each cell."""
    chosen = []
    for index in sorted(candidates, reverse=True):
        cell = traced[index].cell
        if index in claimed and cell not in taken and agree(claimed[index], shown):
            chosen.append(index)
            taken.add(cell)
            shown.add(claimed[index])
    return chosen


def _came_from(
    traced: Sequence[Traced], run: _Growing, full: Iterable[int]
) -> set[tuple[int, str]]:
    return {(run.equal.get(index, index), name) for index, name in came_from(traced, full)}
