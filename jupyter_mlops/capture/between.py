"""Names that changed, but not by a cell: between two cells, or beside one.

A widget's callback, a thread, a silent execution of a front end, another extension's hook:
none of them is told as a cell, and each may bind names. They are found by the identities of
all values, noted when a cell ends and looked at again when the next one begins.

Noted are numbers, so nothing is kept alive. ``object.__hash__`` is such a number, is never
the object's own method, and costs a third of ``id()``, which also wakes every audit hook.
What can't be told: a value that was freed and another one put at the same address under the
same name, and a value that was changed in place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from itertools import compress, islice, repeat
from operator import is_, ne
from typing import Any

from jupyter_mlops.capture.names import Hidden, Look
from jupyter_mlops.dataflow import is_history

# Comparing that many costs about a millisecond a cell; with more, nothing is compared.
NAMES_LIMIT = 10_000
_number = object.__hash__
# Behind the object's head and the number of items.
_VERSION_AT = 24


class Between:
    """Compares the namespace at the end of one cell with that at the beginning of the next.

    Parameters
    ----------
    hidden
        What IPython itself put into the namespace.

    Attributes
    ----------
    is_too_large
        Whether the namespace holds too many names to be looked at.
    has_compared
        Whether the cell that ended last could be told apart from all else: it ran alone.
    found, left
        The look at the beginning of the cell that runs alone, and the one at the end of the
        last cell; ``None`` where there is none.
    """

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden
        self._open: set[int] = set()
        self.left: Look | None = None
        self.found: Look | None = None
        self._version: int | None = None
        # The number of the namespace, and where its version lies.
        self._place: tuple[int, Any] | None = None
        self._shells: set[str] = set()
        self.is_too_large = False
        self.has_compared = True

    def begin(
        self, execution: int, namespace: dict[str, Any], *, overlapping: bool
    ) -> tuple[str, ...]:
        """Return the names that changed since the last cell ended, and look at all of them.

        While cells overlap nothing is compared: nobody could tell whose change it was.
        """
        left, self.left = self.left, None
        if overlapping:
            self.found = None
            self._open.add(execution)
            return ()
        self._open = {execution}
        self.is_too_large = len(namespace) > NAMES_LIMIT
        version, self._version = self._version, None
        if left is not None and version is not None and version == self.version_of(namespace):
            self.found = left
            return ()
        self.found, changed = _look(namespace, left)
        return self._without_the_shells(changed, namespace) if changed else ()

    def end(self, execution: int, namespace: dict[str, Any]) -> tuple[str, ...]:
        """Return the names that changed while the cell ran, its own ones included."""
        found, self.found = self.found, None
        self.has_compared = found is not None
        self._open.discard(execution)
        if self._open:
            return ()
        # Before the look: what a thread does meanwhile is then looked at again.
        self._version = self.version_of(namespace)
        self.left, changed = _look(namespace, found)
        return self._without_the_shells(changed, namespace)

    def changed(self, before: Look | None, now: Look, namespace: dict[str, Any]) -> tuple[str, ...]:
        """Return the names that changed between two looks, IPython's own left out."""
        return (
            () if before is None else self._without_the_shells(_differing(before, now), namespace)
        )

    def _without_the_shells(
        self, changed: Iterable[str], namespace: dict[str, Any]
    ) -> tuple[str, ...]:
        hidden, shells = self._hidden.names, self._shells
        # After each cell IPython's own history has changed, which is five names, four of them
        # always the same.
        found = []
        for name in changed:
            if name in shells or (name[:2] == "_i" and name[2:].isdecimal()):
                continue
            if name[:1] == "_" and self._is_the_shells(name):
                continue
            if not (name in hidden and hidden[name] is namespace.get(name)):
                found.append(name)
        found.sort()
        return tuple(found)

    def _is_the_shells(self, name: str) -> bool:
        # IPython's history and `!` set some; `__annotations__` and the like are the interpreter's.
        if not is_history(name) and name != "_exit_code":
            return name[:2] == "__" and name.endswith("__")
        if not name[-1].isdigit():
            self._shells.add(name)
        return True

    def version_of(self, namespace: dict[str, Any]) -> int | None:
        """Return a number that is another after every change; ``None`` where there is none.

        CPython up to 3.12 counts the changes of all dictionaries together, and notes the count
        in the one that changed. It is read where it lies, if that can be seen to be the place.
        """
        place, number = self._place, _number(namespace)
        if place is None or place[0] != number:
            ctypes = sys.modules.get("ctypes")  # capture imports nothing for itself
            if ctypes is None or type(namespace) is not dict or not _has_versions(ctypes):
                return None
            lies = ctypes.c_uint64.from_address(id(namespace) + _VERSION_AT)
            self._place = place = (number, lies)
        version: int = place[1].value
        return version


@cache
def _has_versions(ctypes: Any) -> bool:
    if sys.implementation.name != "cpython" or not (3, 10) <= sys.version_info[:2] <= (3, 12):
        return False
    if object.__basicsize__ != 16 or dict.__basicsize__ != 48:
        return False  # another layout: a debug build, 32 bits
    probe: dict[str, object] = {"one": None}
    place = ctypes.c_uint64.from_address(id(probe) + _VERSION_AT)
    seen = [place.value]
    probe["two"] = None
    seen.append(place.value)
    probe["two"] = probe
    seen.append(place.value)
    del probe["two"]
    seen.append(place.value)
    return "two" not in probe and len(set(seen)) == 4 and place.value == seen[-1]


def _look(namespace: dict[str, Any], earlier: Look | None) -> tuple[Look | None, Iterable[str]]:
    """Look at all names; return also those that differ from an earlier look."""
    if len(namespace) > NAMES_LIMIT:
        return None, ()
    if earlier is not None:
        try:
            found = _look_once_more(namespace, *earlier)
        except RuntimeError:  # a thread has added or deleted a name meanwhile
            found = None
        if found is not None:
            return found
    # Lists, each made in one step.
    values, names = list(namespace.values()), list(namespace)
    if len(names) != len(values):
        return None, ()
    numbers = list(map(_number, values))
    if not all(map(is_, map(type, names), repeat(str))):
        # A name of another type may have an `__eq__` of its own, and is not kept.
        plain = [type(name) is str for name in names]
        names, numbers = list(compress(names, plain)), list(compress(numbers, plain))
    return (names, numbers), () if earlier is None else _differing(earlier, (names, numbers))


def _look_once_more(
    namespace: dict[str, Any], known: list[str], before: list[int]
) -> tuple[Look, Iterable[str]] | None:
    """Look at a namespace whose first names are those `known`, as that of most cells.

    Each pass over all names fetches a piece of memory for every one, so there are but two.
    """
    more = len(namespace) - len(known)
    # By identity: a name of another type may have an `__eq__`; a namespace keeps its keys.
    if more < 0 or type(namespace) is not dict or not all(map(is_, namespace, known)):
        return None
    numbers = list(map(_number, namespace.values()))
    if len(numbers) != len(known) + more:
        return None
    differing = [*compress(known, map(ne, before, numbers))]
    if not more:
        return (known, numbers), differing
    fresh = list(islice(reversed(namespace), more))
    if not all(map(is_, map(type, fresh), repeat(str))):
        return None
    fresh.reverse()
    return (known + fresh, numbers), differing + fresh


def _differing(before: Look, now: Look) -> set[str]:
    # Something was deleted, and the order of the rest says nothing any more.
    then, since = dict(zip(*before, strict=True)), dict(zip(*now, strict=True))
    return {name for name in then.keys() | since.keys() if then.get(name) != since.get(name)}
