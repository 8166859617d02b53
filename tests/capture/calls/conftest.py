"""Sources executed as a kernel executes them, their calls heard."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.capture.calls.hearing import Heard
from jupyter_mlops.capture.calls.rewriting import telling
from jupyter_mlops.capture.files.reads import Reads

Hear = Callable[..., Heard | None]


@pytest.fixture
def hear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hear]:
    """Execute a source, in a namespace if one is given, and return what was heard of it."""
    monkeypatch.chdir(tmp_path)
    reads = Reads()
    reads.install()

    def execute(source: str, namespace: dict[str, Any] | None = None, **aliases: str) -> Any:
        tree = telling(ast.parse(source), aliases)
        space = {"__name__": "__main__"} if namespace is None else namespace
        reads.begin()
        exec(compile(tree, "<cell>", "exec"), space)
        return reads.heard()

    yield execute
    reads.close()
