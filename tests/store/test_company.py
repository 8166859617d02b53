from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops.events import CellStarted
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    """Give a kernel that has executed nothing."""
    return Kernel(tmp_path)


def _sources(store: Store, run: str) -> list[str]:
    return [step.source for step in store.steps(store.find(run))]


def test_what_led_to_no_result_is_listed_with_the_run_of_its_time(
    home: Settings, kernel: Kernel
) -> None:
    rows = {"rows": "rows = [1.0, 2.0]", "look": "len(rows)", "lr": "lr = 0.5"}
    made = {"score": "score = sum(rows) * lr", "plot": "bars = [score] * 3", "draw": "print(bars)"}
    for cell, source in (rows | made).items():
        kernel.execute(cell, source)
    kernel.execute("lr", "lr = 0.25")
    for cell, source in made.items():
        kernel.execute(cell, source)
    kernel.end()
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        assert _sources(store, "@2") == [*rows.values(), *made.values()]
        assert _sources(store, "@1") == [rows["rows"], "lr = 0.25", *made.values()]


def test_a_plot_drawn_three_times_is_there_once_as_drawn_last(
    home: Settings, kernel: Kernel
) -> None:
    kernel.execute("score", "score = sum([0.5, 1.0])")
    for bins in (5, 10, 20):
        kernel.execute("plot", f"[score] * {bins}")
    kernel.end()
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        assert len(store.runs().runs) == 1
        assert _sources(store, "@1") == ["score = sum([0.5, 1.0])", "[score] * 20"]


def test_what_read_another_value_than_the_run_stays_out(home: Settings, kernel: Kernel) -> None:
    for cell, source in (
        ("lr", "lr = 0.5"),
        ("score", "score = lr * 3"),
        ("lr", "lr = 0.75"),
        ("draw", "print(lr)"),
    ):
        kernel.execute(cell, source)
    kernel.end()
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        assert _sources(store, "@1") == ["lr = 0.5", "score = lr * 3"]


def test_the_time_of_a_run_goes_on_while_its_own_cells_are_executed(
    home: Settings, kernel: Kernel
) -> None:
    cells = {
        "lr": "lr = 0.5",
        "rough": "rough = lr / 2",
        "prepare": "rows = [float(one) for one in range(3)]",
        "draw": "print(rough)",
        "score": "score = lr * sum(rows)",
    }
    for cell, source in cells.items():
        kernel.execute(cell, source)
    # Both runs rest on what was prepared; what was drawn after it is the first one's.
    kernel.execute("lr", "lr = 4.0")
    kernel.execute("score", cells["score"])
    kernel.end()
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        assert _sources(store, "@2") == list(cells.values())
        assert _sources(store, "@1") == [cells["prepare"], "lr = 4.0", cells["score"]]


def test_a_cell_that_is_left_out_after_the_last_result_is_said(
    home: Settings, kernel: Kernel
) -> None:
    kernel.execute("lr", "lr = 0.5")
    kernel.execute("score", "score = lr * 3")
    for _ in range(2):
        kernel.execute("private", "print(1)")
    kernel.end()
    left_out = [
        replace(event, source="", skipped=True)
        if isinstance(event, CellStarted) and event.source == "print(1)"
        else event
        for event in kernel.events
    ]
    write_journal(home, left_out)
    with Store.open(home) as store:
        store.refresh()
        (listed,) = store.runs().runs
        run = store.run(listed.id)
        assert run.status == "completed"
        assert _sources(store, "@1") == ["lr = 0.5", "score = lr * 3", ""]
        (unseen,) = [one for one in run.unseen if one.what == "everything"]
        assert unseen.why.startswith("its author left this cell")
        assert unseen.cell == run.cells[-1].cell
