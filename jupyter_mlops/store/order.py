"""The order in which a record lists what it has: that of the document. Pure.

By the position of the cell, then by where the cell's source first gives the name a value.
What has no position comes last, and what nothing tells apart stays as it was recorded. So
every run of a notebook lists the same things in the same order, also where a run's values
come from several executions of one cell.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Protocol, TypeVar

from jupyter_mlops.dataflow.source import parse

# By the positions of cells.
Sources = Mapping[int | None, str]
# Whether there is no position, the cell's, and the name's in it.
Place = tuple[bool, int, int]


class Located(Protocol):
    """What a record lists with its cell."""

    @property
    def cell(self) -> int | None:
        """The position of its cell."""

    @property
    def name(self) -> str | None:
        """Its name, if it has one."""


T = TypeVar("T", bound=Located)


def in_document(items: Iterable[T], sources: Sources) -> tuple[T, ...]:
    """Sort what a record lists as the document has it."""
    return tuple(sorted(items, key=lambda item: place(item, sources)))


def place(item: Located, sources: Sources) -> Place:
    """Return what an entry of a record is sorted by."""
    if item.cell is None:
        return True, 0, 0
    names = _names(sources.get(item.cell, ""))
    return False, item.cell, names.get((item.name or "").partition(".")[0], len(names))


@lru_cache(maxsize=4096)
def _names(source: str) -> Mapping[str, int]:
    """Return the names that a source gives values, each with its number among them."""
    parsed = parse(source)
    if parsed is None:
        return {}
    stored = [
        (node.lineno, node.col_offset, node.id)
        for node in ast.walk(parsed.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    names = dict.fromkeys(name for _, _, name in sorted(stored))
    return {name: number for number, name in enumerate(names)}
