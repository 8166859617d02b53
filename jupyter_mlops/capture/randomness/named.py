"""Random generators that the notebook holds under names of its own.

Loaded with the first such name. Of a generator its number is remembered, never the object; its
state is read only where the object is of NumPy's or Python's own class.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jupyter_mlops.capture.randomness.states import state_of_bits
from jupyter_mlops.fingerprints.introspection import name_of

# By the numbers of their classes, what the generators are called.
Kinds = dict[int, str]
# More names are not looked at: each costs every cell a look.
LIMIT = 50

_number = object.__hash__


class Named:
    """The states of generators that have names, around each cell."""

    def __init__(self) -> None:
        self._names: dict[str, None] = {}
        self._before: dict[int, Any] = {}
        self.is_cut = False

    def mind(self, names: Iterable[str]) -> None:
        """Look at these names from here on."""
        for name in names:
            if len(self._names) < LIMIT:
                self._names[name] = None
            elif name not in self._names:
                self.is_cut = True

    def begin(self, namespace: Mapping[str, Any], known: Kinds) -> None:
        """Look at the generators as a cell finds them."""
        self._before = {number: state for _, _, number, state in self._now(namespace, known)}

    def take(
        self, namespace: Mapping[str, Any], known: Kinds
    ) -> Iterator[tuple[str, str, Any, Any]]:
        """Say of each generator that is new or has moved its name, kind and both states."""
        before, self._before = self._before, {}
        for name, kind, number, state in self._now(namespace, known):
            earlier = before.get(number)
            if earlier != state:
                yield name, kind, earlier, state

    def _now(
        self, namespace: Mapping[str, Any], known: Kinds
    ) -> Iterator[tuple[str, str, int, Any]]:
        seen: set[int] = set()
        for name in list(self._names):
            value = namespace.get(name)
            kind, number = known.get(_number(type(value))), _number(value)
            if kind is None:
                del self._names[name]
            elif number not in seen and (state := state_of(value)) is not None:
                seen.add(number)  # under its other names it is the same one
                yield name, kind, number, state


def state_of(generator: Any) -> Any:
    """Return the state of a generator of one of the known kinds, ``None`` if it can't be read."""
    if type(generator) is random.Random:
        return random.Random.getstate(generator)
    bits = generator._bit_generator
    if name_of(type(generator))[1] == "RandomState" and name_of(type(bits))[1] == "MT19937":
        told = generator.get_state(legacy=False)
        words: bytes = told["state"]["key"].tobytes() + struct.pack("=I", told["state"]["pos"])
        return words + struct.pack("d", told["gauss"]) if told["has_gauss"] else words
    return state_of_bits(bits)
