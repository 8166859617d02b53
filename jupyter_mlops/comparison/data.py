"""How the data of two runs differ: files, frames and arrays by digest, rows and columns."""

from __future__ import annotations

import os
from collections.abc import Sequence

from jupyter_mlops.comparison.alignment import Alignment
from jupyter_mlops.comparison.found import Found, Side, relation
from jupyter_mlops.layout import column_changes, columns_text
from jupyter_mlops.records import DataUse, Difference, Run

# What a cell makes or writes is a consequence; what it reads or imports can be a cause.
_INPUTS = frozenset({"read", "import"})

Key = tuple[str, str, str, int | None]


def differences(sides: Sequence[Side], alignment: Alignment) -> list[Found]:
    """List the data whose content differs, and what can't be told apart."""
    uses: dict[Key, dict[int, DataUse]] = {}
    for side in sides:
        for use in side.run.data:
            row = alignment.row(side.number, use.cell)
            key = (use.kind, label(side.run, use), use.access, row)
            uses.setdefault(key, {})[side.number] = use
    found = []
    for (_, what, access, row), by_run in uses.items():
        one = _compared(what, [by_run.get(side.number) for side in sides])
        if one is None:
            continue
        difference, unknown = one
        cause = access in _INPUTS
        found.append(Found("data", row, difference, unknown, cause, module=access == "import"))
    return found


def label(run: Run, use: DataUse) -> str:
    """Return what people call the data: the path from the notebook's folder, or the name."""
    if use.path is None:
        return use.name or use.kind
    folder = os.path.dirname(run.notebook) if run.notebook else ""
    # A reproduction reads a copy in another folder: only the path within it is comparable.
    if folder and os.path.isabs(use.path) and use.path.startswith(folder + os.sep):
        return os.path.relpath(use.path, folder)
    return use.path


def _compared(what: str, uses: Sequence[DataUse | None]) -> tuple[Difference, bool] | None:
    present = [use for use in uses if use is not None]
    missing = [n for n, use in enumerate(uses, 1) if use is None]
    equal = relation(present)
    if equal is True and not missing:
        return None
    cell = present[0].cell
    digests = tuple(use and use.digest for use in uses)
    unknown = equal is None and not missing and len(present) > 1
    detail = _why_unknown(present) if unknown else _detail(uses, missing)
    return Difference(what, cell, digests, detail), unknown


def _why_unknown(uses: Sequence[DataUse]) -> str:
    if any(use.digest is None for use in uses):
        return "no digest of the content"
    if not all(use.complete for use in uses):
        return "only a part of the content has a digest"
    return "digests of different algorithms"


def _detail(uses: Sequence[DataUse | None], missing: Sequence[int]) -> str:
    present = [use for use in uses if use is not None]
    parts = [f"not used in {_runs(missing)}"] if missing else []
    rows = [use.rows for use in present if use.rows is not None]
    if len(set(rows)) > 1:
        parts.append("rows " + ", ".join(map(str, rows)))
    widths = [use.width for use in present if use.width]
    if len(set(widths)) > 1 and any(use.column_count is not None for use in present):
        parts.append("columns " + ", ".join(map(str, widths)))
    parts += _columns(uses)
    sizes = [use.size_bytes for use in present if use.size_bytes is not None]
    if not parts and len(set(sizes)) > 1:
        parts.append("bytes " + ", ".join(map(str, sizes)))
    return "; ".join(parts)


def _columns(uses: Sequence[DataUse | None]) -> list[str]:
    """Name the columns that are not known to be equal, and those that not every run has."""
    by_run = {
        n: {column.name: (column.digest, column.dtype) for column in use.columns}
        for n, use in enumerate(uses, 1)
        if use is not None and use.columns
    }
    if len(by_run) < 2:
        return []
    every = all(use is None or use.column_count is None for use in uses)
    changed: list[str] = []
    lacking: dict[tuple[int, ...], list[str]] = {}
    for name in dict.fromkeys(name for columns in by_run.values() for name in columns):
        without = tuple(n for n, columns in by_run.items() if name not in columns)
        if without:
            # What is not listed of very many may be there all the same.
            if not every:
                continue
            lacking.setdefault(without, []).append(name)
        elif len({columns[name] for columns in by_run.values()}) > 1:
            changed.append(name)
    if len(uses) == 2:
        return column_changes(changed, gone=lacking.get((2,), ()), come=lacking.get((1,), ()))
    return [
        *column_changes(changed),
        *(f"without {columns_text(names)} in {_runs(n)}" for n, names in lacking.items()),
    ]


def _runs(numbers: Sequence[int]) -> str:
    return f"run{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"
