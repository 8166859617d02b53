"""Numeric scalars, Python's own and NumPy's."""

from __future__ import annotations

from typing import Any

from jupyter_mlops.fingerprints.introspection import belongs_to, name_of
from jupyter_mlops.records import INTEGER_LIMIT


def number(value: Any) -> float | int | None:
    """Return a numeric scalar as Python's own, or ``None`` for anything else.

    NumPy's scalars are known by being NumPy's; truth values are no numbers here.
    """
    kind = type(value)
    if kind is float:
        return float(value)
    if kind is int:
        return int(value) if abs(value) < INTEGER_LIMIT else None
    if not belongs_to(kind, "numpy"):
        return None
    name = name_of(kind)[1]
    if name.startswith(("int", "uint", "longlong", "ulonglong")):
        whole = int(value)
        return whole if abs(whole) < INTEGER_LIMIT else None
    if name.startswith(("float", "longdouble")):
        return float(value)
    return None
