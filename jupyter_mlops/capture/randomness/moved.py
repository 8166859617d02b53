"""Whether a cell moved a global random generator, and from which state.

Looking is cheap (a comparison), describing is not: a state is digested, and kept, only once it
has changed. What a cell finds is what the last one left, unless something moved in between.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from jupyter_mlops.capture.execution import Execution
from jupyter_mlops.capture.randomness import entropy
from jupyter_mlops.dataflow import Flow
from jupyter_mlops.dataflow.accounts import random_uses
from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.introspection import loaded, name_of
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.journal import sha256
from jupyter_mlops.records import RandomUse

if TYPE_CHECKING:
    from jupyter_mlops.capture.randomness.named import Named

# Bytes of the state of NumPy's MT19937: 624 words and a position.
_MT19937_BYTES = 2500
# Of what random.getstate() returns.
_VERSION = 3
# Generators whose place is remembered; a program may make and install ever new ones.
_WINDOWS = 8
# Of a state, the position and eight words beside it, which are others once it has moved: a draw
# moves the position, and at the end of the words, or with a seed, all of them are made anew.
_GLANCE_BYTES = 36

# Of NumPy's: whether it has a second number ready, and that number.
_GAUSS_BYTES = 16
_TOO_RANDOM = NotSeen(
    "the randomness of some generators without a seed",
    f"the cell made more than {entropy.LIMIT:,} of them",
)
_TOO_MANY = NotSeen(
    "random numbers of some generators", "the notebook has names for too many generators"
)
_NO_NAMES: Mapping[str, Any] = {}
_number = object.__hash__


@dataclass(frozen=True)
class Moved:
    """What a cell did to the generators.

    Attributes
    ----------
    uses
        Those that it moved. Whether it seeded them, and whether it meant to move them, its
        source tells (:func:`jupyter_mlops.dataflow.random_uses`).
    loaded
        Whether modules were loaded meanwhile.
    is_cut
        Whether there are generators that nobody looks at.
    states
        The states in which it found them, as text.
    entropy
        What NumPy drew of the system's entropy, and how often that was: more than is listed
        can't be put back.
    """

    uses: tuple[RandomUse, ...] = ()
    loaded: bool = False
    states: dict[str, str] | None = None
    entropy: tuple[str, ...] = ()
    drawn: int = 0
    is_cut: bool = False

    def tell(self, execution: Execution, flow: Flow | None) -> None:
        """Say it of a cell; with no `flow` somebody else will read what its source says."""
        fields, uses = execution.fields, self.uses
        if flow is not None:
            uses = random_uses(flow, uses, loaded=self.loaded, entropy=self.entropy)
        elif self.loaded:
            fields["sight"]["loaded"] = True
        if uses:
            fields["randomness"] = uses
        if self.states:
            fields["states"] = self.states
        if self.entropy:
            fields["entropy"] = self.entropy
        if self.drawn > len(self.entropy):
            execution.unseen.append(_TOO_RANDOM)
        if self.is_cut:
            execution.unseen.append(_TOO_MANY)


_NOTHING, _LOADED = Moved(), Moved(loaded=True)


class _Seen:
    """Where the states of both generators lie, as long as both still are the same."""

    own: random.Random
    words: Any
    module: Any
    numbers: dict[str, Any]
    generator: Any
    bits: Any
    key: Any
    gauss: Any

    @classmethod
    def now(cls, own: random.Random, *, has_numpy: bool, gauss_at: int | None) -> _Seen | None:
        """Return where they lie now, ``None`` if they can't be looked at there."""
        seen = cls()
        seen.own, seen.words = own, _glance_at(id(own) + object.__basicsize__)
        seen.module = sys.modules.get("numpy.random.mtrand")
        if seen.module is None:
            return seen
        if not has_numpy or type(seen.module) is not ModuleType:
            return None
        seen.numbers = seen.module.__dict__
        generator: Any = seen.numbers["_rand"]
        seen.generator, seen.bits = generator, generator._bit_generator
        # Without its place there is none that would change; the same words again tell nothing.
        at = id(own) + object.__basicsize__ if gauss_at is None else id(generator) + gauss_at
        seen.gauss = _glance_at(at, _GAUSS_BYTES)
        seen.key = _glance_at(seen.bits.ctypes.state_address + _MT19937_BYTES - _GLANCE_BYTES)
        return seen

    def glance(self) -> tuple[Any, ...] | None:
        """Return what is another once a generator has moved; ``None`` if it is another one."""
        if random.__dict__.get("_inst") is not self.own:
            return None
        if sys.modules.get("numpy.random.mtrand") is not self.module:
            return None
        following = self.own.__dict__.get("gauss_next")
        number = following if type(following) is float else None
        if self.module is None:
            return self.words.raw, number
        generator: Any = self.numbers.get("_rand")
        if generator is not self.generator or generator._bit_generator is not self.bits:
            return None
        return self.words.raw, number, self.key.raw, self.gauss.raw


class Generators:
    """The states of ``random`` and of NumPy's global generator around each cell.

    A state is compared as the bytes in which the generator holds it. ``random`` would hand
    its own out as 625 numbers, which takes longer than all else that is done for a cell; so
    it is read where it lies, once reading was seen to give the same as asking. Of a state that
    was seen before a few bytes are enough to tell that it has not moved.
    """

    def __init__(self) -> None:
        self._is_readable: bool | None = None
        self._before: dict[str, Any] = {}
        self._digests: dict[str, tuple[Any, str]] = {}
        self._modules = 0
        self._seen: _Seen | None = None
        # The states as they were last seen, and a glance at them from just before.
        self._known: dict[str, Any] = {}
        self._glanced: tuple[Any, ...] | None = None
        # The classes of NumPy's generator and its bits, once they were seen to be NumPy's, and
        # where the first holds a second number.
        self._kinds: tuple[type, type] | None = None
        self._gauss_at: int | None = None
        # The states with PyTorch's among them, and those that were given to them.
        self._with_torch: tuple[dict[str, Any], dict[str, Any]] = {}, {}
        # Those of the notebook's own, once there is one, and the classes that such may be of.
        self._named: Named | None = None
        self._kinds_of_named: dict[int, str] = {}
        self._modules_then = 0

    def begin(
        self, given: Mapping[str, Any] | None = None, namespace: Mapping[str, Any] = _NO_NAMES
    ) -> None:
        """Look at the states as the cell finds them.

        Parameters
        ----------
        given
            In a replay: the ``states`` that it is to find, by generator, and the ``entropy``
            that NumPy is to draw from the system.
        namespace
            The user's.
        """
        if given is None:
            entropy.begin()
        else:
            from jupyter_mlops.capture.randomness.states import put_all_back

            entropy.begin(given.get("entropy", ()))
            put_all_back(given.get("states", {}), namespace)
        self._before = self._now()
        self._modules = len(sys.modules)
        if self._named is not None:
            self._named.begin(namespace, self._kinds_of_named)

    def take(self, namespace: Mapping[str, Any] = _NO_NAMES, changed: Iterable[str] = ()) -> Moved:
        """Return what a cell did to the generators, and forget the states before it.

        Of its `namespace` it has `changed` these names.
        """
        before, self._before = self._before, {}
        drawn, count = entropy.take()
        if not before:
            return _NOTHING  # a cell that ran beside this one has ended, and took them
        now = self._now()
        loaded = len(sys.modules) > self._modules
        named = self._look_for_named(namespace, changed)
        if now is before and not drawn and named is None:
            return _LOADED if loaded else _NOTHING
        from jupyter_mlops.capture.randomness.states import is_unused, text_of

        uses: list[RandomUse] = []
        states: dict[str, str] = {}
        for name, state in now.items() if now is not before else ():
            known = before.get(name)
            if state == known or (known is None and is_unused(name, state)):
                continue
            if known is not None:
                states[name] = text_of(name, known)
            uses.append(
                RandomUse(
                    cell=None,
                    generator=name,
                    seeded=False,
                    before=None if known is None else self._digest(name, known),
                    after=self._digest(name, state),
                )
            )
        for name, kind, known, state in (
            named.take(namespace, self._kinds_of_named) if named else ()
        ):
            earlier = None
            if known is not None:
                states[f"{kind} {name}"] = text_of(kind, known)
                earlier = _digest_of(known)
            uses.append(RandomUse(None, kind, False, earlier, _digest_of(state), name))
        if not (uses or drawn or (named is not None and named.is_cut)):
            return _LOADED if loaded else _NOTHING
        is_cut = named is not None and named.is_cut
        return Moved(tuple(uses), loaded, states or None, drawn, count, is_cut)

    def _look_for_named(self, namespace: Mapping[str, Any], changed: Iterable[str]) -> Named | None:
        modules = len(sys.modules)
        if modules != self._modules_then:
            self._modules_then = modules
            self._kinds_of_named = {_number(random.Random): "random.Random"}
            for kind in ("_generator.Generator", "mtrand.RandomState"):
                module, _, name = kind.partition(".")
                found = loaded(f"numpy.random.{module}", name)
                if found is not None:
                    self._kinds_of_named[_number(found)] = f"numpy.random.{name}"
        kinds, get = self._kinds_of_named, namespace.get
        names = [name for name in changed if _number(type(get(name))) in kinds]
        if names:
            if self._named is None:
                from jupyter_mlops.capture.randomness.named import Named

                self._named = Named()
            self._named.mind(names)
        return self._named

    def _digest(self, name: str, state: Any) -> str:
        last = self._digests.get(name)
        if last is not None and last[0] == state:
            return last[1]
        digest = _digest_of(state)
        self._digests[name] = (state, digest)
        return digest

    def _now(self) -> dict[str, Any]:
        known = self._globals()
        if "torch" not in sys.modules:
            return known
        from jupyter_mlops.capture.randomness.states import state_of_torch

        state = state_of_torch()
        if state is None:
            return known
        without, states = self._with_torch
        if without is not known or states["torch"] != state:
            states = {**known, "torch": state}
            self._with_torch = known, states
        return states

    def _globals(self) -> dict[str, Any]:
        seen = self._seen
        glance = None if seen is None else seen.glance()
        if glance is None:
            return self._states()
        if glance != self._glanced:
            self._known, self._glanced = self._states(), glance
        return self._known

    def _states(self) -> dict[str, Any]:
        states: dict[str, Any] = {}
        self._seen = None
        own = random.__dict__.get("_inst")
        if type(own) is random.Random:
            states["random"] = self._python_state(own)
        numpy = self._numpy_state()
        if numpy is not None:
            states["numpy.random"] = numpy
        if self._is_readable and own is not None and "random" in states:
            has_bytes = type(numpy) is bytes
            self._seen = _Seen.now(own, has_numpy=has_bytes, gauss_at=self._gauss_at)
        return states

    def _python_state(self, own: random.Random) -> tuple[Any, ...]:
        if self._is_readable:
            found = _bytes_at(id(own) + object.__basicsize__)
        else:
            found = None if self._is_readable is False else _in_memory(own)
        following = own.__dict__.get("gauss_next")
        state = (_VERSION, found, following if type(following) is float else None)
        if self._is_readable is None:
            # Decided once, since the two forms of one state do not compare.
            self._is_readable = found is not None and _as_told(state) == random.Random.getstate(own)
        return state if self._is_readable else random.Random.getstate(own)

    def _numpy_state(self) -> bytes | str | None:
        generator = loaded("numpy.random.mtrand", "_rand")
        if generator is None:
            return None
        kinds = self._kinds
        if kinds is not None and type(generator) is not kinds[0]:
            kinds = None
        if kinds is None and name_of(type(generator))[1] != "RandomState":
            return None
        bits = generator._bit_generator
        if kinds is None or type(bits) is not kinds[1]:
            from jupyter_mlops.capture.randomness.states import gauss_at, state_of_bits

            entropy.watch()  # imported before the first cell
            if name_of(type(bits))[1] != "MT19937":
                return state_of_bits(bits)
            self._kinds = type(generator), type(bits)
            self._gauss_at = gauss_at(*self._kinds)
        state = _bytes_at(bits.ctypes.state_address)
        if state is None or self._gauss_at is None:
            return state
        # What is left of a number that was handed out says nothing.
        gauss: bytes = _glance_at(id(generator) + self._gauss_at, _GAUSS_BYTES).raw
        return state + gauss[8:] if any(gauss[:4]) else state


def _digest_of(state: Any) -> str:
    if type(state) is tuple:
        return sha256(repr(_as_told(state)).encode())
    return sha256(state if type(state) is bytes else state.encode())


def _as_told(state: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a state of ``random`` as its ``getstate()`` tells it."""
    version, words, following = state
    return version, _words(words) if type(words) is bytes else words, following


def _words(state: bytes) -> tuple[int, ...]:
    """Return the state as ``random.getstate()`` has it: the words, then the position."""
    position, *words = memoryview(state).cast("I")
    return (*words, position)


def _in_memory(own: random.Random) -> bytes | None:
    # The object's head, the position, the words; what is no longer than that is not it.
    head = object.__basicsize__
    core = random.Random.__mro__[1]
    if sys.implementation.name != "cpython":
        return None
    if core.__basicsize__ < head + _MT19937_BYTES:
        return None
    return _bytes_at(id(own) + head)


# By address; each is read only at an address that was asked for anew, so never a freed one.
_windows: dict[int, Any] = {}


def _bytes_at(address: int) -> bytes | None:
    """Return the state that lies at `address`; looking once more is a single step of C."""
    window = _windows.get(address)
    if window is None:
        ctypes = sys.modules.get("ctypes")  # NumPy imports it; capture imports nothing for itself
        if ctypes is None:
            return None
        if len(_windows) >= _WINDOWS:
            _windows.clear()
        window = _windows[address] = (ctypes.c_char * _MT19937_BYTES).from_address(address)
    state: bytes = window.raw
    return state


def _glance_at(address: int, size: int = _GLANCE_BYTES) -> Any:
    return (sys.modules["ctypes"].c_char * size).from_address(address)
