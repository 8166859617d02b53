"""What a value is, found out without running any code of the user's.

``isinstance``, ``getattr``, ``==``, ``hash`` and so ``type(value) in types`` may all end in
methods that a user's class or metaclass defines. What is used here instead is ``type`` and
``is``, and the descriptors of ``type`` itself.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import GetSetDescriptorType, ModuleType
from typing import Any

_MRO = type.__dict__["__mro__"].__get__
_MODULE = type.__dict__["__module__"].__get__
_QUALNAME = type.__dict__["__qualname__"].__get__
_CLASS_DICT = type.__dict__["__dict__"].__get__
_NUMBER = object.__hash__


class Types:
    """Types to be asked with ``in`` for one of them, without a word to its metaclass.

    Attributes
    ----------
    numbers
        Their numbers (``object.__hash__``), for whoever has to ask often.
    """

    def __init__(self, *types: type) -> None:
        self._types = types  # alive, their numbers are no other's
        self.numbers = frozenset(map(_NUMBER, types))

    def __contains__(self, cls: type) -> bool:
        return _NUMBER(cls) in self.numbers


def bases(cls: type) -> tuple[type, ...]:
    """Return the method resolution order of `cls`, itself first."""
    result: tuple[type, ...] = _MRO(cls)
    return result


def is_a(value: object, cls: object) -> bool:
    """Tell whether `value` is an instance of `cls`; ``None`` has no instances."""
    if type(value) is cls:
        return True
    for base in _MRO(type(value)) if cls is not None else ():  # noqa: SIM110 - half the time of any()
        if base is cls:
            return True
    return False


def loaded(module: str, name: str) -> Any:
    """Return an attribute of a module if that module is imported, else ``None``."""
    found = sys.modules.get(module)
    if type(found) is ModuleType:
        return found.__dict__.get(name)
    # A lazy module loads itself when asked for an attribute; its dictionary tells without.
    if found is None or not is_a(found, ModuleType):
        return None
    return ModuleType.__getattribute__(found, "__dict__").get(name)


def name_of(cls: type) -> tuple[str, str]:
    """Return module and qualified name of a class, empty where they are not plain text."""
    try:
        module, name = _MODULE(cls), _QUALNAME(cls)
    except AttributeError:  # a class body may delete its __module__
        return "", ""
    return (module, name) if type(module) is str and type(name) is str else ("", "")


def belongs_to(cls: type, library: str) -> bool:
    """Tell whether `cls` really is the class that `library` defines under its name.

    Any class can call itself a part of pandas; only the real one is found there.
    """
    module, name = name_of(cls)
    return module.partition(".")[0] == library and loaded(module, name) is cls


def class_attributes(cls: type) -> Mapping[str, Any]:
    """Return what the body of `cls` itself defines."""
    found: Mapping[str, Any] = _CLASS_DICT(cls)
    return found


def attributes(value: object) -> dict[str, Any] | None:
    """Return the instance dictionary of `value` itself (not a copy), if it has one."""
    for base in bases(type(value)):
        descriptor = _CLASS_DICT(base).get("__dict__")
        if type(descriptor) is GetSetDescriptorType:
            found = descriptor.__get__(value)
            return found if type(found) is dict else None
    return None
