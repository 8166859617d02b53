"""State changes on Jupyter's own event stream: hints to fetch, with ids and never with data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from jupyter_events import EventLogger

CHANGE = "https://jupyter-mlops.readthedocs.io/events/change/v1"
Kind = Literal["runs", "reproduction", "status"]

# A client that missed more than this fetches the list anew anyway.
IDS_LIMIT = 100


def register(event_logger: EventLogger) -> None:
    """Make the schema of our event known to the server."""
    if CHANGE not in event_logger.schemas:
        event_logger.register_event_schema(Path(__file__).with_name("change.yaml"))


def emit(event_logger: EventLogger, sequence: int, kind: Kind, ids: Sequence[str] = ()) -> None:
    """Tell all that listen on the event stream; on the event loop only."""
    event_logger.emit(
        schema_id=CHANGE,
        data={"sequence": sequence, "kind": kind, "ids": list(ids[-IDS_LIMIT:])},
    )
