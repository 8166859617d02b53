"""Records for tests that judge without executing anything."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jupyter_mlops.records import BatchCell, CellExecution, Environment, Run, Step
from jupyter_mlops.reproduction.masks import side
from jupyter_mlops.reproduction.outputs import Standard
from jupyter_mlops.reproduction.verdict import Pair

ENVIRONMENT = Environment("3.11.7", "Linux", {"numpy": "2.0", "black": "24.1"}, "sha256:0")
STANDARD = Standard(
    side("2026-03-01T10:00:00Z", 60.0), side("2026-05-07T10:00:00Z", 60.0), 0.0, True
)


def stream(text: str) -> dict[str, Any]:
    """Build what ``print`` makes."""
    return {"output_type": "stream", "name": "stdout", "text": text}


def run(**fields: Any) -> Run:
    """Build a completed batch run."""
    made = Run(
        id="r",
        session="s",
        notebook="/p/n.ipynb",
        notebook_digest=None,
        status="completed",
        trigger="run",
        user="u",
        started="2026-03-01T10:00:00Z",
        duration_s=60.0,
        environment=ENVIRONMENT,
    )
    return replace(made, **fields)


def step(cell: int | None, source: str = "x", *outputs: dict[str, Any], **fields: Any) -> Step:
    """Build a step that ran without error."""
    return replace(Step(0, cell, None, source, "ok", 1, outputs=outputs), **fields)


def repeated(cell: int, source: str = "x", *outputs: dict[str, Any], **fields: Any) -> BatchCell:
    """Build the repetition of a step."""
    return replace(BatchCell(cell, None, source, "ok", outputs=outputs), **fields)


def pair(cell: int, before: str | None, after: str | None, source: str = "x") -> Pair:
    """Build a pair whose two sides print something; ``None`` prints nothing."""
    first = step(cell, source, *([stream(before)] if before is not None else []))
    second = repeated(cell, source, *([stream(after)] if after is not None else []))
    return Pair(cell, first, second)


def execution(cell: int, reads: str = "", writes: str = "") -> CellExecution:
    """Build what capture saw of a cell; names are separated by blanks."""
    return CellExecution(
        cell, None, 1, "ok", None, 0.1, "xxh3:0", tuple(reads.split()), tuple(writes.split())
    )
