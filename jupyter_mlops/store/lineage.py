"""What each execution of a session depends on, by the recorded dataflow. Pure.

The *lineage* of an execution is itself and, transitively, for each name it read the last
execution that bound it and those that changed it in place since; for each file it read the
execution that wrote it; for a random generator it drew from the execution that seeded it
last (draws in between show in the recorded state instead). An execution whose flow is not
known depends on everything before it, and whoever reads a name that existed then depends on
it: it may have changed anything.

The *identity* of an execution is a digest over its source, the values captured of it, the
randomness and the inputs it used, and the identities of what it read. Two executions of a
cell agree if and only if their identities are equal. A partial or missing digest of an input
is never equal to anything, unless something complete that the cell made of it vouches for it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlops.dataflow.source import parse
from jupyter_mlops.events import CellFinished
from jupyter_mlops.journal import canonical, sha256
from jupyter_mlops.schema import to_builtins
from jupyter_mlops.store.sessions import Execution

# Carries a file's path among the names; no name starts like this.
_FILE = "file:"


@dataclass(frozen=True)
class Traced:
    """An execution with what it depends on.

    ``index`` counts the session's executions from 0; ``sources`` maps each name (or
    ``file:path``) that it read to the indices of the executions that supplied it;
    ``lineage`` holds indices, its own included.
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

    ``called`` maps functions and classes to the globals that they read when they are used,
    ``held`` other names to those that their values may read, ``makers`` are the classes and
    the functions that define functions.
    """

    traced: list[Traced] = field(default_factory=list)
    writer: dict[str, int] = field(default_factory=dict)
    imported: dict[str, str] = field(default_factory=dict)
    called: dict[str, frozenset[str]] = field(default_factory=dict)
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    makers: set[str] = field(default_factory=set)
    seeder: dict[str, int] = field(default_factory=dict)
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
    if is_opaque(execution):
        sources = {name: (writer,) for name, writer in state.writer.items()}
        lineage = frozenset(range(index + 1))
        return Traced(index, execution, sources, lineage, _identity(state, execution, {}))
    sources = {name: _suppliers(state, name) for name in sorted(_reads(state, execution))}
    for generator in _drawn(execution):
        if generator in state.seeder:
            sources[f"seed:{generator}"] = (state.seeder[generator],)
    before = {supplier for suppliers in sources.values() for supplier in suppliers}
    lineage = frozenset({index}.union(*(state.traced[one].lineage for one in before)))
    identity = _identity(state, execution, sources)
    return _unless_repeated(state, Traced(index, execution, sources, lineage, identity))


def is_opaque(execution: Execution) -> bool:
    """Tell whether nobody knows what the execution read and changed."""
    finished = execution.finished
    if execution.started.skipped:
        return True
    return finished.opaque if finished is not None else execution.flow.opaque is not None


def writes(execution: Execution) -> frozenset[str]:
    """Return the names that the execution left with another value, and files it wrote."""
    finished = execution.finished
    if finished is None:
        return execution.flow.writes
    return frozenset(finished.writes) | _files(finished, "write")


def _files(finished: CellFinished, access: str) -> frozenset[str]:
    return frozenset(_FILE + use.path for use in finished.data if use.access == access and use.path)


def _surely_bound(execution: Execution) -> frozenset[str]:
    # A cell that failed may never have come to its assignments.
    if execution.status != "ok":
        return frozenset()
    return execution.flow.binds


def _reads(state: _State, execution: Execution) -> set[str]:
    finished = execution.finished
    direct = set(execution.flow.reads if finished is None else finished.reads)
    if finished is not None:
        direct |= _files(finished, "read")
    # What was changed, or perhaps not bound at all, still is what it was before.
    direct |= {
        name
        for name in writes(execution) - _surely_bound(execution)
        if name in state.writer and not name.startswith(_FILE)
    }
    found: set[str] = set()
    pending = direct
    while pending:
        name = pending.pop()
        found.add(name)
        for book in (state.called, state.held):
            if name in book:
                pending |= book[name] - found
    return found


def _suppliers(state: _State, name: str) -> tuple[int, ...]:
    writer = state.writer.get(name)
    found = () if writer is None else (writer,)
    if state.opaque is not None and (writer is None or writer < state.opaque):
        return (*found, state.opaque)
    return found


def _drawn(execution: Execution) -> list[str]:
    finished = execution.finished
    if finished is None:
        return []
    return sorted({use.generator for use in finished.randomness if not use.seeded})


def _identity(
    state: _State, execution: Execution, sources: Mapping[str, tuple[int, ...]]
) -> str:
    origins: dict[str, Any] = {
        name: state.imported[name]
        if name in state.imported
        else [state.traced[one].identity for one in suppliers]
        for name, suppliers in sources.items()
    }
    return sha256(canonical([execution.source_digest, origins, _values(execution)]))


def _values(execution: Execution) -> Any:
    finished = execution.finished
    if finished is None or execution.started.skipped:
        return ["not finished", execution.number]
    made = [
        [use.access, use.name, use.path, use.digest]
        for use in finished.data
        if use.access in ("made", "write") and use.digest and use.complete
    ]
    inputs = [
        [use.access, use.path or use.name, use.digest if use.digest and use.complete else None]
        for use in finished.data
        if use.access in ("read", "import")
    ]
    vouched = any(access == "made" for access, *_ in made)
    unknown = any(digest is None for *_, digest in inputs) and not vouched
    return [
        finished.status,
        [[one.name, one.value] for one in finished.parameters],
        [
            [one.name, one.step, one.value]
            for one in finished.metrics
            if one.name not in finished.volatile
        ],
        [[one.name, one.class_, one.digest, to_builtins(one.parameters)] for one in finished.models],
        made,
        inputs,
        [
            [one.generator, one.seeded, None if one.seeded else one.before, one.after]
            for one in finished.randomness
        ],
        execution.number if unknown else None,
    ]


def _unless_repeated(state: _State, traced: Traced) -> Traced:
    """Let an execution that made its own result again stand for the first one.

    ``df = df.dropna()`` executed twice reads what it wrote. Where the digests show that
    nothing changed, and everything else it read is the same, the second one counts as the
    first, and its lineage holds the cell once.
    """
    execution = traced.execution
    made = _complete(execution)
    previous = {
        one
        for name, suppliers in traced.sources.items()
        for one in suppliers
        if name in made and state.traced[one].cell == execution.cell
    }
    if len(previous) != 1:
        return traced
    first = state.traced[previous.pop()]
    its = _complete(first.execution)
    own = {name for name, suppliers in traced.sources.items() if first.index in suppliers}
    if not own or any(made.get(name) is None or made[name] != its.get(name) for name in own):
        return traced
    sources = {
        name: first.sources.get(name, ()) if name in own else suppliers
        for name, suppliers in traced.sources.items()
    }
    if _identity(state, execution, sources) != first.identity:
        return traced
    before = {supplier for suppliers in sources.values() for supplier in suppliers}
    lineage = frozenset({traced.index}.union(*(state.traced[one].lineage for one in before)))
    return Traced(traced.index, execution, sources, lineage, first.identity)


def _complete(execution: Execution) -> dict[str, str]:
    if execution.finished is None:
        return {}
    return {
        use.name: use.digest
        for use in execution.finished.data
        if use.access == "made" and use.name and use.digest and use.complete
    }


def _apply(state: _State, traced: Traced) -> None:
    execution, index = traced.execution, traced.index
    aliases = _plain_imports(execution)
    carried = _carried(state, execution)
    for name in writes(execution):
        if _is_known_import(state, traced, name, aliases):
            continue
        state.writer[name] = index
        state.imported.pop(name, None)
        state.called.pop(name, None)
        state.held.pop(name, None)
        if name in aliases:
            state.imported[name] = aliases[name]
        elif carried and name not in _plain_values(execution):
            state.held[name] = carried
    for name, reads in _functions(execution).items():
        state.called[name] = reads
        state.held.pop(name, None)
    for generator in _seeded(execution):
        state.seeder[generator] = index
    if is_opaque(execution):
        state.opaque = index


def _is_known_import(
    state: _State, traced: Traced, name: str, aliases: Mapping[str, str]
) -> bool:
    """Tell whether another cell imports what is imported already, which changes nothing."""
    if name not in aliases or state.imported.get(name) != aliases[name]:
        return False
    return state.traced[state.writer[name]].cell != traced.cell


def _plain_imports(execution: Execution) -> dict[str, str]:
    """Return the names that the execution bound by an import, with what was imported.

    Modules of the user's own count with their content.
    """
    flow, finished = execution.flow, execution.finished
    if finished is None or finished.status != "ok":
        return {}
    own = sorted(
        f"{use.path}={use.digest if use.complete else execution.number}"
        for use in finished.data
        if use.access == "import"
    )
    names = set(flow.aliases) & flow.binds - flow.computed - flow.mutates - set(flow.functions)
    return {name: " ".join([flow.aliases[name], *own]) for name in names}


def _functions(execution: Execution) -> dict[str, frozenset[str]]:
    finished = execution.finished
    reads = {name: function.reads for name, function in execution.flow.functions.items()}
    if finished is not None and finished.functions is not None:
        for name, globals_ in finished.functions.items():
            reads[name] = reads.get(name, frozenset()) | frozenset(globals_)
    return reads


def _seeded(execution: Execution) -> Iterable[str]:
    found = set(execution.flow.seeds)
    if execution.finished is not None:
        found |= {use.generator for use in execution.finished.randomness if use.seeded}
    return found


def loads(execution: Execution) -> frozenset[str]:
    """Return every name that the execution's source reads anywhere, its own included."""
    parsed = parse(execution.source)
    if parsed is None:
        return execution.flow.reads
    return frozenset(
        node.id
        for node in ast.walk(parsed.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _plain_values(execution: Execution) -> set[str]:
    """Return the names known to hold numbers, literals or data, which hold no function."""
    finished = execution.finished
    if finished is None:
        return set()
    found = {one.name for one in (*finished.parameters, *finished.metrics)}
    return found | {use.name for use in finished.data if use.access == "made" and use.name}


def _carried(state: _State, execution: Execution) -> frozenset[str]:
    """Return the globals that values made by the execution may read when they are used.

    An instance reads what its class's methods read; so may whatever was given a function, or
    came out of one that defines functions. What a plain call returned does not.
    """
    parsed = parse(execution.source)
    tree = None if parsed is None else parsed.tree
    called = {**state.called, **_functions(execution)}
    state.makers = (state.makers - writes(execution)) | _makers(tree)
    mentioned = execution.flow.reads | execution.flow.binds
    found: set[str] = set()
    for name in mentioned & called.keys() & (_escaping(tree, execution) | state.makers):
        found |= called[name]
    for name in execution.flow.reads & state.held.keys():
        found |= state.held[name]
    return frozenset(found)


def _escaping(tree: ast.Module | None, execution: Execution) -> set[str]:
    """Return the names that are mentioned other than to be called."""
    if tree is None:
        return set(execution.flow.reads)
    called = {
        id(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in called
    }


def _makers(tree: ast.Module | None) -> set[str]:
    """Return the classes, and the functions that define a function, of a cell."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
    return {
        node.name
        for node in (tree.body if tree is not None else ())
        if isinstance(node, ast.ClassDef)
        or (
            isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and any(isinstance(inner, scopes) for inner in ast.walk(node) if inner is not node)
        )
    }
