"""Which cell executions a result was made from, by what cells share.

Cells share names, files (one writes, another reads) and the state of random generators.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlops import dataflow
from jupyter_mlops.comparison.alignment import Alignment, key
from jupyter_mlops.comparison.data import label
from jupyter_mlops.comparison.found import Side
from jupyter_mlops.dataflow.order import Execution, Moved, Shared, moved, shared


class Course:
    """The executions of one run in their order, each with what it took and left."""

    def __init__(self, side: Side, alignment: Alignment) -> None:
        self._alignment = alignment
        self._cells = [detail.execution.cell for detail in side.cells]
        self._executions = list(_executions(side, alignment))

    def made(self, cell: int | None) -> frozenset[int]:
        """Return the executions that a cell's result came from, as indexes into its side's.

        The cell's last execution, and every one that it read from, directly or not. Where the
        flow is not known, everything before counts; where the cell is not known, everything.
        """
        last = self._last(cell)
        if last is None:
            return frozenset(range(len(self._cells)))
        end = self._executions[last]
        lineage, needed, opaque = {last}, end.reads, end.opaque
        for at in range(last - 1, -1, -1):
            step = self._executions[at]
            if not (opaque or step.opaque or step.writes & needed):
                continue
            lineage.add(at)
            opaque = opaque or step.opaque
            # A name that was surely bound anew hides what earlier cells had put there.
            needed = (needed - (step.replaces - step.reads)) | step.reads
        return frozenset(lineage)

    def moved(self, other: Course, cells: tuple[int | None, int | None]) -> Moved | None:
        """Return what a result was made of that another order of execution changed, if any.

        Parameters
        ----------
        cells
            The cell that made the result, by its position in this run and in the other.

        Returns
        -------
        Moved
            Its cells are positions in the first run that has them.
        """
        ends = self._last(cells[0]), other._last(cells[1])
        if ends[0] is None or ends[1] is None:
            return None
        found = moved(self._executions, other._executions, (ends[0], ends[1]))
        if found is None:
            return None
        before, after = (tuple(map(self._at, places)) for places in (found.first, found.second))
        return Moved(self._at(found.cell), found.name, before, after)

    def _at(self, place: int | None) -> int | None:
        return None if place is None else self._alignment.rows[place].cell

    def _last(self, cell: int | None) -> int | None:
        """Return the index of a cell's last execution, if it is known."""
        places = [at for at, position in enumerate(self._cells) if position == cell]
        return None if cell is None or not places else places[-1]


def _executions(side: Side, alignment: Alignment) -> Iterator[Execution]:
    besides = shared(side.run.data, side.run.randomness, lambda use: label(side.run, use))
    for detail in side.cells:
        flow = dataflow.analyse(detail.source)
        one, own = detail.execution, besides.get(detail.execution.cell, Shared())
        yield Execution(
            cell=alignment.row(side.number, key(one)),
            source=detail.source,
            reads=frozenset(one.reads) | own.taken,
            writes=frozenset(one.writes) | own.left,
            replaces=flow.binds | own.replaced,
            opaque=flow.opaque is not None,
        )
