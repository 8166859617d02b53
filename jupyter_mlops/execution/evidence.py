"""What was seen of each cell while a notebook executed, and the state that follows.

papermill and nbclient mark cells that never ran as completed, and return normally after
``sys.exit(0)``. Here a cell is *ok* only if its ``execute_reply`` said so, and the run is
*completed* only if every cell that had to run did, and none showed an error unasked.
"""

from __future__ import annotations

import copy
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from nbformat import NotebookNode

from jupyter_mlops.execution.notebook import dump, is_recorded, leave_out, tell_left_out
from jupyter_mlops.metadata import section, tags
from jupyter_mlops.records import BatchCell, BatchOutcome, CellError, CellStatus, Progress

# The cell's position and id in the notebook as given; put in before papermill adds cells.
# Whoever gives a notebook may put a ``name`` for people there, and an ``id`` that the cell
# was recorded with, and a ``randomness`` that the kernel is to put back before it; it never
# gets out again.
MARK = "mlops_given"
NOT_EXECUTED_TAG = "skip-execution"

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
_STATUS_WORDS = {
    "ok": "completed",
    "error": "failed",
    "interrupted": "failed",
    "not run": "pending",
}


@dataclass
class Seen:
    """What was seen of one cell; times are of the monotonic clock, in seconds."""

    started: float
    msg_id: str | None = None
    reply: dict[str, Any] | None = None
    ended: float | None = None

    @property
    def status(self) -> CellStatus:
        """What became of the cell."""
        if self.reply is None:
            return "interrupted"
        if self.reply.get("status") == "ok":
            return "ok"
        # "aborted" is a kernel's answer to a request it dropped.
        return "interrupted" if self.reply.get("ename") == "KeyboardInterrupt" else "error"

    @property
    def error(self) -> CellError | None:
        """The exception that ended the cell."""
        if self.reply is None or self.reply.get("status") == "ok":
            return None
        return CellError(
            type=str(self.reply.get("ename", "Error")),
            message=_COLOURS.sub("", str(self.reply.get("evalue", ""))),
            traceback=_COLOURS.sub("", "\n".join(self.reply.get("traceback") or ())),
        )

    @property
    def quits(self) -> bool:
        """Whether the cell called ``quit()`` or ``exit()``, which its reply alone tells."""
        payload = (self.reply or {}).get("payload") or ()
        return any(one.get("source") == "ask_exit" for one in payload)


@dataclass
class Ending:
    """Why an execution did not go to its end."""

    status: Literal["failed", "interrupted"]
    reason: str


@dataclass
class Evidence:
    """The growing record of one execution, by position in the notebook as executed."""

    on_progress: Callable[[Progress], None] | None = None
    began: float = field(default_factory=time.monotonic)
    seen: dict[int, Seen] = field(default_factory=dict)
    ending: Ending | None = None

    def end(self, status: Literal["failed", "interrupted"], reason: str) -> None:
        """Note why the execution ends; the first reason is the true one."""
        if self.ending is None:
            self.ending = Ending(status, reason)

    def start(self, notebook: NotebookNode, index: int) -> None:
        """Note that a cell is about to be sent to the kernel."""
        self.seen[index] = Seen(started=time.monotonic())
        self._tell(notebook, index)

    def reply(self, notebook: NotebookNode, index: int, message: dict[str, Any]) -> None:
        """Note a cell's ``execute_reply``, and whether it ends the run."""
        seen = self.seen[index]
        seen.ended = time.monotonic()
        seen.reply = dict(message["content"])
        seen.msg_id = message["parent_header"].get("msg_id", seen.msg_id)
        name = cell_name(notebook, index)
        error = _recorded(seen.error, notebook.cells[index])
        if seen.quits:
            self.end("failed", f"{name} called quit(); the cells after it did not run")
        elif error is None or (error.type != "SystemExit" and _may_raise(notebook.cells[index])):
            self._tell(notebook, None)
        elif error.type == "SystemExit":
            self.end("failed", f"{name} left with sys.exit({error.message}); the run ended there")
        elif seen.status == "interrupted":
            self.end("interrupted", f"{name} was interrupted")
        else:
            self.end("failed", f"{name} raised {error}")

    def correct(self, notebook: NotebookNode) -> None:
        """Write the true states over those that papermill left in the cells' metadata."""
        for index, cell in enumerate(notebook.cells):
            if cell.cell_type == "code" and "papermill" in cell.metadata:
                status = self._status(index) if must_run(cell) else "ok"
                cell.metadata.papermill["status"] = _STATUS_WORDS[status]
                cell.metadata.papermill["exception"] = status in ("error", "interrupted")

    def outcome(self, notebook: NotebookNode) -> BatchOutcome:
        """Judge the execution; `notebook` is the document as executed so far."""
        cells = tuple(
            self._cell(index, cell)
            for index, cell in enumerate(notebook.cells)
            if cell.cell_type == "code" and cell.source.strip()
        )
        missing = [
            cell_name(notebook, index)
            for index, cell in enumerate(notebook.cells)
            if must_run(cell) and self._status(index) in ("not run", "interrupted")
        ]
        ending = self.ending
        if ending is None and missing:
            ending = Ending("failed", f"{missing[0]} did not run to its end")
        if ending is None:
            ending = self._shown_error(notebook)
        return BatchOutcome(
            status="completed" if ending is None else ending.status,
            reason=None if ending is None else ending.reason,
            executed=dump(_clean(notebook)),
            cells=cells,
            duration_s=time.monotonic() - self.began,
        )

    def _status(self, index: int) -> CellStatus:
        return self.seen[index].status if index in self.seen else "not run"

    def _shown_error(self, notebook: NotebookNode) -> Ending | None:
        # A nested run_cell (%%capture) shows its exception, and the cell's reply is ok.
        for index, cell in enumerate(notebook.cells):
            if self._status(index) != "ok" or _may_raise(cell):
                continue
            for output in cell.outputs:
                if output.output_type == "error":
                    error = _recorded(CellError(output.ename, output.evalue), cell)
                    name = cell_name(notebook, index)
                    return Ending("failed", f"{name} showed the error {error}")
        return None

    def _cell(self, index: int, cell: NotebookNode) -> BatchCell:
        mark = section(cell.metadata, MARK)
        seen = self.seen.get(index)
        duration = None if seen is None else (seen.ended or time.monotonic()) - seen.started
        return BatchCell(
            cell=mark.get("cell"),
            id=mark.get("id"),
            source=cell.source if is_recorded(cell) else "",
            status=self._status(index),
            msg_id=None if seen is None else seen.msg_id,
            execution_count=None if seen is None else (seen.reply or {}).get("execution_count"),
            duration_s=duration,
            outputs=tuple(map(_plain, cell.outputs)) if is_recorded(cell) else (),
            error=None if seen is None else _recorded(seen.error, cell),
            injected=not mark,
        )

    def _tell(self, notebook: NotebookNode, index: int | None) -> None:
        if self.on_progress is None:
            return
        total = sum(must_run(cell) for cell in notebook.cells)
        done = sum(one.reply is not None for one in self.seen.values())
        cell = None if index is None else section(notebook.cells[index].metadata, MARK).get("cell")
        self.on_progress(Progress(done=done, total=total, cell=cell))


def mark(notebook: NotebookNode) -> NotebookNode:
    """Return a copy whose cells carry their given positions and ids, ready for papermill."""
    marked = copy.deepcopy(notebook)
    for position, cell in enumerate(marked.cells):
        named = section(cell.metadata, MARK)
        told = {"id": named.get("id", cell.get("id")), "name": named.get("name")}
        known: dict[str, Any] = {key: text for key, text in told.items() if isinstance(text, str)}
        if "randomness" in named:
            known["randomness"] = named["randomness"]
        cell.metadata[MARK] = {**known, "cell": position}
    for metadata in (marked.metadata, *(cell.metadata for cell in marked.cells)):
        if not isinstance(metadata.get("papermill", {}), dict):
            del metadata["papermill"]  # papermill writes into it without looking
    return marked


def must_run(cell: NotebookNode) -> bool:
    """Tell whether a notebook client sends the cell to the kernel."""
    if cell.cell_type != "code" or not cell.source.strip():
        return False
    return NOT_EXECUTED_TAG not in tags(cell.metadata)


def cell_name(notebook: NotebookNode, index: int) -> str:
    """Name a cell for a person, by its position in the notebook as given."""
    metadata = notebook.cells[index].metadata
    if "injected-parameters" in tags(metadata):
        return "the cell with the injected parameters"
    told = section(metadata, MARK)
    return str(told.get("name") or f"cell {told.get('cell', index)}")


def merge_streams(cell: NotebookNode) -> None:
    """Join neighbouring outputs of one stream, whose division is a matter of timing."""
    merged: list[NotebookNode] = []
    for output in cell.outputs:
        last = merged[-1] if merged else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        else:
            merged.append(output)
    cell.outputs = merged


def _clean(notebook: NotebookNode) -> NotebookNode:
    cleaned = copy.deepcopy(notebook)
    for cell in cleaned.cells:
        cell.metadata.pop(MARK, None)
        if cell.cell_type == "code" and not is_recorded(cell):
            leave_out(cell)
    tell_left_out(cleaned)
    return cleaned


def _recorded(error: CellError | None, cell: NotebookNode) -> CellError | None:
    """Return what may be recorded of a cell's error: of one that is left out, its type."""
    return error if error is None or is_recorded(cell) else CellError(error.type, "")


def _plain(output: Any) -> Any:
    if isinstance(output, dict):
        return {key: _plain(item) for key, item in output.items()}
    return [_plain(item) for item in output] if isinstance(output, list) else output


def _may_raise(cell: NotebookNode) -> bool:
    return "raises-exception" in tags(cell.metadata)
