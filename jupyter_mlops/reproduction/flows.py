"""The dataflow of a run's steps, and which of them led to one of them."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlops import dataflow
from jupyter_mlops.dataflow import Context, Flow
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


def _files(run: Run, access: str) -> dict[int | None, set[str]]:
    found: dict[int | None, set[str]] = {}
    for use in run.data:
        if use.access == access and use.path is not None:
            found.setdefault(use.cell, set()).add(use.path)
    return found
