"""Which cell executions a result was made from, by what cells share.

Cells share names, files (one writes, another reads) and the state of random generators.
"""

from __future__ import annotations

from jupyter_mlops import dataflow
from jupyter_mlops.comparison.alignment import Alignment, key
from jupyter_mlops.comparison.data import label
from jupyter_mlops.comparison.found import Side
from jupyter_mlops.dataflow.order import Execution, Moved, Shared, moved, shared


def of_cell(side: Side, cell: int | None) -> frozenset[int]:
    """Return the executions that a cell's result came from, as indexes into ``side.cells``.

    The cell's last execution, and every one that it read from, directly or not. Where the
    flow is not known, everything before counts; where the cell is not known, everything.
    """
    last = _last(side, cell)
    if last is None:
        return frozenset(range(len(side.cells)))
    steps = _executions(side)
    lineage = {last}
    needed, opaque = steps[last].reads, steps[last].opaque
    for at in range(last - 1, -1, -1):
        step = steps[at]
        if not (opaque or step.opaque or step.writes & needed):
            continue
        lineage.add(at)
        opaque = opaque or step.opaque
        # A name that was surely bound anew hides what earlier cells had put there.
        needed = (needed - (step.replaces - step.reads)) | step.reads
    return frozenset(lineage)


def other_order(first: Side, second: Side, alignment: Alignment, row: int) -> Moved | None:
    """Return what the result of a row's cell was made of elsewhere since the order was another.

    Its cells are positions in the first run that has them.
    """
    cells = [alignment.rows[row].members[side.number].execution.cell for side in (first, second)]
    ends = _last(first, cells[0]), _last(second, cells[1])
    if ends[0] is None or ends[1] is None:
        return None
    runs = [_executions(side, alignment) for side in (first, second)]
    found = moved(runs[0], runs[1], (ends[0], ends[1]))
    if found is None:
        return None

    def position(place: int | None) -> int | None:
        return None if place is None else alignment.rows[place].cell

    before, after = (tuple(map(position, places)) for places in (found.first, found.second))
    return Moved(position(found.cell), found.name, before, after)


def _last(side: Side, cell: int | None) -> int | None:
    """Return the index of a cell's last execution, if it is known."""
    places = [at for at, detail in enumerate(side.cells) if detail.execution.cell == cell]
    return None if cell is None or not places else places[-1]


def _executions(side: Side, alignment: Alignment | None = None) -> list[Execution]:
    besides = shared(side.run.data, side.run.randomness, lambda use: label(side.run, use))
    found = []
    for detail in side.cells:
        flow = dataflow.analyse(detail.source)
        one, own = detail.execution, besides.get(detail.execution.cell, Shared())
        found.append(
            Execution(
                cell=alignment.row(side.number, key(one)) if alignment else None,
                source=detail.source,
                reads=frozenset(one.reads) | own.taken,
                writes=frozenset(one.writes) | own.left,
                replaces=flow.binds | own.replaced,
                opaque=flow.opaque is not None,
            )
        )
    return found
