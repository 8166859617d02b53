"""Figures that are data (plotly, Vega) compared by that data."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_mlops.reproduction import numbers

# What a figure draws by lot or takes from the program's version, not from the data. Deeper
# inside, these are names that people chose.
_OF_FIGURE = frozenset({"$schema", "config", "plotlyServerURL"})
_OF_LAYOUT = frozenset({"template", "uirevision"})
_OF_TRACE = frozenset({"uid", "uirevision"})


def figure_difference(before: Any, after: Any) -> float | None:
    """Return the largest relative difference of the numbers of two figures.

    Returns
    -------
    float or None
        ``None`` if they differ in more than numbers.
    """
    return _difference(_drawn(before), _drawn(after))


def _drawn(figure: Any) -> Any:
    if not isinstance(figure, Mapping):
        return figure
    kept = _without(figure, _OF_FIGURE)
    if "layout" in kept:
        kept["layout"] = _without(kept["layout"], _OF_LAYOUT)
    # plotly's traces are a list; Vega-Lite's data are a mapping, whose rows stay as they are.
    if isinstance(kept.get("data"), list):
        kept["data"] = [_without(trace, _OF_TRACE) for trace in kept["data"]]
    return kept


def _without(value: Any, names: frozenset[str]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: one for name, one in value.items() if name not in names}


def _difference(before: Any, after: Any) -> float | None:
    before, after = _values(before), _values(after)
    if isinstance(before, bool) or isinstance(after, bool) or before is None or after is None:
        return 0.0 if before is after else None
    if isinstance(before, (int, float)) and isinstance(after, (int, float)):
        return numbers.difference(before, after)
    if isinstance(before, str) or isinstance(after, str):
        return 0.0 if before == after else None
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        if before.keys() != after.keys():
            return None
        return _largest([_difference(before[name], after[name]) for name in before])
    if isinstance(before, Sequence) and isinstance(after, Sequence) and len(before) == len(after):
        return _largest([_difference(a, b) for a, b in zip(before, after, strict=True)])
    return None


def _largest(differences: list[float | None]) -> float | None:
    known = [one for one in differences if one is not None]
    return max(known, default=0.0) if len(known) == len(differences) else None


def _values(value: Any) -> Any:
    # plotly 6 on writes arrays as base64; two encodings of the same numbers are equal.
    if isinstance(value, Mapping) and {"bdata", "dtype"} <= value.keys():
        import numpy

        try:
            content = base64.b64decode(value["bdata"])
            return numpy.frombuffer(content, dtype=str(value["dtype"])).tolist()
        except (TypeError, ValueError):
            return dict(value, bdata=str(value["bdata"]), dtype=None)
    return value
