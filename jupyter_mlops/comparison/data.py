"""How the data of two runs differ: files, frames and arrays by digest, rows and columns."""

from __future__ import annotations

import os
from collections.abc import Sequence

from jupyter_mlops.comparison.alignment import Alignment
from jupyter_mlops.comparison.found import Found, Side, relation
from jupyter_mlops.layout import listed
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
    missing = [str(n + 1) for n, use in enumerate(uses) if use is None]
    equal = relation([use.digest for use in present], [use.complete for use in present])
    if equal is True and not missing:
        return None
    cell = present[0].cell
    digests = tuple(use and use.digest for use in uses)
    unknown = equal is None and not missing and len(present) > 1
    detail = _why_unknown(present) if unknown else _detail(present, missing)
    return Difference(what, cell, digests, detail), unknown


def _why_unknown(uses: Sequence[DataUse]) -> str:
    if any(use.digest is None for use in uses):
        return "no digest of the content"
    if not all(use.complete for use in uses):
        return "only a part of the content has a digest"
    return "digests of different algorithms"


def _detail(uses: Sequence[DataUse], missing: list[str]) -> str:
    parts = []
    if missing:
        parts.append(f"not used in {'run' if len(missing) == 1 else 'runs'} {', '.join(missing)}")
    rows = [use.rows for use in uses if use.rows is not None]
    if len(set(rows)) > 1:
        parts.append("rows " + ", ".join(map(str, rows)))
    changed = _columns(uses)
    if changed:
        parts.append(("column " if len(changed) == 1 else "columns ") + listed(changed))
    sizes = [use.size_bytes for use in uses if use.size_bytes is not None]
    if not parts and len(set(sizes)) > 1:
        parts.append("bytes " + ", ".join(map(str, sizes)))
    return "; ".join(parts)


def _columns(uses: Sequence[DataUse]) -> list[str]:
    """Return the columns that are not known to be equal in all of `uses`, in their order."""
    described = [use for use in uses if use.columns]
    if len(described) < 2:
        return []
    digests = [
        {column.name: (column.digest, column.dtype) for column in u.columns} for u in described
    ]
    names = dict.fromkeys(column.name for use in described for column in use.columns)
    return [name for name in names if len({side.get(name) for side in digests}) > 1]
