"""A comparison as text."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlops import text
from tests.comparison.made import Made, cell, compare, made, metric, printed


def test_a_comparison_shows_only_what_differs() -> None:
    one = made("a", ["lr = 0.1", "n = 3", "acc = f(lr)"], [metric("acc", 0.9, 2)])
    other = made("b", ["lr = 0.2", "n = 3", "acc = g(lr)"], [metric("acc", 0.8, 2)])
    shown = text.comparison(compare(one, other))
    assert "lr  0.1       0.2" in shown
    assert "acc  0.9       0.8       -0.1" in shown
    assert "-acc = f(lr)" in shown
    assert "+acc = g(lr)" in shown
    assert "acc      parameter  lr      0     0.1, 0.2" in shown
    assert " n " not in shown


def test_a_metric_that_one_run_lacks_is_no_value() -> None:
    one = made("a", ["acc = f()"], [metric("acc", 0.9, 0)])
    shown = text.comparison(compare(one, made("b", ["f()"])))
    assert "acc  0.9       —" in shown
    assert "null" not in shown


def test_runs_that_do_not_differ() -> None:
    shown = text.comparison(compare(made("a", ["f()"]), made("b", ["f()"])))
    assert shown == "nothing differs between aaaaaaaa, bbbbbbbb"


def test_runs_of_different_notebooks_are_said_to_be() -> None:
    one, other = made("a", ["f()"]), made("b", ["f()"])
    shown = text.comparison(
        compare(one, (replace(other[0], notebook="/work/other.ipynb"), other[1]))
    )
    assert shown.splitlines()[0].startswith("runs of different notebooks (")
    assert "other.ipynb): " in shown


def test_outputs_that_differ_are_one_line_and_the_first_of_them() -> None:
    def one(name: str) -> Made:
        cells = [
            cell(n, f"f({n})", [printed(f"{name}{n}" if n != 1 else "same")]) for n in range(5)
        ]
        return made(name, cells)

    shown = text.comparison(compare(one("a"), one("b"), one("a")))
    _, outputs = shown.split("Outputs\n")
    assert outputs.splitlines() == [
        "  differ in cells 0, 2-4; below cell 0, aaaaaaaa (-) against bbbbbbbb (+)",
        "    @@ -1 +1 @@",
        "    -a0",
        "    +b0",
    ]


def test_a_long_diff_says_how_much_it_leaves_out() -> None:
    def one(name: str) -> Made:
        return made(name, [cell(0, "f()", [printed("".join(f"{name}{n}\n" for n in range(40)))])])

    shown = text.comparison(compare(one("a"), one("b")))
    assert shown.splitlines()[-1].strip() == "… 51 more lines"


def test_a_cause_of_several_metrics_is_one_row() -> None:
    scores = [metric("acc", 0.9, 1), metric("f1", 0.8, 1)]
    one = made("a", ["lr = 0.1", "acc = f(lr)"], scores)
    worse = [metric("acc", 0.8, 1), metric("f1", 0.7, 1)]
    shown = text.comparison(compare(one, made("b", ["lr = 0.2", "acc = f(lr)"], worse)))
    assert "acc, f1  parameter  lr" in shown
    assert shown.count("  parameter  ") == 1


def test_outputs_that_differ_beyond_what_is_shown() -> None:
    def one(name: str, end: str) -> Made:
        return made(name, [cell(0, "f()", [printed("x" * 5000 + end)])])

    shown = text.comparison(compare(one("a", "1"), one("b", "2")))
    assert "differ in cell 0, where they are not shown" in shown
