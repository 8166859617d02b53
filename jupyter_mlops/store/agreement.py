"""Whether two lineages agree on every cell that they share. Pure.

What a lineage says of a cell is taken apart into *claims*: that the cell as a whole had an
identity, or that a name of it had a value. Two lineages agree if, wherever both claim
something of one cell or one name of it, they claim the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from jupyter_mlops.dataflow.source import parse
from jupyter_mlops.store.lineage import Traced, value_token
from jupyter_mlops.store.overwriting import CALL_SOURCES
from jupyter_mlops.store.sessions import Execution

# A cell, and a name of it or none for the cell as a whole.
Subject = tuple[str, str | None]
Claims = dict[Subject, set[str]]


def claims(traced: Sequence[Traced], full: Iterable[int]) -> Claims:
    """Return what executions that count as a whole say of cells and names.

    A cell executed more than once on the way claims several things, all of which count.
    """
    found: Claims = {}
    for index in full:
        one = traced[index]
        found.setdefault((one.cell, None), set()).add(one.identity)
        for name, token in used_at_once(one.execution).items():
            found.setdefault((one.cell, name), set()).add(token)
        for name, suppliers in one.sources.items():
            for supplier, token in zip(suppliers, one.tokens[name], strict=True):
                found.setdefault((traced[supplier].cell, name), set()).add(token)
    return found


def agree(ours: Mapping[Subject, set[str]], theirs: Mapping[Subject, set[str]]) -> bool:
    """Tell whether two lineages claim the same wherever both claim something."""
    fewer, more = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    return all(more[subject] == said for subject, said in fewer.items() if subject in more)


def used_at_once(execution: Execution) -> dict[str, str]:
    """Return the parameters that the execution itself used, with what stands for their values.

    Those whose name its own source reads; arguments of its calls always are.
    """
    finished = execution.finished
    if finished is None or not finished.parameters:
        return {}
    read = _names_read(execution.source)
    return {
        parameter.name: "=" + value_token(parameter)
        for parameter in finished.parameters
        if read is None or parameter.source in CALL_SOURCES or parameter.name in read
    }


@lru_cache(maxsize=4096)
def _names_read(source: str) -> frozenset[str] | None:
    """Return the names that a source reads anywhere; ``None`` if it can't be told."""
    parsed = parse(source)
    if parsed is None:
        return None
    return frozenset(
        node.id
        for node in ast.walk(parsed.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def came_from(traced: Sequence[Traced], full: Iterable[int]) -> set[tuple[int, str]]:
    """Return the values that were used on the way: by execution and name."""
    found = set()
    for index in full:
        one = traced[index]
        found |= {(index, name) for name in used_at_once(one.execution)}
        found |= {
            (supplier, name) for name, suppliers in one.sources.items() for supplier in suppliers
        }
    return found
