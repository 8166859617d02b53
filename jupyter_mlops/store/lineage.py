"""What each execution of a session depends on, by the recorded dataflow. Pure.

The *lineage* of an execution is itself and, transitively, for each name it read the last
execution that wrote it (one that changed an object in place has read it too, so the chain
holds); for each file it read the execution that wrote it; for a random generator it drew from
the execution that seeded it last (draws in between show in the recorded state instead). An
execution whose flow is not known depends on everything before it, and whoever reads a name
that existed then depends on it: it may have changed anything.

Names are those that the kernel saw read and written: it has followed functions, instances
and second names of one object, which the source alone does not tell.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from jupyter_mlops.store.identity import identity, made
from jupyter_mlops.store.sessions import Execution

# Mark files and generators among the names; no name has a colon.
_FILE = "file:"
_SEED = "seed:"


@dataclass(frozen=True)
class Traced:
    """An execution with what it depends on.

    ``index`` counts the session's executions from 0; ``sources`` maps each name (or
    ``file:path``, ``seed:generator``) that it read to the indices of the executions that
    supplied it; ``lineage`` holds indices, its own included. Two executions of a cell agree
    if and only if their identities are equal.
    """

    index: int
    execution: Execution
    sources: Mapping[str, tuple[int, ...]]
    lineage: frozenset[int]
    identity: str

    @property
    def cell(self) -> str:
        """The cell's name within the session."""
        return self.execution.cell


@dataclass
class _State:
    """What the names of the session mean before the next execution.

    ``imported`` holds names bound by an import, with what was imported; ``modules`` the
    digests of the user's own modules, and ``reloaded`` those that changed while the kernel
    ran; ``opaque`` is the last execution whose flow is not known.
    """

    traced: list[Traced] = field(default_factory=list)
    writer: dict[str, int] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    reloaded: dict[str, str] = field(default_factory=dict)
    opaque: int | None = None


def trace(executions: Sequence[Execution]) -> tuple[Traced, ...]:
    """Find what each execution of a session depends on."""
    state = _State()
    for execution in executions:
        traced = _traced(state, execution)
        state.traced.append(traced)
        _apply(state, traced)
    return tuple(state.traced)


def _traced(state: _State, execution: Execution) -> Traced:
    index = len(state.traced)
    if execution.is_opaque:
        # Its identity says nothing of what it read: whether it agrees is left to its
        # lineage, which is everything.
        sources: dict[str, tuple[int, ...]] = {
            name: (writer,) for name, writer in state.writer.items()
        }
        return Traced(
            index, execution, sources, frozenset(range(index + 1)), identity(execution, {})
        )
    sources = {name: _suppliers(state, name) for name in sorted(_read_by(execution))}
    return _unless_repeated(state, _linked(state, index, execution, sources))


def _linked(
    state: _State, index: int, execution: Execution, sources: Mapping[str, tuple[int, ...]]
) -> Traced:
    before = {supplier for suppliers in sources.values() for supplier in suppliers}
    lineage = frozenset({index}.union(*(state.traced[one].lineage for one in before)))
    reloaded = [f"{path}={digest}" for path, digest in sorted(state.reloaded.items())]
    origins = {
        name: [state.imported[name], *reloaded]
        if name in state.imported
        else [state.traced[one].identity for one in suppliers]
        for name, suppliers in sources.items()
    }
    return Traced(index, execution, sources, lineage, identity(execution, origins))


def _suppliers(state: _State, name: str) -> tuple[int, ...]:
    writer = state.writer.get(name)
    found = () if writer is None else (writer,)
    is_plain = not name.startswith((_FILE, _SEED))
    if is_plain and state.opaque is not None and (writer is None or writer < state.opaque):
        return (*found, state.opaque)
    return found


def _read_by(execution: Execution) -> set[str]:
    finished = execution.finished
    if finished is None:
        return set(execution.flow.reads)
    files = {_FILE + use.path for use in finished.data if use.access == "read" and use.path}
    drawn = {_SEED + use.generator for use in finished.randomness if not use.seeded}
    return {*finished.reads, *files, *drawn}


def _written_by(execution: Execution) -> set[str]:
    finished = execution.finished
    if finished is None:
        return set(execution.flow.writes)
    files = {_FILE + use.path for use in finished.data if use.access == "write" and use.path}
    # Seeding a generator that stands there already moves nothing that could be seen.
    seeded = {use.generator for use in finished.randomness if use.seeded} | execution.flow.seeds
    return {*finished.writes, *files, *(_SEED + generator for generator in seeded)}


def _apply(state: _State, traced: Traced) -> None:
    _note_modules(state, traced.execution)
    imports = _imports(traced.execution)
    for name in _written_by(traced.execution):
        imported = imports.get(name)
        if (
            imported is not None
            and state.imported.get(name) == imported
            and state.traced[state.writer[name]].cell != traced.cell
        ):
            continue  # another cell that imports the same changes nothing
        state.writer[name] = traced.index
        state.imported.pop(name, None)
        if imported is not None:
            state.imported[name] = imported
    if traced.execution.is_opaque:
        state.opaque = traced.index


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
        if name in now and state.traced[one].cell == traced.cell
    }
    if len(earlier) != 1:
        return traced
    first = state.traced[earlier.pop()]
    then = made(first.execution)
    own = {name for name, suppliers in traced.sources.items() if first.index in suppliers}
    if any(name not in now or now[name] != then.get(name) for name in own):
        return traced
    sources = {
        name: first.sources.get(name, ()) if name in own else suppliers
        for name, suppliers in traced.sources.items()
    }
    repeated = _linked(state, traced.index, traced.execution, sources)
    return repeated if repeated.identity == first.identity else traced
