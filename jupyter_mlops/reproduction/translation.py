"""The record of a repetition in the words of the run that it repeats: its cells and paths."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from jupyter_mlops.records import DataUse, Run
from jupyter_mlops.reproduction.sandbox import Place

T = TypeVar("T")


def as_before(run: Run, cell_of: Mapping[int, int | None] | None, place: Place) -> Run:
    """Return `run` with the recorded run's positions, and paths as outside of the sandbox.

    Parameters
    ----------
    cell_of
        Positions of `run` to those of the recorded one; ``None`` if they are the same.
    """
    translated = replace(run, data=tuple(_outside(use, place) for use in run.data))
    if cell_of is None:
        return translated
    fields: dict[str, Any] = {
        name: _placed(getattr(translated, name), cell_of)
        for name in ("parameters", "metrics", "data", "models", "randomness", "cells", "unseen")
    }
    return replace(translated, **fields)


def _outside(use: DataUse, place: Place) -> DataUse:
    path = use.path
    for copy, original in place.folders:
        if path is not None and (path == copy or path.startswith(copy + "/")):
            path = original + path[len(copy) :]
    return use if path == use.path else replace(use, path=path)


def _placed(items: tuple[Any, ...], cell_of: Mapping[int, int | None]) -> tuple[Any, ...]:
    # A cell that the recorded run did not have has no position there; its records are left
    # out, or they would pass for those of no particular cell.
    return tuple(
        one if one.cell is None else replace(one, cell=cell_of[one.cell])
        for one in items
        if one.cell is None or cell_of.get(one.cell) is not None
    )
