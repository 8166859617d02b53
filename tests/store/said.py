"""What a server says of a kernel, and batch executions, for tests of the store."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

from jupyter_mlops.events import (
    CellFinished,
    CellStarted,
    Event,
    KernelGone,
    NotebookTold,
    OutputsSeen,
    SessionStarted,
)
from jupyter_mlops.journal import Journal, now, this_process
from jupyter_mlops.outputs import seen
from jupyter_mlops.records import Batch, BatchCell, BatchOutcome, Process
from jupyter_mlops.settings import Settings
from tests.store.interpreter import Kernel


class Server:
    """A server's own journal."""

    def __init__(self, home: Settings, name: str = "server-1") -> None:
        self._journal = Journal(home.journals, name)

    def saw(self, kernel: str, message: str, text: str) -> None:
        output = seen({"output_type": "stream", "name": "stdout", "text": text})
        self._journal.append(OutputsSeen, kernel_id=kernel, msg_id=message, outputs=(output,))

    def told(self, kernel: str, notebook: str, user: str | None = None) -> None:
        self._journal.append(NotebookTold, kernel_id=kernel, notebook=notebook, user=user)

    def gone(self, kernel: str, how: Any) -> None:
        self._journal.append(KernelGone, kernel_id=kernel, how=how)


def dead_process() -> Process:
    """Describe a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        told = replace(this_process(), pid=process.pid, started_ticks=1)
        process.communicate(b"\n")
    return told


def started(kernel: Kernel, **fields: Any) -> None:
    """Change the first line of a kernel's journal."""
    first = kernel.events[0]
    assert isinstance(first, SessionStarted)
    kernel.events[0] = replace(first, **fields)


def executing(kernel: Kernel) -> list[Event]:
    """Return the events of a kernel in the middle of its last cell."""
    assert isinstance(kernel.events[-1], CellFinished)
    return kernel.events[:-1]


def messages(kernel: Kernel) -> list[str]:
    """Return the messages that a kernel executed."""
    return [event.msg_id or "" for event in kernel.events if isinstance(event, CellStarted)]


def notebook(*sources: str, tags: tuple[int, ...] = ()) -> bytes:
    """Return a notebook document of code cells; `tags` are cells tagged as parameters."""
    cells = [
        {
            "cell_type": "code",
            "id": f"c{index}",
            "metadata": {"tags": ["parameters"]} if index in tags else {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for index, source in enumerate(sources)
    ]
    document = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(document).encode()


def batch(run: str, given: bytes, **fields: Any) -> Batch:
    """Return a batch execution watched over by this process."""
    values: dict[str, Any] = {
        "run": run,
        "notebook": "/work/train.ipynb",
        "given": given,
        "trigger": "run",
        "user": "ada",
        "started": now(),
        "process": this_process(),
    }
    return Batch(**values | fields)


def outcome(*cells: BatchCell, **fields: Any) -> BatchOutcome:
    """Return the outcome of a batch execution."""
    values: dict[str, Any] = {
        "status": "completed",
        "reason": None,
        "executed": b"{}",
        "cells": cells,
        "duration_s": 2.5,
    }
    return BatchOutcome(**values | fields)
