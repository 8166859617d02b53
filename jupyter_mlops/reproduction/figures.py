"""Figures that are data (plotly, Vega) compared by that data."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_mlops.reproduction import numbers

# What a figure draws by lot or takes from the program's version, not from the data.
_ASIDE = frozenset({"uid", "uirevision", "plotlyServerURL", "$schema", "template", "config"})


def figure_difference(before: Any, after: Any) -> float | None:
    """Return the largest relative difference of the numbers of two figures.

    Returns
    -------
    float or None
        ``None`` if they differ in more than numbers.
    """
    before, after = _values(before), _values(after)
    if isinstance(before, bool) or isinstance(after, bool) or before is None or after is None:
        return 0.0 if before is after else None
    if isinstance(before, (int, float)) and isinstance(after, (int, float)):
        return numbers.difference(float(before), float(after))
    if isinstance(before, str) or isinstance(after, str):
        return 0.0 if before == after else None
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = (before.keys() | after.keys()) - _ASIDE
        if not all(key in before and key in after for key in keys):
            return None
        return _largest([figure_difference(before[key], after[key]) for key in sorted(keys)])
    if isinstance(before, Sequence) and isinstance(after, Sequence) and len(before) == len(after):
        return _largest([figure_difference(a, b) for a, b in zip(before, after, strict=True)])
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
