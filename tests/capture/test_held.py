"""Data in containers, and frames that are plans, in a real kernel."""

from __future__ import annotations

import os

from jupyter_mlops.events import Notice
from jupyter_mlops.settings import Starter
from tests.capture.conftest import StartKernel


def test_what_containers_hold_is_seen_also_when_it_changes(start_kernel: StartKernel) -> None:
    starter = Starter(pid=os.getpid(), listens=False, trigger="run", run="r1")
    kernel = start_kernel(**starter.environment())  # which reads data whole when a cell ends
    kernel.run(
        "import numpy as np, polars as pl\nX = np.arange(6.); table = pl.DataFrame({'a': X})"
    )
    kernel.run("parts = (X, X + 1); both = {'X': X, 'table': table}; plain = [1, 2]; numbers = {}")
    kernel.run("both.pop('X')")
    kernel.run("plain.append(3); numbers['a'] = 1")
    kernel.run("plan = table.lazy().filter(pl.col('a') > 1)")
    kernel.run("rows = plan.collect()")
    first, made, popped, other, planned, collected = kernel.finished()
    assert {use.name: use.form for use in first.data} == {"X": None, "table": "polars.DataFrame"}
    assert {use.name: (use.kind, use.form) for use in made.data} == {
        "parts": ("array", "tuple of 2"),
        "both": ("array", "dict of 2"),
    }
    assert all(use.complete for cell in (first, made, popped, collected) for use in cell.data)
    digests = {use.name: use.digest for use in first.data}
    held = next(use for use in made.data if use.name == "both")
    assert {part.name: part.digest for part in held.columns} == digests
    assert [(use.name, use.kind, use.form) for use in popped.data] == [
        ("both", "frame", "dict of 1")
    ]
    assert "both" in popped.writes
    assert other.data == planned.data == ()
    assert [(one.what, one.why[:23]) for one in planned.unseen] == [
        ("rows of plan", "a lazy frame is a plan,")
    ]
    assert [(use.name, use.rows) for use in collected.data] == [("rows", 4)]
    # Of the first cell, that polars opens files by itself is said.
    assert [cell.unseen for cell in (made, popped, other, collected)] == [()] * 4
    assert kernel.of(Notice) == []
