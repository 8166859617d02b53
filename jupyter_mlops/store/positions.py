"""The document in which a run's positions count, and the place of each cell in it.

For an interactive run that is the saved notebook if it holds all of the run's cells, else
the session's code cells in the order of their first execution. A copy without outputs is
kept with the run, so that a position never changes later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_mlops.store.sessions import Execution

# A larger file is not read while somebody waits for the list of runs.
_SIZE_LIMIT_BYTES = 20 * 2**20


def cell_id(cell: str) -> str:
    """Return the notebook format's id for a cell as the session names it."""
    kind, _, name = cell.partition(" ")
    if kind == "id":
        return name
    return "cell-" + hashlib.sha256(cell.encode("utf-8", "replace")).hexdigest()[:16]


def places(document: bytes) -> dict[str, int]:
    """Return the position of each cell id in a notebook document."""
    cells = json.loads(document).get("cells", [])
    return {cell["id"]: index for index, cell in enumerate(cells) if "id" in cell}


def saved(notebook: str | None, needed: Iterable[str], sources: Mapping[str, str]) -> bytes | None:
    """Return the saved notebook without outputs if it has all the cells that are needed.

    Parameters
    ----------
    notebook
        Path of the file.
    needed
        Cells as the session names them.
    sources
        What was executed in a cell, by its name in the session; stands in the copy in place
        of what was saved.
    """
    ids = {cell_id(cell) for cell in needed}
    document = _read(notebook)
    if document is None or not ids:
        return None
    cells = [cell for cell in document["cells"] if isinstance(cell, dict)]
    if len(cells) != len(document["cells"]) or not ids <= {cell.get("id") for cell in cells}:
        return None
    executed = {cell_id(cell): source for cell, source in sources.items()}
    kept = [_without_outputs(cell, executed.get(str(cell.get("id")))) for cell in cells]
    return _encoded(kept, document.get("metadata", {}))


def reconstructed(executions: Sequence[Execution], sources: Mapping[str, str]) -> bytes:
    """Return a notebook of the session's code cells, in the order of first execution."""
    newest: dict[str, str] = {}
    for execution in executions:
        newest[execution.cell] = execution.source
    cells = [
        _code_cell(cell_id(cell), sources.get(cell, source)) for cell, source in newest.items()
    ]
    return _encoded(cells, {})


def with_outputs(document: bytes, outputs: Mapping[int, Mapping[str, Any]]) -> bytes:
    """Return a notebook with outputs and execution counts put in, by position."""
    notebook = json.loads(document)
    for position, fields in outputs.items():
        notebook["cells"][position].update(fields)
    return json.dumps(notebook, indent=1, ensure_ascii=True).encode()


def _read(notebook: str | None) -> dict[str, Any] | None:
    if notebook is None:
        return None
    path = Path(notebook)
    try:
        if not path.is_file() or path.stat().st_size > _SIZE_LIMIT_BYTES:
            return None
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None  # being written, moved away, or no notebook
    if not isinstance(document, dict) or not isinstance(document.get("cells"), list):
        return None
    return document


def _without_outputs(cell: dict[str, Any], executed: str | None) -> dict[str, Any]:
    if cell.get("cell_type") != "code":
        return {key: value for key, value in cell.items() if key != "attachments"}
    source = cell.get("source", "") if executed is None else executed
    return {**cell, "source": source, "outputs": [], "execution_count": None}


def _code_cell(identifier: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identifier,
        "metadata": {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _encoded(cells: list[dict[str, Any]], metadata: Any) -> bytes:
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=True).encode()
