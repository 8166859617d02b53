"""Literal assignments at a cell's top level: the notebook's own parameters."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_mlops.dataflow import scopes
from jupyter_mlops.dataflow.calls import MUTATORS, root
from jupyter_mlops.dataflow.source import PARSE_ERRORS, Parsed, Span, parse, unwrapped
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records import NOT_FINITE

# Longer ones are data that somebody pasted, not a parameter; counted in syntax nodes and
# characters of strings.
SIZE_LIMIT = 10_000

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_SEQUENCES = (ast.Tuple, ast.List)
_CONSTRUCTORS = {"dict": dict, "list": list, "tuple": tuple, "set": set, "float": float}


@dataclass(frozen=True)
class Literal:
    """A name and the literal that is assigned to it.

    ``value`` is JSON (tuples and sets as lists, keys as strings, ``nan`` and the
    infinities as in :data:`jupyter_mlops.records.NOT_FINITE`), ``type`` the Python type's
    name. The position is that of the value's expression: lines from 1, columns from 0 in
    characters, the end exclusive. In ``a = b = 1`` both names have the same position.
    """

    name: str
    value: Any
    type: str
    lineno: int
    col: int
    end_lineno: int
    end_col: int

    @property
    def span(self) -> Span:
        """Where the value's expression stands."""
        return self.lineno, self.col, self.end_lineno, self.end_col


class _NotLiteralError(Exception):
    pass


def literals(source: str) -> tuple[Literal, ...]:
    """Find the literal assignments at the top level of a cell, in their order.

    A name that the cell also binds in another way (loop, ``+=``, a call) or changes in
    place is an intermediate value and left out, as are empty containers. Of several
    literal assignments to one name the last one counts.
    """
    parsed = parse(source)
    return () if parsed is None else _found(parsed.tree, parsed)


def literals_of_tree(tree: ast.Module) -> tuple[Literal, ...]:
    """Find them in a tree whose source isn't at hand; columns are UTF-8 offsets."""
    return _found(unwrapped(tree), None)


def may_hold_literals(tree: ast.Module, source: str) -> bool:
    """Tell whether a cell may assign a literal that is more than a number or a plain text.

    That is a container, or a text that `source` writes in another way than it reads.
    """
    for statement in tree.body:
        if type(statement) is ast.Assign:
            targets = statement.targets
        elif type(statement) is ast.AnnAssign:
            targets = [statement.target]
        else:
            continue
        value = statement.value
        if type(value) is ast.Constant and type(value.value) is not str:
            continue  # as most are
        unpacked = type(value) in _SEQUENCES and all(type(one) in _SEQUENCES for one in targets)
        values = value.elts if unpacked else [value]  # type: ignore[union-attr]
        if any(_is_more(one, source) for one in values):
            return True
    return False


def _is_more(node: ast.expr | None, source: str) -> bool:
    if type(node) is ast.Constant:
        return type(node.value) is str and node.value not in source
    if type(node) in _SEQUENCES or type(node) is ast.Set:
        return bool(node.elts)  # type: ignore[union-attr]
    if type(node) is ast.Dict:
        return bool(node.keys)
    if type(node) is ast.Call and type(node.func) is ast.Name:
        return node.func.id in _CONSTRUCTORS
    return False


def _found(tree: ast.Module, parsed: Parsed | None) -> tuple[Literal, ...]:
    try:
        found: dict[str, Literal] = {}
        counts: dict[str, int] = {}
        for name, node in _assignments(tree.body):
            counts[name] = counts.get(name, 0) + 1
            literal = _literal(name, node, parsed)
            found.pop(name, None)
            if literal is not None:
                found[name] = literal
        if not found or all(map(_only_names, tree.body)):
            return tuple(found.values())
        other = _other_uses(tree, counts)
        return tuple(literal for name, literal in found.items() if name not in other)
    except PARSE_ERRORS:  # too deep to walk: nothing in it is for a person to set
        return ()


def _only_names(statement: ast.stmt) -> bool:
    """Tell whether a statement binds names to one constant, and holds nothing else."""
    if type(statement) is not ast.Assign or type(statement.value) is not ast.Constant:
        return False
    return all(type(target) is ast.Name for target in statement.targets)


def _assignments(body: list[ast.stmt]) -> Iterator[tuple[str, ast.expr]]:
    for statement in body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                yield from _pairs(target, statement.value)
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            yield from _pairs(statement.target, statement.value)


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
        return
    sequences = (ast.Tuple, ast.List)
    if not isinstance(target, sequences) or not isinstance(value, sequences):
        return
    # Of different lengths, a starred part takes the rest, or the cell fails.
    if len(target.elts) == len(value.elts):
        for one, its_value in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, its_value)


def _literal(name: str, node: ast.expr, parsed: Parsed | None) -> Literal | None:
    if name.strip("_") == "":
        return None
    try:
        value = evaluate(node)
    except _NotLiteralError:  # no literal
        return None
    if type(value) in (list, dict, set, tuple) and not value:
        return None
    end_lineno = node.end_lineno or node.lineno
    end_col = node.end_col_offset or 0
    col = node.col_offset
    if parsed is not None:
        col = parsed.column(node.lineno, col)
        end_col = parsed.column(end_lineno, end_col)
    return Literal(
        name, as_json(value), type(value).__name__, node.lineno, col, end_lineno, end_col
    )


def evaluate(node: ast.expr) -> Any:
    """Return the value of a literal expression; sums and powers of numbers are literals."""
    budget = [SIZE_LIMIT]
    try:
        return _value(node, budget)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise _NotLiteralError from error


def is_literal(node: ast.expr) -> bool:
    """Tell whether an expression is a literal."""
    try:
        evaluate(node)
    except _NotLiteralError:  # no literal
        return False
    return True


def _value(node: ast.expr, budget: list[int]) -> Any:
    budget[0] -= 1
    if budget[0] < 0:
        raise _NotLiteralError
    if isinstance(node, ast.Constant):
        return _constant(node.value, budget)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _number(_value(node.operand, budget))
        return -number if isinstance(node.op, ast.USub) else +number
    if isinstance(node, ast.BinOp):
        return _arithmetic(node, budget)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        items = [_value(item, budget) for item in node.elts]
        return {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)](items)
    if isinstance(node, ast.Dict):
        if any(key is None for key in node.keys):
            raise _NotLiteralError
        keys = [_value(key, budget) for key in node.keys if key is not None]
        return dict(zip(keys, [_value(item, budget) for item in node.values], strict=True))
    if isinstance(node, ast.Call):
        return _constructed(node, budget)
    raise _NotLiteralError


def _constant(value: Any, budget: list[int]) -> Any:
    if isinstance(value, str):
        budget[0] -= len(value)
    if budget[0] < 0 or isinstance(value, (bytes, complex, type(...))):
        raise _NotLiteralError
    return value


def _number(value: Any) -> Any:
    if type(value) not in (int, float):
        raise _NotLiteralError
    return value


def _arithmetic(node: ast.BinOp, budget: list[int]) -> Any:
    operation = _OPERATORS.get(type(node.op))
    if operation is None:
        raise _NotLiteralError
    left, right = _number(_value(node.left, budget)), _number(_value(node.right, budget))
    if isinstance(node.op, ast.Pow) and (abs(right) > 64 or abs(left) > 10**6):
        raise _NotLiteralError
    result = _number(operation(left, right))
    if isinstance(result, int) and result.bit_length() > 4096:
        raise _NotLiteralError
    return result


def _constructed(node: ast.Call, budget: list[int]) -> Any:
    if not isinstance(node.func, ast.Name) or node.func.id not in _CONSTRUCTORS:
        raise _NotLiteralError
    if any(keyword.arg is None for keyword in node.keywords):
        raise _NotLiteralError
    if node.keywords and node.func.id != "dict":
        raise _NotLiteralError
    arguments = [_value(argument, budget) for argument in node.args]
    named = {str(word.arg): _value(word.value, budget) for word in node.keywords}
    return _CONSTRUCTORS[node.func.id](*arguments, **named)


def as_json(value: Any) -> Any:
    """Return a literal's value as JSON holds it."""
    if type(value) is float:
        return NOT_FINITE.get(str(value), value)
    if type(value) in (list, tuple):
        return [as_json(item) for item in value]
    if type(value) is set:
        # A set has no order of its own, and string hashes change with each process.
        return sorted(
            (as_json(item) for item in value), key=lambda item: (str(type(item)), str(item))
        )
    if type(value) is dict:
        return {key if type(key) is str else str(key): as_json(item) for key, item in value.items()}
    return value


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
