"""A comparison as one HTML page that needs nothing else: no network, no server, no notebook.

Every text of the user's is escaped by the template; figures travel as JSON that no text
can break out of; the page's own policy forbids to load anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, select_autoescape
from markupsafe import Markup

from jupyter_mlops.comparison.alignment import Alignment
from jupyter_mlops.comparison.figures import colors
from jupyter_mlops.comparison.outputs import images, whole
from jupyter_mlops.layout import (
    NOTHING,
    change,
    duration,
    local_time,
    plural,
    same,
    setting_texts,
    told_apart,
    unified,
    value_text,
)
from jupyter_mlops.records import CellDetail, Comparison, Difference, Run, state_of

_TITLES = {
    "parallel_coordinates": "Parameters and metrics, a line for each run",
    "metrics": "Metrics that differ; each axis spans its own values and need not begin at 0",
    "scatter": "Metric over parameter",
}
# Lines of an output that are shown before the rest is folded away.
_LINES_SHOWN = 40
_KINDS = {"+": "in", "-": "out", "@": "at"}


def render(
    comparison: Comparison, runs: Sequence[Run], cells: Sequence[Sequence[CellDetail]]
) -> str:
    """Return the page.

    Parameters
    ----------
    runs, cells
        The compared runs, in the comparison's order, and the cell executions of each.
    """
    environment = Environment(
        autoescape=select_autoescape(default=True), trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(Path(__file__).with_name("page.html").read_text("utf-8"))
    own = colors(len(runs))
    # One colour for all tells nothing.
    own = own if len(set(own)) == len(own) else [""] * len(own)
    shown = [_run(run, color) for run, color in zip(runs, own, strict=True)]
    parts = _parts(comparison, shown, Alignment(cells))
    sections = [("runs", "Runs")]
    sections += [(name, name.capitalize()) for name, content in parts.items() if content]
    return template.render(
        title=f"Comparison of {plural(len(runs), 'run')}",
        runs=shown,
        sections=sections,
        figures_json=_json(comparison.figures),
        plotly_js=_plotly_js() if comparison.figures else "",
        **parts,
    )


def _parts(
    comparison: Comparison, runs: Sequence[dict[str, str]], alignment: Alignment
) -> dict[str, Any]:
    differs = comparison.differs
    return {
        "metrics": _metrics(comparison.measured),
        "causes": _causes(comparison),
        "figures": [
            {"name": name, "title": _TITLES[name], "height": figure["layout"].get("height")}
            for name, figure in comparison.figures.items()
        ],
        "parameters": [
            _row(one, setting_texts(one.values, one.missing)) for one in differs.parameter
        ],
        "code": [_code(one, runs) for one in differs.code],
        "data": [_values(one) for one in differs.data],
        "environment": [_values(one) for one in differs.environment],
        "outputs": [_output(one, alignment) for one in differs.output],
        "printed": _metrics(comparison.printed),
        "unknown": comparison.unknown,
    }


def _metrics(metrics: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """List the metrics that differ; between two runs also by how much."""
    return [
        {
            "name": name,
            "by_run": told_apart(values),
            "change": change(*values) if len(values) == 2 else None,
        }
        for name, values in metrics.items()
        if not same(values)
    ]


def _run(run: Run, color: str) -> dict[str, str]:
    return {
        "id": run.id,
        "short": run.id[:8],
        "color": color,
        "notebook": run.notebook or NOTHING,
        "status": state_of(run),
        "started": local_time(run.started),
        "took": duration(run.duration_s),
        "user": run.user,
        "trigger": run.trigger,
    }


def _values(difference: Difference) -> dict[str, Any]:
    return _row(
        difference,
        [NOTHING if value is None else value_text(value) for value in difference.values],
    )


def _row(difference: Difference, values: list[str]) -> dict[str, Any]:
    return {
        "what": difference.what,
        "cell": difference.cell,
        "detail": difference.detail,
        "by_run": values,
    }


def _code(difference: Difference, runs: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Show the first run's source against each other one that differs from it."""
    base = next(place for place, source in enumerate(difference.values) if source is not None)
    before = difference.values[base]
    parts, seen = [], {before, None}
    for run, source in zip(runs, difference.values, strict=True):
        if source not in seen:
            seen.add(source)
            lines = [(_KINDS.get(line[:1], ""), line) for line in unified(before, source)]
            parts.append({"title": f"{runs[base]['short']} → {run['short']}", "lines": lines})
    if not parts:
        lines = [("", line) for line in before.splitlines()]
        parts.append({"title": f"only in {runs[base]['short']}", "lines": lines})
    return {"cell": difference.cell, "detail": difference.detail, "parts": parts}


def _output(difference: Difference, alignment: Alignment) -> dict[str, Any]:
    # Only cells that every run executed have outputs that differ.
    row = next(
        row
        for row in alignment.rows
        if row.cell == difference.cell and len(row.members) == len(difference.values)
    )
    sides = [
        {**_folded(whole(one, with_images=False)), "images": images(one)}
        for one in (row.members[number] for number in range(len(difference.values)))
    ]
    return {"cell": difference.cell, "sides": sides}


def _causes(comparison: Comparison) -> list[dict[str, Any]]:
    """List each cause once, with all the metrics that it can have changed."""
    metrics: dict[tuple[str, str, int | None, str], list[str]] = {}
    for one in comparison.causes:
        metrics.setdefault((one.kind, one.what, one.cell, one.detail), []).append(one.metric)
    return [
        {"kind": kind, "what": what, "cell": cell, "detail": detail, "metrics": ", ".join(names)}
        for (kind, what, cell, detail), names in metrics.items()
    ]


def _folded(text: str) -> dict[str, Any]:
    """Return a text's first lines, and all of it if there are more."""
    lines = text.splitlines()
    if len(lines) <= _LINES_SHOWN:
        return {"text": text}
    first = "\n".join(lines[:_LINES_SHOWN])
    return {"text": first, "whole": text, "more": len(lines) - _LINES_SHOWN}


def _json(value: Any) -> Markup:
    # "</script>" and "<!--" would end or change the element that the JSON stands in.
    text = json.dumps(value, allow_nan=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return Markup(text)


def _plotly_js() -> Markup:
    from plotly.offline import get_plotlyjs

    return Markup(get_plotlyjs().replace("</script", "<\\/script"))
