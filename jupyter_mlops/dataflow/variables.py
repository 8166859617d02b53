"""Which variables of the environment a cell reads, from its source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from jupyter_mlops.dataflow.source import magic_call, parse

_ENVIRON = frozenset({"environ", "environb"})
_SETS = frozenset({"putenv", "setenv", "unsetenv", "delenv", "set_key"})


def variables_read(source: str, names: Iterable[str]) -> frozenset[str]:
    """Return those of `names` that a cell reads, or hands to what may read them.

    Which function reads the environment can't be told: ``config("DB_PASSWORD")`` may. A name that
    the cell sets itself is not read, and neither is a key that it writes.
    """
    among = frozenset(name for name in names if name in source)
    parsed = parse(source) if among else None
    if parsed is None:
        # Other languages and broken cells: what a shell would read, and no more.
        return frozenset(name for name in among if _in_command(name, source))
    found: set[str] = set()
    written: set[str] = set()
    for node in ast.walk(parsed.tree):
        magic = magic_call(node)
        if magic is not None:
            for name in among:
                if magic[1][:1] == ["env"] and re.match(rf"{name}\s*[= ]\s*\S", magic[1][-1]):
                    written.add(name)
                elif any(text.strip() == name or _in_command(name, text) for text in magic[1]):
                    found.add(name)
            continue
        written.update(_written(node))
        found.update(_handed_on(node))
    return among & (found - written)


def _in_command(name: str, text: str) -> bool:
    return re.search(rf"\$\{{?{re.escape(name)}\b", text) is not None


def _written(node: ast.AST) -> Iterator[str]:
    """Yield variables that a statement sets or removes."""
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        if _name(node.value) in _ENVIRON:
            yield from _texts([node.slice])
    elif isinstance(node, ast.Call) and _name(node.func) in _SETS:
        yield from _texts(node.args[:1])


def _handed_on(node: ast.AST) -> Iterator[str]:
    """Yield texts that are arguments, keys of what is read, items, or compared with something."""
    if isinstance(node, ast.Call):
        yield from _texts([*node.args, *(one.value for one in node.keywords)])
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        yield from _texts([node.slice])
    elif isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        yield from _texts(node.elts)
    elif isinstance(node, ast.Compare):
        yield from _texts([node.left])


def _texts(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _name(node: ast.expr) -> str | None:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None
