"""Rows that show things of two executions of one cell which no result went through together.

What an execution gave its names is read off the kernel's names before and after it, and off
the literals in its source; nothing of the code that makes rows has a say in it. What a
result truly came from is what its numbers know of themselves.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations
from typing import Any

from jupyter_mlops.journal import sha256
from jupyter_mlops.records import Run
from tests.store.random_cells import OUTSIDE, OVERLAPPING
from tests.store.truth import Origin

_LITERAL = re.compile(r"^(\w+) = (\d+\.\d+)$", re.MULTILINE)
_LENGTH = re.compile(r"\blen\((\w+)\)")
_ALIAS = re.compile(r"^(?:d = e|e = d)$", re.MULTILINE)


@dataclass(frozen=True)
class Given:
    """What an execution of a cell gave names: numbers, digests of data, and its literals."""

    cell: str
    source: str
    numbers: Mapping[str, float]
    data: Mapping[str, str]
    literals: Mapping[str, float]
    hides: bool


@dataclass
class Names:
    """A kernel's names, looked at around each execution."""

    known: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def look(self, namespace: Mapping[str, Any]) -> dict[str, tuple[int, bytes]]:
        """Note what the names stand for, also after a change outside any cell."""
        self.known = {
            name: (id(value), pickle.dumps(value))
            for name, value in namespace.items()
            if isinstance(value, (float, int, list))
        }
        return self.known

    def given(self, cell: str, source: str, namespace: Mapping[str, Any]) -> Given:
        """Tell what an execution gave, right after it."""
        cleaned = source.removesuffix(OVERLAPPING).partition(OUTSIDE)[0]
        before = self.known
        now = self.look(namespace)
        stored = set(re.findall(r"^\s*(\w+) = ", cleaned, re.MULTILINE))
        new = {name for name in now if now[name] != before.get(name) or name in stored}
        literals = {name: float(value) for name, value in _LITERAL.findall(cleaned)}
        return Given(
            cell,
            cleaned,
            {name: float(namespace[name]) for name in new if not isinstance(namespace[name], list)},
            {name: sha256(now[name][1]) for name in new if isinstance(namespace[name], list)},
            literals,
            hides=cleaned != source or "exec(" in source,
        )


def torn(
    run: Run,
    named: Mapping[int, str],
    given: Sequence[Given],
    results: Mapping[int, frozenset[Origin]],
    used: frozenset[int],
) -> Iterator[str]:
    """Say what of a row belongs to different executions of one cell.

    Parameters
    ----------
    named
        The cell at each position.
    given
        What each execution of the session gave.
    results
        The executions whose metrics and models the row shows, with what they came from.
    used
        The executions whose numbers went into these.
    """
    owned_up = {notice.split()[0] for notice in run.notices if " had several values" in notice}
    dropped = {notice.split()[0] for notice in run.notices if " is no parameter" in notice}
    yield from _twice(run, owned_up)
    parameters: dict[str, dict[str, set[float]]] = {}
    for one in run.parameters:
        if one.source == "literal":
            values = parameters.setdefault(named[one.cell or 0], {})
            values.setdefault(one.name, set()).add(float(one.value))
    for index in results:
        beside = parameters.get(given[index].cell, {})
        for name, values in beside.items():
            own = given[index].literals.get(name, given[index].numbers.get(name))
            # What ``exec`` set may have been set after everything else of its cell.
            said = owned_up | dropped if given[index].hides else owned_up
            if own not in (None, *values) and name not in said:
                yield f"execution {index} gave {name} = {own}, the row shows {values}"
    # Where nobody knows what a cell used it may be everything, and all counts.
    if not any(one.hides for one in given):
        yield from _replaced(given, results, owned_up)
        yield from _data(run, named, given, used, _counted(given, results))


def _twice(run: Run, owned_up: set[str]) -> Iterator[str]:
    """Say which name of one cell has two values."""
    values: dict[tuple[int | None, str], set[float]] = {}
    for parameter in run.parameters:
        values.setdefault((parameter.cell, parameter.name), set()).add(float(parameter.value))
    for metric in run.metrics:
        values.setdefault((metric.cell, metric.name), set()).add(float(metric.value))
    yield from (
        f"{name} of cell {cell} is {several}"
        for (cell, name), several in values.items()
        if len(several) > 1 and name not in owned_up
    )


def _replaced(
    given: Sequence[Given], results: Mapping[int, frozenset[Origin]], owned_up: set[str]
) -> Iterator[str]:
    """Say which result came from a value that another one's execution of the cell replaced.

    One that went through both executions of the cell came from both, and the row is true of it.
    """
    for (index, came), (other, others) in permutations(results.items(), 2):
        for cell, name, value in came:
            if name in owned_up or any(one[:2] == (cell, name) for one in others):
                continue
            set_it = [
                place for place in _of(given, cell) if given[place].literals.get(name) == value
            ]
            for place in _of(given, cell):
                new = given[place].literals.get(name, given[place].numbers.get(name, value))
                if new == value or not set_it or not max(set_it) < place < other:
                    continue
                if _uses(others, given[place]) and not _uses(came, given[place]):
                    yield (
                        f"execution {index} came from {name} = {value} of {cell}, which"
                        f" {place} replaced by {new}, whose values {other} came from"
                    )


def _uses(came: Collection[Origin], execution: Given) -> bool:
    """Tell whether something came from a literal of an execution."""
    return any(
        cell == execution.cell and execution.literals.get(name) == value
        for cell, name, value in came
    )


def _of(given: Sequence[Given], cell: str) -> list[int]:
    return [index for index, one in enumerate(given) if one.cell == cell]


def _counted(given: Sequence[Given], results: Collection[int]) -> set[str]:
    """Return the names of data whose lengths results are: these come from all that changed it."""
    names = {name for index in results for name in _LENGTH.findall(given[index].source)}
    if any(_ALIAS.search(one.source) for one in given):
        names |= {"d", "e"} if names else set()
    return names


def _data(
    run: Run,
    named: Mapping[int, str],
    given: Sequence[Given],
    used: frozenset[int],
    counted: Collection[str],
) -> Iterator[str]:
    """Say which data a row shows of an execution that a later one of its cell replaced."""
    shown: dict[tuple[str, str], set[str]] = {}
    for use in run.data:
        if use.access == "made" and use.name and use.digest and use.name not in counted:
            shown.setdefault((named[use.cell or 0], use.name), set()).add(use.digest)
    for (cell, name), digests in shown.items():
        made = {
            digest: [one for one in _of(given, cell) if given[one].data.get(name) == digest]
            for digest in digests
        }
        # Only numbers know where they came from, not their count or a second name of a list.
        if len(made) < 2 or any(
            "mix(" not in given[x].source for some in made.values() for x in some
        ):
            continue
        last = max(made, key=lambda digest: max(made[digest], default=-1))
        for digest in digests - {last}:
            if not used.intersection(made[digest]):
                yield f"{name} of {cell} is that of {made[digest]} as well as {made[last]}"
