"""What a run's record only names by digest: sources, outputs, documents."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from jupyter_mlops.errors import MissingBlobError
from jupyter_mlops.records import Artifact, CellDetail, DataUse, Output, Step
from jupyter_mlops.settings import OUTPUT_LIMIT_BYTES
from jupyter_mlops.store import copies, folders, positions
from jupyter_mlops.store.blobs import Blobs
from jupyter_mlops.store.documents import Recorded
from jupyter_mlops.store.writing import recorded_from

_NOTEBOOK = "application/x-ipynb+json"


def cells(row: Row[Any], blobs: Blobs, cell: int | None) -> tuple[CellDetail, ...]:
    """Return a run's cell executions with their sources and outputs."""
    return tuple(
        CellDetail(one.execution, one.source, _outputs(one, blobs))
        for one in recorded_from(row.steps)
        if cell is None or one.execution.cell == cell
    )


def steps(row: Row[Any], blobs: Blobs) -> tuple[Step, ...]:
    """Return what replays a run: its executions in the order in which they happened."""
    return tuple(
        Step(
            execution=number if one.number < 0 else one.number,
            cell=one.execution.cell,
            id=one.execution.id,
            source=one.source,
            status=one.execution.status,
            execution_count=one.execution.execution_count,
            injected=one.execution.injected,
            outputs=_outputs(one, blobs),
            states=one.execution.states,
            entropy=one.execution.entropy,
        )
        for number, one in enumerate(recorded_from(row.steps))
        if one.execution.status != "not run"
    )


def artifacts(connection: Connection, row: Row[Any], blobs: Blobs) -> tuple[Artifact, ...]:
    """List what is stored of a run: documents, outputs as notebook-format JSON, data files."""
    named = [("given.ipynb", row.given), ("executed.ipynb", row.executed)]
    found = [
        Artifact(digest, name, _NOTEBOOK, size, kind="notebook")
        for name, digest in named
        if digest is not None and (size := blobs.size(digest)) is not None
    ]
    for order, one in enumerate(recorded_from(row.steps)):
        cell = one.execution.cell
        place = f"cell-{cell}" if cell is not None else f"execution-{order}"
        found += [
            Artifact(output.digest, f"{place}-output-{index}.json", "application/json", size, cell)
            for index, output in enumerate(one.execution.outputs)
            if output.digest is not None and (size := blobs.size(output.digest)) is not None
        ]
    data = json.loads(row.document).get("data")
    found += _modules(data, blobs)
    return (*found, *copies.of_run(connection, folders.whole_files(data)))


def _modules(data: Any, blobs: Blobs) -> Iterator[Artifact]:
    """Give the texts of the user's own modules, each content once for each path."""
    uses = {(use.path, use.kept): use for use in msgspec.convert(data or [], list[DataUse])}
    for (path, kept), use in uses.items():
        if kept is not None and path is not None and (size := blobs.size(kept)) is not None:
            name = os.path.basename(path)
            yield Artifact(kept, name, "text/x-python", size, use.cell, "module", path)


def given_notebook(row: Row[Any], blobs: Blobs) -> bytes:
    """Return the document in which a run's positions count."""
    if row.given is None:
        raise MissingBlobError(digest=f"the notebook of run {row.id}", reason="none was kept")
    return blobs.get(row.given)


def executed_notebook(row: Row[Any], blobs: Blobs) -> bytes:
    """Return the notebook as it was executed, or as the recorded outputs tell it."""
    if row.executed is not None:
        return blobs.get(row.executed)
    filled: dict[int, dict[str, Any]] = {}
    for one in recorded_from(row.steps):
        if one.execution.cell is not None:
            filled[one.execution.cell] = {
                "source": one.source,
                "outputs": list(_outputs(one, blobs)),
                "execution_count": one.execution.execution_count,
            }
    return positions.with_outputs(given_notebook(row, blobs), filled)


def _outputs(one: Recorded, blobs: Blobs) -> tuple[dict[str, Any], ...]:
    return tuple(_content(output, blobs) for output in one.execution.outputs)


def _content(output: Output, blobs: Blobs) -> dict[str, Any]:
    """Return an output; one whose content was too large to keep, or is lost, says so."""
    try:
        if output.digest is None or output.size_bytes > OUTPUT_LIMIT_BYTES:
            raise MissingBlobError(digest="an output", reason="it is larger than what is kept")
        content: dict[str, Any] = json.loads(blobs.get(output.digest))
    except (MissingBlobError, ValueError) as error:
        missing = {
            "missing": output.digest,
            "type": output.type,
            "size_bytes": output.size_bytes,
            "why": error.values["reason"] if isinstance(error, MissingBlobError) else str(error),
        }
        return {
            "output_type": "display_data",
            "data": {},
            "metadata": {"jupyter_mlops": missing},
        }
    return content
