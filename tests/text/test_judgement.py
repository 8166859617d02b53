"""A verdict as text."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlops import text
from jupyter_mlops.records import Cause, CellJudgement, OutputJudgement, Verdict

VERDICT = Verdict(
    run="a" * 32,
    reproduction="b" * 32,
    verdict="differs",
    randomness="fresh",
    unseeded_cells=(2, 3, 4, 9),
    unverifiable=1,
    causes=(Cause("data", "train.csv", 4, "2 of 891 rows, column age"),),
    cells=(
        CellJudgement(1, "identical", (OutputJudgement("text", "identical", masks=("clock",)),)),
        CellJudgement(
            7,
            "differs",
            (
                OutputJudgement("number", "differs", 0.0131, what="acc"),
                OutputJudgement("image", "differs", 0.25),
                OutputJudgement("text", "differs", 2.0),
                OutputJudgement("table", "differs"),
                OutputJudgement("text", "differs", what="model.bin"),
                OutputJudgement("error", "missing"),
                OutputJudgement("html", "extra"),
                OutputJudgement("html", "unverifiable", masks=("address", "clock")),
            ),
        ),
    ),
    sentence="differs: cell 7; train.csv changed",
)


def test_a_verdict_shows_its_sentence_cells_and_causes() -> None:
    shown = text.verdict(VERDICT)
    assert "7     metric acc " in shown
    assert "7     file model.bin " in shown
    assert shown.splitlines()[0] == "differs: cell 7; train.csv changed"
    assert "data  train.csv  4     2 of 891 rows, column age" in shown
    assert "\n  1 " not in shown


def test_each_row_says_of_what_its_difference_is() -> None:
    rows = [
        line.split(maxsplit=1)[1] for line in text.verdict(VERDICT).splitlines() if "  7" in line
    ]
    assert [row.split("  ")[-1].strip() for row in rows] == [
        "1.31 % of its size",
        "25 % of its pixels",
        "numbers in it by up to 200 %",
        "its content",
        "its content",
        "not produced again",
        "not in the recorded run",
    ]


def test_what_was_judged_and_how_is_counted() -> None:
    shown = text.verdict(VERDICT)
    counts = "2 cells; outputs: 1 identical, 1 unverifiable, 1 missing, 1 extra, 3 differing"
    assert f"judged        {counts}" in shown
    left_out = "dates and times of the run itself, addresses in memory; in what was printed"
    assert f"not compared  {left_out}" in shown
    assert "randomness    drawn anew, as the code seeds it; without a seed in cells 2-4, 9" in shown
    assert "jupyter mlops compare aaaaaaaa bbbbbbbb" in shown


def test_generators_of_their_own_are_not_called_unused() -> None:
    shown = text.verdict(replace(VERDICT, randomness="none used", unseeded_cells=()))
    assert "randomness    no unseeded randomness seen\n" in shown


def test_parameters_that_the_current_notebook_was_given_are_named() -> None:
    assert "parameters" not in text.verdict(VERDICT)
    shown = text.verdict(replace(VERDICT, kept=("lr", "seed")))
    assert "parameters    lr, seed: as they were set for the run\n" in shown


def test_metrics_that_were_not_judged_are_named_with_the_reason() -> None:
    lines = ("mae, r2: inherited from an earlier run", "took: made by a clock")
    shown = text.verdict(replace(VERDICT, not_judged=lines))
    assert f"not judged    {'; '.join(lines)}\n" in shown


def test_models_that_are_not_the_same_are_named() -> None:
    outputs = tuple(
        OutputJudgement("model", verdict, what=name)
        for name, verdict in (("clf", "unverifiable"), ("pca", "identical"))
    )
    shown = text.verdict(replace(VERDICT, cells=(CellJudgement(4, "unverifiable", outputs),)))
    assert "not judged    model clf of cell 4: not the same inside" in shown
    assert "1 cell; outputs: none" in shown, "a model is no output"
    assert "pca" not in shown and "not judged" not in text.verdict(VERDICT)


def test_a_row_is_shown_whatever_else_its_cell_has() -> None:
    outputs = (
        OutputJudgement("number", "within tolerance", 1e-9, what="acc"),
        OutputJudgement("model", "unverifiable", what="clf"),
    )
    shown = text.verdict(replace(VERDICT, cells=(CellJudgement(4, "unverifiable", outputs),)))
    (row,) = [line for line in shown.splitlines() if line.startswith("  4 ")]
    assert row.endswith("1e-07 % of its size")
    assert "metric acc  within tolerance" in row


def test_without_a_reproduction_there_is_nothing_to_compare_with() -> None:
    assert "mlops compare" not in text.verdict(replace(VERDICT, reproduction=None))
