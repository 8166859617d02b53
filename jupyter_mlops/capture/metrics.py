"""Numeric scalars, Python's own and NumPy's."""

from __future__ import annotations

from typing import Any

from jupyter_mlops.fingerprints.introspection import belongs_to, name_of

# A journal's numbers end where those of its readers do.
_INTEGER_LIMIT = 2**63


def number(value: Any) -> float | int | None:
    """Return a numeric scalar as Python's own, or ``None`` for anything else.

    NumPy's scalars are known by being NumPy's; truth values are no numbers here.
    """
    kind = type(value)
    if kind is float:
        return float(value)
    if kind is int:
        return int(value) if abs(value) < _INTEGER_LIMIT else None
    if not belongs_to(kind, "numpy"):
        return None
    name = name_of(kind)[1]
    if name.startswith(("int", "uint", "longlong", "ulonglong")):
        whole = int(value)
        return whole if abs(whole) < _INTEGER_LIMIT else None
    if name.startswith(("float", "longdouble")):
        return float(value)
    return None
