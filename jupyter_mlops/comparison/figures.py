"""Figures of a comparison as plain plotly JSON: no plotly needed, no theme imposed.

Colours of text, background and grid are left to whoever draws the figure. A value that is
missing or not finite is ``None`` in a figure, and a category of its own on an axis.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jupyter_mlops.records import Comparison

# Okabe and Ito's colours, which most colour-blind people tell apart.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F")
MISSING = "—"
# Ratio of the largest to the smallest value from which an axis is logarithmic.
_LOG_FROM = 50
_AXES_AT_MOST = 20
_BARS_AT_MOST = 8

Values = Sequence[Any]
Figure = dict[str, Any]


def with_figures(comparison: Comparison) -> Comparison:
    """Return `comparison` with those figures that have something to show."""
    names = [run[:8] for run in comparison.runs]
    found = {
        "parallel_coordinates": parallel_coordinates(
            comparison.parameters, comparison.metrics, comparison.runs
        ),
        "metrics": metric_bars(comparison.metrics, names),
        "scatter": scatter(comparison.parameters, comparison.metrics, names),
    }
    figures = {name: figure for name, figure in found.items() if figure is not None}
    return replace(comparison, figures=figures)


def parallel_coordinates(
    parameters: dict[str, tuple[Any, ...]],
    metrics: dict[str, tuple[Any, ...]],
    runs: Sequence[str],
) -> Figure | None:
    """Draw one line a run over the parameters and metrics that differ.

    The colour is the run's own, or among many runs that of the first metric that differs.
    ``layout.meta.runs`` holds the runs' ids in the order of the lines.
    """
    chosen = [*_varying(parameters), *_varying(metrics)][-_AXES_AT_MOST:]
    if not any(name in metrics for name, _ in chosen):
        chosen += list(metrics.items())[:1]
    if len(chosen) < 2:
        return None
    trace = {
        "type": "parcoords",
        "ids": list(runs),
        "line": _line(chosen, metrics, len(runs)),
        "labelfont": {"size": 13},
        "tickfont": {"size": 12},
        "dimensions": [_axis(name, values) for name, values in chosen],
    }
    layout = {"margin": {"l": 70, "r": 70, "t": 60, "b": 30}, "meta": {"runs": list(runs)}}
    return {"data": [trace], "layout": layout}


def metric_bars(metrics: dict[str, tuple[Any, ...]], names: Sequence[str]) -> Figure | None:
    """Draw each metric that differs in a frame of its own, one bar a run."""
    chosen = [(n, v) for n, v in _varying(metrics) if _numeric(v)][:_BARS_AT_MOST]
    if not chosen:
        return None
    colors = [COLORS[n % len(COLORS)] for n in range(len(names))]
    data: list[Figure] = []
    headings: list[Figure] = []
    layout: Figure = {"showlegend": False, "margin": {"l": 50, "r": 20, "t": 40, "b": 50}}
    wide = 1 / len(chosen)
    for place, (name, values) in enumerate(chosen):
        suffix = "" if place == 0 else str(place + 1)
        left, right = place * wide, (place + 1) * wide - (0.06 if len(chosen) > 1 else 0)
        data.append(
            {
                "type": "bar",
                "x": list(names),
                "y": numbers(values),
                "name": name,
                "marker": {"color": colors},
                "xaxis": "x" + suffix,
                "yaxis": "y" + suffix,
                "text": ["" if n is None else f"{n:.4g}" for n in numbers(values)],
            }
        )
        layout["xaxis" + suffix] = {
            "domain": [left, right],
            "type": "category",
            "anchor": "y" + suffix,
        }
        layout["yaxis" + suffix] = {"anchor": "x" + suffix, "rangemode": "tozero"}
        headings.append(_heading(name, (left + right) / 2))
    return {"data": data, "layout": {**layout, "annotations": headings}}


def scatter(
    parameters: dict[str, tuple[Any, ...]],
    metrics: dict[str, tuple[Any, ...]],
    names: Sequence[str],
) -> Figure | None:
    """Draw the first metric that differs over the first numeric parameter that does."""
    x = next(((n, v) for n, v in _varying(parameters) if _numeric(v)), None)
    y = next(((n, v) for n, v in _varying(metrics) if _numeric(v)), None)
    # Two points make a line through anything.
    if x is None or y is None or len(names) < 3:
        return None
    trace = {
        "type": "scatter",
        "mode": "markers",
        "x": numbers(x[1]),
        "y": numbers(y[1]),
        "text": list(names),
        "marker": {"size": 10, "color": [COLORS[n % len(COLORS)] for n in range(len(names))]},
    }
    axis: Figure = {"title": {"text": _label(x[0])}}
    if _logarithmic(x[1]):
        axis |= {"type": "log", "dtick": 1}
    layout = {
        "xaxis": axis,
        "yaxis": {"title": {"text": _label(y[0])}},
        "margin": {"l": 60, "r": 20, "t": 20, "b": 50},
    }
    return {"data": [trace], "layout": layout}


def numbers(values: Values) -> list[float | None]:
    """Return the finite numbers among `values`, the rest as ``None``."""
    return [float(v) if _is_number(v) else None for v in values]


def _line(
    chosen: Sequence[tuple[str, Values]], metrics: dict[str, tuple[Any, ...]], runs: int
) -> dict[str, Any]:
    colored = next((n for n, values in chosen if n in metrics and _numeric(values)), None)
    if colored is None or runs <= len(COLORS):
        # Few enough for every run to have the colour that it has everywhere else.
        steps = [[place / max(runs - 1, 1), COLORS[place % len(COLORS)]] for place in range(runs)]
        return {"color": list(range(runs)), "colorscale": steps, "showscale": False}
    bar = {"title": {"text": _label(colored)}}
    scale = [[0, COLORS[0]], [1, COLORS[1]]]
    values = numbers(metrics[colored])
    return {"color": values, "colorscale": scale, "showscale": True, "colorbar": bar}


def _axis(name: str, values: Values) -> dict[str, Any]:
    label = _label(name)
    if not _numeric(values):
        return {"label": label, **_categories(values)}
    given = [float(v) for v in values]
    if _logarithmic(values):
        powers = [math.log10(v) for v in given]
        ticks = sorted({*range(math.floor(min(powers)), math.ceil(max(powers)) + 1)})
        return {
            "label": label,
            "values": powers,
            "range": [ticks[0], ticks[-1]],
            "tickvals": ticks,
            "ticktext": [f"{10.0**tick:g}" for tick in ticks],
        }
    low, high = min(given), max(given)
    axis: dict[str, Any] = {"label": label, "values": given}
    if low == high:
        axis["range"] = [low - 1, high + 1]
    distinct = sorted(set(given))
    if len(distinct) <= 6:
        axis |= {"tickvals": distinct, "ticktext": [f"{v:g}" for v in distinct]}
    return axis


def _categories(values: Values) -> dict[str, Any]:
    texts = [_text(value) for value in values]
    kinds = sorted(set(texts), key=lambda text: (text != MISSING, text))
    return {
        "values": [kinds.index(text) for text in texts],
        "tickvals": list(range(len(kinds))),
        "ticktext": [_short(kind) for kind in kinds],
        # One category alone would have no height.
        "range": [-0.5, len(kinds) - 0.5],
    }


def _varying(table: dict[str, tuple[Any, ...]]) -> list[tuple[str, tuple[Any, ...]]]:
    return [(n, values) for n, values in table.items() if len({_text(v) for v in values}) > 1]


def _numeric(values: Values) -> bool:
    return bool(values) and all(_is_number(value) for value in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _logarithmic(values: Values) -> bool:
    given = [value for value in values if _is_number(value)]
    return bool(given) and min(given) > 0 and max(given) / min(given) >= _LOG_FROM


def _text(value: Any) -> str:
    if value is None:
        return MISSING
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _short(text: str) -> str:
    return text if len(text) <= 28 else text[:27] + "…"


def _label(text: str) -> str:
    """Return `text` short enough for an axis, and free of plotly's own markup."""
    # In labels and titles, but not on ticks, plotly draws a few tags and entities.
    return _short(text).replace("&", "&amp;").replace("<", "&lt;")


def _heading(name: str, center: float) -> dict[str, Any]:
    return {
        "text": _label(name),
        "x": center,
        "xref": "paper",
        "y": 1.02,
        "yref": "paper",
        "xanchor": "center",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 14},
    }
