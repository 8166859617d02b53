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

from jupyter_mlops.layout import same, told_apart
from jupyter_mlops.records import Comparison

# Okabe and Ito's colours, which most colour-blind people tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#7F7F7F")
# From low to high, where a value has the colours.
_SCALE = [[0, "#0072B2"], [1, "#E69F00"]]
MISSING = "—"
# Ratio of the largest to the smallest value from which an axis is logarithmic.
_LOG_FROM = 50
_AXES_AT_MOST = 20
_METRICS_AT_MOST = 12
# Frames of the figure of metrics in one row.
_COLUMNS = 3
# Ticks nearer to each other than this share of an axis would be written over each other.
_TICK_GAP = 0.08

Values = Sequence[Any]
Figure = dict[str, Any]


def with_figures(comparison: Comparison) -> Comparison:
    """Return `comparison` with those figures that have something to show."""
    names = [run[:8] for run in comparison.runs]
    found = {
        "parallel_coordinates": parallel_coordinates(
            comparison.parameters, comparison.measured, comparison.runs
        ),
        "metrics": metric_dots(comparison.measured, names),
        "scatter": scatter(comparison.parameters, comparison.measured, names),
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
    ``layout.meta`` holds the runs' ids in the order of the lines, and their colours if each
    has its own.
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
    meta: Figure = {"runs": list(runs)}
    if len(runs) <= len(COLORS):
        meta["colors"] = colors(len(runs))
    layout = {"margin": {"l": 90, "r": 90, "t": 60, "b": 30}, "meta": meta}
    return {"data": [trace], "layout": layout}


def metric_dots(metrics: dict[str, tuple[Any, ...]], names: Sequence[str]) -> Figure | None:
    """Draw each metric that differs in a frame of its own: a dot a run, with its value beside it.

    Each frame's axis spans the values that it shows, and not zero: position alone tells
    them apart, which lengths from zero could not.
    """
    chosen = [(n, v) for n, v in _varying(metrics) if any(map(_is_number, v))][:_METRICS_AT_MOST]
    if not chosen:
        return None
    rows = math.ceil(len(chosen) / _COLUMNS)
    tall = 24 * len(names) + 40
    layout: Figure = {
        "showlegend": False,
        "height": rows * (tall + 40) + 20,
        "margin": {"l": 80, "r": 20, "t": 30, "b": 10},
    }
    data: list[Figure] = []
    headings: list[Figure] = []
    for place, (name, values) in enumerate(chosen):
        suffix = "" if place == 0 else str(place + 1)
        row, column = divmod(place, _COLUMNS)
        wide = 1 / min(len(chosen), _COLUMNS)
        left, right = column * wide, (column + 1) * wide - (0.03 if len(chosen) > 1 else 0)
        top = 1 - row / rows
        bottom = top - tall / (tall + 40) / rows
        data.append(_dots(name, values, names) | {"xaxis": "x" + suffix, "yaxis": "y" + suffix})
        layout["xaxis" + suffix] = {
            "domain": [left, right],
            "anchor": "y" + suffix,
            "range": _around(values),
            "zeroline": False,
            # A grid would run through the values beside the dots.
            "showgrid": False,
            "showline": True,
            "ticks": "outside",
            "nticks": 4,
        }
        layout["yaxis" + suffix] = {
            "domain": [bottom, top],
            "anchor": "x" + suffix,
            "type": "category",
            # The first run on top, as in every table.
            "categoryorder": "array",
            "categoryarray": list(reversed(names)),
            "range": [-0.6, len(names) - 0.4],
            "showgrid": False,
            "zeroline": False,
            "showticklabels": column == 0,
        }
        headings.append(_heading(name, left, top))
    return {"data": data, "layout": {**layout, "annotations": headings}}


def _dots(name: str, values: Values, names: Sequence[str]) -> Figure:
    shown = numbers(values)
    texts = told_apart(shown)
    return {
        "type": "scatter",
        "mode": "markers+text",
        "x": shown,
        "y": list(names),
        "name": name,
        "text": ["" if value is None else text for value, text in zip(shown, texts, strict=True)],
        "textposition": "middle right",
        "cliponaxis": False,
        "hoverinfo": "x+y",
        "marker": {"size": 11, "color": colors(len(names))},
    }


def _around(values: Values) -> list[float]:
    """Return a range with room for the dots, and to the right for the text of the last."""
    given = [value for value in numbers(values) if value is not None]
    span = (max(given) - min(given)) or abs(given[0]) or 1.0
    return [min(given) - 0.1 * span, max(given) + 0.45 * span]


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
        "marker": {"size": 10, "color": colors(len(names))},
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


def colors(runs: int) -> list[str]:
    """Return each run's colour: its own where there are enough of them, else one for all."""
    return list(COLORS[:runs]) if runs <= len(COLORS) else [COLORS[0]] * runs


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
    values = numbers(metrics[colored])
    return {"color": values, "colorscale": _SCALE, "showscale": True, "colorbar": bar}


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
        ticks = _apart(distinct)
        axis |= {"tickvals": ticks, "ticktext": told_apart(ticks)}
    return axis


def _apart(values: list[float]) -> list[float]:
    """Leave out of rising `values` those whose ticks would be written over another's."""
    gap = _TICK_GAP * (values[-1] - values[0])
    kept = values[:1]
    for value in values[1:-1]:
        if value - kept[-1] >= gap and values[-1] - value >= gap:
            kept.append(value)
    return kept + values[1:][-1:]


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
    return [(n, values) for n, values in table.items() if not same(values)]


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


def _heading(name: str, left: float, top: float) -> dict[str, Any]:
    return {
        "text": _label(name),
        "x": left,
        "xref": "paper",
        "y": top,
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 14},
    }
