"""Numbers that a cell computed, as metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from jupyter_mlops.dataflow import Flow
from jupyter_mlops.fingerprints.introspection import belongs_to, name_of
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records import NOT_FINITE, Metric

# A journal's numbers end where those of its readers do.
_INTEGER_LIMIT = 2**63


@dataclass(frozen=True)
class Measured:
    """Metrics of one execution; ``minor`` and ``volatile`` name some of them.

    Minor ones (integer counts that nothing measures) open no run of their own, volatile
    ones tell the clock.
    """

    metrics: tuple[Metric, ...]
    minor: tuple[str, ...]
    volatile: tuple[str, ...]


def measure(flow: Flow, written: Collection[str], namespace: Mapping[str, Any]) -> Measured:
    """Return the metrics among the names that an execution bound.

    A metric that is bound in a loop has its last value.
    """
    names = (set(flow.metric_calls) | flow.computed) - flow.loop_variables
    metrics: list[Metric] = []
    minor: list[str] = []
    for name in sorted(names):
        if name not in written or name not in namespace or not name.strip("_"):
            continue
        value = number(namespace[name])
        if value is None:
            continue
        called = name in flow.metric_calls
        if not called and name in flow.in_loop:
            continue
        shown = NOT_FINITE.get(repr(value), value)
        metrics.append(Metric(name, shown, None, None, "call" if called else "variable"))
        if type(value) is int and not called:
            minor.append(name)
    volatile = tuple(one.name for one in metrics if one.name in flow.volatile)
    return Measured(tuple(metrics), tuple(minor), volatile)


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
