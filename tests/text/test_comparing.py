"""A comparison as text."""

from __future__ import annotations

from jupyter_mlops import text
from tests.comparison.made import compare, made, metric


def test_a_comparison_shows_only_what_differs() -> None:
    one = made("a", ["lr = 0.1", "n = 3", "acc = f(lr)"], [metric("acc", 0.9, 2)])
    other = made("b", ["lr = 0.2", "n = 3", "acc = g(lr)"], [metric("acc", 0.8, 2)])
    shown = text.comparison(compare(one, other))
    assert "lr  0.1       0.2" in shown
    assert "-acc = f(lr)" in shown
    assert "+acc = g(lr)" in shown
    assert "acc     parameter  lr      0     0.1, 0.2" in shown
    assert " n " not in shown


def test_a_metric_that_one_run_lacks_is_no_value() -> None:
    one = made("a", ["acc = f()"], [metric("acc", 0.9, 0)])
    shown = text.comparison(compare(one, made("b", ["f()"])))
    assert "acc  0.9       —" in shown
    assert "null" not in shown


def test_runs_that_do_not_differ() -> None:
    shown = text.comparison(compare(made("a", ["f()"]), made("b", ["f()"])))
    assert shown == "nothing differs between aaaaaaaa, bbbbbbbb"
