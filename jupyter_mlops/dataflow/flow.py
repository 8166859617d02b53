"""The records of a cell's dataflow, and what one cell leaves for the next."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Any

from jupyter_mlops.frozen import dataclass

NO_NAMES: frozenset[str] = frozenset()
_BUILTINS = frozenset(dir(builtins))


def _empty() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True)
class Function:
    """What calling a function (or any method of a class) does to global names.

    ``touches_arguments`` tells that it may change an object it is given.
    """

    reads: frozenset[str] = NO_NAMES
    binds: frozenset[str] = NO_NAMES
    mutates: frozenset[str] = NO_NAMES
    maybe_mutates: frozenset[str] = NO_NAMES
    seeds: frozenset[str] = NO_NAMES
    entropy: frozenset[str] = NO_NAMES
    touches_arguments: bool = True
    opaque: str | None = None


@dataclass(frozen=True)
class Flow:
    """What one execution of a cell does to the names of the notebook's top level.

    Attributes
    ----------
    reads
        Names whose value from before the cell may be used, those read by functions that it
        mentions included. A name that the cell surely bound first is not among them.
    binds
        Names stored (or deleted) on every path; a ``for`` loop counts as entered.
    maybe_binds
        Names stored on some path only.
    mutates
        Names whose object is changed in place, by a store into it or a known mutator.
    maybe_mutates
        Names whose object a call that isn't known may have changed.
    functions
        Functions and classes defined here, with what their bodies do when called.
    aliases
        Imported names with their full dotted names.
    opaque
        Why the flow is not known (``exec``, star import, …), or ``None``.
    seeds
        Generators that the cell seeds: ``random``, ``numpy.random``, ``torch``, …
    entropy
        Generators that it feeds from the system's entropy (``default_rng()``, ``uuid4``).
    calls
        Full names of what is called, as far as they are known (not inside functions).
    metric_calls
        Names assigned from a metric, with the call's name.
    computed
        Names bound at top level, outside loops, to something that is not a literal,
        an import or a definition.
    in_loop
        Names bound inside a loop, its variables included.
    loop_variables
        Names that a ``for`` statement binds.
    volatile
        Names bound to a clock's value or to an expression over one.
    fits
        Names of receivers of ``fit`` and its kin.
    """

    reads: frozenset[str] = NO_NAMES
    binds: frozenset[str] = NO_NAMES
    maybe_binds: frozenset[str] = NO_NAMES
    mutates: frozenset[str] = NO_NAMES
    maybe_mutates: frozenset[str] = NO_NAMES
    functions: Mapping[str, Function] = field(default_factory=_empty)
    aliases: Mapping[str, str] = field(default_factory=_empty)
    opaque: str | None = None
    seeds: frozenset[str] = NO_NAMES
    entropy: frozenset[str] = NO_NAMES
    calls: frozenset[str] = NO_NAMES
    metric_calls: Mapping[str, str] = field(default_factory=_empty)
    computed: frozenset[str] = NO_NAMES
    in_loop: frozenset[str] = NO_NAMES
    loop_variables: frozenset[str] = NO_NAMES
    volatile: frozenset[str] = NO_NAMES
    fits: frozenset[str] = NO_NAMES

    @property
    def writes(self) -> frozenset[str]:
        """Names that the cell may leave with another value, as far as the source tells."""
        return self.binds | self.maybe_binds | self.mutates | self.maybe_mutates


@dataclass(frozen=True)
class Context:
    """What earlier cells of a session left for the reading of the next one.

    ``shadowed`` are names of built-ins that the session bound to something else.
    """

    aliases: Mapping[str, str] = field(default_factory=_empty)
    functions: Mapping[str, Function] = field(default_factory=_empty)
    volatile: frozenset[str] = NO_NAMES
    shadowed: frozenset[str] = NO_NAMES

    def after(self, flow: Flow) -> Context:
        """Return the context that a cell with `flow` leaves."""
        stored = flow.binds | flow.maybe_binds
        told = flow.aliases or flow.functions or flow.volatile
        known: tuple[Iterable[str], ...] = (
            self.aliases,
            self.functions,
            self.volatile,
            _BUILTINS,
        )
        if not told and all(stored.isdisjoint(names) for names in known):
            return self
        functions = {k: v for k, v in self.functions.items() if k not in stored}
        aliases = {k: v for k, v in self.aliases.items() if k not in stored}
        after = Context(
            aliases={**aliases, **flow.aliases},
            functions={**functions, **flow.functions},
            volatile=(self.volatile - stored) | flow.volatile,
            shadowed=self.shadowed | (stored & _BUILTINS),
        )
        # A cell that is executed again leaves what it left; whoever keeps what was read in a
        # context knows by the very same object that it holds.
        return self if after == self else after
