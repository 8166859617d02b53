"""What the record of a replayed session shows, chosen as for the session's own run. Pure.

A replay executes a cell as often as the session did: a cell of parameters once with the
values that it had first, and again with those that the results came from. Taken one by one,
as the cells of a notebook are, its record would show values that led to none of its results.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from jupyter_mlops.records import Parameter
from jupyter_mlops.store.segmentation import segment
from jupyter_mlops.store.sessions import Execution


@dataclass(frozen=True)
class Shown:
    """What counts of a replay, by indices of its executions.

    Attributes
    ----------
    results
        Those whose results are shown.
    used
        Parameters that these came from, by execution and name.
    asked
        Parameters that stand even if none of these came from them, by cell and name.
    """

    results: tuple[int, ...]
    used: frozenset[tuple[int, str]]
    asked: frozenset[tuple[int | None, str]] = frozenset()

    def in_effect(self, parameters: Sequence[tuple[int, Parameter]]) -> list[Parameter]:
        """Choose parameters, given with their executions: of one name of one cell the used ones.

        Of a name that no result came from the last value stands if it was asked for, and
        else none, as in a session's own run.
        """
        values: dict[tuple[int | None, int | None, str], list[tuple[int, Parameter]]] = {}
        for index, one in parameters:
            # Executions whose cell is not known are no repetitions of each other.
            cell = (one.cell, None) if one.cell is not None else (None, index)
            values.setdefault((*cell, one.name), []).append((index, one))
        kept: list[Parameter] = []
        for several in values.values():
            used = [one for index, one in several if (index, one.name) in self.used]
            last = several[-1][1]
            kept += used or [last] * ((last.cell, last.name) in self.asked)
        return kept


def replayed(
    steps: Sequence[tuple[Execution, int | None]],
    asked: Iterable[tuple[int | None, str]] = (),
) -> Shown:
    """Choose what a replay shows.

    Parameters
    ----------
    steps
        Its executions in order, with the positions of their cells.
    asked
        Parameters that it shows even if no result came from them, by cell and name.
    """
    named = [
        execution if cell is None else replace(execution, cell=f"cell {cell}")
        for execution, cell in steps
    ]
    runs = segment(named).runs
    if not runs:
        return Shown((), frozenset(), frozenset(asked))
    # Earlier ones are steps on the way to the one that was replayed.
    last = runs[-1]
    return Shown(
        results=tuple(sorted({*last.results, *last.inherited})),
        used=frozenset((value.index, value.parameter.name) for value in last.parameters),
        asked=frozenset(asked),
    )
