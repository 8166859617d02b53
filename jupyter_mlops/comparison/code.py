"""How the code of two runs differs, cell by cell, apart from the values of parameters."""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence

from jupyter_mlops import dataflow
from jupyter_mlops.comparison.alignment import Alignment, Row
from jupyter_mlops.comparison.found import Found, Side
from jupyter_mlops.dataflow.source import parse, with_spans
from jupyter_mlops.layout import plural, unified
from jupyter_mlops.records import Difference


def differences(sides: Sequence[Side], alignment: Alignment) -> list[Found]:
    """List the cells whose code differs; a value that is a recorded parameter is none of it."""
    found = []
    for place, row in enumerate(alignment.rows):
        sources = [
            row.members[side.number].source if side.number in row.members else None
            for side in sides
        ]
        present = [source for source in sources if source is not None]
        # What a run inherited was executed for an earlier one: it is not missing here.
        missing = [
            str(n + 1)
            for n, source in enumerate(sources)
            if source is None and n not in row.inherited
        ]
        if not present or (len(set(present)) == 1 and not missing):
            continue
        bare = {_without_values(source, _parameters(sides, row)) for source in present}
        if len(bare) == 1 and not missing:
            continue
        layout_only = not missing and _same_but_layout(bare)
        detail = _detail(present, missing, layout_only)
        # A number that another cell has in an earlier run would seem to be that cell's.
        if any(alignment.row(run, row.cell) is not None for run in range(row.first)):
            detail += f", numbered as in run {row.first + 1}"
        difference = Difference(
            what="code",
            cell=row.cell,
            values=tuple(sources),
            detail=detail,
        )
        found.append(Found("code", place, difference, cause=not layout_only))
    return found


def _parameters(sides: Sequence[Side], row: Row) -> set[str]:
    return {
        parameter.name
        for side in sides
        if side.number in row.members
        for parameter in side.run.parameters
        if parameter.cell == row.members[side.number].execution.cell
    }


def _without_values(source: str, names: Collection[str]) -> str:
    literals = [one for one in dataflow.literals(source) if one.name in names]
    return with_spans(source, {one.span: "…" for one in literals})


def _same_but_layout(sources: Collection[str]) -> bool:
    trees = [parse(source.replace("…", "...")) for source in sources]
    return all(tree is not None for tree in trees) and (
        len({ast.dump(tree.tree) for tree in trees if tree is not None}) == 1
    )


def _detail(present: list[str], missing: list[str], layout_only: bool) -> str:
    if missing:
        runs = "run" if len(missing) == 1 else "runs"
        return f"not executed in {runs} {', '.join(missing)}"
    if layout_only:
        return "comments or layout only"
    first, last = present[0], next(s for s in present if s != present[0])
    changed = [line for line in unified(first, last, 0) if not line.startswith("@@")]
    added = sum(line.startswith("+") for line in changed)
    return f"{plural(len(changed) - added, 'line')} out, {added} in"
