"""How a plain value is written in a record, where JSON has no word for it.

Tuples and sets are lists, dates as ISO 8601 has them, paths with slashes, spans of time and
complex numbers as Python shows them; the type's name beside it tells which it is. One form for
what a source says and for what a kernel holds, so that the two can be compared.
"""

from __future__ import annotations

import datetime
import pathlib
import sys
from types import ModuleType
from typing import Any

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records import NOT_FINITE

# Larger ones, in items and characters, are data that somebody pasted, not a parameter.
SIZE_LIMIT = 10_000
# Looked for by `is`: a hash may be a metaclass's.
_PLAIN = (int, str, bool, type(None))
_KEYS = (int, float, bool, type(None))
_PATHS = tuple(getattr(pathlib, name) for name in ("PosixPath", "WindowsPath", "PurePosixPath"))
_DATES = (datetime.date, datetime.datetime, datetime.time)


class NotPlainError(Exception):
    """A value that a record can't hold, or one too large to be a parameter."""


@dataclass(frozen=True)
class Foreign:
    """A value of a library's type, which only a kernel that has the library can make."""

    type: str
    text: str


def as_json(value: Any) -> Any:
    """Return a plain value as JSON holds it, by exact type only.

    Raises
    ------
    NotPlainError
        For anything else: its own methods would have to be asked.
    """
    try:
        return _json(value, [SIZE_LIMIT])
    except RecursionError:
        raise NotPlainError from None  # a list that holds itself, or nearly as deep


def _json(value: Any, budget: list[int]) -> Any:
    kind = type(value)
    budget[0] -= 1 + (len(value) if kind is str else 0)
    if budget[0] < 0:
        raise NotPlainError
    if _is_one_of(kind, _PLAIN):
        return value
    if kind is float:
        return NOT_FINITE.get(float.__repr__(value), value)
    if kind is list or kind is tuple:
        return [_json(item, budget) for item in value]
    if kind is set or kind is frozenset:
        # A set has no order of its own, and string hashes change with each process.
        items = [_json(item, budget) for item in value]
        return sorted(items, key=lambda item: (str(type(item)), str(item)))
    if kind is dict:
        return {_key(key): _json(item, budget) for key, item in value.items()}
    text = _text(value)
    budget[0] -= len(text)
    return text


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    if _is_one_of(type(key), _KEYS):
        return str(key)
    raise NotPlainError


def _text(value: Any) -> str:
    """Write a value of a type that JSON lacks."""
    kind = type(value)
    if kind is complex or kind is datetime.timedelta:
        return str(value)
    if kind is Foreign:
        foreign: Foreign = value
        return foreign.text
    if _is_one_of(kind, _DATES):
        zone = None if kind is datetime.date else value.tzinfo
        # Another one's offset is told by a method of its own.
        if zone is None or type(zone) is datetime.timezone:
            return str(value.isoformat())
    if _is_one_of(kind, _PATHS):
        return str(value.as_posix())
    if kind is _loaded("pandas", "Timestamp") and value.tzinfo is None and not value.nanosecond:
        return datetime.datetime.isoformat(value)
    if kind is _loaded("numpy", "datetime64"):
        return str(value)
    raise NotPlainError


def type_name(value: Any) -> str:
    """Return the name of a plain value's type, with its module unless it is built in."""
    kind = type(value)
    if kind is Foreign:
        foreign: Foreign = value
        return foreign.type
    if _is_one_of(kind, _PATHS):
        return "pathlib.PurePosixPath" if kind is pathlib.PurePosixPath else "pathlib.Path"
    if _is_one_of(kind, _DATES) or kind is datetime.timedelta:
        return f"datetime.{kind.__name__}"
    for library, name in (("pandas", "Timestamp"), ("numpy", "datetime64")):
        if kind is _loaded(library, name):
            return f"{library}.{name}"
    return kind.__name__


def _is_one_of(kind: type, kinds: tuple[type, ...]) -> bool:
    return any(kind is one for one in kinds)


def _loaded(library: str, name: str) -> Any:
    """Return a class of a library, if somebody has imported that."""
    module = sys.modules.get(library)
    return module.__dict__.get(name, _text) if type(module) is ModuleType else _text
