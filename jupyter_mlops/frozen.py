"""Frozen dataclasses that cost a kernel's start a twentieth: no source is compiled for them.

For each class ``dataclasses.dataclass(frozen=True)`` writes and compiles six methods, a third
of a millisecond; for the classes that a kernel imports that was most of capture's start.
These share six methods that look the fields up. In all else they are what they say,
dataclasses: ``fields``, ``replace``, ``asdict``, pickles and msgspec take them as such.
The few that are not frozen are the standard library's, without ``repr`` and ``eq``, which
nobody calls and which would be compiled as well.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen: bool) -> Callable[[type], type]:
        """Make a frozen dataclass of a class; other options do not exist here.

        A method that the class defines itself is kept, as the standard decorator does it.
        """
        if not frozen:
            raise TypeError("what is not frozen is the standard library's to make")
        return _made


def _made(cls: type) -> type:
    made: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(cls)
    # All fields in order with their defaults, and the names of those without a plain one.
    blank = {field.name: field.default for field in dataclasses.fields(made)}
    made.__blank__ = blank
    made.__open__ = tuple([name for name, value in blank.items() if value is MISSING])
    for name, method in _METHODS.items():
        if name not in cls.__dict__:
            setattr(made, name, method)
    return cls


def _init(self: Any, /, *values: Any, **named: Any) -> None:
    # Whole dictionaries at once and not field by field: events are made for every cell.
    cls: Any = type(self)
    names: tuple[str, ...] = cls.__match_args__
    state = self.__dict__
    if not named and len(values) == len(names):
        state.update(zip(names, values))  # noqa: B905 - they are as many
        return
    state.update(cls.__blank__)
    state.update(zip(names, values))  # noqa: B905 - too many are told of below
    state.update(named)
    twice = values and not named.keys().isdisjoint(names[: len(values)])
    if twice or len(state) != len(names) or len(values) > len(names):
        given = f"{len(values)} values and {', '.join(named) or 'no names'}"
        raise TypeError(f"{cls.__qualname__}({', '.join(names)}) can't take {given}")
    for name in cls.__open__:
        if state[name] is MISSING:
            factory = cls.__dataclass_fields__[name].default_factory
            if factory is MISSING:
                raise TypeError(f"{cls.__qualname__}() lacks {name!r}")
            state[name] = factory()


def _repr(self: Any) -> str:
    shown = map("{}={!r}".format, type(self).__match_args__, _values(self))
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _eq(self: Any, other: Any) -> Any:
    if type(other) is not type(self):
        return NotImplemented
    return self.__dict__ == other.__dict__ or _values(self) == _values(other)


def _hash(self: Any) -> int:
    return hash(tuple(_values(self)))


def _values(self: Any) -> list[Any]:
    # A decoder leaves a field that was not sent to its default, which is the class's attribute.
    return [getattr(self, name) for name in type(self).__match_args__]


def _refuse(self: Any, name: str, *_: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to or delete field {name!r}")


_METHODS: dict[str, Callable[..., Any]] = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _refuse,
    "__delattr__": _refuse,
}
