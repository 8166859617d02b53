"""Notebook documents and the outcomes of their execution, without secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jupyter_mlops.metadata import OWN, section
from jupyter_mlops.redaction.redactor import Redactor
from jupyter_mlops.redaction.said import content

if TYPE_CHECKING:
    from jupyter_mlops.records import BatchCell, BatchOutcome


def redacted(redactor: Redactor, document: bytes) -> bytes:
    """Return a notebook's bytes; the very same ones where nothing in it is secret.

    What is no notebook is redacted as text.
    """
    try:
        notebook = json.loads(document)
    except (ValueError, RecursionError):
        text = document.decode("utf-8", "surrogateescape")
        return redactor.text(text).encode("utf-8", "surrogateescape")
    kept = notebook_of(redactor, notebook)
    if kept is notebook:
        return document
    try:
        return (json.dumps(kept, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
    except UnicodeEncodeError:
        # A cell may print lone surrogates, which UTF-8 can't hold and JSON can escape.
        return (json.dumps(kept, indent=1, sort_keys=True) + "\n").encode()


def notebook_of(redactor: Redactor, notebook: Any) -> Any:
    """Return a notebook's JSON, the very same object where nothing in it is secret."""
    if not isinstance(notebook, dict):
        return redactor.value(notebook)
    cells = notebook.get("cells")
    cells = cells if isinstance(cells, list) else []
    # What one cell says by name another one may hold without it.
    for cell in cells:
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            redactor.source(source_of(cell))
    kept: list[Any] = [_cell(redactor, cell) for cell in cells]
    rest = {key: redactor.value(value) for key, value in notebook.items() if key != "cells"}
    changed = any(one is not notebook[key] for key, one in rest.items())
    if not changed and all(one is other for one, other in zip(kept, cells, strict=True)):
        return notebook
    return {**rest, "cells": kept} if "cells" in notebook else rest


def source_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's source, which a file may hold as its lines."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def outcome_of(redactor: Redactor, outcome: BatchOutcome) -> BatchOutcome:
    """Return the outcome of an execution as it may be kept, compared and given away."""
    for cell in outcome.cells:
        redactor.source(cell.source)
    return replace(
        outcome,
        reason=None if outcome.reason is None else redactor.text(outcome.reason),
        executed=None if outcome.executed is None else redacted(redactor, outcome.executed),
        cells=tuple(_batch_cell(redactor, cell) for cell in outcome.cells),
    )


def _batch_cell(redactor: Redactor, cell: BatchCell) -> BatchCell:
    return replace(
        cell,
        source=redactor.source(cell.source),
        outputs=tuple(content(redactor, output) for output in cell.outputs),
        error=redactor.record(cell.error),
    )


def _cell(redactor: Redactor, cell: Any) -> Any:
    if not isinstance(cell, dict):
        return redactor.value(cell)
    changed: dict[str, Any] = {}
    for key, value in cell.items():
        if key == "source":
            source = source_of(cell)
            is_code = cell.get("cell_type") == "code"
            text = redactor.source(source) if is_code else redactor.text(source)
            new: Any = value if text == source else text
        elif key == "outputs" and isinstance(value, list):
            kept = [content(redactor, one) if isinstance(one, dict) else one for one in value]
            same = all(one is other for one, other in zip(kept, value, strict=True))
            new = value if same else kept
        elif key == "metadata":
            new = _metadata(redactor, value)
        elif key in ("attachments", "cell_type", "id", "execution_count"):
            continue
        else:
            new = redactor.value(value)
        if new is not value:
            changed[key] = new
    return {**cell, **changed} if changed else cell


def _metadata(redactor: Redactor, metadata: Any) -> Any:
    """Return a cell's metadata; ours may hold the source from before parameters were set."""
    kept = redactor.value(metadata)
    original = section(metadata, OWN).get("source")
    if not isinstance(original, str):
        return kept
    source = redactor.source(original)
    return kept if source == original else {**kept, OWN: {**kept[OWN], "source": source}}
