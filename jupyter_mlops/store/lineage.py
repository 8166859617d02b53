"""What each execution of a session depends on, by the recorded dataflow. Pure.

The *lineage* of an execution is itself and, transitively, for each name it read the last
execution that wrote it (one that changed an object in place has read it too, so the chain
holds); for each file it read the execution that wrote it; for a random generator it drew from
the execution that seeded it last (draws in between show in the recorded state instead). An
execution whose flow is not known depends on everything before it, and whoever reads a name
that existed then depends on it: it may have changed anything. So does whoever reads a name that
changed outside a cell: what gave it its value may have used everything that was there.

Names are those that the kernel saw read and written: it has followed functions, instances
and second names of one object, which the source alone does not tell.

To replay a lineage each of its executions is needed whole. For what a result *came from* that
is too much: of a cell ``lr = 0.1; batch = 32`` whoever read ``lr`` used no batch. A link by a
name that a literal or an import gave stands for that value alone; ``full`` is what remains of
the lineage without following such links.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_mlops.journal import canonical
from jupyter_mlops.records import Parameter
from jupyter_mlops.store.identity import Identities, made
from jupyter_mlops.store.overwriting import CALL_SOURCES
from jupyter_mlops.store.sessions import Execution

# Mark files and generators among the names; no name has a colon.
FILE = "file:"
SEED = "seed:"
# Begins a token that stands for a value; a digest has no such beginning.
_VALUE = "="
_OUTSIDE = "outside "


@dataclass(frozen=True)
class Traced:
    """An execution with what it depends on.

    ``index`` counts the session's executions from 0; ``sources`` maps each name (or
    ``file:path``, ``seed:generator``) that it read to the indices of the executions that
    supplied it, ``tokens`` to what each of these supplied, by digest or value; ``lineage``,
    ``full`` and ``seen`` hold indices, its own included. ``seen`` is that part of ``full`` which
    was seen to be read, and is not there only because something may have read everything.
    """

    index: int
    execution: Execution
    sources: Mapping[str, tuple[int, ...]]
    tokens: Mapping[str, tuple[str, ...]]
    lineage: frozenset[int]
    full: frozenset[int]
    seen: frozenset[int]
    identity: str

    @property
    def cell(self) -> str:
        """The cell's name within the session."""
        return self.execution.cell


@dataclass
class _State:
    """What the names of the session mean before the next execution.

    ``imported`` holds names bound by an import with what was imported, ``literal`` those
    bound by a literal with its value; ``modules`` the
    digests of the user's own modules, and ``reloaded`` those that changed while the kernel
    ran; ``opaque`` is the last execution whose flow is not known; ``outside`` maps names that
    no cell gave their value to index and number of the execution that noticed; ``unsettled``
    maps names to executions that may have written them since the last one that did.
    """

    traced: list[Traced] = field(default_factory=list)
    writer: dict[str, int] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    literal: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    reloaded: dict[str, str] = field(default_factory=dict)
    opaque: int | None = None
    outside: dict[str, tuple[int, int]] = field(default_factory=dict)
    unsettled: dict[str, list[int]] = field(default_factory=dict)
    identities: Identities = field(default_factory=Identities)


def trace(executions: Sequence[Execution]) -> tuple[Traced, ...]:
    """Find what each execution of a session depends on."""
    state = _State()
    for execution in executions:
        _lose(state, len(state.traced), execution.number, execution.started.changed_before)
        traced = _traced(state, execution)
        state.traced.append(traced)
        _apply(state, traced)
    return tuple(state.traced)


def _lose(state: _State, index: int, number: int, names: Sequence[str]) -> None:
    """Forget who gave these names their values, as nobody knows who did."""
    for name in names:
        for book in (state.writer, state.imported, state.literal):
            book.pop(name, None)
        state.outside[name] = (index, number)


def _traced(state: _State, execution: Execution) -> Traced:
    if execution.is_opaque:
        return _after_everything(state, execution)
    sources = {name: _suppliers(state, name) for name in sorted(_read_by(execution))}
    tokens = {name: _tokens(state, name, suppliers) for name, suppliers in sources.items()}
    return _unless_repeated(state, _linked(state, execution, sources, tokens))


def _after_everything(state: _State, execution: Execution) -> Traced:
    """Link an execution of which nobody knows what it read.

    Its identity says nothing of that either: whether it agrees with another is left to its
    lineage, which is everything.
    """
    index = len(state.traced)
    before = frozenset(range(index + 1))
    names = sorted(state.writer.keys() | state.outside.keys())
    sources = {name: _suppliers(state, name) for name in names}
    tokens = {name: _tokens(state, name, suppliers) for name, suppliers in sources.items()}
    finished = execution.finished
    read = set() if finished is None else set(finished.reads)
    if finished is not None and finished.opaque:
        read -= set(finished.writes)  # which it may have read back, and nothing of before
    seen = _seen(state, index, tokens, {name: sources[name] for name in read & sources.keys()})
    identity = state.identities.of(execution, {})
    return Traced(index, execution, sources, tokens, before, before, seen, identity)


def _seen(
    state: _State,
    index: int,
    tokens: Mapping[str, tuple[str, ...]],
    sources: Mapping[str, tuple[int, ...]],
    perhaps: Collection[int] = (),
) -> frozenset[int]:
    # Not who may have written a name besides the one that did.
    suppliers = {
        found[0]
        for name, found in sources.items()
        if found and name not in state.outside and not is_value(tokens[name][:1])
    }
    return frozenset({index}.union(*(state.traced[one].seen for one in suppliers.union(perhaps))))


def _linked(
    state: _State,
    execution: Execution,
    sources: Mapping[str, tuple[int, ...]],
    tokens: Mapping[str, tuple[str, ...]],
) -> Traced:
    index = len(state.traced)
    before = {supplier for suppliers in sources.values() for supplier in suppliers}
    whole = {
        supplier
        for name, suppliers in sources.items()
        if not is_value(tokens[name])
        for supplier in suppliers
    }
    # A replay needs whatever may have changed a name; what it stands for is as it was.
    perhaps = {one for name in sources for one in state.unsettled.get(name, ())}
    before |= perhaps
    whole |= perhaps
    return Traced(
        index=index,
        execution=execution,
        sources=sources,
        tokens=tokens,
        lineage=frozenset({index}.union(*(state.traced[one].lineage for one in before))),
        full=frozenset({index}.union(*(state.traced[one].full for one in whole))),
        seen=_seen(state, index, tokens, sources, perhaps),
        identity=state.identities.of(
            execution, {name: " ".join(said) for name, said in tokens.items()}
        ),
    )


def given(traced: Traced, name: str) -> str | None:
    """Return what stands for the value that an execution gave a name, ``None`` if it did not."""
    execution = traced.execution
    if name not in writes(execution):
        return None
    for values in (_literals(execution), _imports(execution)):
        if name in values:
            return _VALUE + values[name]
    return traced.identity


def is_value(tokens: Sequence[str]) -> bool:
    """Tell whether a name's tokens are a value by itself, not all that its cell did."""
    return len(tokens) == 1 and tokens[0].startswith(_VALUE)


def is_outside(tokens: Sequence[str]) -> bool:
    """Tell whether what gave a name its value was no cell."""
    return bool(tokens) and tokens[0].startswith(_OUTSIDE)


def imported(one: Traced) -> Iterator[str]:
    """Yield the full names of what an execution took that an import had given."""
    for token in (token for tokens in one.tokens.values() for token in tokens):
        # A literal's value is JSON, and in brackets.
        if token.startswith(_VALUE) and not token.startswith(_VALUE + "["):
            yield token.removeprefix(_VALUE).partition(" ")[0]


def _tokens(state: _State, name: str, suppliers: Sequence[int]) -> tuple[str, ...]:
    # One for each supplier: what a cell gave stays the same where another one, of which nobody
    # knows what it did, may have changed it afterwards.
    return tuple(_token(state, name, one) for one in suppliers)


def _token(state: _State, name: str, supplier: int) -> str:
    if name in state.outside:
        # Never taken for what it was before, or for what it becomes when it changes again.
        return f"{_OUTSIDE}{state.outside[name][1]} {state.traced[supplier].identity}"
    if supplier == state.writer.get(name):
        if name in state.literal:
            return _VALUE + state.literal[name]
        if name in state.imported:
            reloaded = [f"{path}={digest}" for path, digest in sorted(state.reloaded.items())]
            return " ".join([_VALUE + state.imported[name], *reloaded])
    return state.traced[supplier].identity


def _suppliers(state: _State, name: str) -> tuple[int, ...]:
    if name in state.outside:
        # The one that noticed tells of it in the record.
        return tuple(range(min(state.outside[name][0] + 1, len(state.traced))))
    writer = state.writer.get(name)
    found = () if writer is None else (writer,)
    is_plain = not name.startswith((FILE, SEED))
    if is_plain and state.opaque is not None and (writer is None or writer < state.opaque):
        return (*found, state.opaque)
    return found


def _read_by(execution: Execution) -> set[str]:
    finished = execution.finished
    if finished is None:
        return set(execution.flow.reads)
    # An object that was changed under one name still is its other names' object.
    changed = set(finished.writes) - execution.flow.binds - execution.flow.maybe_binds
    files = {FILE + use.path for use in finished.data if use.access == "read" and use.path}
    drawn = {SEED + use.generator for use in finished.randomness if not use.seeded}
    # What failed may have failed for want of a name that somebody deleted.
    missed = execution.flow.reads if execution.status != "ok" else ()
    return {*finished.reads, *changed, *missed, *files, *drawn}


def writes(execution: Execution) -> set[str]:
    """Return the names, files and generators to which an execution gave something."""
    finished = execution.finished
    if finished is None:
        return set(execution.flow.writes)
    files = {FILE + use.path for use in finished.data if use.access == "write" and use.path}
    # Seeding a generator that stands there already moves nothing that could be seen.
    seeded = {use.generator for use in finished.randomness if use.seeded} | execution.flow.seeds
    return {*finished.writes, *files, *(SEED + generator for generator in seeded)}


def _apply(state: _State, traced: Traced) -> None:
    _note_modules(state, traced.execution)
    imports, literals = _imports(traced.execution), _literals(traced.execution)
    unsettled = _unsettled_by(state, traced.execution)
    for name in unsettled:
        state.unsettled.setdefault(name, []).append(traced.index)
    for name in writes(traced.execution) - unsettled:
        imported = imports.get(name)
        if (
            imported is not None
            and state.imported.get(name) == imported
            and state.traced[state.writer[name]].cell != traced.cell
        ):
            continue  # another cell that imports the same changes nothing
        state.writer[name] = traced.index
        state.outside.pop(name, None)
        state.unsettled.pop(name, None)
        for book, values in ((state.imported, imports), (state.literal, literals)):
            book.pop(name, None)
            if name in values:
                book[name] = values[name]
    finished = traced.execution.finished
    if finished is not None:
        _lose(state, traced.index, traced.execution.number, finished.changed_beside)
    if traced.execution.is_opaque:
        state.opaque = traced.index


def _unsettled_by(state: _State, execution: Execution) -> set[str]:
    """Return names of which nobody knows whether the execution wrote them."""
    finished = execution.finished
    return set() if finished is None else {*finished.unsettled} & state.writer.keys()


def _note_modules(state: _State, execution: Execution) -> None:
    """Note the user's own modules: Python reads a module once, unless it is reloaded."""
    for use in execution.finished.data if execution.finished is not None else ():
        if use.access != "import" or use.path is None:
            continue
        digest = use.digest if use.digest and use.complete else f"unknown {execution.number}"
        if state.modules.setdefault(use.path, digest) != digest:
            state.reloaded[use.path] = digest


def _imports(execution: Execution) -> dict[str, str]:
    """Return the names that the execution bound by an import alone, with what was imported."""
    flow = execution.flow
    if execution.status != "ok":
        return {}
    names = (flow.aliases.keys() & flow.binds) - flow.computed - flow.mutates
    return {name: flow.aliases[name] for name in names}


def _literals(execution: Execution) -> dict[str, str]:
    """Return the names that hold a literal's value when the execution ends."""
    return {
        parameter.name: value_token(parameter)
        for parameter in (execution.finished.parameters if execution.finished is not None else ())
        if parameter.source not in CALL_SOURCES
    }


def value_token(parameter: Parameter) -> str:
    """Return what stands for a parameter's value."""
    return canonical([parameter.type, parameter.value]).decode()


def _unless_repeated(state: _State, traced: Traced) -> Traced:
    """Let an execution that made its own result again stand for the first one.

    ``df = df.dropna()`` executed twice reads what it wrote. Where digests show that nothing
    changed, and everything else that it read is the same, the second one counts as the
    first, and its lineage holds the cell once.
    """
    now = made(traced.execution)
    earlier = {
        one
        for name, suppliers in traced.sources.items()
        for one in suppliers
        if name in now and state.traced[one].cell == traced.cell and name not in state.outside
    }
    if len(earlier) != 1:
        return traced
    first = state.traced[earlier.pop()]
    then = made(first.execution)
    own = {name for name, suppliers in traced.sources.items() if first.index in suppliers}
    if any(name not in now or now[name] != then.get(name) for name in own):
        return traced
    sources = {**traced.sources, **{name: first.sources.get(name, ()) for name in own}}
    tokens = {**traced.tokens, **{name: first.tokens.get(name, ()) for name in own}}
    repeated = _linked(state, traced.execution, sources, tokens)
    return repeated if repeated.identity == first.identity else traced
