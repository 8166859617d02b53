"""Literal assignments at a cell's top level: the notebook's own parameters."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from jupyter_mlops.dataflow import configs, scopes
from jupyter_mlops.dataflow.calls import MUTATORS, root
from jupyter_mlops.dataflow.evaluation import SEQUENCES, constructor, declared
from jupyter_mlops.dataflow.literal import Literal, literal
from jupyter_mlops.dataflow.source import PARSE_ERRORS, Parsed, parse, unwrapped

# Bodies that run where they stand, in the notebook's own namespace, once at most.
_ONCE = (ast.If, ast.With, ast.Try)
# Types of constants that a look at the namespace tells as the source does.
_TOLD = frozenset({int, float, bool, type(None)})


class _Assignment(NamedTuple):
    name: str
    value: ast.expr
    # Whether it stands in a branch that may not run.
    is_conditional: bool


def literals(source: str) -> tuple[Literal, ...]:
    """Find the literal assignments at the top level of a cell, in their order.

    A name that the cell also binds in another way (loop, ``+=``, a call) or changes in
    place is an intermediate value and left out, as are empty containers. Of several
    literal assignments to one name the last one counts; of those in branches only what
    the name holds in the end tells which, so all are returned.
    """
    parsed = parse(source)
    return () if parsed is None else _found(parsed.tree, parsed)


def literals_of_tree(tree: ast.Module) -> tuple[Literal, ...]:
    """Find them in a tree whose source isn't at hand; columns are UTF-8 offsets."""
    return _found(unwrapped(tree), None)


def may_hold_literals(tree: ast.Module, source: str) -> bool:
    """Tell whether a cell may assign a literal that is more than a number or a plain text.

    That is a container, a value of another type, a text that `source` writes in another way
    than it reads, or the part of an object.
    """
    return _may_hold(tree.body, source)


def _may_hold(body: list[ast.stmt], source: str) -> bool:
    for statement in body:
        kind = type(statement)
        assigned: Any = statement
        if kind is ast.Assign:
            targets = assigned.targets
        elif kind is ast.AnnAssign:
            targets = [assigned.target]
        elif kind is ast.Expr and type(assigned.value) is ast.NamedExpr:
            assigned = assigned.value
            targets = [assigned.target]
        elif kind in _ONCE:
            if any(_may_hold(part, source) for part in _bodies(statement)):
                return True
            continue
        elif kind is ast.ClassDef:
            return True
        else:
            continue
        value = assigned.value
        if type(value) is ast.Constant and type(value.value) in _TOLD:
            continue  # as most are
        unpacked = type(value) in SEQUENCES and all(type(one) in SEQUENCES for one in targets)
        if any(_is_more(one, source) for one in (value.elts if unpacked else [value])):
            return True
    return False


def _is_more(node: Any, source: str) -> bool:
    kind = type(node)
    if kind is ast.Constant:
        value = node.value
        return value not in source if type(value) is str else type(value) is complex
    if kind in SEQUENCES or kind is ast.Set:
        return bool(node.elts)
    if kind is ast.Dict:
        return bool(node.keys)
    if kind is ast.Call:
        return constructor(node) is not None or configs.may_hold(node)
    if kind is ast.BinOp:
        return _is_sum_of_more(node)
    return kind is ast.JoinedStr


def _is_sum_of_more(node: ast.expr) -> bool:
    """Tell whether a sum begins with a text, a complex number or what a call builds."""
    while type(node) is ast.BinOp:
        if type(node.right) is ast.Constant and type(node.right.value) is complex:
            return True
        node = node.left
    if type(node) is ast.Constant:
        return type(node.value) in (str, complex)
    return type(node) in (*SEQUENCES, ast.JoinedStr) or constructor(node) is not None


def _found(tree: ast.Module, parsed: Parsed | None) -> tuple[Literal, ...]:
    try:
        found: dict[str, list[Literal]] = {}
        counts: dict[str, int] = {}
        for name, node, is_conditional in _assignments(tree.body, is_conditional=False):
            counts[name] = counts.get(name, 0) + 1
            one = literal(name, node, parsed, is_conditional=is_conditional)
            earlier = found.pop(name, []) if is_conditional else []
            found.pop(name, None)
            found[name] = [*earlier, one] if one is not None else []
            if one is None and is_conditional:
                counts[name] = -1  # what a branch computed may be what it holds
        parts = list(_parts(tree.body, parsed))
        if parsed is not None:  # in the kernel the call tells of itself
            parts += _declared(tree, parsed)
        if not (parts or any(found.values())):
            return ()
        if all(map(_only_names, tree.body)):
            return tuple(one for several in found.values() for one in several)
        other = _other_uses(tree, counts)
        kept = [
            one
            for name, several in found.items()
            if name not in other and not _are_flags(several)
            for one in several
        ]
        return (*kept, *parts)
    except PARSE_ERRORS:  # too deep to walk: nothing in it is for a person to set
        return ()


def _only_names(statement: ast.stmt) -> bool:
    """Tell whether a statement binds names to one constant, and holds nothing else."""
    if type(statement) is not ast.Assign or type(statement.value) is not ast.Constant:
        return False
    return all(type(target) is ast.Name for target in statement.targets)


def _are_flags(several: list[Literal]) -> bool:
    """Tell whether branches decide between values that only say what was found."""
    return len(several) > 1 and any(one.type in ("bool", "NoneType") for one in several)


def _assignments(body: list[ast.stmt], *, is_conditional: bool) -> Iterator[_Assignment]:
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _pairs(target, statement.value, is_conditional)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from _pairs(statement.target, statement.value, is_conditional)
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.NamedExpr):
            yield from _pairs(statement.value.target, statement.value.value, is_conditional)
        elif isinstance(statement, _ONCE):
            may_not_run = is_conditional or _may_not_run(statement)
            for part in _bodies(statement):
                yield from _assignments(part, is_conditional=may_not_run)


def _bodies(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for name in ("body", "orelse", "finalbody"):
        yield getattr(statement, name, [])
    for handler in getattr(statement, "handlers", []):
        yield handler.body


def _may_not_run(statement: ast.stmt) -> bool:
    """Tell whether what stands below a statement may be left out; a notebook is ``__main__``."""
    if isinstance(statement, ast.If):
        test = statement.test
        is_main = (
            isinstance(test, ast.Compare)
            and isinstance(test.left, ast.Name)
            and test.left.id == "__name__"
            and isinstance(test.ops[0], ast.Eq)
        )
        return not is_main or bool(statement.orelse)
    return isinstance(statement, ast.Try) and bool(statement.handlers)


def _pairs(target: ast.expr, value: ast.expr, is_conditional: bool) -> Iterator[_Assignment]:
    if isinstance(target, ast.Name):
        yield _Assignment(target.id, value, is_conditional)
        return
    if not isinstance(target, SEQUENCES) or not isinstance(value, SEQUENCES):
        return
    names, values = target.elts, value.elts
    if any(isinstance(one, ast.Starred) for one in values):
        return  # nobody knows which of them are whose
    starred = next((at for at, one in enumerate(names) if isinstance(one, ast.Starred)), None)
    if starred is not None:
        # It takes what the others leave, and is no literal of its own.
        after = len(names) - starred - 1
        if len(values) < starred + after:
            return  # the cell fails
        names = [*names[:starred], *names[len(names) - after :]]
        values = [*values[:starred], *values[len(values) - after :]]
    if len(names) == len(values):
        for one, its_value in zip(names, values, strict=True):
            yield from _pairs(one, its_value, is_conditional)


def _parts(body: list[ast.stmt], parsed: Parsed | None) -> Iterator[Literal]:
    """Yield literals that are parts of an object which the cell makes."""
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from configs.of_class(statement, parsed)
        elif isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            target, call = statement.targets[0], statement.value
            if isinstance(target, ast.Name):
                yield from configs.of_call(target.id, call, parsed)
            yield from configs.of_parser(target, call, body, parsed)
        elif isinstance(statement, _ONCE):
            for part in _bodies(statement):
                yield from _parts(part, parsed)


def _declared(tree: ast.Module, parsed: Parsed) -> Iterator[Literal]:
    """Yield the defaults of declared parameters."""
    if not any("param" in line for line in parsed.lines):
        return
    for node in ast.walk(tree):
        found = declared(node)
        one = None if found is None else literal(*found, parsed, owner="declared")
        if one is not None:
            yield one


def _other_uses(tree: ast.Module, counts: dict[str, int]) -> set[str]:
    # A name is an intermediate value if it is stored more often than by plain top-level
    # assignments, or if something is stored into it.
    times: dict[str, int] = {}
    changed: set[str] = set()
    for node in scopes.own_nodes(tree.body):
        if type(node) in scopes.STORING:
            for name in scopes.stored_by(node):
                times[name] = times.get(name, 0) + 1
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                changed |= scopes.declared(node.body)[0]
        elif isinstance(node, (ast.Attribute, ast.Subscript)):
            if not isinstance(node.ctx, ast.Load):
                changed.add(root(node) or "")
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in MUTATORS
        ):
            changed.add(root(node.func) or "")
    return changed | {name for name, count in times.items() if count > counts.get(name, 0)}
