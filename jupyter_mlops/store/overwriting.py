"""Whether a parameter's value still stood when what a run shows was computed. Pure.

A cell sets ``lr = 0.1``; a later one may give the name another value that no literal tells:
by ``exec("lr = 0.7")``, ``from math import *``, ``lr = read()``, ``cfg["lr"] = 0.2`` or ``CFG.lr =
0.2``; a widget
may, and no cell at all. Whoever
reads the name then has not used 0.1, and a row that shows 0.1 beside that result would lie.
What is computed from the old value (``lr = lr / 2``, ``values.append(4)``) still came from it.
A value that somebody was seen to read before it was replaced stood for some of the results
only: that is said. Who counts as a reader only because something may have read everything
(``exec``) is no witness that the old value was used.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Sequence
from typing import Literal

from jupyter_mlops.dataflow.source import parse
from jupyter_mlops.records import Parameter
from jupyter_mlops.store.sessions import Execution

# For all that is shown of a run, for some of it, for none.
Standing = Literal["all", "some", "none"]
# Arguments of a call are no value of a name, and nothing replaces them.
CALL_SOURCES = ("model", "declared")


def stands(
    executions: Sequence[Execution],
    index: int,
    parameter: Parameter,
    among: Collection[int],
    seen: Collection[int],
) -> Standing:
    """Tell for how much of a run a parameter's value stood until it was read.

    Parameters
    ----------
    executions
        The session's, in order.
    index
        The execution that set the parameter.
    among
        The executions that count, by index.
    seen
        Those of them that were seen to lead to what is shown.
    """
    if parameter.source in CALL_SOURCES:
        return "all"
    name = parameter.name.partition(".")[0]
    counted = {one for one in among if one > index}
    readers = [one for one in counted if _reads(executions[one], name)]
    if readers and _is_contested(executions, index, name):
        return "none"
    if readers and _is_lost(executions[index], name, after=True):
        return "none"
    for place in range(index + 1, len(executions)):
        if _is_lost(executions[place], name, after=False) and max(readers, default=0) >= place:
            # Who read it before may be there only because nobody knows what led to the change.
            return "none"
        anew = _set_by(executions[place], parameter.name)
        if anew == parameter and executions[place].cell == executions[index].cell:
            continue  # its mere repetition, which the run may not list
        # Whoever else sets it anew, the run's own cell too: from here it is theirs.
        if anew is not None:
            return "all"
        if place in counted and _replaces(executions[place], parameter.name):
            # Nobody knows whether what replaces it unseen did so before or after it read it.
            first = place if executions[place].is_opaque else place + 1
            if max(readers, default=0) < first and not any(
                executions[one].is_opaque for one in counted if one > place
            ):
                return "all"
            before = {one for one in readers if one < place and one in seen}
            beside = {one for one in before if _is_beside(executions[one], executions[place])}
            return "some" if before - beside else "none"
        if _is_lost(executions[place], name, after=True) and max(readers, default=0) > place:
            return "none"
    return "all"


def is_lost(executions: Sequence[Execution], index: int, parameter: Parameter) -> bool:
    """Tell whether no cell replaced a parameter's value, but what ran outside of them."""
    name = parameter.name.partition(".")[0]
    if _is_lost(executions[index], name, after=True):
        return True
    for execution in executions[index + 1 :]:
        if _is_lost(execution, name, after=False):
            return True
        if _replaces(execution, parameter.name):
            return False
        if _is_lost(execution, name, after=True):
            return True
    return False


def _is_contested(executions: Sequence[Execution], index: int, name: str) -> bool:
    """Tell whether another execution gave `name` a value while this one ran."""
    one = executions[index]
    return one.overlaps and any(
        other.finished is not None and name in other.finished.writes and _is_beside(one, other)
        for place, other in enumerate(executions)
        if place != index
    )


def _is_beside(one: Execution, other: Execution) -> bool:
    """Tell whether two executions ran at the same time, so that either may have been first."""
    return (
        one.overlaps
        and other.overlaps
        and (other.finished is None or other.finished.seq > one.started.seq)
        and (one.finished is None or other.started.seq < one.finished.seq)
    )


def _is_lost(execution: Execution, name: str, *, after: bool) -> bool:
    """Tell whether a name changed before an execution, or while it ran, and not by a cell."""
    if not after:
        return name in execution.started.changed_before
    return execution.finished is not None and name in execution.finished.changed_beside


def _set_by(execution: Execution, name: str) -> Parameter | None:
    found = execution.finished.parameters if execution.finished is not None else ()
    return next((one for one in found if one.name == name), None)


def _reads(execution: Execution, name: str) -> bool:
    return execution.finished is not None and name in execution.finished.reads


def _replaces(execution: Execution, named: str) -> bool:
    """Tell whether an execution gave a name, or a part, a value that came not from the old one."""
    name, _, part = named.partition(".")
    finished = execution.finished
    if finished is None:
        return False
    if part and _stores_part(execution, name, part):
        return True  # of a class or an object, which then counts as read, and not always as written
    if name not in finished.writes:
        return False
    return execution.is_opaque or name not in finished.reads or _stores_item(execution, name)


def _stores_part(execution: Execution, name: str, part: str) -> bool:
    """Tell whether a source stores an attribute, as ``CFG.lr = 0.2`` and ``setattr`` do."""
    parsed = parse(execution.source) if part in execution.source else None
    return parsed is not None and any(
        _is_attribute(node, name, part) or _sets_attribute(node, name, part)
        for node in ast.walk(parsed.tree)
    )


def _is_attribute(node: ast.AST, name: str, part: str) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and node.attr == part
        and isinstance(node.value, ast.Name)
        and node.value.id == name
    )


def _sets_attribute(node: ast.AST, name: str, part: str) -> bool:
    if not isinstance(node, ast.Call) or len(node.args) < 2:
        return False
    of, attribute = node.args[:2]
    return (
        isinstance(node.func, ast.Name)
        and node.func.id == "setattr"
        and isinstance(of, ast.Name)
        and of.id == name
        and isinstance(attribute, ast.Constant)
        and attribute.value == part
    )


def _stores_item(execution: Execution, name: str) -> bool:
    parsed = parse(execution.source)
    return parsed is not None and any(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        for statement in ast.walk(parsed.tree)
        if isinstance(statement, ast.Assign)
        for target in statement.targets
        for node in ast.walk(target)
    )
