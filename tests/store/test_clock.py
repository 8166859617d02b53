"""A clock that is set back or forward changes no order, no lineage and no end."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_mlops.events import KernelGone, NotebookTold
from jupyter_mlops.journal import Journal, lines
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import dead_process, started

RATES = (0.5, 0.25, 0.125, 0.5)
# Back an hour, forward ten years, the end of summer time; and a clock that stands still.
JUMPS = (0, 1, -3600, 3600, 10 * 365 * 86400, -10 * 365 * 86400)


def time_of(offset_s: int) -> str:
    at = datetime(2026, 10, 25, 1, tzinfo=timezone.utc) + timedelta(seconds=offset_s)
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def session(folder: Path) -> Kernel:
    kernel = Kernel(folder)
    for rate in RATES:
        kernel.execute("lr", f"lr = {rate}")
        kernel.execute("score", "score = lr * 2")
    return kernel


@settings(max_examples=12)
@given(st.lists(st.sampled_from(JUMPS), min_size=17, max_size=17))
def test_runs_of_a_session_are_in_its_order(jumps: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Settings(Path(folder) / "home", f"sqlite:///{folder}/home/store.db")
        kernel = session(Path(folder))
        offset = 0
        for number, jump in enumerate(jumps):
            offset += jump
            kernel.events[number] = replace(kernel.events[number], at=time_of(offset))
        write_journal(home, kernel.events)
        with Store.open(home) as store:
            store.refresh()
            runs = store.runs().runs
            assert [run.parameters["lr"] for run in reversed(runs)] == list(RATES)
            records = [store.run(run.id) for run in reversed(runs)]
            assert store.run("@1").id == runs[0].id
        begun = [record.started for record in records]
        assert begun == sorted(set(begun))
        assert all(record.duration_s is not None and record.duration_s >= 0 for record in records)
        for record in records:
            times = [cell.started for cell in record.cells]
            assert times == sorted(times)  # type: ignore[type-var]


@pytest.mark.parametrize("jump_s", JUMPS)
def test_how_a_kernel_ended_is_known_whatever_its_clock_said(
    store: Store, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: int
) -> None:
    """Two sessions of one kernel, of which the first was restarted and the second died."""
    first, second = session(tmp_path), session(tmp_path)
    for kernel in (first, second):
        started(kernel, process=dead_process(), kernel_id="k")
        kernel.events = [replace(event, at=time_of(0)) for event in kernel.events]
        write_journal(home, kernel.events)
    server = Journal(home.journals, "server-1")

    def say(kind: Any, **fields: Any) -> None:
        monkeypatch.setattr(lines, "now", lambda: time_of(next(clock)))
        server.append(kind, kernel_id="k", **fields)

    clock = iter(number * jump_s for number in range(10))
    say(NotebookTold, notebook="/first.ipynb", session=first.id)
    say(NotebookTold, notebook="/renamed.ipynb", session=first.id)
    say(KernelGone, how="restarted", session=first.id)
    say(NotebookTold, notebook="/second.ipynb", session=second.id)
    say(KernelGone, how="died", session=second.id)
    server.close()
    store.refresh()
    found = {(run.notebook, run.status) for run in store.runs().runs}
    assert found == {
        ("/renamed.ipynb", "completed"),
        ("/second.ipynb", "completed"),
        ("/second.ipynb", "interrupted"),
    }
