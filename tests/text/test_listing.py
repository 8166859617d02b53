"""A page of runs as text: aligned, and nothing that a terminal obeys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_mlops import layout, text
from jupyter_mlops.records import Draft, Executing, RunPage, RunSummary
from tests.comparison.made import cell

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


def test_what_was_only_printed_has_no_column() -> None:
    summary = replace(SUMMARY, metrics={"acc": 0.5, "seen": 0.25}, inferred=("seen",))
    shown = text.runs(RunPage(runs=(summary,)))
    assert "acc=0.5" in shown
    assert "seen" not in shown


def test_a_long_value_is_cut() -> None:
    long = replace(SUMMARY, parameters={"text": "a\n" * 800, "lr": 0.1})
    row = text.runs(RunPage(runs=(long,))).splitlines()[1]
    assert len(row) < 200 and "a… lr=0.1" in row


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


def test_an_interactive_run_whose_cells_all_ended_is_open() -> None:
    run = replace(SUMMARY, status="running", trigger="interactive")
    cell_ = Executing(3, None, "2026-01-01T00:00:00Z")
    shown = [run, replace(run, executing=cell_), replace(run, trigger="run")]
    rows = text.runs(RunPage(runs=tuple(shown))).splitlines()[1:]
    assert [row.split()[1] for row in rows] == ["open", "running", "running"]


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
