"""Whether the order of a repetition let a cell read something else than in the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from jupyter_mlops.dataflow.order import Execution, Moved, Shared, moved, shared
from jupyter_mlops.records import Run, Step
from jupyter_mlops.reproduction.flows import flows
from jupyter_mlops.reproduction.verdict import Pair


def other_order(
    before: Run, after: Run, then: Sequence[Step], pairs: Sequence[Pair], at: int
) -> Moved | None:
    """Return what led to the pair at index `at` and was read from elsewhere, if anything.

    Parameters
    ----------
    before, after
        Both records; cells of `after` by the positions of `before`.
    then
        All that the run executed, in its order.
    pairs
        In the order of the repetition.
    """
    now = [
        (number, replace(pair.step, source=pair.after.source))
        for number, pair in enumerate(pairs)
        if pair.step is not None and pair.after is not None
    ]
    ends = (
        next((i for i, step in enumerate(then) if step is pairs[at].step), None),
        next((i for i, (number, _) in enumerate(now) if number == at), None),
    )
    if ends[0] is None or ends[1] is None:
        return None
    runs = _executions(before, then), _executions(after, [step for _, step in now])
    return moved(*runs, (ends[0], ends[1]))


def _executions(run: Run, steps: Sequence[Step]) -> list[Execution]:
    besides = shared(run.data, run.randomness, lambda use: use.path or "")
    writes: dict[int | None, set[str]] = {}
    for cell in run.cells:
        if cell.status != "not run":
            writes.setdefault(cell.cell, set()).update(cell.writes)
    found = []
    for step, flow in zip(steps, flows(steps), strict=True):
        own = besides.get(step.cell, Shared())
        found.append(
            Execution(
                cell=step.cell,
                source=step.source,
                reads=flow.reads | own.taken,
                # Of a cell that did not run its code has to tell.
                writes=frozenset(writes.get(step.cell, flow.writes) | own.left),
                replaces=flow.binds | own.replaced,
                opaque=flow.opaque is not None,
            )
        )
    return found
