"""A page of runs as text."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from jupyter_mlops.layout import (
    NOTHING,
    clean,
    cut,
    duration,
    local_time,
    number,
    pad,
    plural,
    table,
    width,
)
from jupyter_mlops.records import Draft, RunPage, RunSummary, state_of
from jupyter_mlops.text.parts import INDENT, file_name, id_length, in_words, named


def runs(page: RunPage, columns: int | None = None) -> str:
    """Show a page of runs as a table, newest first as they come, and the draft below."""
    parents = (run.parent for run in page.runs if run.parent)
    length = id_length([*(run.id for run in page.runs), *parents])
    rows = [
        (
            run.id[:length],
            state_of(run) + (f" ({in_words(run.disorder)})" if run.disorder else ""),
            local_time(run.started),
            duration(run.duration_s),
            _trigger(run, length),
            file_name(run.notebook),
            named(run.measured, number),
            named(run.parameters),
        )
        for run in page.runs
    ]
    lines = [_run_table(rows, columns) if rows else "no runs"]
    if page.draft is not None:
        lines.append(_draft(page.draft))
    if page.next is not None:
        lines.append("There are more: raise --limit, or narrow the list with --where.")
    return "\n".join(lines)


def _trigger(run: RunSummary, length: int) -> str:
    """Say why a run was made, of which one it is a reproduction, and what that showed."""
    if run.parent is None:
        return run.trigger
    judged = f": {run.verdict}" if run.verdict is not None else ""
    return f"{run.trigger} of {run.parent[:length]}{judged}"


def _run_table(rows: Sequence[tuple[str, ...]], columns: int | None) -> str:
    """Align runs; metrics and parameters go below their run where the table is too wide."""
    header = ("RUN", "STATUS", "STARTED", "TOOK", "TRIGGER", "NOTEBOOK", "METRICS", "PARAMETERS")
    whole = table(rows, header)
    if columns is None or max(map(width, whole.splitlines())) <= columns:
        return whole
    head, *lines = table([row[:-2] for row in rows], header[:-2], columns=columns).splitlines()
    shown = [head]
    for line, row in zip(lines, rows, strict=True):
        shown.append(line)
        for name, values in zip(("metrics", "parameters"), row[-2:], strict=True):
            label, below = INDENT + pad(name, 12), " " * (len(INDENT) + 12)
            if values != NOTHING:
                parts = wrap(
                    clean(values), max(columns, 40), initial_indent=label, subsequent_indent=below
                )
                shown += [cut(part, columns) for part in parts]
    return "\n".join(shown)


def _draft(draft: Draft) -> str:
    changed = named(draft.parameters)
    cells = plural(len(draft.cells), "cell")
    what = f": {changed}" if changed != NOTHING else ""
    return f"Draft, no result yet ({cells} executed in {file_name(draft.notebook)}){clean(what)}"
