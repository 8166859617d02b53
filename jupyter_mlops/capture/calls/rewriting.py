"""A tree in which the sites tell their values; the tree that it was made from stays as it is."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from jupyter_mlops.capture.calls.sites import Found, Site, find
from jupyter_mlops.capture.files.reads import CALL

# What of a site is told: its result, or a part by position, keyword or ``None`` (the receiver).
RESULT = "="
# How far above the parser the magic is that called it.
_FRAMES = 12
# Nothing but the standard library stands in the user's code, so that a function pickled here works
# anywhere, and tells nobody there.
_TOLD = f"(lambda value: (__import__('sys').audit({CALL!r}, 0, 0, value), value)[1])(0)"


def telling(tree: ast.Module, aliases: Mapping[str, str]) -> ast.Module:
    """Return the tree to be compiled: `tree` itself if nothing in it is worth hearing.

    Parameters
    ----------
    tree
        A cell's, or what a magic executes of it; it is not changed.
    aliases
        What earlier cells imported, by the names that they gave it.
    """
    # Whoever traces or profiles the cell would see our steps; and what `%timeit` times is short.
    if sys.gettrace() is not None or sys.getprofile() is not None or _is_timed():
        return tree
    found = find(tree, aliases)
    return rewritten(found) if found.sites else tree


def _is_timed() -> bool:
    frame: FrameType | None = sys._getframe(2)
    for _ in range(_FRAMES):
        if frame is None:
            break
        if frame.f_code.co_name == "timeit":
            return True
        frame = frame.f_back
    return False


def rewritten(found: Found) -> ast.Module:
    """Return the tree with its sites wrapped; of all nodes only those above a site are new."""
    marked: set[int] = set()
    for number in found.sites:
        while number not in marked:
            marked.add(number)
            above = found.parents.get(number)
            if above is None:
                break
            number = id(above)
    replaced: dict[int, ast.AST] = {}
    for node in reversed(found.nodes):  # what stands inside comes first
        if id(node) not in marked:
            continue
        site = found.sites.get(id(node))
        new = _copied(node, replaced)
        if site is not None:
            if site.tells_parts and isinstance(new, ast.Call):
                _tell_parts(new, site)
            assert isinstance(new, ast.expr)
            if site.kind != "query":
                new = _told(site.number, RESULT, new)
        replaced[id(node)] = new
    tree = replaced[id(found.nodes[0])]
    assert isinstance(tree, ast.Module)
    return tree


def _copied(node: ast.AST, replaced: dict[int, ast.AST]) -> ast.AST:
    fields: dict[str, Any] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            fields[name] = [replaced.get(id(item), item) for item in value]
        else:
            fields[name] = replaced.get(id(value), value)
    return ast.copy_location(type(node)(**fields), node)


def _tell_parts(call: ast.Call, site: Site) -> None:
    func = call.func
    if isinstance(func, ast.Attribute) and site.call.startswith(".") and not _is_super(func.value):
        value = _told(site.number, None, func.value)
        call.func = ast.copy_location(ast.Attribute(value, func.attr, func.ctx), func)
    call.args = [
        one
        if isinstance(one, ast.Starred) or not site.tells(position)
        else _told(site.number, position, one)
        for position, one in enumerate(call.args)
    ]
    call.keywords = [
        one
        if one.arg is None or not site.tells(one.arg)
        else ast.copy_location(ast.keyword(one.arg, _told(site.number, one.arg, one.value)), one)
        for one in call.keywords
    ]


def _is_super(node: ast.expr) -> bool:
    # Its methods look at the frame that asked for it, which ours is not.
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )


def _told(number: int, part: int | str | None, node: ast.expr) -> ast.expr:
    told = ast.parse(_TOLD, mode="eval").body
    assert isinstance(told, ast.Call)
    for one in _nodes(told):
        ast.copy_location(one, node)
    audit = next(one for one in _nodes(told) if isinstance(one, ast.Call) and len(one.args) == 4)
    audit.args[1:3] = [
        ast.copy_location(ast.Constant(number), node),
        ast.copy_location(ast.Constant(part), node),
    ]
    told.args = [node]
    return told


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    return (one for one in ast.walk(tree) if "lineno" in one._attributes)
