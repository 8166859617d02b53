"""Which cell of one run is which cell of another.

Notebooks are edited between runs: cells move, appear and vanish, and their positions with
them. Cells are matched by id where the notebook has ids, then by equal source, and what is
left between two matches in its order, so that an edited cell stands beside its former self.

Of a cell from which a run only inherited something the record holds nothing but its position;
it is found by its distance to cells that are matched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from jupyter_mlops.records import CellDetail, CellExecution, DataUse, Metric, Parameter, Run


def key(execution: CellExecution) -> Any:
    """Return what tells the cells of one run apart: the position, else id or source."""
    if execution.cell is not None:
        return execution.cell
    return execution.id or execution.source_digest


def inherited(run: Run) -> frozenset[int]:
    """Return the positions of the cells from which a run shows something of an earlier run."""
    items: list[Parameter | Metric | DataUse] = [*run.parameters, *run.metrics, *run.data]
    return frozenset(one.cell for one in items if one.inherited and one.cell is not None)


@dataclass
class Row:
    """One cell across runs.

    ``members`` maps a run's number to its last execution there, ``inherited`` to the cell's
    position where the run did not execute it and shows what an earlier run got from it.
    """

    members: dict[int, CellDetail] = field(default_factory=dict)
    inherited: dict[int, int] = field(default_factory=dict)

    @property
    def latest(self) -> CellDetail:
        """The cell as the last run that has it executed it."""
        return self.members[max(self.members)]

    @property
    def first(self) -> int:
        """The number of the first run that has the cell."""
        return min({*self.members, *self.inherited})

    @property
    def cell(self) -> int | None:
        """The position in the first run that has the cell."""
        return self.position(self.first)

    def position(self, run: int) -> int | None:
        """Return the cell's position in a run, ``None`` where it has none there."""
        member = self.members.get(run)
        return self.inherited.get(run) if member is None else member.execution.cell


class Alignment:
    """The cells of several runs, side by side.

    Parameters
    ----------
    runs
        The cell executions of each run in recorded order; cells that the product or
        papermill added are left out.
    inherited
        For each run the positions of the cells from which it shows something of an earlier run.
    """

    def __init__(
        self,
        runs: Sequence[Sequence[CellDetail]],
        inherited: Sequence[Iterable[int]] = (),
    ) -> None:
        self.rows: list[Row] = []
        self._row_of: dict[tuple[int, Any], Row] = {}
        for number, details in enumerate(runs):
            self._add(number, _last_executions(details))
        # Once all that was executed has its place: it says where the others belong.
        for number, cells in enumerate(inherited):
            for cell in sorted(cells):
                if (number, cell) not in self._row_of:
                    self._place(number, cell, len(runs))
        self._order = {id(row): place for place, row in enumerate(self.rows)}

    def row(self, run: int, cell: Any) -> int | None:
        """Return the place of a run's cell, or ``None`` for a cell that it has not."""
        row = self._row_of.get((run, cell))
        return None if row is None else self._order[id(row)]

    def _add(self, run: int, details: list[CellDetail]) -> None:
        matched = self._by_id(details)
        taken = {id(row) for row in matched.values()}
        old = [id(row) if id(row) in taken else row.latest.source for row in self.rows]
        new = [
            id(matched[at]) if at in matched else detail.source for at, detail in enumerate(details)
        ]
        rows: list[Row] = []
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        for _, old_from, old_to, new_from, new_to in matcher.get_opcodes():
            here = self.rows[old_from:old_to]
            free = [row for row in here if id(row) not in taken]
            for at in range(new_from, new_to):
                row = matched.get(at) or (free.pop(0) if free else Row())
                if not row.members:
                    here.append(row)
                row.members[run] = details[at]
                self._row_of[run, key(details[at].execution)] = row
            rows += here
        self.rows = rows

    def _place(self, run: int, cell: int, runs: int) -> None:
        row = self._counterpart(run, cell, runs)
        if row is None:
            row = Row()
            before = [at for at, one in enumerate(self.rows) if _is_before(one, run, cell)]
            self.rows.insert(before[-1] + 1 if before else 0, row)
        row.inherited[run] = cell
        self._row_of[run, cell] = row

    def _counterpart(self, run: int, cell: int, runs: int) -> Row | None:
        """Return the row of another run's cell that lies as far from a cell that both have."""
        for other in range(runs):
            both = [(row.position(run), row.position(other)) for row in self.rows]
            known = [
                (here, there) for here, there in both if here is not None and there is not None
            ]
            nearest = [
                *sorted(pair for pair in known if pair[0] < cell)[-1:],
                *sorted(pair for pair in known if pair[0] > cell)[:1],
            ]
            for here, there in nearest:
                row = self._row_of.get((other, there + cell - here))
                if row is not None and row.position(run) is None:
                    return row
        return None

    def _by_id(self, details: list[CellDetail]) -> dict[int, Row]:
        known = {row.latest.execution.id: row for row in self.rows if row.latest.execution.id}
        ids = [detail.execution.id for detail in details]
        return {
            at: known[name] for at, name in enumerate(ids) if name is not None and name in known
        }


def _last_executions(details: Sequence[CellDetail]) -> list[CellDetail]:
    last: dict[Any, CellDetail] = {}
    for detail in details:
        if not detail.execution.injected:
            last[key(detail.execution)] = detail
    # In the notebook's order, so that cells executed out of order still stand side by side.
    return sorted(last.values(), key=lambda d: (d.execution.cell is None, d.execution.cell or 0))


def _is_before(row: Row, run: int, cell: int) -> bool:
    position = row.position(run)
    return position is not None and position < cell
