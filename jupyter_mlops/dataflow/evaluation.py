"""The value of an expression that is made of literals alone.

Numbers, texts and containers of them, arithmetic, and calls that only build a plain value of
what they are given: ``dict(depth=3)``, ``datetime.date(2024, 1, 31)``, ``Path("data") / "x.csv"``.
What such a name means only the session knows; the kernel compares what the name then holds.
"""

from __future__ import annotations

import ast
import datetime
import operator
import os.path
import re
from collections.abc import Callable, Iterator
from pathlib import PosixPath, PurePosixPath, WindowsPath
from typing import Any

from jupyter_mlops.dataflow.notation import SIZE_LIMIT, Foreign

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
SEQUENCES = (ast.Tuple, ast.List)
_NUMBERS = (int, float, complex)
_LOCAL_PATH = WindowsPath if os.name == "nt" else PosixPath
_PATHS = (_LOCAL_PATH, PurePosixPath)
# As every version of Python and every library reads them alike.
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{6})?)?)?")


class NotLiteralError(Exception):
    """An expression that is more than literals, or one too large to be a parameter."""


def evaluate(node: ast.expr) -> Any:
    """Return the value of a literal expression; sums and powers of numbers are literals."""
    budget = [SIZE_LIMIT]
    try:
        return _value(node, budget)
    except (ArithmeticError, AttributeError, TypeError, ValueError) as error:
        raise NotLiteralError from error


def is_literal(node: ast.expr) -> bool:
    """Tell whether an expression is a literal."""
    try:
        evaluate(node)
    except NotLiteralError:  # no literal
        return False
    return True


def declared(node: ast.AST) -> tuple[str, ast.expr] | None:
    """Return name and default of ``mlops.param("lr", 0.1)``, whatever the module is called."""
    if type(node) is not ast.Call or not node.args:
        return None
    func, first = node.func, node.args[0]
    name = func.attr if type(func) is ast.Attribute else getattr(func, "id", None)
    if name != "param" or type(first) is not ast.Constant or type(first.value) is not str:
        return None
    given = [*node.args[1:], *(one.value for one in node.keywords if one.arg == "default")]
    return (first.value, given[0]) if len(given) == 1 else None


def constructor(node: ast.expr) -> str | None:
    """Return the name by which a call builds a plain value, if it may be such a call.

    Of ``dt.date(…)`` and ``datetime.date(…)`` that is ``date``.
    """
    if type(node) is not ast.Call:
        return None
    func = node.func
    if type(func) is ast.Name:
        return func.id if func.id in _BARE else None
    if type(func) is not ast.Attribute or func.attr not in _BY_MODULE:
        return None
    below = func.value
    if func.attr == "join":
        is_of_os = type(below) is ast.Attribute and below.attr == "path"
        is_module = type(below) is ast.Name and below.id in ("path", "osp")
        return "join" if is_of_os or is_module else None
    while type(below) is ast.Attribute:
        below = below.value
    return func.attr if type(below) is ast.Name else None


def callee(node: ast.expr) -> str:
    """Return the code that names what builds a value: ``dt.date`` of ``dt.date(2024, 1, 31)``."""
    while type(node) is ast.BinOp:
        node = node.left
    return ast.unparse(node.func) if type(node) is ast.Call else ""


def _value(node: ast.expr, budget: list[int]) -> Any:
    budget[0] -= 1
    if budget[0] < 0:
        raise NotLiteralError
    if isinstance(node, ast.Constant):
        return _constant(node.value, budget)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        number = _number(_value(node.operand, budget))
        return -number if isinstance(node.op, ast.USub) else +number
    if isinstance(node, ast.BinOp):
        return _combined(node, budget)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        items = [_value(item, budget) for item in node.elts]
        return {ast.List: list, ast.Tuple: tuple, ast.Set: set}[type(node)](items)
    if isinstance(node, ast.Dict):
        if any(key is None for key in node.keys):
            raise NotLiteralError
        keys = [_value(key, budget) for key in node.keys if key is not None]
        return dict(zip(keys, [_value(item, budget) for item in node.values], strict=True))
    if isinstance(node, ast.JoinedStr):
        return "".join(_parts(node, budget))
    if isinstance(node, ast.Call):
        return _constructed(node, budget)
    raise NotLiteralError


def _constant(value: Any, budget: list[int]) -> Any:
    if isinstance(value, str):
        budget[0] -= len(value)
    if budget[0] < 0 or isinstance(value, (bytes, type(...))):
        raise NotLiteralError
    return value


def _parts(node: ast.JoinedStr, budget: list[int]) -> Iterator[str]:
    """Yield the parts of an f-string, whose fields are texts and whole numbers."""
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            value = _value(part.value, budget)
            if part.format_spec is not None or part.conversion != -1:
                raise NotLiteralError
            if type(value) not in (int, str):
                raise NotLiteralError
            yield str(value)
        else:
            yield str(_value(part, budget))


def _number(value: Any) -> Any:
    if type(value) not in _NUMBERS:
        raise NotLiteralError
    return value


def _combined(node: ast.BinOp, budget: list[int]) -> Any:
    operation = _OPERATORS.get(type(node.op))
    if operation is None:
        raise NotLiteralError
    left, right = _value(node.left, budget), _value(node.right, budget)
    if isinstance(node.op, ast.Div) and type(left) in _PATHS and type(right) in (str, *_PATHS):
        return left / right
    if isinstance(node.op, ast.Add) and type(left) is type(right) and type(left) in _JOINED:
        return left + right
    left, right = _number(left), _number(right)
    if isinstance(node.op, ast.Pow) and (abs(right) > 64 or abs(left) > 10**6):
        raise NotLiteralError
    result = _number(operation(left, right))
    if isinstance(result, int) and result.bit_length() > 4096:
        raise NotLiteralError
    return result


def _constructed(node: ast.Call, budget: list[int]) -> Any:
    name = constructor(node)
    if name is None or any(keyword.arg is None for keyword in node.keywords):
        raise NotLiteralError
    arguments = [_value(argument, budget) for argument in node.args]
    named = {str(word.arg): _value(word.value, budget) for word in node.keywords}
    if name in _BUILT_IN:
        if named and name != "dict":
            raise NotLiteralError
        return _BUILT_IN[name](*arguments, **named)
    if not arguments and not named:
        raise NotLiteralError  # `time()` is a clock
    return _MADE[name](*arguments, **named)


def _whole(value: Any, *base: Any) -> int:
    if type(value) not in (int, float) or base:
        raise NotLiteralError
    return int(value)


def _joined(*parts: Any) -> str:
    if any(type(one) is not str for one in parts):
        raise NotLiteralError
    return str(os.path.join(*parts))


def _moment(library_type: str) -> Callable[..., Foreign]:
    def made(text: Any) -> Foreign:
        if type(text) is not str or not _MOMENT.fullmatch(text):
            raise NotLiteralError
        moment = datetime.datetime.fromisoformat(text)
        if library_type == "numpy.datetime64":
            return Foreign(library_type, text.replace(" ", "T"))
        return Foreign(library_type, moment.isoformat())

    return made


_JOINED = (str, list, tuple)
_BUILT_IN: dict[str, Callable[..., Any]] = {
    "dict": dict,
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "float": float,
    "int": _whole,
    "complex": complex,
}
_MADE: dict[str, Callable[..., Any]] = {
    "date": datetime.date,
    "datetime": datetime.datetime,
    "time": datetime.time,
    "timedelta": datetime.timedelta,
    "Path": _LOCAL_PATH,
    "PurePosixPath": PurePosixPath,
    "Timestamp": _moment("pandas.Timestamp"),
    "to_datetime": _moment("pandas.Timestamp"),
    "datetime64": _moment("numpy.datetime64"),
    "join": _joined,
}
_BY_MODULE = frozenset(_MADE)
_BARE = frozenset({*_BUILT_IN, *_MADE} - {"join"})
