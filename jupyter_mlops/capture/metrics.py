"""Numeric scalars, Python's own and NumPy's, and those of them that are metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mlops.dataflow import Flow
from jupyter_mlops.dataflow.accounts import measured_by
from jupyter_mlops.fingerprints.introspection import belongs_to, name_of
from jupyter_mlops.records import INTEGER_LIMIT

# Of a dictionary; a larger one is a table.
_ENTRIES = 20


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


def numbers_in(value: Any) -> dict[str, float | int] | None:
    """Return the entries of a dictionary of numbers by name, ``None`` of any other value.

    One of whole numbers alone counts things.
    """
    if type(value) is not dict or not 0 < len(value) <= _ENTRIES:
        return None
    found: dict[str, float | int] = {}
    for key, item in list(value.items()):
        one = number(item) if type(key) is str else None
        if one is None or one - one != 0:
            return None
        found[key] = one
    return found if any(type(one) is float for one in found.values()) else None


def measure(
    flow: Flow, written: frozenset[str], namespace: Mapping[str, Any], fields: dict[str, Any]
) -> None:
    """Fill in the metrics among the names that a cell wrote."""
    numbers = {name: number(namespace[name]) for name in written if name in namespace}
    several = {
        name: found
        for name in written & flow.computed
        if (found := numbers_in(namespace.get(name))) is not None
    }
    measured = measured_by(flow, numbers, several)
    fields["metrics"] = measured.metrics
    fields["minor"] = measured.minor
    fields["volatile"] = measured.volatile
