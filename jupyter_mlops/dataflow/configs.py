"""Parameters that are parts of an object: ``CFG.lr``, ``args.epochs``.

A class whose body is constants, the keyword arguments of a dataclass of the notebook's own or
of a ``SimpleNamespace``, and the options of an argument parser. Whether an object is one of
these its class tells, and so the kernel; here is said where the values stand.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from jupyter_mlops.dataflow.evaluation import constructor
from jupyter_mlops.dataflow.literal import Literal, literal
from jupyter_mlops.dataflow.source import PARSE_ERRORS, Parsed, parse

# Objects whose attributes are what their constructor is given.
NAMESPACES = frozenset({"SimpleNamespace", "Namespace"})
_PARSING = frozenset({"parse_args", "parse_known_args"})
_DATACLASS = "dataclass"
_FIELD_BASES = frozenset({"BaseModel", "BaseSettings"})
_PLAIN_BASES = frozenset({"object", "NamedTuple"})
_CONFIG = re.compile(r"(?i)(?:config|cfg|conf|settings|param|args|options|constants)")
_NOTHING = (ast.Pass, ast.Expr, ast.ClassDef)


def may_hold(call: ast.Call) -> bool:
    """Tell whether a call makes an object whose attributes are parameters."""
    name = _last(call.func)
    return name in NAMESPACES or name in _PARSING


def config_classes(source: str) -> frozenset[str]:
    """Return the classes of a cell whose instances are made of parameters."""
    parsed = parse(source)
    if parsed is None:
        return frozenset()
    try:
        return frozenset(
            one.name
            for one in parsed.tree.body
            if isinstance(one, ast.ClassDef)
            and (_is_dataclass(one) or _has_base(one, _FIELD_BASES))
        )
    except PARSE_ERRORS:  # too deep to be walked
        return frozenset()


def of_class(node: ast.ClassDef, parsed: Parsed | None) -> Iterator[Literal]:
    """Yield the constants in the body of a class that is a config."""
    if not _is_config(node):
        return
    found: dict[str, Literal | None] = {}
    for statement in node.body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            targets, value = [statement.target], _default(statement.value)
        else:
            continue
        for target in targets:
            if isinstance(target, ast.Name) and not target.id.startswith("_"):
                name = f"{node.name}.{target.id}"
                found[name] = literal(name, value, parsed, owner="class")
    yield from (one for one in found.values() if one is not None)


def of_call(name: str, call: ast.Call, parsed: Parsed | None) -> Iterator[Literal]:
    """Yield the keyword arguments by which an object was made, if they are literals."""
    made = _last(call.func)
    if made is None or not call.keywords or constructor(call) is not None:
        return
    if not isinstance(call.func, ast.Name) and made not in NAMESPACES:
        return  # a library's
    for word in call.keywords:
        if word.arg is not None and not word.arg.startswith("_"):
            one = literal(f"{name}.{word.arg}", word.value, parsed, owner="instance", of=made)
            if one is not None:
                yield one


def of_parser(
    target: ast.expr, call: ast.Call, body: list[ast.stmt], parsed: Parsed | None
) -> Iterator[Literal]:
    """Yield the options of a parser, and those of its defaults that stand in this cell."""
    method = _last(call.func)
    if method == "parse_known_args" and isinstance(target, ast.Tuple) and target.elts:
        target = target.elts[0]
    if method not in _PARSING or not isinstance(target, ast.Name):
        return
    name, line = target.id, (call.lineno, 0, call.lineno, 0)
    yield Literal(name, None, "argparse.Namespace", *line, owner="options")
    given = {
        one.value.partition("=")[0]
        for one in ast.walk(call)
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    for statement in body:
        option = _option(statement)
        if option is None or not given.isdisjoint(option[1]):
            continue
        one = literal(f"{name}.{option[0]}", option[2], parsed, owner="option")
        if one is not None:
            yield one


def _option(statement: ast.stmt) -> tuple[str, list[str], ast.expr] | None:
    """Return an option's name, its spellings and its default."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or _last(call.func) != "add_argument":
        return None
    words = {word.arg: word.value for word in call.keywords}
    spellings = [
        one.value
        for one in call.args
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]
    chosen = words.get("dest")
    long = [one for one in spellings if one.startswith("--")] or spellings
    if isinstance(chosen, ast.Constant) and isinstance(chosen.value, str):
        name = chosen.value
    elif long:
        name = long[0].lstrip("-").replace("-", "_")
    else:
        return None
    default = words.get("default")
    return None if default is None else (name, spellings, default)


def _is_config(node: ast.ClassDef) -> bool:
    if node.keywords:
        return False
    if _is_dataclass(node):
        return True
    if node.decorator_list:
        return False
    is_named = _CONFIG.search(node.name) is not None
    for base in node.bases:
        name = _last(base) or ""
        if name not in _PLAIN_BASES and name not in _FIELD_BASES and not _CONFIG.search(name):
            return False
    return is_named or all(
        isinstance(one, (ast.Assign, ast.AnnAssign, *_NOTHING)) for one in node.body
    )


def _is_dataclass(node: ast.ClassDef) -> bool:
    decorators = [one.func if isinstance(one, ast.Call) else one for one in node.decorator_list]
    return [_last(one) for one in decorators] == [_DATACLASS]


def _has_base(node: ast.ClassDef, names: frozenset[str]) -> bool:
    return any(_last(base) in names for base in node.bases)


def _default(value: ast.expr) -> ast.expr:
    """Return the default of ``field(default=…)``; any other expression as it is."""
    if isinstance(value, ast.Call) and _last(value.func) == "field":
        for word in value.keywords:
            if word.arg == "default":
                return word.value
    return value


def _last(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None
