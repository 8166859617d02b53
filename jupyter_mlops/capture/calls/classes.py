"""Classes of models that no import names: the notebook's own, and those of ``import *``."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Mapping

from jupyter_mlops.capture.calls.mentions import LIBRARIES
from jupyter_mlops.dataflow.calls import dotted

# By the names that cells gave them. A class that bears such a name later and is no model costs
# that it is heard: what its calls return decides.
_own: set[str] = set()
_starred: list[str] = []


def remember(nodes: Iterable[ast.AST], aliases: Mapping[str, str]) -> None:
    """Remember the classes that a cell derives from a library's, and what it imports whole.

    Parameters
    ----------
    nodes
        The cell's, in the order of its text.
    aliases
        What was imported, by the names that cells gave it.
    """
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            bases = [dotted(base, aliases) or "" for base in node.bases]
            if any(base in _own or base.partition(".")[0] in LIBRARIES for base in bases):
                _own.add(node.name)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            is_whole = node.names[0].name == "*" and node.module.partition(".")[0] in LIBRARIES
            if is_whole and node.module not in _starred:
                _starred.append(node.module)


def may_make_model(name: str, aliases: Mapping[str, str]) -> bool:
    """Tell whether a call of a name may make a model, though no import tells so."""
    if name in _own:
        return True
    # Of `import *` nobody knows the names before it was executed, and no cell waits for that.
    is_unknown = name not in aliases and not hasattr(builtins, name)
    return bool(_starred) and is_unknown and name[:1].isupper() and not name.isupper()
