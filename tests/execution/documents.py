"""Notebooks, jobs and processes for the tests of execution and reproduction."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import psutil
from nbformat import NotebookNode

from jupyter_mlops.execution import Job
from jupyter_mlops.execution.notebook import dump


def document(*sources: str, tags: Mapping[int, Sequence[str]] | None = None) -> NotebookNode:
    """Build a notebook: a heading at position 0, then one code cell a source."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell("# A notebook")]
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in sources]
    for position, names in (tags or {}).items():
        notebook.cells[position].metadata["tags"] = list(names)
    return notebook


def job(notebook: NotebookNode, folder: Path, **options: Any) -> Job:
    """Describe the execution of `notebook` in `folder`."""
    fields: dict[str, Any] = {"run": "a-run", "kernel": "python3", "trigger": "run", "user": "u"}
    return Job(notebook=dump(notebook), cwd=str(folder), **{**fields, **options})


def wait_until(holds: Callable[[], bool], deadline_s: float = 60) -> None:
    """Poll until `holds`, at most `deadline_s` seconds."""
    end = time.monotonic() + deadline_s
    while not holds():
        assert time.monotonic() < end, "what was waited for did not happen"
        time.sleep(0.05)


def numbers(path: Path, count: int) -> list[int]:
    """Wait for a file to hold `count` numbers and return them."""
    wait_until(lambda: path.exists() and len(path.read_text().split()) >= count)
    return [int(word) for word in path.read_text().split()]


def are_dead(pids: Sequence[int]) -> bool:
    """Tell whether none of the processes runs any more; a zombie does not."""
    for pid in pids:
        try:
            if psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:  # dead, as hoped for
            continue
    return True
