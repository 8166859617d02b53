"""A record lists what has a place in the document as the document has it."""

from __future__ import annotations

from pathlib import Path

from jupyter_mlops.records import BatchCell, Run
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import batch, messages, notebook, outcome, started

SETUP = "alpha = {}\ntrees = 50\nseed = 3"
TRAIN = "weights = [seed]\nbias = [seed] * 2"
SCORE = "rmse = alpha * sum(weights)\nmae = trees / 4"


def runs(store: Store, home: Settings, kernel: Kernel) -> list[Run]:
    """Return the records of a kernel's runs, the first one first."""
    write_journal(home, kernel.events)
    store.refresh()
    return [store.run(row.id) for row in reversed(store.runs().runs)]


def named(run: Run) -> list[list[str | None]]:
    """Return the names that a record lists."""
    return [[one.name for one in some] for some in (run.parameters, run.data, run.metrics)]


NAMES = [["alpha", "trees", "seed"], ["weights", "bias"], ["rmse", "mae"]]


def test_each_run_has_the_same_order(store: Store, home: Settings, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    for cell, source in (("setup", SETUP.format(0.5)), ("train", TRAIN), ("score", SCORE)):
        kernel.execute(cell, source)
    # Of the parameters the newer execution gives one, the older the others.
    kernel.execute("setup", SETUP.format(0.25))
    kernel.execute("score", SCORE)
    found = runs(store, home, kernel)
    assert [named(run) for run in found] == [NAMES, NAMES]
    assert [list(row.parameters) for row in store.runs().runs] == [NAMES[0], NAMES[0]]
    assert [list(row.metrics) for row in store.runs().runs] == [NAMES[2], NAMES[2]]


def test_the_document_counts_and_not_what_was_executed_first(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "train.ipynb"
    path.write_bytes(notebook(SETUP.format(0.5), TRAIN, "late = 2\nearly = [late]", SCORE))
    kernel = Kernel(tmp_path)
    started(kernel, notebook=str(path), notebook_source="told")
    kernel.execute("c2", "late = 2\nearly = [late]")
    kernel.execute("c0", SETUP.format(0.5))
    kernel.execute("c1", TRAIN)
    kernel.execute("c3", SCORE + "\nlast = sum(early) / late")
    (run,) = runs(store, home, kernel)
    assert named(run) == [
        ["alpha", "trees", "seed", "late"],
        ["weights", "bias", "early"],
        ["rmse", "mae", "last"],
    ]


def test_a_draft_has_it_too(store: Store, home: Settings, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    for cell, source in (
        ("setup", SETUP.format(0.5)),
        ("more", "depth = 2"),
        ("score", "loss = alpha * depth"),
    ):
        kernel.execute(cell, source)
    kernel.execute("more", "depth = 3")
    kernel.execute("setup", "alpha = 0.75\ntrees = 60\nseed = 4")
    runs(store, home, kernel)
    draft = store.runs().draft
    assert draft is not None
    assert list(draft.parameters) == ["alpha", "trees", "seed", "depth"]


def test_a_replay_has_the_order_of_the_document(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    sources = [SCORE, SETUP.format(0.5), TRAIN]
    steps = (1, 2, 0)
    run = "b" * 32
    store.begin_batch(batch(run, notebook(*sources), trigger="reproduce", steps=steps))
    kernel = Kernel(tmp_path, has_ids=False)
    started(kernel, trigger="reproduce", run=run)
    for cell in steps:
        kernel.execute("", sources[cell])
    (found,) = runs(store, home, kernel)
    assert found.status == "running"
    assert [one.cell for one in (*found.metrics, *found.parameters)] == [0, 0, 1, 1, 1]
    assert named(found) == NAMES


def test_an_injected_value_stands_where_its_default_did(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    run = "b" * 32
    sources = [SETUP.format(0.5), "trees = 60", "loss = alpha * trees"]
    store.begin_batch(batch(run, notebook(sources[0], sources[2], tags=(0,))))
    kernel = Kernel(tmp_path, has_ids=False)
    started(kernel, trigger="run", run=run)
    for source in sources:
        kernel.execute("", source)
    write_journal(home, kernel.events)
    cells = [
        BatchCell(cell, None, source, "ok", message, injected=cell is None)
        for cell, source, message in zip((0, None, 1), sources, messages(kernel), strict=True)
    ]
    store.finish_batch(run, outcome(*cells))
    found = store.run(run).parameters
    assert [(one.name, one.source) for one in found] == [
        ("alpha", "tagged"),
        ("trees", "injected"),
        ("seed", "tagged"),
    ]
