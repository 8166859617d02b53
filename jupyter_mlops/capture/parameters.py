"""Literals of a cell that are in effect after it, as parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from jupyter_mlops.dataflow import Literal
from jupyter_mlops.dataflow.accounts import in_effect
from jupyter_mlops.dataflow.notation import NotPlainError, as_json, type_name
from jupyter_mlops.fingerprints.introspection import (
    attributes,
    bases,
    class_attributes,
    is_a,
    loaded,
    name_of,
)
from jupyter_mlops.records import Parameter

_NOTHING = object()
_OF_SIMPLE = SimpleNamespace.__dict__["__dict__"].__get__
# What the launcher of a kernel gives it, and a parser in a notebook takes for an option.
_CONNECTION_FILE = re.compile(r"kernel-[\w-]+\.json$")


def parameters(literals: Iterable[Literal], namespace: Mapping[str, Any]) -> list[Parameter]:
    """Return the literals that are in effect when the cell ends."""
    literals = list(literals)
    values, types = {}, {}
    for one in literals:
        held = _held(one, namespace)
        if held is not _NOTHING and one.name not in values:
            with suppress(NotPlainError):  # no plain value any more, and so not the literal's
                values[one.name] = as_json(held)
                types[one.name] = type_name(held)
    found = in_effect(literals, values, types)
    for one in literals:
        if one.owner == "options" and one.name in namespace:
            found += _options(one.name, namespace[one.name])
    return found


def _held(literal: Literal, namespace: Mapping[str, Any]) -> Any:
    """Return what a name holds, or the part of an object that it stands for."""
    if not literal.owner:
        return namespace.get(literal.name, _NOTHING)
    name, _, part = literal.name.partition(".")
    owner = namespace.get(name, _NOTHING)
    if literal.owner == "class" and is_a(owner, type):
        return _of_class(owner, part)
    if literal.owner == "instance":
        return _of_instance(owner, part)
    return _NOTHING


def _of_class(owner: type, part: str) -> Any:
    if name_of(owner)[0] != "__main__":
        return _NOTHING
    own = class_attributes(owner)
    defaults = own.get("_field_defaults")  # of a named tuple
    return (defaults if type(defaults) is dict else own).get(part, _NOTHING)


def _of_instance(owner: Any, part: str) -> Any:
    kind = type(owner)
    if kind is SimpleNamespace:
        return _OF_SIMPLE(owner).get(part, _NOTHING)
    if kind is not loaded("argparse", "Namespace"):
        is_own = name_of(kind)[0] == "__main__"
        # Other objects, as models, have arguments of their own.
        if not is_own or not any(_has_fields(base) for base in bases(kind)):
            return _NOTHING
    own = attributes(owner)
    return _NOTHING if own is None else own.get(part, _NOTHING)


def _has_fields(cls: type) -> bool:
    own = class_attributes(cls)
    return "__dataclass_fields__" in own or "__pydantic_fields__" in own


def _options(name: str, value: Any) -> Iterator[Parameter]:
    """Yield what a parser made of its options."""
    own = attributes(value) if type(value) is loaded("argparse", "Namespace") else None
    for option, one in list((own or {}).items()):
        if type(option) is not str or (type(one) is str and _CONNECTION_FILE.search(one)):
            continue
        with suppress(NotPlainError):  # a file or a function, as options may be
            yield Parameter(f"{name}.{option}", as_json(one), type_name(one), None, "literal")
