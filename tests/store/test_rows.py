"""What a row says beside its values: what is under way, what failed, and the verdict."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import create_engine

from jupyter_mlops.events import CellFinished, CellStarted
from jupyter_mlops.journal import now, this_process
from jupyter_mlops.records import (
    BatchCell,
    CellError,
    Executing,
    Reproduction,
    RunError,
    RunSummary,
    Verdict,
)
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from jupyter_mlops.store.documents import Built
from jupyter_mlops.store.writing import save
from tests.comparison.made import made, metric
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import batch, dead_process, executing, notebook, outcome, started


def row(store: Store, home: Settings, kernel: Kernel) -> RunSummary:
    """Take in what a kernel has said so far, and return the newest row."""
    write_journal(home, kernel.events)
    store.refresh()
    return store.runs().runs[0]


def test_the_first_cell_under_way_has_a_row(store: Store, home: Settings, kernel: Kernel) -> None:
    kernel.events[2:] = []
    begun = kernel.events[1]
    assert isinstance(begun, CellStarted)
    found = row(store, home, kernel)
    assert found.status == "running"
    assert found.executing == Executing(0, "lr", begun.at)
    assert store.run(found.id).executing == found.executing


def test_a_cell_after_the_first_result_is_seen_while_it_runs(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("show", "shown = str(score)")
    last = kernel.events.pop()
    assert isinstance(last, CellFinished)
    found = row(store, home, kernel)
    assert (found.metrics, found.executing and found.executing.id) == ({"score": 1.0}, "show")
    # Its result may open another run, so the record does not list it yet.
    assert [cell.id for cell in store.run(found.id).cells] == ["lr", "score"]
    kernel.events.append(last)
    assert row(store, home, kernel).executing is None


def test_nothing_is_under_way_in_a_dead_kernel(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, process=dead_process())
    kernel.events = executing(kernel)
    found = row(store, home, kernel)
    assert (found.status, found.executing) == ("interrupted", None)


def test_a_batch_says_which_cell_is_under_way(store: Store, home: Settings, kernel: Kernel) -> None:
    begun = batch("b" * 32, notebook("# Title", "lr = 0.5", "score = lr * 2"))
    store.begin_batch(begun)
    started(kernel, trigger="run", run=begun.run)
    kernel.events = executing(kernel)
    found = row(store, home, kernel)
    assert found.executing is not None
    assert found.executing.cell == 2
    store.finish_batch(begun.run, outcome(status="failed", reason="killed"))
    assert store.runs().runs[0].executing is None


def test_a_failure_until_its_cell_is_mended(store: Store, home: Settings, kernel: Kernel) -> None:
    kernel.execute("last", "raise ValueError('first line\\nsecond line')")
    found = row(store, home, kernel)
    assert (found.status, found.error) == ("failed", RunError("ValueError", "first line", cell=2))
    whole = store.run(found.id).error
    assert whole is not None and whole.message == "first line\nsecond line"
    kernel.execute("last", "pass")
    assert row(store, home, kernel).error is None
    assert store.run(found.id).error is None


def test_a_cell_is_known_by_its_position_else_by_its_id(store: Store) -> None:
    def failure(number: int, *executed: tuple[int | None, str | None, bool]) -> RunError | None:
        run = f"{number:032x}"
        store.begin_batch(batch(run, notebook("1", "2", "3")))
        error = CellError("KeyError", "")
        cells = [
            BatchCell(cell, id_, "x", "error" if fails else "ok", error=error if fails else None)
            for cell, id_, fails in executed
        ]
        store.finish_batch(run, outcome(*cells))
        return {one.id: one.error for one in store.runs().runs}[run]

    assert failure(1, (0, "a", True), (0, "b", False)) is None
    assert failure(2, (None, "a", True), (None, "a", False)) is None
    assert failure(3, (None, None, True), (None, None, False)) is not None
    # The last failure counts, not that of the cell that came first.
    last = failure(4, (0, "a", False), (1, "b", True), (0, "a", True))
    assert last is not None and last.cell == 0


def test_what_was_only_printed_is_named_and_still_found(store: Store, home: Settings) -> None:
    printed = [replace(metric(n, 0.25, 1), source="output") for n in ("acc", "loss")]
    run, _ = made("a", ["acc = f()", "print(acc)"], [metric("acc", 0.5, 0), *printed])
    engine = create_engine(home.store_url)
    with engine.begin() as connection:
        assert save(connection, Built(run, 0, ()))
    engine.dispose()
    (found,) = store.runs(where="metric.loss < 0.3 and metric.acc = 0.5").runs
    # What was measured has the bare name, though a later cell printed one like it.
    assert found.metrics == {"acc@1": 0.25, "acc": 0.5, "loss": 0.25}
    assert found.inferred == ("acc@1", "loss")
    assert found.measured == {"acc": 0.5}


def test_the_verdict_stands_in_the_row_of_the_reproduction(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    original = row(store, home, kernel).id
    again = batch("b" * 32, notebook("lr = 0.5"), trigger="reproduce", parent=original)
    store.begin_batch(again)
    running = Reproduction(again.run, original, "running", now(), "ada")
    store.save_reproduction(running, this_process())
    assert {one.id: one.verdict for one in store.runs().runs} == {again.run: None, original: None}
    verdict = Verdict(original, again.run, "within tolerance", "none used")
    done = Reproduction(again.run, original, "done", now(), "ada", verdict=verdict)
    store.save_reproduction(done, this_process())
    rows = {one.id: one for one in store.runs().runs}
    assert (rows[again.run].parent, rows[again.run].verdict) == (original, "within tolerance")
    assert rows[original].verdict is None
    assert store.run(again.run).verdict == "within tolerance"
    assert store.run(original).verdict is None
    for expression, found in {
        "verdict = 'within tolerance'": {again.run},
        "verdict != 'within tolerance'": {original},
        "verdict = null": {original},
        "verdict ~ tolerance and trigger = reproduce": {again.run},
    }.items():
        assert {one.id for one in store.runs(where=expression).runs} == found, expression
    assert [one.id for one in store.runs(sort="-verdict").runs] == [again.run, original]


def test_a_run_begins_and_takes_as_long_as_what_was_executed_for_it(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path)
    cells = {
        "hello": "print('hello')",
        "lr": "lr = 0.5",
        "rough": "rough = lr / 2",
        "prepare": "rows = [float(one) for one in range(3)]",
        "score": "score = lr * sum(rows)",
    }
    for cell, source in cells.items():
        kernel.execute(cell, source)
    kernel.execute("lr", "lr = 4.0")
    # It rests on what was prepared after the first run had opened, and is that run's.
    kernel.execute("score", cells["score"])
    row(store, home, kernel)
    begun = [event.at for event in kernel.events if isinstance(event, CellStarted)]
    second, first = store.runs().runs
    assert [cell.id for cell in store.run(second.id).cells] == ["prepare", "lr", "score"]
    assert (first.started, first.duration_s) == (begun[0], 5 * 0.25)
    assert (second.started, second.duration_s) == (begun[5], 2 * 0.25)
