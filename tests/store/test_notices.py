"""What a record says of parameters whose values did not last."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel


def _notices(home: Settings, kernel: Kernel) -> tuple[str, ...]:
    kernel.end()
    write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        return store.run("@1").notices


def test_a_value_that_a_widget_changed_was_replaced_by_no_cell(
    home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path)
    kernel.execute("lr", "lr = 0.1")
    kernel.change_outside("lr = 0.7")
    kernel.execute("score", "score = lr * 2")
    assert _notices(home, kernel) == (
        "lr is no parameter of this run: the value that was written was changed outside a cell",
    )


def test_a_value_that_a_cell_replaced_before_a_widget_changed_it(
    home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path)
    kernel.execute("lr", "lr = 0.1")
    kernel.execute("again", "exec('lr = 0.3')")
    kernel.change_outside("lr = 0.7")
    kernel.execute("score", "score = lr * 2")
    assert _notices(home, kernel) == (
        "lr is no parameter of this run: another cell replaced the value that was written",
    )


def test_a_parameter_that_a_metric_replaced_is_named_with_both(
    home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path)
    kernel.execute("rate", "rate = 0.5")
    kernel.execute("rows", "rows = [rate] * 3")
    kernel.execute("rate", "rate = sum(rows) / 2")
    assert _notices(home, kernel) == (
        "rate had several values on the way to this run's results: 0.5, then 0.75",
    )


def test_what_a_cell_read_back_came_from_nothing_before(home: Settings, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    kernel.execute("lr", "lr = 0.1")
    kernel.execute("rows", "rows = [lr]")
    kernel.execute("first", "lr = rows[:1]")
    kernel.execute("score", "exec('lr = 0.7')\nscore = lr * 2")
    assert _notices(home, kernel) == (
        "lr is no parameter of this run: another cell replaced the value that was written",
    )


def test_what_was_read_while_another_cell_replaced_it_is_not_known(
    home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path)
    kernel.execute("lr", "lr = 0.1")
    kernel.execute("rows", "rows = [lr]")
    kernel.execute("again", "exec('lr = 0.7')", overlapping=True)
    kernel.execute("score", "score = sum(rows) * lr")
    assert _notices(home, kernel) == (
        "lr is no parameter of this run: another cell replaced the value that was written",
    )
