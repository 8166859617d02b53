"""Ends of executions as whoever reads a journal understands them."""

from __future__ import annotations

from collections.abc import Iterable

from jupyter_mlops.dataflow import Context, Flow, account, analyse
from jupyter_mlops.events import CellFinished, CellStarted, Event


def accounted(events: Iterable[Event]) -> list[Event]:
    """Return the events with what follows from the sources of cells worked out."""
    contexts: dict[str, Context] = {}
    cells: dict[tuple[str, int], tuple[str, Flow]] = {}
    found: list[Event] = []
    for event in events:
        if isinstance(event, CellStarted):
            context = contexts.get(event.writer, Context())
            flow = analyse(event.source, context)
            contexts[event.writer] = context.after(flow)
            cells[event.writer, event.execution] = event.source, flow
        elif isinstance(event, CellFinished):
            event = account(event, *cells[event.writer, event.execution])
        found.append(event)
    return found
