"""Which differences between runs can have made a metric differ, judged by its lineage.

A difference in a cell from which nothing led to the metric is no cause. An answer may
be *unknown*, which is better than a wrong one.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_mlops.comparison.alignment import Alignment, key
from jupyter_mlops.comparison.found import Found, Row, Side
from jupyter_mlops.comparison.lineage import Course
from jupyter_mlops.dataflow.source import parse
from jupyter_mlops.layout import cells_text, listed, same, setting_texts
from jupyter_mlops.records import CauseKind, Difference, MetricCause

# Most telling first.
_ORDER: tuple[CauseKind, ...] = (
    "parameter",
    "code",
    "data",
    "seed",
    "order",
    "environment",
    "unknown",
)
# Import names that are not their distribution's.
_DISTRIBUTION = {
    "sklearn": "scikit-learn",
    "cv2": "opencv-python",
    "PIL": "pillow",
    "yaml": "pyyaml",
}
# Above this many packages only their names are listed, in one line.
_PACKAGES_LISTED = 5


def causes_of(
    sides: Sequence[Side],
    alignment: Alignment,
    metrics: Mapping[str, Row],
    found: Sequence[Found],
) -> tuple[MetricCause, ...]:
    """List the possible causes of every metric that differs, most telling first.

    Parameters
    ----------
    metrics
        By name: the row of the cell that produced it, and its value in each run.
    """
    causes: list[MetricCause] = []
    courses = [Course(side, alignment) for side in sides]
    for name, one in metrics.items():
        if not same(_comparable(one, sides)):
            causes += _Judge(name, one.row, sides, courses, alignment).judged(found)
    return tuple(causes)


def _comparable(metric: Row, sides: Sequence[Side]) -> list[Any]:
    """Return the values but for runs of a notebook none of whose runs has the metric."""
    notebooks = {side.run.notebook for side in sides if side.number not in metric.missing}
    return [metric.values[side.number] for side in sides if side.run.notebook in notebooks]


class _Judge:
    """Judges the differences for one metric."""

    def __init__(
        self,
        metric: str,
        row: int | None,
        sides: Sequence[Side],
        courses: Sequence[Course],
        alignment: Alignment,
    ) -> None:
        self._metric = metric
        self._row = row
        self._sides = sides
        self._courses = courses
        self._alignment = alignment
        self._lineages = [
            self._lineage(side, course) for side, course in zip(sides, courses, strict=True)
        ]
        self._rows = {
            alignment.row(side.number, key(side.cells[at].execution))
            for side, executions in zip(sides, self._lineages, strict=True)
            for at in executions
        }

    def judged(self, found: Sequence[Found]) -> list[MetricCause]:
        causes = [
            *(self._cause(item) for item in found if self._can_cause(item)),
            *self._seeds(),
            *self._order(),
            *self._packages([item for item in found if item.kind == "environment"]),
        ]
        if not causes:
            detail = "no recorded difference in the cells that it was made from"
            causes.append(MetricCause(self._metric, "unknown", "unknown", None, detail))
        return sorted(causes, key=lambda cause: _ORDER.index(cause.kind))

    def _lineage(self, side: Side, course: Course) -> frozenset[int]:
        row = None if self._row is None else self._alignment.rows[self._row]
        if row is None or not row.members:
            # No run executed the cell, or nobody knows which it was: anything may count.
            return course.made(None)
        member = row.members.get(side.number)
        return frozenset() if member is None else course.made(member.execution.cell)

    def _can_cause(self, item: Found) -> bool:
        # What lies in no cell that is known may have reached every metric.
        return item.cause and item.kind != "environment" and item.row in {None, *self._rows}

    def _cause(self, item: Found) -> MetricCause:
        difference = item.difference
        kind: CauseKind = "code" if item.module else item.kind  # type: ignore[assignment]
        detail = difference.detail
        if item.unknown:
            kind, detail = "unknown", f"can't be compared: {detail}"
        elif item.kind == "parameter":
            detail = _values(difference)
        what = f"cell {difference.cell}" if item.kind == "code" else difference.what
        return MetricCause(self._metric, kind, what, difference.cell, detail)

    def _seeds(self) -> list[MetricCause]:
        used: dict[str, dict[int, list[tuple[int | None, bool, str | None]]]] = {}
        for side, executions in zip(self._sides, self._lineages, strict=True):
            cells = {side.cells[at].execution.cell for at in executions}
            for use in side.run.randomness:
                if use.cell in cells or use.cell is None:
                    by_side = used.setdefault(str(use), {})
                    by_side.setdefault(side.number, []).append((use.cell, use.seeded, use.before))
        causes = []
        for generator, by_side in used.items():
            first = [uses[0] for uses in by_side.values()]
            before = {state for _, _, state in first}
            restored = len(before) == 1 and None not in before
            if all(seeded for _, seeded, _ in first) or (restored and len(first) > 1):
                continue
            unseeded = sorted(
                {cell for cell, seeded, _ in first if not seeded and cell is not None}
            )
            where = f"unseeded in cell {listed(unseeded)}" if unseeded else "unseeded"
            cell = unseeded[0] if unseeded else None
            causes.append(MetricCause(self._metric, "seed", generator, cell, where))
        return causes

    def _order(self) -> list[MetricCause]:
        members = {} if self._row is None else self._alignment.rows[self._row].members
        if len(members) < len(self._sides):
            return []
        cells = [members[side.number].execution.cell for side in self._sides]
        for number, course in enumerate(self._courses[1:], 1):
            found = self._courses[0].moved(course, (cells[0], cells[number]))
            if found is not None:
                before, after = cells_text(found.first), cells_text(found.second)
                now = after if after != before else "an execution with other code"
                where = f"from {before} in run 1, from {now} in run {number + 1}"
                what, detail = "order of execution", f"read {found.name} {where}"
                return [MetricCause(self._metric, "order", what, found.cell, detail)]
        return []

    def _packages(self, found: Sequence[Found]) -> list[MetricCause]:
        if not found:
            return []
        imported = self._imported()
        ranked = sorted(found, key=lambda item: item.difference.what.lower() not in imported)
        kind: CauseKind = "unknown" if ranked[0].unknown else "environment"
        if len(ranked) > _PACKAGES_LISTED:
            names = listed(item.difference.what for item in ranked)
            what = f"{len(ranked)} packages"
            return [MetricCause(self._metric, kind, what, None, names)]
        return [
            MetricCause(
                self._metric,
                kind,
                item.difference.what,
                None,
                item.difference.detail or _values(item.difference),
            )
            for item in ranked
        ]

    def _imported(self) -> set[str]:
        names: set[str] = set()
        for side, executions in zip(self._sides, self._lineages, strict=True):
            for at in executions:
                parsed = parse(side.cells[at].source)
                for node in ast.walk(parsed.tree) if parsed else ():
                    if isinstance(node, ast.Import):
                        names |= {alias.name.partition(".")[0] for alias in node.names}
                    elif isinstance(node, ast.ImportFrom) and node.module:
                        names.add(node.module.partition(".")[0])
        return {_DISTRIBUTION.get(name, name).replace("_", "-").lower() for name in names}


def _values(difference: Difference) -> str:
    return ", ".join(setting_texts(difference.values, difference.missing))
