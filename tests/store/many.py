"""Rows written straight into the table of runs, for tests of reading them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import create_engine, insert

from jupyter_mlops import schema
from jupyter_mlops.records import Run
from jupyter_mlops.settings import Settings
from jupyter_mlops.store.tables import runs


def row(number: int, **values: Any) -> dict[str, Any]:
    """Return a row; `parameters`, `metrics` and columns can be given."""
    summary = {
        "parameters": values.pop("parameters", {}),
        "metrics": values.pop("metrics", {}),
    }
    identifier = values.pop("id", f"{number:032x}")
    started = values.pop("started", f"2026-01-01T00:00:00.{number:06d}Z")
    run = Run(identifier, "s", None, None, "completed", "run", "ada", started, 1.0)
    return {
        "id": identifier,
        "session": "s",
        "ordinal": 0,
        "notebook": None,
        "status": "completed",
        "trigger": "run",
        "user": "ada",
        "parent": None,
        "started": started,
        "duration_s": 1.0,
        "summary": summary,
        "document": schema.encode(run).decode(),
        "environment": None,
        "steps": "[]",
        "given": None,
        "executed": None,
        "sequence": number,
        **values,
    }


def write(home: Settings, rows: list[dict[str, Any]]) -> None:
    """Write rows as another process would."""
    engine = create_engine(
        home.store_url, json_serializer=lambda value: schema.encode(value).decode()
    )
    with engine.begin() as connection:
        connection.execute(insert(runs), rows)
    engine.dispose()
