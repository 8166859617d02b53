"""The state of one scope while its statements are followed in order."""

from __future__ import annotations

import builtins
from collections.abc import Iterable

from jupyter_mlops.dataflow.flow import NO_NAMES, Context, Flow, Function

# IPython's own names for earlier inputs and results.
_HISTORY = frozenset({"_", "__", "___", "_i", "_ii", "_iii", "_dh", "_ih", "_oh", "In", "Out"})
_BUILTINS = frozenset(dir(builtins))


def is_history(name: str) -> bool:
    """Tell whether `name` is one of those under which IPython keeps earlier cells."""
    if name in _HISTORY:
        return True
    # Asked of every name of a namespace, hardly any of which can be one.
    return name[:1] == "_" and name[2 if name[1:2] == "i" else 1 :].isdecimal()


class Names:
    """What was read, bound and changed so far in one scope.

    Parameters
    ----------
    context
        What is known from before the cell.
    local
        Names that belong to an enclosing function (or this one) and are none of the
        notebook's; what happens to them is kept in ``local_changed`` alone.
    deferred
        The scope is a function's body, which runs when the function is called: functions
        that it mentions are followed then, since they may be replaced by that time.
    """

    def __init__(
        self, context: Context, local: frozenset[str] = NO_NAMES, deferred: bool = False
    ) -> None:
        self.context = context
        self.local = local
        self.deferred = deferred
        self.bound: set[str] = set()
        self.stored: set[str] = set()
        self.reads: set[str] = set()
        self.mutates: set[str] = set()
        self.maybe_mutates: set[str] = set()
        self.local_changed: set[str] = set()
        self.functions: dict[str, Function] = {}
        self.aliases: dict[str, str] = dict(context.aliases)
        self.imported: set[str] = set()
        self.seeds: set[str] = set()
        self.entropy: set[str] = set()
        self.calls: set[str] = set()
        self.opaque: str | None = None
        self.metric_calls: dict[str, str] = {}
        self.computed: set[str] = set()
        self.in_loop: set[str] = set()
        self.loop_variables: set[str] = set()
        self.volatile: set[str] = set(context.volatile)
        self.fits: set[str] = set()
        self._followed: set[str] = set()

    def load(self, name: str) -> None:
        """Note that the value of `name` is used."""
        if name in self.local:
            return
        if name not in self.bound:
            if name == "get_ipython":
                self.hide("get_ipython()")
            elif is_history(name):
                self.hide(f"{name}, an earlier result")
            if name in _BUILTINS and not self.is_shadowed(name):
                return
            self.reads.add(name)
        if not self.deferred and name not in self._followed:
            self._followed.add(name)
            function = self.function(name)
            if function is not None:
                self._follow(function)

    def store(self, name: str) -> None:
        """Note that `name` gets another value, and lose what was known of the old one."""
        if name in self.local:
            return
        self.bound.add(name)
        self.stored.add(name)
        self._followed.discard(name)
        self.functions.pop(name, None)
        self.aliases.pop(name, None)
        self.imported.discard(name)
        self.volatile.discard(name)
        self.metric_calls.pop(name, None)

    def change(self, name: str | None, *, surely: bool) -> None:
        """Note that the object of `name` is, or may be, changed in place."""
        if name is None:
            return
        if name in self.local:
            self.local_changed.add(name)
        elif name not in _BUILTINS or self.is_shadowed(name):
            (self.mutates if surely else self.maybe_mutates).add(name)

    def hide(self, reason: str) -> None:
        """Note that the flow is not known, and why; the first reason stands."""
        self.opaque = self.opaque or reason

    def define(self, name: str, function: Function) -> None:
        """Note that `name` is bound to a function or a class."""
        self.store(name)
        if name not in self.local:
            self.functions[name] = function
        else:
            # Inside another function: whoever calls that one may cause all of this.
            self.reads |= function.reads
            self._take_effects(function)

    def bring(self, name: str, dotted: str) -> None:
        """Note that `name` is imported, and as what."""
        self.store(name)
        self.aliases[name] = dotted
        self.imported.add(name)

    def function(self, name: str) -> Function | None:
        """Return what is known of the function `name` at this point."""
        if name in self.functions:
            return self.functions[name]
        return None if name in self.stored else self.context.functions.get(name)

    def is_shadowed(self, name: str) -> bool:
        """Tell whether `name`, a built-in's, is the notebook's own by now."""
        return name in self.stored or name in self.context.shadowed

    def is_import(self, name: str | None) -> bool:
        """Tell whether `name` stands for something imported."""
        return name is not None and name in self.aliases and name not in self.local

    def _follow(self, function: Function) -> None:
        for name in function.reads:
            self.load(name)
        self._take_effects(function)

    def _take_effects(self, function: Function) -> None:
        # Whether the call reaches the assignments isn't known: they are not `bound`.
        self.stored |= function.binds
        self.mutates |= function.mutates
        self.maybe_mutates |= function.maybe_mutates
        self.seeds |= function.seeds
        self.entropy |= function.entropy
        if function.opaque is not None:
            self.hide(function.opaque)

    def flow(self) -> Flow:
        """Return the flow of the scope whose last statement was followed."""
        return Flow(
            reads=frozenset(self.reads),
            binds=frozenset(self.stored & self.bound),
            maybe_binds=frozenset(self.stored - self.bound),
            mutates=frozenset(self.mutates),
            maybe_mutates=frozenset(self.maybe_mutates - self.mutates),
            functions=dict(self.functions),
            aliases={name: self.aliases[name] for name in self.imported},
            opaque=self.opaque,
            seeds=frozenset(self.seeds),
            entropy=frozenset(self.entropy),
            calls=frozenset(self.calls),
            metric_calls=dict(self.metric_calls),
            computed=frozenset(self.computed),
            in_loop=frozenset(self.in_loop),
            loop_variables=frozenset(self.loop_variables),
            volatile=frozenset(self.volatile & self.stored),
            fits=frozenset(self.fits),
        )

    def as_function(self, arguments: Iterable[str]) -> Function:
        """Return the effect of calling the body that was followed.

        `arguments` are its local names that may stand for what the caller gave.
        """
        return Function(
            reads=frozenset(self.reads),
            binds=frozenset(self.stored),
            mutates=frozenset(self.mutates),
            maybe_mutates=frozenset(self.maybe_mutates),
            seeds=frozenset(self.seeds),
            entropy=frozenset(self.entropy),
            touches_arguments=not self.local_changed.isdisjoint(arguments),
            opaque=self.opaque,
        )
