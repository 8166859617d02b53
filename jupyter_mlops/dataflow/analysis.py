"""From a syntax tree to the flow of names."""

from __future__ import annotations

import ast
import builtins

from jupyter_mlops.dataflow import calls, scopes
from jupyter_mlops.dataflow.flow import Context, Flow, Function
from jupyter_mlops.dataflow.names import Names
from jupyter_mlops.dataflow.source import PARSE_ERRORS, parse, unwrapped
from jupyter_mlops.dataflow.statements import Statements

# A cell that imports, defines or asks a clock has one of these.
_TELLING = calls.CLOCK_WORDS | {"import", "def", "class", "lambda"}


def analyse(source: str, context: Context | None = None) -> Flow:
    """Return the flow of a cell.

    Parameters
    ----------
    source
        The cell as it was executed, IPython's syntax included.
    context
        What earlier cells of the session left; ``None`` for a cell by itself.
    """
    parsed = parse(source)
    if parsed is None:
        return Flow(opaque="the source is not Python")
    return analyse_tree(parsed.tree, context)


def analyse_tree(tree: ast.Module, context: Context | None = None) -> Flow:
    """Return the flow of a cell from its tree, IPython's transformed one included."""
    names = Names(context or Context())
    try:
        Statements(names).block(unwrapped(tree).body)
        return names.flow()
    except PARSE_ERRORS:
        # RecursionError, above all: expressions nested by a program, not by a person.
        return _coarse(tree)


def telling(context: Context) -> tuple[frozenset[str], frozenset[str]]:
    """Return the words and the names without which a cell leaves its context as it is.

    Such a cell has none of the words in its source, and binds or deletes none of the names.
    """
    clocks = (name for name, meant in context.aliases.items() if calls.is_clock(meant))
    known = (context.aliases, context.functions, context.shadowed)
    return (
        _TELLING.union(context.volatile, clocks),
        frozenset(dir(builtins)).union(*known),
    )


def _coarse(tree: ast.Module) -> Flow:
    nodes = list(ast.walk(tree))
    loads = {node.id for node in nodes if isinstance(node, ast.Name)}
    stored = frozenset(name for node in nodes for name in scopes.stored_by(node))
    return Flow(
        reads=frozenset(name for name in loads if not hasattr(builtins, name)),
        maybe_binds=stored,
        maybe_mutates=frozenset(loads) - stored,
        functions={
            node.name: Function(opaque="nested too deeply")
            for node in nodes
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        },
        opaque="nested too deeply",
    )
