"""What is under way after a change belongs to the draft, not to the run before it."""

from __future__ import annotations

import pytest

from jupyter_mlops.records import Draft, Executing, RunSummary
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import executing


def under_way(store: Store, home: Settings, kernel: Kernel) -> tuple[RunSummary, Draft | None]:
    """Return the newest row and the draft while the kernel's last cell executes."""
    write_journal(home, executing(kernel))
    store.refresh()
    page = store.runs()
    return page.runs[0], page.draft


def test_what_reads_a_change_is_the_drafts(store: Store, home: Settings, kernel: Kernel) -> None:
    kernel.execute("lr", "lr = 4.0")
    kernel.execute("score", "score = lr * 2")
    row, draft = under_way(store, home, kernel)
    assert (row.metrics, row.executing, row.duration_s) == ({"score": 1.0}, None, 0.5)
    assert draft is not None
    assert draft.parameters == {"lr": 4.0}
    assert draft.executing is not None
    assert (draft.executing.cell, draft.executing.id) == (1, "score")
    assert [cell.status for cell in draft.cells] == ["ok", "running"]
    write_journal(home, kernel.events)
    store.refresh()
    page = store.runs()
    assert page.draft is None
    assert [run.metrics for run in page.runs] == [{"score": 8.0}, {"score": 1.0}]


def test_a_change_made_in_a_new_cell_is_read_as_well(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("again", "lr = 4.0")
    kernel.execute("score", "score = lr * 2")
    row, draft = under_way(store, home, kernel)
    assert row.executing is None
    assert draft is not None and draft.executing is not None
    assert (draft.executing.id, draft.parameters) == ("score", {"lr": 4.0})


def test_what_goes_on_from_its_own_result_may_leave_it_as_it_is(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("rows", "rows = [3.0, 1.0]")
    kernel.execute("sort", "rows.sort()")
    kernel.execute("first", "first = rows[0] / lr")
    kernel.execute("sort", "rows.sort()")
    row, draft = under_way(store, home, kernel)
    assert (row.executing and row.executing.id, draft) == ("sort", None)


@pytest.mark.parametrize(
    "source",
    ["other = len('ab') / 4", "late = 1", "print(score)", "def double(x):\n    return lr * x"],
    ids=["reads nothing", "reads nothing, sets", "reads the run", "would read when called"],
)
def test_what_reads_no_change_may_join_the_run(
    store: Store, home: Settings, kernel: Kernel, source: str
) -> None:
    kernel.execute("lr", "lr = 4.0")
    kernel.execute("new", source)
    row, draft = under_way(store, home, kernel)
    assert draft is not None
    assert (draft.parameters, draft.executing) == ({"lr": 4.0}, None)
    assert row.executing is not None and row.executing.id == "new"


def test_the_value_of_a_cell_counts_that_was_read(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("two", "rate = 0.5\nsteps = 8")
    kernel.execute("loss", "loss = rate * 2")
    kernel.execute("steps", "taken = steps / 2")
    kernel.execute("two", "rate = 0.25\nsteps = 8")
    kernel.execute("steps", "taken = steps / 2")
    assert under_way(store, home, kernel)[0].executing is not None
    kernel.execute("loss", "loss = rate * 2")
    row, draft = under_way(store, home, kernel)
    assert (row.executing, draft and draft.parameters) == (None, {"rate": 0.25})
    assert draft is not None and isinstance(draft.executing, Executing)


def test_a_changed_cell_of_the_run_is_the_draft_while_it_executes(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("score", "score = lr * 4")
    row, draft = under_way(store, home, kernel)
    assert row.executing is None
    assert draft is not None and draft.executing is not None
    assert (draft.executing.id, draft.parameters) == ("score", {})


def test_the_same_cell_again_stays_with_the_run(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("score", "score = lr * 2")
    row, draft = under_way(store, home, kernel)
    assert (row.executing and row.executing.id, draft) == ("score", None)


def test_what_may_have_read_everything_is_the_drafts(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("lr", "lr = 4.0")
    kernel.execute("unknown", "exec('score = lr')")
    row, draft = under_way(store, home, kernel)
    assert row.executing is None
    assert draft is not None and draft.executing is not None


def test_a_plot_under_way_is_no_change(store: Store, home: Settings, kernel: Kernel) -> None:
    kernel.execute("plot", "print(score)")
    kernel.execute("plot", "print('plot', score)")
    row, draft = under_way(store, home, kernel)
    assert (row.executing and row.executing.id, draft) == ("plot", None)
