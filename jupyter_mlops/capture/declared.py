"""What a notebook says of itself: ``mlops.param(…)`` and ``mlops.log(…)``.

Both are harmless anywhere: outside a recorded kernel they do nothing. Nothing that they are
given is kept, and no value that can't be recorded stops the notebook: its record says so.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from jupyter_mlops.events import NotSeen
from jupyter_mlops.records import NOT_FINITE, Metric, Parameter

if TYPE_CHECKING:
    from jupyter_mlops.capture.execution import Execution

T = TypeVar("T")
# Values of one execution; what logs more of them is a stream of data.
_LIMIT = 10_000
_TOO_MANY = NotSeen("metrics", f"the cell logged more than {_LIMIT:,} values")


class Said:
    """What one execution declared and logged."""

    def __init__(self) -> None:
        self.parameters: dict[str, Parameter] = {}
        self.metrics: list[Metric] = []

    def add_to(self, fields: dict[str, Any]) -> None:
        """Add what was said to the fields of the execution's end."""
        fields["parameters"] = (*fields.get("parameters", ()), *self.parameters.values())
        names = {one.name for one in self.metrics}
        # What is logged may be what a call was heard to measure.
        heard = (one for one in fields.get("readings", ()) if one.name not in names)
        fields["readings"] = (*heard, *self.series())

    def series(self) -> tuple[Metric, ...]:
        """Return what was logged; repeated values without a step of their own are numbered."""
        count: dict[str, int] = {}
        for one in self.metrics:
            count[one.name] = count.get(one.name, 0) + 1
        steps: dict[str, int] = {}
        found = []
        for one in self.metrics:
            step = steps.get(one.name, 0)
            steps[one.name] = step + 1
            is_numbered = one.step is None and count[one.name] > 1
            found.append(replace(one, step=step) if is_numbered else one)
        return tuple(found)


def param(name: str, default: T) -> T:
    """Declare a parameter of the notebook, and return its value.

    It is recorded with the cell that executes this, and ``jupyter mlops run -p NAME VALUE``
    sets it where `default` is a literal.

    Parameters
    ----------
    name
        What it is called in the record.
    default
        Its value: a number, a text, a date, a path, or a container of such values.
    """
    execution = _executing()
    if execution is not None:
        # Loaded here and not above: a script that is not recorded should not pay for it.
        from jupyter_mlops.dataflow.notation import NotPlainError, as_json, type_name

        try:
            told = Parameter(str(name), as_json(default), type_name(default), None, "declared")
        except NotPlainError:  # the record says so
            execution.unseen.append(NotSeen(f"parameter {name}", "it is no plain value"))
        else:
            _said(execution).parameters[told.name] = told
    return default


def log(
    name: str | None = None, value: Any = None, *, step: int | None = None, **more: Any
) -> None:
    """Record metrics: ``log("accuracy", 0.93)``, ``log(loss=0.1, step=3)``.

    Repeated values of one name within one cell are the steps of one series.

    Parameters
    ----------
    name, value
        One metric; a number of Python's, NumPy's or a tensor of one element.
    step
        To which step the values belong.
    more
        Further metrics, by name.
    """
    execution = _executing()
    if execution is None:
        return
    given = dict(more) if name is None else {str(name): value, **more}
    said = _said(execution)
    for one, its_value in given.items():
        number = _number(its_value)
        if number is None:
            why = f"a {type(its_value).__name__} is no number"
            execution.unseen.append(NotSeen(f"metric {one}", why))
        elif len(said.metrics) < _LIMIT:
            said.metrics.append(Metric(one, number, step, None, "logged"))
        elif _TOO_MANY not in execution.unseen:
            execution.unseen.append(_TOO_MANY)


def _number(value: Any) -> float | int | str | None:
    from jupyter_mlops.capture.metrics import number
    from jupyter_mlops.fingerprints.introspection import belongs_to

    found = number(value)
    if found is None and any(belongs_to(type(value), one) for one in ("torch", "jax", "jaxlib")):
        try:
            found = float(value)
        except (RuntimeError, TypeError, ValueError):  # of several elements: the record says so
            return None
    return NOT_FINITE.get(str(found), found) if type(found) is float else found


def _executing() -> Execution | None:
    """Return the execution that calls this, if its kernel is recorded."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    hooks = getattr(shell, "_jupyter_mlops_hooks", None)
    execution: Execution | None = None if hooks is None else hooks.executing(os.getpid())
    return None if execution is None or execution.skipped else execution


def _said(execution: Execution) -> Said:
    if execution.said is None:
        execution.said = Said()
    return execution.said
