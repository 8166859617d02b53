from __future__ import annotations

import threading
import timeit
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.capture.files import reads
from tests.capture.cells import Cells, Result


def test_cells_of_two_threads_keep_their_files_apart(cells: Cells) -> None:
    for name in ("main", "thread", "stray"):
        Path(name).write_text("x")
    found: list[Result] = []

    def other() -> None:
        found.append(cells(lambda: Path("thread").read_text()))

    def cell() -> None:
        Path("main").read_text()
        for work in (other, lambda: Path("stray").read_text()):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()

    # A thread without a cell of its own works for the one that is executing.
    assert sorted(cells.uses(cell)) == [("read", "main"), ("read", "stray")]
    assert [use.path for use in found[0][0]] == ["thread"]


def test_without_a_cell_nothing_is_noted(cells: Cells) -> None:
    Path("a").write_text("x")
    assert cells.take() == ((), ())
    Path("a").read_text()
    assert cells(lambda: None) == ((), ())


def test_paths_of_the_users_classes_are_not_called(cells: Cells) -> None:
    class Text(str):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError("the user's code was called")

    Path("a").write_text("x")
    assert cells.uses(lambda: open(Text("a")).close()) == [("read", "a")]


def test_a_fault_of_ours_never_reaches_the_user(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    Path("a").write_text("x")
    monkeypatch.setitem(reads._HANDLERS, "open", fail)
    uses, unseen = cells(lambda: Path("a").read_text())
    assert uses == ()
    assert [one.why for one in unseen] == ["an event could not be noted"]


def test_events_of_others_cost_little(cells: Cells) -> None:
    thing = object()
    cells.reads.begin()
    seconds = min(timeit.repeat("id(thing)", globals={"thing": thing}, number=10_000, repeat=20))
    cells.take()
    # 0.2 µs where it was measured, the loop and id() itself included; others may be slower.
    assert seconds / 10_000 < 2e-6
