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
from functools import cache
from itertools import compress, repeat
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
        version, self._version = self._version, None
        if left is not None and version is not None and version == version_of(namespace):
            self.found = left
            return ()
        self.found = _look(namespace, left)
        return self._changed(left, self.found, namespace)

    def end(self, execution: int, namespace: dict[str, Any]) -> tuple[str, ...]:
        """Return the names that changed while the cell ran, its own ones included."""
        found, self.found = self.found, None
        self._open.discard(execution)
        if self._open:
            return ()
        # Before the look: what a thread does meanwhile is then looked at again.
        self._version = version_of(namespace)
        self.left = _look(namespace, found)
        return self._changed(found, self.left, namespace)

    def _changed(
        self, before: Look | None, now: Look | None, namespace: dict[str, Any]
    ) -> tuple[str, ...]:
        if before is None or now is None or before == now:
            return ()
        found = [
            name
            for name in _differing(before, now)
            if not (_is_the_shells(name) or self._hidden.holds(name, namespace.get(name)))
        ]
        return tuple(sorted(found)) if found else ()


def version_of(namespace: dict[str, Any]) -> int | None:
    """Return a number that is another after every change; ``None`` where there is none.

    CPython up to 3.12 counts the changes of all dictionaries together, and notes the count in
    the one that changed. It is read where it lies, if that can be seen to be the place.
    """
    ctypes = sys.modules.get("ctypes")  # capture imports nothing for itself
    if ctypes is None or type(namespace) is not dict or not _has_versions(ctypes):
        return None
    version: int = ctypes.c_uint64.from_address(id(namespace) + _VERSION_AT).value
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


def _is_the_shells(name: str) -> bool:
    # IPython's history and `!` set some; `__annotations__` and the like are the interpreter's.
    if is_history(name) or name == "_exit_code":
        return True
    return name[:2] == "__" and name.endswith("__")


def _look(namespace: dict[str, Any], earlier: Look | None) -> Look | None:
    if len(namespace) > NAMES_LIMIT:
        return None
    # Lists first, each made in one step: meanwhile a thread may add a name.
    values, names = list(namespace.values()), list(namespace)
    if len(names) != len(values):
        return None
    numbers = list(map(_number, values))
    # Most names are those of the look before, and known to be plain text.
    known = earlier[0] if earlier is not None else []
    fresh = names[len(known) :] if _begins_with(names, known) else names
    if all(map(is_, map(type, fresh), repeat(str))):
        return names, numbers
    # A name of another type may have an `__eq__` of its own, and is not kept.
    plain = [type(name) is str for name in names]
    return list(compress(names, plain)), list(compress(numbers, plain))


def _begins_with(names: list[Any], known: list[str]) -> bool:
    # By identity, for the same reason; a namespace keeps its keys.
    return len(names) >= len(known) and all(map(is_, names, known))


def _differing(before: Look, now: Look) -> set[str]:
    (names, numbers), (names_now, numbers_now) = before, now
    if names == names_now[: len(names)]:
        return {*compress(names, map(ne, numbers, numbers_now)), *names_now[len(names) :]}
    # Something was deleted, and the order of the rest says nothing any more.
    then, since = (
        dict(zip(names, numbers, strict=True)),
        dict(zip(names_now, numbers_now, strict=True)),
    )
    return {name for name in then.keys() | since.keys() if then.get(name) != since.get(name)}
