"""What differs between runs: parameters, metrics, code, data, environment and outputs.

Pure over records. Nothing is called equal or different that can't be: partial digests and
digests of different algorithms are *unknown*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Any

from jupyter_mlops.comparison import code, data, figures, outputs
from jupyter_mlops.comparison.alignment import Alignment, inherited
from jupyter_mlops.comparison.causes import causes_of
from jupyter_mlops.comparison.found import Found, Row, Side
from jupyter_mlops.layout import same
from jupyter_mlops.records import (
    CellDetail,
    Comparison,
    Difference,
    Differences,
    Metric,
    Parameter,
    Run,
)
from jupyter_mlops.redaction.marks import comparable, digest_of, is_redacted


def compare(runs: Sequence[Run], cells: Sequence[Sequence[CellDetail]]) -> Comparison:
    """Compare two or more runs.

    Parameters
    ----------
    runs
        In the order in which values are listed.
    cells
        The cell executions of each run, in recorded order.

    Returns
    -------
    Comparison
        With its figures as plain plotly JSON.
    """
    alignment = Alignment(cells, [inherited(run) for run in runs])
    sides = [Side(n, run, tuple(c)) for n, (run, c) in enumerate(zip(runs, cells, strict=True))]
    parameters = _table([_parameters(run) for run in runs], alignment)
    metrics = _table([_last_steps(run) for run in runs], alignment)
    found = [
        *_changed(parameters, alignment),
        *code.differences(sides, alignment),
        *data.differences(sides, alignment),
        *_environment(runs),
        *outputs.differences(alignment, len(runs)),
    ]
    comparison = Comparison(
        runs=tuple(run.id for run in runs),
        parameters={name: one.values for name, one in parameters.items()},
        metrics={name: one.values for name, one in metrics.items()},
        differs=Differences(
            code=_of(found, "code"),
            parameter=_of(found, "parameter"),
            data=_of(found, "data"),
            environment=_of(found, "environment"),
            output=_of(found, "output"),
        ),
        unknown=tuple(item.difference for item in found if item.unknown),
        causes=causes_of(sides, alignment, metrics, found),
        notebooks=tuple(run.notebook for run in runs),
        inferred=tuple(name for name, one in metrics.items() if one.inferred),
    )
    return figures.with_figures(comparison)


Table = dict[str, Row]


def _table(sides: Sequence[Sequence[Parameter | Metric]], alignment: Alignment) -> Table:
    """Return the values of all runs by name, with the row of the cell that holds the name.

    A name of several cells is ``name@cell`` for all but the last, as in a run's row; the
    last is one that was measured, if there is any.
    """
    found: dict[str, dict[int | None, dict[int, Parameter | Metric]]] = {}
    for number, items in enumerate(sides):
        for item in items:
            row = alignment.row(number, item.cell)
            found.setdefault(item.name, {}).setdefault(row, {})[number] = item
    table: Table = {}
    for name, places in found.items():
        rows = [_row(row, having, len(sides)) for row, having in places.items()]
        ordered = sorted(rows, key=lambda one: (not one.inferred, one.row is None, one.row or 0))
        for one in ordered:
            cell = None if one.row is None else alignment.rows[one.row].cell
            table[name if one is ordered[-1] else f"{name}@{cell}"] = one
    return table


def _row(row: int | None, having: Mapping[int, Parameter | Metric], sides: int) -> Row:
    return Row(
        row,
        tuple(having[n].value if n in having else None for n in range(sides)),
        tuple(n for n in range(sides) if n not in having),
        all(isinstance(one, Metric) and one.is_inferred for one in having.values()),
    )


def _parameters(run: Run) -> list[Parameter]:
    # A value that papermill injected stands in a cell of its own and overrides the tagged
    # one, which is where it belongs in a comparison with a run that kept the default.
    injected = {p.name: p for p in run.parameters if p.source == "injected"}
    tagged = {p.name for p in run.parameters if p.source == "tagged"}
    effective = []
    for parameter in run.parameters:
        if parameter.source == "tagged" and parameter.name in injected:
            override = injected[parameter.name]
            effective.append(replace(parameter, value=override.value, type=override.type))
        elif parameter.source != "injected" or parameter.name not in tagged:
            effective.append(parameter)
    return effective


def _last_steps(run: Run) -> list[Metric]:
    last: dict[tuple[str, int | None], Metric] = {}
    for metric in run.metrics:
        last[metric.name, metric.cell] = metric
    return list(last.values())


def _changed(parameters: Table, alignment: Alignment) -> list[Found]:
    found = []
    for name, (row, values, missing, _) in parameters.items():
        if not missing and same(values):
            continue
        cell = None if row is None else alignment.rows[row].cell
        unknown = not missing and not _are_comparable(values)
        detail = "redacted with different keys" if unknown else ""
        what = Difference(name, cell, values, detail, missing=missing)
        found.append(Found("parameter", row, what, unknown))
    return found


def _are_comparable(values: Sequence[Any]) -> bool:
    """Tell whether it can be known of values that are not the same that they differ."""
    digests = {digest for value in values if (digest := digest_of(value)) is not None}
    if not all(map(is_redacted, values)):
        return True
    return any(comparable(pair) for pair in combinations(digests, 2))


def _environment(runs: Sequence[Run]) -> list[Found]:
    known = [run.environment for run in runs]
    seen = [environment for environment in known if environment is not None]
    if len(seen) < len(runs):
        what = Difference(
            "environment", None, tuple(e and e.digest for e in known), "not recorded in every run"
        )
        return [Found("environment", None, what, unknown=True)]
    columns: dict[str, tuple[Any, ...]] = {
        "python": tuple(e.python for e in seen),
        "platform": tuple(e.platform for e in seen),
    }
    for name in sorted({name for e in seen for name in e.packages}):
        columns[name] = tuple(e.packages.get(name) for e in seen)
    return [
        Found("environment", None, Difference(name, None, values))
        for name, values in columns.items()
        if not same(values)
    ]


def _of(found: Sequence[Found], kind: str) -> tuple[Difference, ...]:
    return tuple(item.difference for item in found if item.kind == kind and not item.unknown)
