"""Literals of a cell that are in effect after it, as parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from jupyter_mlops.dataflow import Literal
from jupyter_mlops.dataflow.accounts import in_effect
from jupyter_mlops.fingerprints.introspection import Types
from jupyter_mlops.records import NOT_FINITE, Parameter

# Values larger than this (in items and characters) are data, not a parameter.
SIZE_LIMIT = 10_000
_PLAIN = Types(int, str, bool, type(None))
_KEYS = Types(int, float, bool, type(None))


class NotJsonError(Exception):
    """A value that JSON can't hold, or one too large to be a parameter."""


def parameters(literals: Iterable[Literal], namespace: Mapping[str, Any]) -> list[Parameter]:
    """Return the literals that are in effect when the cell ends."""
    literals = list(literals)
    values, types = {}, {}
    for name in {literal.name for literal in literals}:
        if name in namespace:
            with suppress(NotJsonError):  # no plain value any more, and so not the literal's
                values[name] = as_json(namespace[name])
                types[name] = type(namespace[name]).__name__
    return in_effect(literals, values, types)


def as_json(value: Any) -> Any:
    """Return a plain value as JSON holds it, by exact type only.

    Raises
    ------
    NotJsonError
        For anything else: its own methods would have to be asked.
    """
    try:
        return _json(value, [SIZE_LIMIT])
    except RecursionError:
        raise NotJsonError from None  # a list that holds itself, or nearly as deep


def _json(value: Any, budget: list[int]) -> Any:
    kind = type(value)
    budget[0] -= 1 + (len(value) if kind is str else 0)
    if budget[0] < 0:
        raise NotJsonError
    if kind in _PLAIN:
        return value
    if kind is float:
        return NOT_FINITE.get(float.__repr__(value), value)
    if kind is list or kind is tuple:
        return [_json(item, budget) for item in value]
    if kind is set:
        items = [_json(item, budget) for item in value]
        return sorted(items, key=lambda item: (str(type(item)), str(item)))
    if kind is dict:
        return {_key(key): _json(item, budget) for key, item in value.items()}
    raise NotJsonError


def _key(key: Any) -> str:
    if type(key) is str:
        return key
    if type(key) in _KEYS:
        return str(key)
    raise NotJsonError
