"""By what names the values of calls are known: those that the notebook gives them.

A value that is bound to a name has that name; one that is put into a dictionary has its key.
Any other is called as what was called, with its arguments where a cell calls that twice.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence

_LONGEST, _TEXT = 60, 500
_RECEIVER = 40
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.NamedExpr)


def of(
    drafts: Sequence[tuple[ast.AST, str, str]], parents: Mapping[int, ast.AST]
) -> dict[int, tuple[str, ...]]:
    """Return the names of each node's value, by its id.

    Parameters
    ----------
    drafts
        Each with its kind and what it calls. A measurement that is only a part of what a cell
        binds to a name is left out: that name has what the author meant.
    parents
        Each node's parent, by its id.
    """
    names: dict[int, tuple[str, ...]] = {}
    plain: dict[int, str] = {}
    for node, kind, call in drafts:
        given = _given(node, parents)
        if given:
            names[id(node)] = given
        elif kind != "metric" or not _is_part_of_a_name(node, parents):
            plain[id(node)] = _called(node, call)
    shared = Counter(plain.values())
    for node, kind, _ in drafts:
        name = plain.get(id(node))
        if name is not None:
            is_shared = kind == "metric" and shared[name] > 1
            names[id(node)] = (_with_arguments(node, name) if is_shared else name,)
    return names


def arguments(call: ast.Call) -> dict[int | str | None, str]:
    """Return the text of each argument, by position or keyword, and the receiver's.

    Long enough to find in it what fills in a dictionary.
    """
    texts: dict[int | str | None, str] = {}
    if isinstance(call.func, ast.Attribute):
        texts[None] = shown(call.func.value, _TEXT)
    for position, argument in enumerate(call.args):
        if not isinstance(argument, ast.Starred):
            texts[position] = shown(argument, _TEXT)
    for keyword in call.keywords:
        if keyword.arg is not None:
            texts[keyword.arg] = shown(keyword.value, _TEXT)
    return texts


def shown(node: ast.AST, longest: int = _LONGEST) -> str:
    """Return the text of an expression, shortened."""
    if isinstance(node, ast.Name):
        return node.id
    try:
        text = ast.unparse(node)
    except RecursionError:  # nested by a program; nobody would read it either
        return "…"
    return text if len(text) <= longest else text[: longest - 1] + "…"


def shortened(text: str) -> str:
    """Return a text as it is short enough to be a name."""
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _given(node: ast.AST, parents: Mapping[int, ast.AST]) -> tuple[str, ...]:
    parent = parents[id(node)]
    if isinstance(parent, _ASSIGNMENTS):
        target = parent.targets[-1] if isinstance(parent, ast.Assign) else parent.target
        return _target(target)
    if isinstance(parent, ast.Dict):
        for key, value in zip(parent.keys, parent.values, strict=True):
            if value is node and isinstance(key, ast.Constant) and isinstance(key.value, str):
                return (key.value,)
    if isinstance(parent, ast.keyword) and parent.arg is not None:
        call = parents[id(parent)]
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id == "dict"
        ):
            return (parent.arg,)
    return ()


def _target(target: ast.expr) -> tuple[str, ...]:
    if isinstance(target, ast.Name):
        return (target.id,)
    if isinstance(target, (ast.Tuple, ast.List)):
        names = [one.id if isinstance(one, ast.Name) else "" for one in target.elts]
        return tuple(names) if any(names) else ()
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        key = target.slice.value
        return (f"{shown(target.value, _RECEIVER)}.{key}",) if isinstance(key, str) else ()
    if isinstance(target, ast.Attribute):
        return (shown(target, _RECEIVER),)
    return ()


def _is_part_of_a_name(node: ast.AST, parents: Mapping[int, ast.AST]) -> bool:
    """Tell whether a cell binds an expression over this value, once, at its top level."""
    found, child = False, node
    while (parent := parents.get(id(child))) is not None:
        if isinstance(parent, (*_SCOPES, *_LOOPS, *_COMPREHENSIONS)):
            return False
        if isinstance(parent, (ast.Assign, ast.AnnAssign)) and not found:
            target = parent.targets[-1] if isinstance(parent, ast.Assign) else parent.target
            # A list or a dictionary of values is none of them.
            found = isinstance(target, ast.Name) and _is_number(parent.value, node, parents)
            if not found:
                return False
        child = parent
    return found


def _is_number(value: ast.expr | None, node: ast.AST, parents: Mapping[int, ast.AST]) -> bool:
    """Tell whether `value` computes with `node`, and does not only keep it."""
    child = node
    while child is not value:
        child = parents[id(child)]
        if isinstance(child, (ast.List, ast.Tuple, ast.Dict, ast.Set, ast.JoinedStr)):
            return False
    return True


def _called(node: ast.AST, call: str) -> str:
    if isinstance(node, ast.Subscript):
        return shown(node, _RECEIVER)
    func = node.func if isinstance(node, ast.Call) else node
    if not isinstance(func, ast.Attribute) or not call.startswith("."):
        return call.rpartition(".")[2]
    text = shown(func, _RECEIVER)
    return text if not text.endswith("…") and "\n" not in text else func.attr


def _with_arguments(node: ast.AST, name: str) -> str:
    if not isinstance(node, ast.Call):
        return name
    texts = [text for key, text in arguments(node).items() if key is not None]
    return shortened(f"{name}({', '.join(texts)})")
