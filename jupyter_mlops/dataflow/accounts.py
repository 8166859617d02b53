"""What an execution did: what its source says may happen, with what the kernel saw of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_mlops.dataflow.flow import Flow
from jupyter_mlops.events import CellFinished, Sight
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records import (
    INTEGER_LIMIT,
    NOT_FINITE,
    Metric,
    MetricSource,
    Parameter,
    RandomUse,
)

if TYPE_CHECKING:
    from jupyter_mlops.dataflow.literal import Literal

NESTED = "run_cell() inside the cell"
# What the generators of NumPy's are called. One class of them draws entropy before it takes the
# seed that it is given.
_NUMPYS, _WASTEFUL = "numpy.random", "numpy.random.RandomState"
_MISSING = object()


@dataclass(frozen=True)
class Measured:
    """Metrics of one execution; ``minor`` and ``volatile`` name some of them.

    Minor ones (integer counts that nothing measures) open no run of their own, volatile
    ones tell the clock.
    """

    metrics: tuple[Metric, ...]
    minor: tuple[str, ...]
    volatile: tuple[str, ...]


@dataclass(frozen=True)
class Effects:
    """What an execution did to its names.

    ``changed`` were changed in place, or may be; ``unreached`` count as bound, but still hold
    the object from before, and the execution did not come to its end.
    """

    reads: frozenset[str]
    bound: frozenset[str]
    changed: frozenset[str]
    unreached: frozenset[str] = frozenset()

    @property
    def writes(self) -> frozenset[str]:
        """The names that were bound or changed."""
        return self.bound | self.changed

    @property
    def produced(self) -> frozenset[str]:
        """The names written by this execution and no earlier one."""
        return self.writes - self.unreached


def account(finished: CellFinished, source: str, flow: Flow) -> CellFinished:
    """Work out what an execution used and produced, where the kernel left that to its readers.

    Parameters
    ----------
    finished
        What the kernel saw; returned as it is if it holds no ``sight``.
    source
        The cell as it was executed.
    flow
        What :func:`jupyter_mlops.dataflow.analyse` says of it.
    """
    sight = finished.sight
    if sight is None:
        return _with_readings(finished)
    if sight.nested:
        flow = replace(flow, opaque=flow.opaque or NESTED)
    done = effects(flow, sight, flow.reads.intersection(sight.had), finished.status == "ok")
    writes, produced = done.writes, done.produced
    found = list(finished.parameters)
    if not sight.parameters:
        # Loaded where a cell has literals: a kernel that starts has none.
        from jupyter_mlops.dataflow.constants import literals

        # Before those that calls in the cell told of.
        found = [*in_effect(literals(source), sight.values or {}, sight.types or {}), *found]
    several = {name: one for name, one in (sight.numbers or {}).items() if name in produced}
    measured = measured_by(flow, {name: _number(sight, name) for name in produced}, several)
    functions = {name: tuple(sorted(one.reads)) for name, one in flow.functions.items()}
    # What the cell beside it changed that one tells itself.
    others = () if sight.beside else sight.changed
    whole = replace(
        finished,
        reads=tuple(sorted(done.reads)),
        writes=tuple(sorted(writes)),
        opaque=flow.opaque is not None,
        changed_beside=tuple(name for name in others if name not in writes),
        functions=functions or None,
        parameters=tuple(found),
        metrics=measured.metrics,
        minor=measured.minor,
        volatile=measured.volatile,
        data=tuple(one for one in finished.data if one.access != "made" or one.name in writes),
        models=tuple(one for one in finished.models if one.name in produced),
        randomness=random_uses(
            flow, finished.randomness, loaded=sight.loaded, entropy=finished.entropy
        ),
        sight=None,
    )
    return _with_readings(whole)


def effects(flow: Flow, sight: Sight, found: Collection[str], completed: bool) -> Effects:
    """Return what an execution did to its names.

    Parameters
    ----------
    flow
        What the source says may happen.
    sight
        What was seen of the names, of those at least that the source binds or changes.
    found
        Names that the source reads and the execution found.
    completed
        Whether it came to its end.
    """
    had, kept, there = set(sight.had), set(sight.kept), {*sight.there, *(sight.values or ())}
    reads = set(found)
    bound: set[str] = set()
    unreached: set[str] = set()
    candidates = flow.binds | flow.maybe_binds
    if flow.opaque is not None:
        candidates = candidates.union(sight.changed)
    for name in candidates:
        if name not in there:
            if name in had or name in sight.changed:
                bound.add(name)  # deleted
        elif name not in kept or (completed and name in flow.binds):
            bound.add(name)  # perhaps to the very same object, as small numbers are
        elif name in flow.binds or name in flow.maybe_binds:
            # Either the branch was not taken, or it stored the same object once more.
            bound.add(name)
            reads.add(name)
            if not completed:
                unreached.add(name)
    changed = _changed(flow, sight)
    return Effects(
        frozenset(reads), frozenset(bound), frozenset(changed), frozenset(unreached - changed)
    )


def _changed(flow: Flow, sight: Sight) -> set[str]:
    """Return the names whose object was, or may have been, changed in place."""
    changed = flow.mutates.intersection((*sight.mutable, *sight.inert))
    changed |= flow.maybe_mutates.intersection(sight.mutable)
    aliases = sight.aliases or {}
    return {*changed, *(other for name in changed for other in aliases.get(name, ()))}


def _with_readings(finished: CellFinished) -> CellFinished:
    """Return what an execution produced, with what its calls measured among the metrics.

    A name that a call gave its value to has all of its values, and not the last one alone.
    """
    told = finished.readings
    if not told:
        return finished
    names = {one.name for one in told}
    others = (one for one in finished.metrics if one.name not in names)
    minor = tuple(name for name in finished.minor if name not in names)
    return replace(finished, metrics=(*others, *told), minor=minor)


def in_effect(
    found: Iterable[Literal], values: Mapping[str, Any], types: Mapping[str, str]
) -> list[Parameter]:
    """Return the literals whose name still has the literal's value when the cell ends.

    A name that a loop, a widget or another thread has set meanwhile is no parameter.

    Parameters
    ----------
    found
        The literals of the source.
    values
        What names hold then, as JSON has it.
    types
        The names of their types, where JSON does not tell them.
    """
    kept = {
        one.name: Parameter(one.name, one.value, one.type, cell=None, source="literal")
        for one in found
        if (value := values.get(one.name, _MISSING)) is not _MISSING
        and types.get(one.name, type(value).__name__) == one.type
        and value == one.value
    }
    return list(kept.values())


def _number(sight: Sight, name: str) -> float | int | None:
    value: object = (sight.values or {}).get(name)
    if type(value) is str and (sight.types or {}).get(name, "").startswith("float"):
        return float(value)  # one that JSON has no number for
    if type(value) is int:
        return value if abs(value) < INTEGER_LIMIT else None
    return value if type(value) is float else None


def measured_by(
    flow: Flow,
    numbers: Mapping[str, float | int | None],
    several: Mapping[str, Mapping[str, float | int]],
) -> Measured:
    """Return the metrics among the names that an execution bound.

    A metric that is bound in a loop has its last value.

    Parameters
    ----------
    flow
        What the source says.
    numbers
        The names that the execution bound to a number; ``None`` for any other value.
    several
        Those that it bound to a dictionary of numbers, with its entries.
    """
    metrics: list[Metric] = []
    minor: list[str] = []
    for name in sorted((set(flow.metric_calls) | flow.computed) - flow.loop_variables):
        value = numbers.get(name)
        called = name in flow.metric_calls
        if not name.strip("_") or (not called and name in flow.in_loop):
            continue
        for key, entry in several.get(name, {}).items():
            source: MetricSource = "call" if called else "variable"
            metrics.append(Metric(f"{name}.{key}", entry, None, None, source))
        if value is None:
            continue
        shown = NOT_FINITE.get(repr(value), value)
        metrics.append(Metric(name, shown, None, None, "call" if called else "variable"))
        if type(value) is int and not called:
            minor.append(name)
    volatile = tuple(one.name for one in metrics if one.name in flow.volatile)
    return Measured(tuple(metrics), tuple(minor), volatile)


def random_uses(
    flow: Flow, moved: Iterable[RandomUse], *, loaded: bool, entropy: Collection[str] = ()
) -> tuple[RandomUse, ...]:
    """Return the generators that a cell moved, or fed from the system, as far as it meant to.

    Parameters
    ----------
    flow
        What the source says.
    moved
        The generators whose state is another one afterwards.
    loaded
        Whether modules were loaded meanwhile.
    entropy
        What NumPy drew of the system's meanwhile.
    """
    uses = [
        replace(use, seeded=use.generator in flow.seeds and _is_meant(flow, use))
        for use in moved
        # `rich` and others draw a number while they are imported.
        if not (use.generator == "random" and loaded) or _may_draw(flow)
    ]
    seeded = {use.generator for use in uses if use.seeded and use.name is None}
    # What was made of it and has a name is told with its state.
    told = {use.generator for use in uses if use.name is not None and use.before is None}
    fed = set(flow.entropy - seeded - told)
    # A library may have made a generator, which is more than the source shows; while it is
    # imported it makes those that nobody has asked for yet.
    known = _WASTEFUL in flow.seeds or any(name.startswith(_NUMPYS) for name in (*fed, *told))
    if entropy and not loaded and not known:
        fed.add(f"{_NUMPYS}.Generator")
    fresh = (RandomUse(None, name, False, None, None) for name in sorted(fed))
    return (*uses, *fresh)


def with_origins(uses: Iterable[RandomUse]) -> Iterator[RandomUse]:
    """Say of each draw from a generator that has a name whether it was made with a seed.

    Parameters
    ----------
    uses
        What a run's executions drew, in their order.
    """
    seeded: dict[str, bool] = {}
    for use in uses:
        if use.name is None:
            yield use
            continue
        if use.before is None or use.seeded:
            seeded[use.name] = use.seeded
        yield replace(use, seeded=seeded.get(use.name, False))


def _is_meant(flow: Flow, use: RandomUse) -> bool:
    """Tell whether a seed of the source may be that of this generator."""
    return use.name is None or use.before is None or use.name in flow.binds


def _may_draw(flow: Flow) -> bool:
    # Of what a cell calls only its own functions and `random` are known to want a number.
    return (
        flow.opaque is not None
        or bool(flow.functions)
        or any(call.startswith("random.") or "." not in call for call in flow.calls)
    )
