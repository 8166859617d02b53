"""Writing a run's row: its record, what tables of runs sort by, and the change counter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from jupyter_mlops import schema
from jupyter_mlops.records import Metric, Parameter, Run, RunError, disorder_of, last_failure
from jupyter_mlops.store.documents import Built, Recorded
from jupyter_mlops.store.tables import counter, environments, runs

# A row has no room for more; the cell has the whole message.
_MESSAGE_LIMIT = 200


def save(connection: Connection, built: Built) -> bool:
    """Write a run if it differs from what is there; tell whether it did."""
    values = _values(built)
    there = connection.execute(select(runs).where(runs.c.id == built.run.id)).one_or_none()
    if there is not None and all(getattr(there, name) == value for name, value in values.items()):
        return False
    _keep_environment(connection, built.run)
    values["sequence"] = next_sequence(connection)
    connection.execute(
        insert(runs)
        .values(id=built.run.id, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )
    return True


def drop_beyond(connection: Connection, session: str, count: int) -> None:
    """Remove runs that a session no longer has, if a later version tells it otherwise."""
    connection.execute(delete(runs).where(runs.c.session == session, runs.c.ordinal >= count))


def given_of(connection: Connection, run: str) -> str | None:
    """Return the digest of the document that a run's positions count in, if it has one."""
    return connection.execute(select(runs.c.given).where(runs.c.id == run)).scalar()


def next_sequence(connection: Connection) -> int:
    """Count one change, and return its number."""
    connection.execute(update(counter).values(sequence=counter.c.sequence + 1))
    return sequence(connection)


def sequence(connection: Connection) -> int:
    """Return the number of the last change."""
    return int(connection.execute(select(counter.c.sequence)).scalar_one())


def recorded_from(text: str) -> tuple[Recorded, ...]:
    """Read a run's steps as they are kept."""
    return msgspec.json.decode(text, type=tuple[Recorded, ...])


def _values(built: Built) -> dict[str, Any]:
    failure = last_failure(built.run.cells)
    run = replace(built.run, error=failure)
    metrics, inferred = _named_metrics(run.metrics)
    return {
        "session": run.session,
        "ordinal": built.ordinal,
        "notebook": run.notebook,
        "status": run.status,
        "trigger": run.trigger,
        "user": run.user,
        "parent": run.parent,
        "started": run.started,
        "duration_s": run.duration_s,
        "summary": {
            "parameters": _named_parameters(run.parameters),
            "metrics": metrics,
            "inferred": inferred,
            "error": schema.to_builtins(_shortened(failure)),
            "executing": schema.to_builtins(run.executing),
            "cancelled": run.cancelled,
            "disorder": disorder_of(run.cells),
        },
        "document": schema.encode(replace(run, environment=None)).decode(),
        "environment": None if run.environment is None else run.environment.digest,
        "steps": msgspec.json.encode(built.recorded).decode(),
        "given": built.given,
        "executed": built.executed,
    }


def _shortened(failure: RunError | None) -> RunError | None:
    if failure is None:
        return None
    message = failure.message.strip().partition("\n")[0][:_MESSAGE_LIMIT]
    return replace(failure, message=message, traceback="")


def _named_parameters(parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Name the values of a row; several values of one name of one cell stay a list."""
    found: dict[str, dict[int | None, list[Any]]] = {}
    for one in parameters:
        values = found.setdefault(one.name, {}).setdefault(one.cell, [])
        values.append(one.value)
    return _keyed(
        {
            name: {cell: its[0] if len(its) == 1 else its for cell, its in cells.items()}
            for name, cells in found.items()
        }
    )


def _named_metrics(metrics: Sequence[Metric]) -> tuple[dict[str, Any], list[str]]:
    """Name the values of a row, and those that are inferred; of a series the last step counts."""
    found: dict[str, dict[int | None, Metric]] = {}
    for one in metrics:
        found.setdefault(one.name, {})[one.cell] = one
    # What was measured has the bare name, though a later cell printed it once more.
    named = _keyed(
        {
            name: dict(sorted(cells.items(), key=lambda item: not item[1].is_inferred))
            for name, cells in found.items()
        }
    )
    inferred = [name for name, one in named.items() if one.is_inferred]
    return {name: one.value for name, one in named.items()}, inferred


def _keyed(found: dict[str, dict[int | None, Any]]) -> dict[str, Any]:
    """Call a value by its name; where several cells have it, all but the last by its cell."""
    named: dict[str, Any] = {}
    for name, cells in found.items():
        *earlier, last = cells
        for cell in earlier:
            named[f"{name}@{'?' if cell is None else cell}"] = cells[cell]
        named[name] = cells[last]
    return named


def _keep_environment(connection: Connection, run: Run) -> None:
    if run.environment is None:
        return
    document = schema.encode(run.environment).decode()
    connection.execute(
        insert(environments)
        .values(digest=run.environment.digest, document=document)
        .on_conflict_do_nothing()
    )
