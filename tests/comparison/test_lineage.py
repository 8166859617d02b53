"""A result came from what its cell read, through names, files and generators."""

from __future__ import annotations

import pytest

from jupyter_mlops.comparison.alignment import Alignment
from jupyter_mlops.comparison.found import Side
from jupyter_mlops.comparison.lineage import Course
from jupyter_mlops.records import RandomUse
from tests.comparison.made import file, made


def of(cells: list[str], cell: int | None, **fields: object) -> set[int]:
    run, details = made("a", cells, **fields)
    return set(Course(Side(0, run, details), Alignment([details])).made(cell))


@pytest.mark.parametrize(
    ("cells", "cell", "expected"),
    [
        (["x = f()", "y = g()", "z = h(x)"], 2, {0, 2}),
        (["x = f()", "x = g()", "z = h(x)"], 2, {1, 2}),
        (["x = f()", "x.append(g())", "z = h(x)"], 2, {0, 1, 2}),
        (["x = f()", "if q:\n    x = g()", "z = h(x)"], 2, {0, 1, 2}),
        (["a = 1", "b = a", "c = b", "d = c"], 3, {0, 1, 2, 3}),
        (["a = 1", "exec(text)", "d = 2"], 2, {0, 1, 2}),
        (["a = 1", "d = f(a)", "a = 3"], 1, {0, 1}),
        (["a = 1", "b = 2"], None, {0, 1}),
        (["a = 1", "b = 2"], 9, {0, 1}),
    ],
)
def test_names(cells: list[str], cell: int | None, expected: set[int]) -> None:
    assert of(cells, cell) == expected


def test_a_file_that_one_cell_writes_and_another_reads() -> None:
    data = (file("x.csv", "xxh3:1", 0, access="write"), file("x.csv", "xxh3:1", 2))
    cells = ["save()", "other = 1", "score = load()"]
    assert of(cells, 2) == {2}
    assert of(cells, 2, data=data) == {0, 2}


def test_a_generator_that_an_earlier_cell_moved() -> None:
    def use(cell: int, seeded: bool) -> RandomUse:
        return RandomUse(cell, "numpy.random", seeded, "xxh3:1", "xxh3:2")

    cells = ["a = draw()", "b = 1", "score = draw()"]
    assert of(cells, 2, randomness=(use(0, False), use(2, False))) == {0, 2}
    assert of(cells, 2, randomness=(use(0, False), use(2, True))) == {2}
