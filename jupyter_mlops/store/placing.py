"""Which cell of a saved notebook is which cell of a session, and where the others belong. Pure.

A cell is known by its id. Notebooks of before the format's version 4.5 have none, and some
front ends send none: there it is known by its source, and by what was executed before it.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from jupyter_mlops.store.sessions import Execution

# How like its saved source an edited cell must be, and up to which length that is asked.
_LIKENESS = 0.6
_LENGTH_LIMIT = 4000


def matched(cells: Sequence[Mapping[str, Any]], executions: Sequence[Execution]) -> dict[str, int]:
    """Return the position in `cells` of each of the session's cells that is there."""
    positions = {str(cell["id"]): index for index, cell in enumerate(cells) if "id" in cell}
    found = {
        one.cell: positions[name]
        for one in executions
        if (name := _id(one.cell)) is not None and name in positions
    }
    taken = set(found.values())
    free = {
        index: _source(cell)
        for index, cell in enumerate(cells)
        if cell.get("cell_type") == "code" and index not in taken
    }
    # What is the same is taken first, so that nothing that is merely alike takes its place.
    for choose in (_same, _alike):
        before = -1
        for one in executions if free else ():
            if one.cell not in found:
                # A session that knows ids knows those that the file has as well.
                named = _id(one.cell) is not None
                those = {i: text for i, text in free.items() if not named or "id" not in cells[i]}
                index = _next(choose(one.source, those), before)
                if index is not None:
                    found[one.cell] = index
                    del free[index]
            before = found.get(one.cell, before)
    return found


def missing(
    wanted: Collection[str], there: Collection[str], executions: Sequence[Execution]
) -> Iterator[tuple[str, str, int]]:
    """Yield wanted cells that are not there, each with the one beside it and 1 if it follows it.

    A cell follows what was executed before it; the first ones go before what came after them.
    """
    if not wanted:
        return
    placed = set(there)
    first = next(one.cell for one in executions if one.cell in placed)
    before: str | None = None
    for one in executions:
        if one.cell in wanted and one.cell not in placed:
            yield (one.cell, first, 0) if before is None else (one.cell, before, 1)
            placed.add(one.cell)
        if one.cell in placed:
            before = one.cell


def _same(source: str, those: Mapping[int, str]) -> list[int]:
    return [index for index, text in those.items() if text == source]


def _alike(source: str, those: Mapping[int, str]) -> list[int]:
    if len(source) > _LENGTH_LIMIT:
        return []
    texts = [text for text in those.values() if len(text) <= _LENGTH_LIMIT]
    nearest = difflib.get_close_matches(source, texts, n=1, cutoff=_LIKENESS)
    return _same(nearest[0], those) if nearest else []


def _next(found: Sequence[int], before: int) -> int | None:
    """Return the first position after `before`, else the first of all."""
    return next((index for index in found if index > before), found[0] if found else None)


def _id(cell: str) -> str | None:
    kind, _, name = cell.partition(" ")
    return name if kind == "id" else None


def _source(cell: Mapping[str, Any]) -> str:
    text = cell.get("source", "")
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
