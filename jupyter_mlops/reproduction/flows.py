"""The dataflow of a run's steps, and which of them led to one of them."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from jupyter_mlops import dataflow
from jupyter_mlops.dataflow import Context, Flow
from jupyter_mlops.dataflow.source import parse
from jupyter_mlops.records import Run, Step


def flows(steps: Sequence[Step]) -> tuple[Flow, ...]:
    """Analyse the steps in their order, each with what the earlier ones left."""
    context, found = Context(), []
    for step in steps:
        flow = dataflow.analyse(step.source, context)
        context = context.after(flow)
        found.append(flow)
    return tuple(found)


def clock_values(steps: Sequence[Step]) -> frozenset[tuple[int | None, str]]:
    """Return cell and name of values that are a clock's, or computed from one."""
    return frozenset(
        (step.cell, name)
        for step, flow in zip(steps, flows(steps), strict=True)
        for name in flow.volatile
    )


def lineage(run: Run, steps: Sequence[Step], last: int) -> tuple[int, ...]:
    """Return the indices of steps that the step `last` may depend on, itself included.

    By names and by files that one step wrote and another read; a step whose flow is not
    known may have changed anything, and counts.
    """
    recorded: dict[int | None, tuple[set[str], set[str]]] = {
        one.cell: (set(one.reads), set(one.writes)) for one in run.cells if one.cell is not None
    }
    analysed = flows(steps)
    read_files, written_files = _files(run, "read"), _files(run, "write")
    names, files, found = set[str](), set[str](), set[int]()
    for index in range(last, -1, -1):
        step, flow = steps[index], analysed[index]
        reads, writes = recorded.get(step.cell, (set(), set()))
        made = writes | flow.writes
        wrote = written_files.get(step.cell, set())
        if index != last and flow.opaque is None and not (made & names) and not (wrote & files):
            continue
        found.add(index)
        names |= reads | flow.reads
        files |= read_files.get(step.cell, set())
    return tuple(sorted(found))


@dataclass(frozen=True)
class Reaching:
    """What can have reached something, statement by statement.

    ``cells`` are the positions of the cells of these statements, ``set`` what each of them
    bound that was needed, by position and name.
    """

    cells: frozenset[int | None]
    set: frozenset[tuple[int | None, str]]


@dataclass(frozen=True)
class _Statement:
    """One statement of a step, by the step's index, with what it reads and makes."""

    step: int
    flow: Flow
    made: frozenset[str]


def reaching(run: Run, steps: Sequence[Step], names: Collection[str]) -> Reaching:
    """Follow back what differs first in the last step.

    Parameters
    ----------
    names
        What differs there; the last statement that made each of them is where it begins. If
        none is told, or the step made none of them, the whole step is.
    """
    statements = list(_statements(run, steps))
    own = [i for i, one in enumerate(statements) if one.step == len(steps) - 1]
    needed = {name for i in own for name in statements[i].made if name in names}
    begin = frozenset[int]() if needed else frozenset(own)
    read_files, written_files = _files(run, "read"), _files(run, "write")
    files = set[str]()
    cells, bound = set[int | None](), set[tuple[int | None, str]]()
    for index in range(len(statements) - 1, -1, -1):
        one = statements[index]
        cell = steps[one.step].cell
        wrote = written_files.get(cell, set())
        reaches = one.flow.opaque is not None or one.made & needed or wrote & files
        if index not in begin and not reaches:
            continue
        cells.add(cell)
        is_all = index in begin or one.flow.opaque is not None
        bound.update((cell, name) for name in one.flow.binds if is_all or name in needed)
        # What was bound on some paths only, or changed in place, had a value before as well.
        needed = (needed - one.flow.binds) | one.flow.reads
        files |= read_files.get(cell, set())
    return Reaching(frozenset(cells), frozenset(bound))


def _statements(run: Run, steps: Sequence[Step]) -> Iterator[_Statement]:
    written: dict[int | None, set[str]] = {}
    for cell in run.cells:
        written.setdefault(cell.cell, set()).update(cell.writes)
    context = Context()
    for index, step in enumerate(steps):
        parsed = parse(step.source)
        sources = [step.source] if parsed is None else map(ast.unparse, parsed.tree.body)
        for source in sources:
            flow = dataflow.analyse(source, context)
            context = context.after(flow)
            # Of what a call may have changed, the kernel has seen what it did change.
            changed = flow.maybe_mutates & written.get(step.cell, flow.maybe_mutates)
            yield _Statement(index, flow, flow.binds | flow.maybe_binds | flow.mutates | changed)


def _files(run: Run, access: str) -> dict[int | None, set[str]]:
    found: dict[int | None, set[str]] = {}
    for use in run.data:
        if use.access == access and use.path is not None:
            found.setdefault(use.cell, set()).add(use.path)
    return found
