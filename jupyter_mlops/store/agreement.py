"""Whether two lineages agree on every cell that they share. Pure.

What a lineage says of a cell is taken apart: that the cell as a whole had an identity, or that
a name of it had a value. Two lineages agree if, wherever both say something of one cell or one
name of it, they say the same; and if no execution that one of them rests on has replaced what
the other says. An edit of ``lr = 0.1; base = measure()`` to ``lr = 0.2; base = 7.0`` replaces
the metric that the first one computed, also for who reads ``lr`` alone afterwards; but who read
``lr`` before an edit of the other line, and who read it since, read the same.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from jupyter_mlops.dataflow.source import parse
from jupyter_mlops.store.lineage import Traced, given, value_token
from jupyter_mlops.store.overwriting import CALL_SOURCES
from jupyter_mlops.store.sessions import Execution

# A cell, and a name of it or none for the cell as a whole.
Subject = tuple[str, str | None]


@dataclass
class Claims:
    """What a lineage says.

    Attributes
    ----------
    said
        Identities of a cell as a whole, or what stands for the values of a name.
    last
        The last execution that gave each of these.
    rests
        The executions that a replay needs: those of each cell, by their identities.
    """

    said: dict[Subject, set[str]] = field(default_factory=dict)
    last: dict[Subject, int] = field(default_factory=dict)
    rests: dict[str, dict[str, Traced]] = field(default_factory=dict)

    def copy(self) -> Claims:
        """Return claims that can be added to."""
        return Claims(dict(self.said), dict(self.last), dict(self.rests))

    def say(self, subject: Subject, token: str, index: int) -> None:
        """Note what an execution of the lineage says."""
        self.said.setdefault(subject, set()).add(token)
        self.last[subject] = max(self.last.get(subject, index), index)

    def add(self, other: Claims) -> None:
        """Add what a lineage that agrees says."""
        self.said.update(other.said)
        self.last.update(
            (subject, max(self.last.get(subject, index), index))
            for subject, index in other.last.items()
        )
        for cell, executions in other.rests.items():
            self.rests[cell] = {**self.rests.get(cell, {}), **executions}


def claims(traced: Sequence[Traced], one: Traced) -> Claims:
    """Return what the lineage of an execution says of cells and names.

    A cell executed more than once on the way claims several things, all of which count.
    """
    found = Claims()
    for index in one.full:
        counted = traced[index]
        found.say((counted.cell, None), counted.identity, index)
        for name, token in used_at_once(counted.execution).items():
            found.say((counted.cell, name), token, index)
        for name, suppliers in counted.sources.items():
            for supplier, token in zip(suppliers, counted.tokens[name], strict=True):
                found.say((traced[supplier].cell, name), token, supplier)
    for index in sorted(one.lineage):
        needed = traced[index]
        found.rests.setdefault(needed.cell, {})[needed.identity] = needed
    return found


def agree(ours: Claims, theirs: Claims) -> bool:
    """Tell whether two lineages may be those of one row."""
    return (
        say_the_same(ours, theirs)
        and not _is_replaced(ours, theirs)
        and not _is_replaced(theirs, ours)
    )


def say_the_same(ours: Claims, theirs: Claims) -> bool:
    """Tell whether two lineages claim the same wherever both claim something."""
    fewer, more = (
        (ours.said, theirs.said) if len(ours.said) <= len(theirs.said) else (theirs.said, ours.said)
    )
    return all(more[subject] == said for subject, said in fewer.items() if subject in more)


def _is_replaced(ours: Claims, theirs: Claims) -> bool:
    """Tell whether a later execution that theirs rests on made something else of what we say."""
    for subject, said in ours.said.items():
        cell, name = subject
        if cell not in theirs.rests or (name is not None and subject in theirs.said):
            continue
        later = [one for one in theirs.rests[cell].values() if one.index > ours.last[subject]]
        if name is None:
            if any(one.identity not in ours.rests[cell] for one in later):
                return True
        elif any(given(one, name) not in (None, *said) for one in later):
            return True
    return False


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
