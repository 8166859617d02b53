"""Which names an execution really read and wrote, as far as the kernel can tell.

The source says what may happen, the namespace before and after says what did. Objects are
told apart by identity and never kept: what stays of a value after the cell is a number and
a digest. Where neither settles it, a name counts as read and as written.

The number is ``object.__hash__``, one to one with the address and never a method of the
user's; ``id()`` would wake every audit hook. What goes through a whole namespace does so in
steps of C: some hold ten thousand names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import compress, repeat
from operator import is_, ne
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from jupyter_mlops.dataflow import Context, Flow, is_history
from jupyter_mlops.events import Sight
from jupyter_mlops.fingerprints.introspection import Types, belongs_to, is_a, name_of
from jupyter_mlops.frozen import dataclass

_IMMUTABLE = Types(int, float, complex, bool, str, bytes, type(None), range, slice, type(...))
# Changed by stores into them alone, which the source shows.
_INERT = Types(ModuleType, FunctionType, BuiltinFunctionType, MethodType, type)


_number = object.__hash__

# The names of a namespace, and the numbers of their values, in the same order.
Look = tuple[list[str], list[int]]


@dataclass(frozen=True)
class Before:
    """The namespace before a cell: identities of the values it may bind, and names it reads.

    ``every`` is true if all names were noted, for a cell whose flow is not known.
    """

    identities: Mapping[str, int]
    reads: frozenset[str]
    every: bool


def before(
    flow: Flow,
    context: Context,
    namespace: dict[str, Any],
    hidden: Hidden,
    look: Look | None = None,
) -> Before:
    """Note what has to be known when the cell ends; `look` is at the namespace as it is now."""
    if flow.opaque is not None:
        identities = _identities(namespace, look)
        for name in hidden.held(namespace):
            identities.pop(name, None)
    else:
        identities = {
            name: _number(namespace[name])
            for name in flow.binds | flow.maybe_binds
            if name in namespace and not hidden.holds(name, namespace[name])
        }
    if not flow.reads:
        return Before(identities, flow.reads, flow.opaque is not None)
    reads = {
        name for name in flow.reads if name in namespace and not hidden.holds(name, namespace[name])
    }
    if context.functions:
        reads |= _through_values(reads, flow, context, namespace)
    return Before(identities, frozenset(reads), flow.opaque is not None)


def _identities(namespace: dict[str, Any], look: Look | None) -> dict[str, int]:
    if look is not None:
        return dict(zip(*look, strict=True))
    return dict(zip(*look_at(namespace), strict=True))


def look_at(namespace: dict[str, Any]) -> Look:
    """Look at all names that are plain text."""
    seen = dict.copy(namespace)  # at once: a thread may add a name meanwhile
    if not all(map(is_, map(type, seen), repeat(str))):
        # A name of another type may have an `__eq__` of its own.
        seen = dict([item for item in seen.items() if type(item[0]) is str])
    return list(seen), list(map(_number, seen.values()))


def _through_values(
    reads: set[str], flow: Flow, context: Context, namespace: dict[str, Any]
) -> set[str]:
    """Return names that are read by way of a function or an instance of a class.

    ``model = Net()`` in one cell and ``model.run()`` in another reads what the methods of
    ``Net`` read, and so does a function under a second name.
    """
    found: set[str] = set()
    pending = list(reads)
    while pending:
        name = pending.pop()
        value = namespace.get(name)
        for defined in {name, _definition(value)}:
            function = context.functions.get(defined) if defined else None
            if function is None:
                continue
            for one in {defined, *function.reads} - found - flow.binds - reads:
                if one in namespace:
                    found.add(one)
                    pending.append(one)
    return found


def _definition(value: object) -> str | None:
    """Return the top-level name in the notebook under which a value's code was defined."""
    if type(value) is FunctionType:
        module, qualname = value.__module__, value.__qualname__
    else:
        module, qualname = name_of(type(value))
    if type(module) is not str or module != "__main__" or type(qualname) is not str:
        return None
    return qualname.partition(".")[0]


class Hidden:
    """Names that IPython itself put into the namespace (``In``, ``_``, ``exit``, …).

    Attributes
    ----------
    names
        The names, each with what IPython bound it to.
    """

    def __init__(self, hidden: Mapping[str, Any]) -> None:
        self.names = hidden

    def holds(self, name: str, value: object) -> bool:
        """Tell whether `name` is IPython's and still has IPython's value."""
        return name in self.names and self.names[name] is value

    def held(self, namespace: Mapping[str, Any]) -> list[str]:
        """Return the names that are IPython's and still have IPython's values."""
        return [
            name
            for name, value in list(self.names.items())
            if name in namespace and namespace[name] is value
        ]


def seen(
    flow: Flow, before: Before, namespace: dict[str, Any], hidden: Hidden, look: Look
) -> Sight:
    """Say what became of the names that a cell may bind or change in place.

    `before` was noted before the cell, `look` is at the namespace as it is now.
    """
    had, changed = before.identities, _beside(before, look) if before.every else ()
    there: list[str] = []
    kept: list[str] = []
    for name in {*flow.binds, *flow.maybe_binds, *changed}:
        if name in namespace and not hidden.holds(name, namespace[name]):
            there.append(name)
            if had.get(name) == _number(namespace[name]):
                kept.append(name)
        elif name in namespace:
            # It is IPython's own again, neither bound nor deleted.
            had = {other: number for other, number in had.items() if other != name}
            changed = tuple(other for other in changed if other != name)
    mutable: list[str] = []
    inert: list[str] = []
    for name in flow.mutates | flow.maybe_mutates:
        if name in namespace and not is_immutable(namespace[name]):
            (inert if is_inert(namespace[name]) else mutable).append(name)
    objects = [*mutable, *flow.mutates.intersection(inert)]
    return Sight(
        had=tuple(had),
        kept=tuple(kept),
        there=tuple(there),
        mutable=tuple(mutable),
        inert=tuple(inert),
        aliases=aliases(objects, namespace, hidden, look) if objects else None,
        changed=tuple(changed),
    )


def _beside(before: Before, look: Look) -> tuple[str, ...]:
    """Return the names that are bound otherwise than before the cell, whoever did it."""
    then, now = before.identities, dict(zip(*look, strict=True))
    others = compress(now, map(ne, now.values(), map(then.get, now)))
    return (*(name for name in others if not is_history(name)), *(then.keys() - now))


def aliases(
    names: Iterable[str], namespace: Mapping[str, Any], hidden: Hidden, look: Look
) -> dict[str, tuple[str, ...]]:
    """Return the further names of the objects that these names hold."""
    objects = {name: _number(namespace[name]) for name in names}
    numbers = set(objects.values())
    same = [
        (name, number)
        for name, number in compress(zip(*look, strict=True), map(numbers.__contains__, look[1]))
        if not is_history(name) and not hidden.holds(name, namespace.get(name))
    ]
    found = {
        name: tuple([other for other, its in same if its == number and other != name])
        for name, number in objects.items()
    }
    return {name: others for name, others in found.items() if others}


def is_inert(value: object) -> bool:
    """Tell whether only a store into it can change `value`, which the source shows."""
    return type(value) in _INERT or is_a(value, type)


def is_immutable(value: object, depth: int = 3) -> bool:
    """Tell whether nothing can change `value` in place."""
    kind = type(value)
    if kind in _IMMUTABLE:
        return True
    if kind is tuple or kind is frozenset:
        items: Any = value
        return depth > 0 and len(items) <= 100 and all(is_immutable(i, depth - 1) for i in items)
    return belongs_to(kind, "numpy") and name_of(kind)[1].rstrip("0123456789_") in {
        "int",
        "uint",
        "float",
        "bool",
        "complex",
        "str",
        "datetime",
        "timedelta",
        "longdouble",
        "longlong",
        "ulonglong",
    }
