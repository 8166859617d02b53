"""The document in which a run's positions count, and the place of each cell in it.

For an interactive run that is the saved notebook, with cells that were executed before they
were saved where they were executed; without a notebook it is the session's code cells in the
order of their first execution. A copy without outputs is kept with the run, so that a position
never changes later.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jupyter_mlops.metadata import asks_to_be_left_out, section, tags
from jupyter_mlops.records import Unseen
from jupyter_mlops.store import placing
from jupyter_mlops.store.sessions import Execution

# A larger file is not read while somebody waits for the list of runs.
_SIZE_LIMIT_BYTES = 20 * 2**20
# In the metadata of a cell of the copy.
_MARK = "jupyter_mlops"
_GUESS = {"place": "guessed"}
_GUESSED = {_MARK: _GUESS}


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


def document(
    notebook: str | None,
    executions: Sequence[Execution],
    needed: Iterable[str],
    sources: Mapping[str, str],
    kept: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> bytes:
    """Return the notebook without outputs in which a run's cells have their places.

    Parameters
    ----------
    notebook
        Path of the file.
    executions
        All of the notebook's in the session, in order.
    needed
        Cells of the run as the session names them; none of a run that a console made alone.
    sources
        What was executed in a cell, by its name in the session; stands in the copy in place
        of what was saved.
    kept
        Makes of the saved notebook, without its outputs, what may be kept.
    """
    wanted = set(needed)
    saved = _read(notebook)
    if saved is not None:
        saved = kept({**saved, "cells": [_without_outputs(cell, None) for cell in saved["cells"]]})
    matched = {} if saved is None else placing.matched(saved["cells"], executions)
    if saved is None or (wanted and wanted.isdisjoint(matched)):
        return _reconstructed(executions, sources)
    cells = _kept(saved["cells"], matched, sources)
    newest = {one.cell: one.source for one in executions} | dict(sources)
    order = [cell["id"] for cell in cells]
    for cell, beside, offset in placing.missing(wanted, matched, executions):
        there = order.index(cell_id(beside)) + offset
        order.insert(there, cell_id(cell))
        cells.insert(there, _code_cell(cell_id(cell), newest[cell], _GUESSED))
    return _encoded(cells, section(saved, "metadata"))


def unplaced(document: bytes) -> tuple[Unseen, ...]:
    """Say which cells' places the saved notebook did not tell."""
    cells = json.loads(document)["cells"]
    guessed = [
        index for index, cell in enumerate(cells) if section(cell, "metadata").get(_MARK) == _GUESS
    ]
    if not guessed:
        return ()
    if len(guessed) == len(cells):
        why = "no saved notebook has them: cells are counted in the order of execution"
        return (Unseen(None, "where its cells stand in the notebook", why),)
    why = "the saved notebook did not have it: it is counted behind what was executed before it"
    return tuple(Unseen(cell, "where this cell stands in the notebook", why) for cell in guessed)


def guessed(document: bytes) -> frozenset[str]:
    """Return the ids of the cells whose places the saved notebook did not tell."""
    return frozenset(
        str(cell["id"])
        for cell in json.loads(document)["cells"]
        if section(cell, "metadata").get(_MARK) == _GUESS
    )


def with_outputs(document: bytes, outputs: Mapping[int, Mapping[str, Any]]) -> bytes:
    """Return a notebook with outputs and execution counts put in, by position."""
    notebook = json.loads(document)
    for position, fields in outputs.items():
        notebook["cells"][position].update(fields)
    return json.dumps(notebook, indent=1, ensure_ascii=True).encode()


def _reconstructed(executions: Sequence[Execution], sources: Mapping[str, str]) -> bytes:
    newest = {one.cell: one.source for one in executions} | dict(sources)
    cells = [_code_cell(cell_id(cell), source, _GUESSED) for cell, source in newest.items()]
    return _encoded(cells, {})


def _kept(
    cells: Sequence[dict[str, Any]], matched: Mapping[str, int], sources: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return a saved notebook's cells under the names that the session has for them."""
    names = {index: cell for cell, index in matched.items()}
    kept = []
    for index, cell in enumerate(cells):
        name = names.get(index)
        executed = None if name is None else sources.get(name)
        # Notebooks of before the format's version 4.5 name no cells.
        own = cell.get("id", f"saved-{index}")
        identifier = own if name is None else cell_id(name)
        kept.append({**_without_outputs(cell, executed), "id": identifier})
    return kept


def _read(notebook: str | None) -> dict[str, Any] | None:
    if notebook is None:
        return None
    path = Path(notebook)
    try:
        if not path.is_file() or path.stat().st_size > _SIZE_LIMIT_BYTES:
            return None
        document = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):  # being written, moved away, or no notebook
        return None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        return None
    return dict(document)


def _without_outputs(cell: dict[str, Any], executed: str | None) -> dict[str, Any]:
    if cell.get("cell_type") != "code":
        return {key: value for key, value in cell.items() if key != "attachments"}
    source = cell.get("source", "") if executed is None else executed
    text = "".join(source) if isinstance(source, list) else str(source)
    if asks_to_be_left_out(text, tags(cell.get("metadata"))):
        source = ""
    return {**cell, "source": source, "outputs": [], "execution_count": None}


def _code_cell(identifier: str, source: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": identifier,
        "metadata": dict(metadata),
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _encoded(cells: list[dict[str, Any]], metadata: Any) -> bytes:
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document, indent=1, ensure_ascii=True).encode()
