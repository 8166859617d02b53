"""scikit-learn estimators: class, constructor parameters and fitted state.

The state is what stands in instance dictionaries, walked without calling a method of the
user's. Objects of scikit-learn and scipy are looked into whatever their class; so are the
user's own estimators, whose code is not content here (the cell or module that defines it is
recorded as such); boosters and networks tell their state (see :mod:`boosters`). Anything else,
such as a function of the user's, makes the content incomplete. How long a fit took is not content.
"""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType
from typing import Any

from jupyter_mlops.fingerprints import boosters, sparse
from jupyter_mlops.fingerprints.hashing import Content
from jupyter_mlops.fingerprints.introspection import (
    attributes,
    bases,
    belongs_to,
    class_attributes,
    is_a,
    loaded,
    name_of,
)
from jupyter_mlops.fingerprints.python_ import Encoder, framed
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

# Classes and functions of these may stand for themselves by their name.
_NAMED = ("builtins", "numpy", "scipy", "sklearn", "pandas")
# Attributes that are another at each fit of the same data: clocks, and a memory address.
_CLOCKS = ("_fit_time", "_score_time")
_PASSING = ("refit_time_", "_stop_words_id")
# A class that derives from one of these keeps content outside its instance dictionary.
_STORING = (list, tuple, set, frozenset, str, bytes, int, float)


class _Plain:
    """A class that keeps nothing outside the instance dictionary."""


_PLAIN_SIZE = _Plain.__basicsize__


def fingerprint(value: Any) -> Steps[Fingerprint]:
    """Return the fingerprint of an estimator, fitted or not."""
    encoder = _ObjectEncoder()
    content = Content("model")
    content.bulk((yield from encoder.encode(value)))
    return Fingerprint(digest=content.text(), complete=encoder.complete)


class _ObjectEncoder(Encoder):
    """Encodes the objects that estimators are made of."""

    def other(self, value: Any, depth: int) -> Steps[bytes | None]:
        """Return the bytes of `value`, or ``None`` if its class is unknown."""
        cls = type(value)
        if is_a(value, type):
            return _reference(value, *name_of(value))
        if any(cls is known for known in _function_types()):
            return _reference(value, value.__module__, value.__qualname__)
        if belongs_to(cls, "numpy"):
            return (yield from self._generator(value, cls, depth))
        if sparse.is_sparse(value):
            found = yield from sparse.content(value)
            self.complete = self.complete and found.complete
            return framed(b"Z", found.digest())
        native = boosters.state(value)
        if native is not None:
            return framed(b"B", (yield from self.encode(native, depth + 1)))
        own = attributes(value)
        if own is None or (_is_compiled(cls) and not is_a(value, dict)):
            return (yield from self._compiled(value, cls, own, depth))
        if belongs_to(cls, "sklearn") or belongs_to(cls, "scipy") or _is_estimator(value):
            return (yield from self._object(value, cls, own, depth))
        return None

    def _object(
        self, value: Any, cls: type, own: dict[str, Any], depth: int
    ) -> Steps[bytes | None]:
        order = bases(cls)
        if any(is_a(value, base) for base in _STORING) or any(map(_has_slots, order)):
            return None
        if not all(type(name) is str for name in own):
            return None
        state = {name: own[name] for name in sorted(own) if name not in _PASSING}
        if type(state.get("cv_results_")) is dict:
            state["cv_results_"] = _without_clocks(state["cv_results_"])
        parts: list[Any] = [".".join(name_of(cls)), state]
        if is_a(value, dict):
            parts.append(list(dict.items(value)))
        return framed(b"O", (yield from self.encode(parts, depth + 1)))

    def _compiled(
        self, value: Any, cls: type, own: dict[str, Any] | None, depth: int
    ) -> Steps[bytes | None]:
        """Encode an object of a compiled class of scikit-learn by what it pickles as."""
        if not belongs_to(cls, "sklearn") or own:
            return None
        for base in bases(cls):
            if base is not object and "__reduce__" in class_attributes(base):
                made: Any = value.__reduce__()
                if type(made) is tuple and not is_a(made[0], type):
                    # The function that makes it anew belongs to the class.
                    made = (".".join(name_of(cls)), *made[1:])
                return framed(b"O", (yield from self.encode(made, depth + 1)))
        return None

    def _generator(self, value: Any, cls: type, depth: int) -> Steps[bytes | None]:
        if value is loaded("numpy.random.mtrand", "_rand"):
            # Whoever draws from the global generator changes it; it is no part of a model.
            return framed(b"R", b"global")
        if cls is loaded("numpy.random", "RandomState"):
            state = value.get_state(legacy=False)
            return framed(b"R", (yield from self.encode(state, depth + 1)))
        if cls is loaded("numpy.random", "Generator"):
            state = value.bit_generator.state
            return framed(b"R", (yield from self.encode(state, depth + 1)))
        return None


def _is_compiled(cls: type) -> bool:
    """Tell whether a class keeps content outside the instance dictionary, in memory of its own."""
    size: int = type.__dict__["__basicsize__"].__get__(cls)
    return size > _PLAIN_SIZE


def _without_clocks(results: dict[Any, Any]) -> list[tuple[Any, Any]]:
    # Pairs, since making a dictionary would call the keys' __hash__.
    return [
        (name, item)
        for name, item in results.items()
        if not (type(name) is str and name.endswith(_CLOCKS))
    ]


def _is_estimator(value: Any) -> bool:
    return is_a(value, loaded("sklearn.base", "BaseEstimator"))


def _function_types() -> tuple[type, ...]:
    # numpy's functions and those of Cython are of types that are nowhere to be imported from.
    examples = (loaded("numpy", "mean"), loaded("numpy", "add"))
    return (FunctionType, BuiltinFunctionType, *(type(found) for found in examples if found))


def _reference(value: Any, module: object, name: object) -> bytes | None:
    """Encode a class or function by its name, if a known library has it under that name."""
    if type(module) is not str or type(name) is not str:
        return None
    if module.partition(".")[0] not in _NAMED or loaded(module, name) is not value:
        return None
    return framed(b"G", f"{module}.{name}".encode())


def _has_slots(cls: type) -> bool:
    slots = class_attributes(cls).get("__slots__", ())
    return type(slots) is not tuple or any(slot != "__weakref__" for slot in slots)
