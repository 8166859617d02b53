"""What a record says of its parameters where their values alone would not tell. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jupyter_mlops.records import CHANGED_OUTSIDE
from jupyter_mlops.store.effective import Value
from jupyter_mlops.store.overwriting import is_lost
from jupyter_mlops.store.segmentation import Segment
from jupyter_mlops.store.sessions import Execution

_REPLACED = "another cell replaced the value that was written"
_LOST = f"the value that was written was {CHANGED_OUTSIDE}"


def several_values(executions: Sequence[Execution], segment: Segment) -> list[str]:
    """Say where a result went through several values of one name of one cell."""
    values: dict[tuple[str, str], list[str]] = {}
    for value in segment.parameters:
        key = (executions[value.index].cell, value.parameter.name)
        values.setdefault(key, []).append(repr(value.parameter.value))
        if value in segment.replaced:
            values[key].append("one that no literal tells")
    # The cell was edited, and what it computes for the name now came from what it said before.
    for index in (*segment.results, *segment.inherited):
        execution = executions[index]
        for metric in execution.finished.metrics if execution.finished is not None else ():
            if metric.step is None and (execution.cell, metric.name) in values:
                values[execution.cell, metric.name].append(repr(metric.value))
    return [
        f"{name} had several values on the way to this run's results: " + ", then ".join(several)
        for (_, name), several in values.items()
        if len(several) > 1
    ]


def overwritten(executions: Sequence[Execution], values: Iterable[Value]) -> list[str]:
    """Say which parameters a run lacks because their values did not last."""
    said: dict[str, str] = {}
    for value in values:
        lost = is_lost(executions, value.index, value.parameter)
        why = _LOST if lost else _REPLACED
        said.setdefault(value.parameter.name, why)
    return [f"{name} is no parameter of this run: {why}" for name, why in said.items()]
