"""Which cell executions a result was made from, by what cells share.

Cells share names, files (one writes, another reads) and the state of random generators.
"""

from __future__ import annotations

from dataclasses import dataclass

from jupyter_mlops import dataflow
from jupyter_mlops.comparison.found import Side


@dataclass(frozen=True)
class _Step:
    """What one execution took, left, and surely replaced; ``opaque`` if that isn't known."""

    reads: frozenset[str]
    writes: frozenset[str]
    replaces: frozenset[str]
    opaque: bool


def of_cell(side: Side, cell: int | None) -> frozenset[int]:
    """Return the executions that a cell's result came from, as indexes into ``side.cells``.

    The cell's last execution, and every one that it read from, directly or not. Where the
    flow is not known, everything before counts; where the cell is not known, everything.
    """
    places = [at for at, detail in enumerate(side.cells) if detail.execution.cell == cell]
    if cell is None or not places:
        return frozenset(range(len(side.cells)))
    steps = _steps(side)
    lineage = {places[-1]}
    needed = steps[places[-1]].reads
    opaque = steps[places[-1]].opaque
    for at in range(places[-1] - 1, -1, -1):
        step = steps[at]
        if not (opaque or step.opaque or step.writes & needed):
            continue
        lineage.add(at)
        opaque = opaque or step.opaque
        # A name that was surely bound anew hides what earlier cells had put there.
        needed = (needed - (step.replaces - step.reads)) | step.reads
    return frozenset(lineage)


def _steps(side: Side) -> list[_Step]:
    shared = _shared(side)
    steps = []
    for detail in side.cells:
        flow = dataflow.analyse(detail.source)
        taken, left = shared.get(detail.execution.cell, (set(), set()))
        steps.append(
            _Step(
                reads=frozenset(detail.execution.reads) | taken,
                writes=frozenset(detail.execution.writes) | left,
                replaces=flow.binds,
                opaque=flow.opaque is not None,
            )
        )
    return steps


def _shared(side: Side) -> dict[int | None, tuple[set[str], set[str]]]:
    """Return files and generators that each cell took from and left to others."""
    shared: dict[int | None, tuple[set[str], set[str]]] = {}
    for use in side.run.data:
        if use.path is not None and use.access in ("read", "write"):
            taken, left = shared.setdefault(use.cell, (set(), set()))
            (left if use.access == "write" else taken).add("file " + use.path)
    for draw in side.run.randomness:
        taken, left = shared.setdefault(draw.cell, (set(), set()))
        left.add("generator " + draw.generator)
        if not draw.seeded:
            taken.add("generator " + draw.generator)
    return shared
