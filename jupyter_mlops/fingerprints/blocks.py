"""What a pandas frame or series is made of: its blocks, looked at past its methods.

Whoever looks into one pays for what is looked at: a frame may have a million columns, in one
block or in a million of them.
"""

from __future__ import annotations

import sys
from typing import Any

from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, is_a, loaded
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.frozen import dataclass

# Blocks that are visited between two yields.
_BLOCKS = 256


@dataclass(frozen=True)
class Stored:
    """A frame or series: how many rows and columns, its indexes, its blocks.

    ``header`` is the columns' index; ``None`` of a series, whose only label is its ``name``.
    """

    rows: int
    count: int
    index: Any
    header: Any
    name: Any
    blocks: tuple[Any, ...]

    def labels(self, limit: int) -> list[Any]:
        """Return the labels of the first columns; of an index of the user's, none are known."""
        if self.header is None:
            return [self.name]
        if not belongs_to(type(self.header), "pandas"):
            return [None] * min(limit, self.count)
        labels: list[Any] = self.header[:limit].tolist()
        return labels


def stored(value: Any) -> Stored | None:
    """Look into a frame or series; ``None`` if its inside is not that of one."""
    manager = (attributes(value) or {}).get("_mgr")
    if manager is None or not belongs_to(type(manager), "pandas"):
        return None
    blocks = tuple(manager.blocks)
    index = manager.axes[-1]
    if belongs_to(type(index), "pandas"):
        rows = len(index)
    else:
        rows = int(blocks[0].values.shape[-1]) if blocks else 0
    if is_a(value, loaded("pandas", "Series")):
        return Stored(rows, 1, index, None, (attributes(value) or {}).get("_name"), blocks)
    header = manager.axes[0]
    if belongs_to(type(header), "pandas"):
        count = len(header)
    else:
        count = sum(len(block.mgr_locs) for block in blocks)
    return Stored(rows, count, index, header, None, blocks)


def first(found: Stored, limit: int) -> list[tuple[Any, Any]]:
    """Return of the first columns, in their order, the block and its row.

    It visits every block.
    """
    if found.header is None:
        return [(found.blocks[0], 0)]
    placed: dict[int, tuple[Any, Any]] = {}
    for block in found.blocks:
        positions = block.mgr_locs.as_array
        for row in (positions < limit).nonzero()[0].tolist():
            placed[int(positions[row])] = (block, row)
    return [placed[position] for position in sorted(placed)]


def placed(found: Stored) -> Steps[tuple[Any, Any]]:
    """Return arrays that tell, by a column's position, the number of its block and its row."""
    numpy = sys.modules["numpy"]
    numbers, rows = numpy.zeros(found.count, "i8"), numpy.zeros(found.count, "i8")
    if found.header is None:
        return numbers, rows
    for number, block in enumerate(found.blocks):
        positions = block.mgr_locs.as_array
        numbers[positions] = number
        rows[positions] = numpy.arange(len(positions))
        if not number % _BLOCKS:
            yield
    return numbers, rows


def column(block: Any, row: int) -> Any:
    """Return the array of a column, as a view of the block that holds it."""
    values = block.values
    own = is_a(values, loaded("numpy", "ndarray")) or belongs_to(type(values), "pandas")
    return values[row] if own and values.ndim == 2 else values
