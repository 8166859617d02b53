"""What the parts of a comparison hand to each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from jupyter_mlops.records import CellDetail, DataUse, Difference, Run


@dataclass(frozen=True)
class Side:
    """One of the compared runs with its cell executions in recorded order."""

    number: int
    run: Run
    cells: tuple[CellDetail, ...]


@dataclass(frozen=True)
class Found:
    """A difference and where it lies.

    ``row`` is the cell's place among the aligned cells, ``None`` where it lies in no
    particular cell. ``cause`` tells whether it can make a metric differ: an input can, an
    intermediate value or a comment can't. ``module`` marks a file of the user's own code.
    """

    kind: Literal["code", "parameter", "data", "environment", "output"]
    row: int | None
    difference: Difference
    unknown: bool = False
    cause: bool = True
    module: bool = False


class Row(NamedTuple):
    """The values of one name: its cell's place among the aligned ones, and in each run.

    ``missing`` has the places of the runs that do not have the name. ``inferred`` tells that
    those which have it did no more than print it.
    """

    row: int | None
    values: tuple[Any, ...]
    missing: tuple[int, ...]
    inferred: bool = False


def relation(uses: Sequence[DataUse]) -> bool | None:
    """Tell whether all contents are equal; ``None`` where that can't be known.

    Two whole digests of one algorithm that differ settle it, and so do two extents, whatever
    the others are.
    """
    whole = [use for use in uses if use.digest is not None and use.complete]
    if any(whole[0].has_other_extent(use) for use in whole[1:]):
        return False
    known = [(str(use.digest), *use.digests) for use in whole]
    by_algorithm: dict[str, list[str]] = {}
    for digest in (digest for digests in known for digest in digests):
        by_algorithm.setdefault(digest.partition(":")[0], []).append(digest)
    if any(len(set(group)) > 1 for group in by_algorithm.values()):
        return False
    return True if any(len(group) == len(uses) for group in by_algorithm.values()) else None
