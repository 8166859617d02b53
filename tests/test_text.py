"""Records as text: every entry with its cell, aligned, and nothing that a terminal obeys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_mlops import layout, text
from jupyter_mlops.records import (
    Cause,
    CellError,
    CellJudgement,
    Check,
    Diagnosis,
    Draft,
    ModelFit,
    OutputJudgement,
    RunPage,
    RunSummary,
    Unseen,
    Verdict,
)
from tests.comparison.made import cell, compare, file, made, metric

SUMMARY = RunSummary(
    id="abcdef0123456789",
    notebook="/work/train.ipynb",
    status="completed",
    trigger="run",
    started="2026-01-01T00:00:00Z",
    duration_s=1.25,
    parameters={"lr": 0.1, "name": "x\x1b[31m"},
    metrics={"acc": 0.912345678},
)


def test_runs_are_a_table() -> None:
    shown = text.runs(RunPage(runs=(SUMMARY,)))
    head, row = shown.splitlines()
    names = ["RUN", "STATUS", "STARTED", "TOOK", "TRIGGER", "NOTEBOOK", "METRICS", "PARAMETERS"]
    assert head.split() == names
    for word in ("abcdef01", "completed", "1.2 s", "train.ipynb", "acc=0.912346", "lr=0.1"):
        assert word in row
    assert "\x1b" not in shown


def test_ids_are_shown_as_long_as_it_takes_to_tell_them_apart() -> None:
    twin = replace(SUMMARY, id="abcdef0123ffffff")
    shown = text.runs(RunPage(runs=(SUMMARY, twin)))
    assert "abcdef01234" in shown
    assert "abcdef0123f" in shown


def test_no_runs_a_draft_and_more_pages() -> None:
    assert text.runs(RunPage(runs=())) == "no runs"
    draft = Draft("s", "/work/a.ipynb", {"lr": 0.2}, (cell(0, "lr = 0.2").execution,))
    shown = text.runs(RunPage(runs=(SUMMARY,), draft=draft, next="token"))
    assert "Draft, no result yet (1 cell executed in a.ipynb): lr=0.2" in shown
    assert "--limit" in shown


def test_a_reproduction_names_its_original() -> None:
    again = replace(SUMMARY, id="99990000", trigger="reproduce", parent=SUMMARY.id)
    _, first, second = text.runs(RunPage(runs=(again, SUMMARY))).splitlines()
    assert "reproduce of abcdef01" in first
    assert " of " not in second


@pytest.mark.parametrize("columns", [20, 60, 100])
def test_a_table_fits_the_terminal(columns: int) -> None:
    wide = replace(SUMMARY, parameters={f"parameter_{i}": i for i in range(20)})
    shown = text.runs(RunPage(runs=(wide, replace(SUMMARY, metrics={}))), columns=columns)
    lines = shown.splitlines()
    assert all(layout.width(line) <= columns for line in lines)
    if columns > 40:  # less cuts even these
        for word in ("metrics     acc=0.912346", "parameters  parameter_0=0", "parameter_19=19"):
            assert word in shown
    assert sum(line.startswith("abcdef01") for line in lines) == 2


def test_a_record_shows_each_of_its_sections() -> None:
    run, _ = made(
        "a",
        ["lr = 0.1", "acc = f(lr)"],
        [metric("acc", 0.9, 1)],
        data=(file("train.csv", "xxh3:1", 1, size_bytes=1234, rows=10), file("gone", None, 1)),
        models=(ModelFit("sklearn.X", "model", 1, {"C": 1.0}, None, inherited=True),),
        unseen=(Unseen(1, "fd-level prints", "they bypass Python"),),
        notices=("the disk was full",),
    )
    failed = replace(cell(2, "1/0").execution, error=CellError("ZeroDivisionError", "division"))
    shown = text.run(replace(run, cells=(failed,)))
    for line in (
        "0     lr    0.1    float  literal",
        "1     acc   0.9    —     call",
        "1     read    file  train.csv  10    1.2 kB  xxh3:1",
        "none, see Unseen",
        "sklearn.X (inherited)  C=1.0",
        "Python 3.11.7 on Linux, 1 package, among them numpy 2.0",
        "ok: ZeroDivisionError",
        "1     fd-level prints  they bypass Python",
        "the disk was full",
    ):
        assert line in shown, line


def test_the_outcome_of_a_failed_run_names_cell_and_error() -> None:
    run, _ = made("a", ["lr = 0.1"], notices=("the kernel died",))
    error = replace(
        cell(7, "1/0").execution, error=CellError("ZeroDivisionError", "division by zero")
    )
    shown = text.outcome(replace(run, status="failed", cells=(error,)))
    assert shown.splitlines()[0] == "run aaaaaaaa failed, took 1.0 s"
    assert "cell 7      ZeroDivisionError: division by zero" in shown
    assert "notice      the kernel died" in shown


def test_the_outcome_says_what_was_not_recorded() -> None:
    run, _ = made("a", ["lr = 0.1"])
    gaps = (Unseen(None, "everything but the outputs", "capture was off"), Unseen(3, "x", "odd"))
    shown = text.outcome(replace(run, unseen=gaps), columns=20)
    assert "not recorded: everything but the outputs; capture was off" in shown.splitlines()
    assert "odd" not in shown


def test_a_verdict_shows_its_sentence_cells_and_causes() -> None:
    verdict = Verdict(
        run="a",
        reproduction="b",
        verdict="differs",
        randomness="none used",
        unverifiable=1,
        causes=(Cause("data", "train.csv", 4, "2 of 891 rows, column age"),),
        cells=(
            CellJudgement(1, "identical", (OutputJudgement("text", "identical"),)),
            CellJudgement(7, "differs", (OutputJudgement("number", "differs", 0.0131),)),
        ),
        sentence="differs: cell 7; train.csv changed",
    )
    shown = text.verdict(verdict)
    assert shown.splitlines()[0] == "differs: cell 7; train.csv changed"
    assert "7     number  differs  0.0131" in shown
    assert "data  train.csv  4     2 of 891 rows, column age" in shown
    assert "2 outputs, 1 unverifiable" in shown
    assert "\n  1 " not in shown


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


def test_a_diagnosis_has_one_line_a_check_with_the_way_out() -> None:
    checks = (
        Check("store", "ok", "the store opens"),
        Check("capture", "finding", "capture is off", "unset JUPYTER_MLOPS"),
    )
    shown = text.diagnosis(Diagnosis("1.0", "/home", checks))
    assert shown.splitlines() == [
        "jupyter_mlops 1.0, records in /home",
        "ok       store    the store opens",
        "FINDING  capture  capture is off; unset JUPYTER_MLOPS",
        "1 finding",
    ]
    assert text.diagnosis(Diagnosis("1.0", "/", checks[:1])).endswith("All is well.")
