"""Whose number a cell of changed code has."""

from __future__ import annotations

from tests.comparison.made import compare, made


def test_a_number_that_two_cells_have_is_told_whose_it_is() -> None:
    sides = made("a", ["f()", "g()"]), made("b", ["new()", "f()", "g()", "h()"])
    found = compare(*sides).differs.code
    assert [(code.cell, code.detail) for code in found] == [
        (0, "not executed in run 1, numbered as in run 2"),
        (3, "not executed in run 1"),
    ]
