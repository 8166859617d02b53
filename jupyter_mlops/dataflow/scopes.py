"""Which names a body of statements stores in its own scope."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


_OWN_SCOPES: frozenset[Any] = frozenset((*FUNCTIONS, ast.ClassDef))
_PLAIN: frozenset[Any] = frozenset((ast.Name, ast.Constant))
# Fields that hold text, numbers, operators or contexts, and never a node to walk.
_NO_NODES = {"attr", "conversion", "ctx", "id", "is_async", "kind"}
_NO_NODES |= {"level", "module", "op", "ops", "simple", "type_comment"}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# Nodes of which :func:`stored_by` may yield something.
STORING: frozenset[Any] = frozenset(
    {ast.Name, ast.alias, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping}
).union(_DEFINITIONS)


@cache
def _node_fields(kind: Any) -> tuple[str, ...]:
    return tuple([name for name in kind._fields if name not in _NO_NODES])


def children(node: ast.AST) -> list[ast.AST]:
    """Return the nodes right below `node`, but for operators and contexts.

    Those hold nothing, and Python shares one object of each between all trees: what some
    library hangs on them (``executing`` sets ``parent``) leads into trees of others.
    """
    found: list[ast.AST] = []
    kind: Any = type(node)  # a class of nodes is not hashable to mypy
    for name in _node_fields(kind):
        part = getattr(node, name, None)
        if type(part) is list:
            found += [item for item in part if isinstance(item, ast.AST)]
        elif isinstance(part, ast.AST):
            found.append(part)
    return found


def own_nodes(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Walk the nodes of one scope: nested functions, classes and lambdas aren't entered.

    Of a comprehension everything but its targets counts, as if it were a loop.
    """
    pending = list(body)
    while pending:
        node = pending.pop()
        yield node
        kind = type(node)
        if kind in _PLAIN:
            continue
        if isinstance(node, ast.comprehension):
            pending += [node.iter, *node.ifs]
        elif kind not in _OWN_SCOPES:
            pending += children(node)


def stores(body: Iterable[ast.AST]) -> Iterator[str]:
    """Yield each name once for every place that stores or deletes it in this scope."""
    for node in own_nodes(body):
        yield from stored_by(node)


def stored_by(node: ast.AST) -> Iterator[str]:
    """Yield the names that one node by itself stores."""
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            yield node.id
    elif isinstance(node, _DEFINITIONS):
        yield node.name
    elif isinstance(node, ast.alias):
        if node.name != "*":
            yield node.asname or node.name.partition(".")[0]
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        if node.name is not None:
            yield node.name
    elif isinstance(node, ast.MatchMapping) and node.rest is not None:
        yield node.rest


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[str]:
    """Yield the names of a function's parameters."""
    arguments = node.args
    for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
        yield one.arg
    for rest in (arguments.vararg, arguments.kwarg):
        if rest is not None:
            yield rest.arg


def declared(body: Iterable[ast.AST]) -> tuple[set[str], set[str]]:
    """Return the names declared ``global`` and those declared ``nonlocal`` in this scope."""
    names: tuple[set[str], set[str]] = (set(), set())
    for node in own_nodes(body):
        if isinstance(node, ast.Global):
            names[0].update(node.names)
        elif isinstance(node, ast.Nonlocal):
            names[1].update(node.names)
    return names


def targets(node: ast.expr) -> Iterator[str]:
    """Yield the plain names that an assignment target binds."""
    pending = [node]
    while pending:
        one = pending.pop()
        if isinstance(one, ast.Name):
            yield one.id
        elif isinstance(one, (ast.Tuple, ast.List)):
            pending += one.elts
        elif isinstance(one, ast.Starred):
            pending.append(one.value)
