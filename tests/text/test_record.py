"""A record as text: every entry with its cell."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlops import text
from jupyter_mlops.records import CellError, ModelFit, Unseen
from tests.comparison.made import cell, file, made, metric


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


def test_why_a_digest_is_partial_and_what_helps_is_said_once() -> None:
    run, _ = made("a", ["df = f()"], [], data=(file("a.csv", "xxh3:1", 0),))
    assert "partial" not in text.run(run)
    partial = tuple(file(name, "xxh3:1", 0, complete=False) for name in ("b.csv", "c.csv"))
    shown = text.run(replace(run, data=partial))
    assert shown.count("before the next cell was executed, so it compares as") == 1
    assert "jupyter mlops run" in shown


def test_what_a_console_executed_has_no_place() -> None:
    run, _ = made("a", ["lr = 0.1"], [metric("acc", 0.9, None)])
    execution = replace(cell(0, "acc = f(lr)").execution, cell=None, console=True)
    failed = replace(execution, error=CellError("ZeroDivisionError", "division"))
    shown = text.run(replace(run, cells=(*run.cells, execution, failed)))
    rows = [line.split()[:2] for line in shown.splitlines()]
    assert ["console", "acc"] in rows
    assert "a console's cell: ZeroDivisionError" in shown
    assert "cell None" not in shown


def test_what_was_only_printed_is_said_to_be_inferred() -> None:
    seen = replace(metric("seen", 0.25, 0), source="output")
    run, _ = made("a", ["f()"], [metric("acc", 0.9, 0), seen])
    outcome = [line.split() for line in text.outcome(run).splitlines()]
    assert ["metrics", "acc=0.9"] in outcome
    assert ["printed", "(inferred)", "seen=0.25"] in outcome
    assert "output (inferred)" in text.run(run)


def test_a_session_that_waits_for_people_is_open() -> None:
    run, _ = made("a", ["lr = 0.1"], status="running", trigger="interactive")
    assert text.run(run).splitlines()[1].split() == ["status", "open"]


def test_the_outcome_of_a_failed_run_names_cell_and_error() -> None:
    said = "cell 7 raised ZeroDivisionError: division by zero"
    run, _ = made("a", ["lr = 0.1"], notices=(said, "the kernel died"))
    error = replace(
        cell(7, "1/0").execution, error=CellError("ZeroDivisionError", "division by zero")
    )
    shown = text.outcome(replace(run, status="failed", cells=(error,)))
    assert shown.splitlines()[0] == "run aaaaaaaa failed, took 1.0 s"
    assert "error       cell 7: ZeroDivisionError: division by zero" in shown
    assert "notice      the kernel died" in shown
    assert shown.count("division by zero") == 1


def test_cells_that_were_not_run_take_one_row() -> None:
    run, _ = made("a", ["lr = 0.1"])
    left = [replace(cell(at, "x").execution, status="not run") for at in (3, 4, 5, 7)]
    shown = text.run(replace(run, cells=(cell(2, "y = 1").execution, *left)))
    assert [line.split()[0] for line in shown.splitlines()[-2:]] == ["2", "3-5,"]
    assert "3-5, 7  —      4 not run" in shown


def test_a_record_shows_the_beginning_of_each_digest() -> None:
    run, _ = made("a", ["lr = 0.1"], data=(file("a.csv", "xxh3:" + "0123456789abcdef", 0),))
    shown = text.run(run)
    assert "xxh3:0123456789ab" in shown
    assert "cdef" not in shown


def test_no_verb_is_offered_on_a_run_that_is_not_kept() -> None:
    run, _ = made("a", ["lr = 0.1"])
    assert "jupyter mlops show aaaaaaaa" in text.outcome(run)
    shown = text.outcome(run, kept=False)
    assert "jupyter mlops" not in shown and "--json" in shown


def test_the_outcome_says_what_was_not_recorded() -> None:
    run, _ = made("a", ["lr = 0.1"])
    gaps = (Unseen(None, "everything but the outputs", "capture was off"), Unseen(3, "x", "odd"))
    shown = text.outcome(replace(run, unseen=gaps), columns=20)
    assert "not recorded: everything but the outputs; capture was off" in shown.splitlines()
    assert "odd" not in shown
