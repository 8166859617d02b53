from __future__ import annotations

from nbformat import NotebookNode

from jupyter_mlops.reproduction.alignment import aligned
from tests.execution.documents import document


def _named(*cells: str) -> NotebookNode:
    """Build a notebook of cells ``id:source``; without an id where there is none."""
    notebook = document(*(cell.partition(":")[2] for cell in cells))
    for cell, text in zip(notebook.cells[1:], cells, strict=True):
        del cell["id"]
        if text.partition(":")[0]:
            cell["id"] = text.partition(":")[0]
    return notebook


def test_cells_are_matched_by_id_wherever_they_went() -> None:
    then, now = _named("a:1", "b:2", "c:3"), _named("n:new", "c:3", "a:edited")
    assert aligned(then, now) == {2: 3, 3: 1}


def test_without_ids_cells_are_matched_by_source_and_by_place() -> None:
    then, now = _named(":x", ":y", ":z"), _named(":x", ":edited", ":z")
    assert aligned(then, now) == {1: 1, 2: 2, 3: 3}
    assert aligned(_named(":x", ":z"), _named(":x", ":new", ":z")) == {1: 1, 3: 2}
    assert aligned(_named(":x", ":y", ":z"), _named(":x", ":z")) == {1: 1, 2: 3}


def test_ids_that_several_cells_have_say_nothing() -> None:
    then, now = _named("a:1", "a:2"), _named("a:2", "a:1")
    assert aligned(then, now) in ({1: 2}, {2: 1})
