"""Packages whose version changed and that the notebook's code can have reached."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from importlib import metadata

from jupyter_mlops.dataflow.source import parse

_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def changed(
    before: Mapping[str, str], after: Mapping[str, str], sources: Iterable[str]
) -> tuple[str, ...]:
    """Return the packages with another version that the sources import or that those need.

    Imported ones come first. A package that nothing in the notebook reaches (a linter, say)
    is no cause of anything.
    """
    first = {_normal(name): name for name in before}
    second = {_normal(name): name for name in after}
    differing = {
        name
        for name in first.keys() | second.keys()
        if before.get(first.get(name, "")) != after.get(second.get(name, ""))
    }
    installed = metadata.packages_distributions()
    # What is not installed here is most often named like its module.
    imported = {
        _normal(name) for module in modules(sources) for name in installed.get(module, [module])
    }
    needed = _closure(imported)
    reached = [name for name in sorted(differing) if name in needed]
    reached.sort(key=lambda name: name not in imported)
    return tuple(first.get(name) or second[name] for name in reached)


def modules(sources: Iterable[str]) -> set[str]:
    """Return the top-level names of all modules that the sources import."""
    found: set[str] = set()
    for source in sources:
        parsed = parse(source)
        for node in ast.walk(parsed.tree) if parsed is not None else ():
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _closure(names: set[str]) -> set[str]:
    found, todo = set[str](), list(names)
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        try:
            required = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # not installed here: what it needs is not known
            continue
        todo += [
            _normal(match[0])
            for text in required
            if "extra ==" not in text and (match := _REQUIREMENT.match(text))
        ]
    return found
