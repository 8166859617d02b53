"""Which variables of the environment a cell reads, from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from jupyter_mlops.dataflow.source import magic_call, parse

_ENVIRON = frozenset({"environ", "environb"})


def variables_read(source: str, names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` that a cell reads, or may lead others to read.

    Which function reads the environment can't be told: ``config("DB_PASSWORD")`` may, and a
    list or a name may take the text to a later cell. So every text that is a variable's name
    counts, unless the cell has surely set that variable before: by a statement that stands
    under no condition.
    """
    among = frozenset(name for name in names if name in source)
    parsed = parse(source) if among else None
    if parsed is None:
        # Other languages and broken cells: names in quotes, and what a shell would read.
        return frozenset(
            name
            for name in among
            if _in_command(name, source) or f'"{name}"' in source or f"'{name}'" in source
        )
    found: set[str] = set()
    written: set[str] = set()
    for statement in parsed.tree.body:
        keys = list(_written(statement, among))
        nodes = {id(node) for node, _ in keys}
        read = {
            name
            for node in ast.walk(statement)
            if id(node) not in nodes
            for name in _mentioned(node, among)
        }
        found |= read - written
        written.update(name for _, name in keys)
    return frozenset(found)


def _mentioned(node: ast.AST, among: frozenset[str]) -> Iterator[str]:
    """Yield the variables that a node names by its text."""
    magic = magic_call(node)
    if magic is not None:
        assigned = _set_by_magic(magic, among)
        words = " ".join(magic[1])
        for name in among:
            # A shell that sets one sets its own; `%env` sets ours, here not for sure.
            if name == assigned or re.search(rf"(?<!\w){re.escape(name)}(?![\w=])", words):
                yield name
    text = _text(node)
    if text is not None:
        for name in among:
            if text.strip() == name or _in_command(name, text):
                yield name


def _in_command(name: str, text: str) -> bool:
    return re.search(rf"\$\{{?{re.escape(name)}(?!\w)", text) is not None


def _written(statement: ast.stmt, among: frozenset[str]) -> Iterator[tuple[ast.AST, str]]:
    """Yield the variables that a statement surely sets, each with the node that names it."""
    keys: list[ast.expr | None] = []
    if isinstance(statement, ast.Assign):
        keys += [key for target in statement.targets for key in _keys(target)]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        keys += _keys(statement.target)
    elif isinstance(statement, ast.AugAssign) and _is_environ(statement.target):
        keys += _keys_of_literal(statement.value)  # os.environ |= {…}
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        magic = magic_call(call)
        name = None if magic is None else _set_by_magic(magic, among)
        if name is not None:
            yield call, name
        if (
            isinstance(call.func, ast.Attribute)
            and call.func.attr == "update"
            and _is_environ(call.func.value)
        ):
            keys += [key for one in call.args for key in _keys_of_literal(one)]
            yield from ((one, one.arg) for one in call.keywords if one.arg is not None)
    for key in keys:
        text = None if key is None else _text(key)
        if key is not None and text is not None:
            yield key, text


def _set_by_magic(magic: tuple[str, list[str]], among: frozenset[str]) -> str | None:
    """Return the variable that ``%env NAME=value`` sets, unless its value has the name too."""
    if magic[0] != "run_line_magic" or magic[1][:1] not in (["env"], ["set_env"]):
        return None
    match = re.fullmatch(r"\s*([^\s=]+)(?:\s*=\s*|\s+)(\S.*)", magic[1][-1])
    return match[1] if match and match[1] in among and match[1] not in match[2] else None


def _keys(target: ast.expr) -> Iterator[ast.expr]:
    """Yield the keys of the environment that an assignment to `target` sets."""
    if isinstance(target, (ast.Tuple, ast.List)):
        for one in target.elts:
            yield from _keys(one)
    elif isinstance(target, ast.Subscript) and _is_environ(target.value):
        yield target.slice


def _keys_of_literal(node: ast.expr) -> list[ast.expr | None]:
    return list(node.keys) if isinstance(node, ast.Dict) else []


def _is_environ(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
    return name in _ENVIRON


def _text(node: ast.AST) -> str | None:
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bytes):
        return node.value.decode("utf-8", "replace")
    return node.value if isinstance(node.value, str) else None
