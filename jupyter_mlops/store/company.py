"""What was executed along with a run but led to none of its results. Pure.

A plot, a displayed frame, a cell that failed after the last metric: none of them is a result,
so none opens a run and no lineage holds it. But each was executed in the run's time and with
the run's values: the record would hide it, and its failure, if it held the lineage alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from jupyter_mlops.store.agreement import Claims, agree, claims
from jupyter_mlops.store.lineage import Traced, trace


def company(
    traced: Sequence[Traced],
    members: Collection[int],
    said: Claims,
    candidates: Collection[int],
) -> tuple[int, ...]:
    """Return the executions that belong to a run beside its lineage, what they read included.

    Parameters
    ----------
    traced
        The session's executions.
    members
        The run's lineage.
    said
        What the run says of cells and names; who disagrees stays out.
    candidates
        Executions without a result in the run's time. Of a cell the newest counts, or the
        first one that was the same.
    """
    own = {traced[index].cell for index in members}
    newest = {
        traced[index].cell: index
        for index in sorted(candidates)
        if traced[index].cell not in own and traced[index].execution.status in ("ok", "error")
    }
    found: set[int] = set()
    for cell, last in newest.items():
        same = traced[last].identity
        index = next(
            one
            for one in sorted(candidates)
            if (traced[one].cell, traced[one].identity) == (cell, same)
        )
        if agree(claims(traced, traced[index]), said):
            found |= traced[index].lineage
    found -= set(members)
    return tuple(sorted(found)) if found and replays(traced, found.union(members)) else ()


def left_out(
    traced: Sequence[Traced], members: Collection[int], time: Collection[int]
) -> frozenset[int]:
    """Return what its author keeps out of the record in a run's time: that it was is said.

    Of a cell the newest execution; what comes before a result is in its lineage already.
    """
    own = {traced[index].cell for index in members}
    newest = {
        traced[index].cell: index
        for index in sorted(time)
        if traced[index].execution.started.skipped and traced[index].cell not in own
    }
    return frozenset(newest.values())


def replays(traced: Sequence[Traced], members: Collection[int]) -> bool:
    """Tell whether these executions alone, in their order, read what they read."""
    order = sorted(members)
    again = trace([traced[index].execution for index in order])
    return all(
        one.identity == traced[index].identity and one.tokens == traced[index].tokens
        for index, one in zip(order, again, strict=True)
    )
