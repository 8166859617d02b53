"""Cells of edited notebooks stand beside their former selves."""

from __future__ import annotations

import pytest

from jupyter_mlops.comparison.alignment import Alignment
from tests.comparison.made import cell


def rows(alignment: Alignment) -> list[tuple[str | None, ...]]:
    runs = max(max(row.members) for row in alignment.rows) + 1
    return [
        tuple(row.members[n].source if n in row.members else None for n in range(runs))
        for row in alignment.rows
    ]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("abc", "abc", [("a", "a"), ("b", "b"), ("c", "c")]),
        ("abc", "axc", [("a", "a"), ("b", "x"), ("c", "c")]),
        ("abc", "abxc", [("a", "a"), ("b", "b"), (None, "x"), ("c", "c")]),
        ("abc", "ac", [("a", "a"), ("b", None), ("c", "c")]),
        ("abc", "xyabc", [(None, "x"), (None, "y"), ("a", "a"), ("b", "b"), ("c", "c")]),
        ("abcd", "axyzd", [("a", "a"), ("b", "x"), ("c", "y"), (None, "z"), ("d", "d")]),
        ("", "a", [(None, "a")]),
    ],
)
def test_cells_are_matched_by_source_and_order(
    before: str, after: str, expected: list[tuple[str | None, ...]]
) -> None:
    sides = [[cell(n, source) for n, source in enumerate(text)] for text in (before, after)]
    assert rows(Alignment(sides)) == expected


def test_an_id_finds_a_cell_that_moved_and_changed() -> None:
    before = [cell(0, "a", id="A"), cell(1, "b", id="B"), cell(2, "c", id="C")]
    after = [cell(0, "c2", id="C"), cell(1, "a", id="A"), cell(2, "b", id="B")]
    pairs = {tuple(row) for row in rows(Alignment([before, after]))}
    assert pairs == {("a", "a"), ("b", "b"), ("c", "c2")}


def test_a_third_run_is_matched_with_what_the_second_added() -> None:
    texts = ("ab", "axb", "axb")
    sides = [[cell(n, source) for n, source in enumerate(text)] for text in texts]
    assert rows(Alignment(sides)) == [("a", "a", "a"), (None, "x", "x"), ("b", "b", "b")]


def test_the_last_of_several_executions_counts_and_added_cells_do_not() -> None:
    side = [cell(0, "a"), cell(None, "lr = 1", injected=True), cell(1, "b"), cell(0, "a2")]
    alignment = Alignment([side])
    assert rows(alignment) == [("a2",), ("b",)]
    assert alignment.row(0, 1) == 1
    assert alignment.row(0, 7) is None


def test_console_cells_without_position_come_last_and_are_told_apart() -> None:
    side = [cell(None, "x"), cell(0, "a"), cell(None, "y")]
    assert rows(Alignment([side])) == [("a",), ("x",), ("y",)]


def test_an_inherited_cell_after_one_that_only_one_run_has() -> None:
    before = [cell(at, text) for at, text in enumerate("abcd")]
    after = [cell(0, "a"), cell(1, "new"), cell(4, "d")]
    alignment = Alignment([before, after], [(), (3,)])
    # Two cells of the other run lie before it, one of them in its distance to what follows.
    assert alignment.row(1, 3) == alignment.row(0, 2)


def test_an_inherited_cell_that_no_other_run_names_has_a_place_of_its_own() -> None:
    alignment = Alignment([[cell(0, "a"), cell(1, "b")], [cell(0, "a")]], [(5,), ()])
    assert alignment.row(0, 5) == 2
    assert alignment.rows[2].cell == 5
