"""What the verbs return shows itself, and turns into the frames that people work with."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import plotly.graph_objects as go
import pytest

from jupyter_mlops import schema, text
from jupyter_mlops.records import Comparison, Run, RunPage, RunSummary, Verdict
from jupyter_mlops.results import Runs, ShownComparison, ShownRun, ShownVerdict, shown
from tests.comparison.made import compare, made, metric


@pytest.fixture
def runs() -> Runs:
    """Give two runs with parameters and metrics of their own."""

    def one(name: str, **values: object) -> RunSummary:
        fields = {"parameters": {}, "metrics": {}, **values}
        return RunSummary(name * 32, "/work/a.ipynb", "completed", "run", "2026-01-01T00:00:00.5Z",
                          1.5, **fields)  # type: ignore[arg-type] # fmt: skip

    return Runs(
        RunPage((one("a", parameters={"lr": 0.1}, metrics={"acc": 0.9, "loss": "NaN"}),
                 one("b", parameters={"lr": 0.2, "<b>": "<i>"}, metrics={"acc": 0.8})), next="more")
    )  # fmt: skip


def test_runs_are_a_sequence_with_the_next_page(runs: Runs) -> None:
    assert len(runs) == 2
    assert runs[0].id == "a" * 32
    assert [run.id[0] for run in runs] == ["a", "b"]
    assert runs[:1] == (runs[0],)
    assert (runs.next, runs.draft) == ("more", None)
    assert "lr=0.1" in repr(runs)


def test_runs_as_a_frame(runs: Runs) -> None:
    frame = runs.to_frame()
    assert list(frame.index) == ["a" * 32, "b" * 32]
    assert str(frame["started"].dt.tz) == "UTC"
    assert frame.sort_values("metric.acc").index[0] == "b" * 32
    assert math.isnan(frame["metric.loss"].iloc[0])
    assert pd.isna(frame["parameter.<b>"].iloc[0])
    assert list(frame.columns[-4:]) == [
        "parameter.lr",
        "parameter.<b>",
        "metric.acc",
        "metric.loss",
    ]


def test_what_was_only_printed_has_no_column(runs: Runs) -> None:
    one = replace(runs[0], inferred=("loss",))
    shown = Runs(RunPage((one,)))
    assert "metric.loss" not in shown.to_frame()
    assert shown.to_frame()["inferred"].iloc[0] == ("loss",)
    assert "loss" not in shown._repr_html_()


def test_no_runs_are_an_empty_frame() -> None:
    frame = Runs(RunPage(())).to_frame()
    assert len(frame) == 0
    assert "status" in frame.columns


def test_runs_in_a_notebook_are_a_table_whose_names_are_escaped(runs: Runs) -> None:
    page = runs._repr_html_()
    assert "<th>&lt;b&gt;</th>" in page
    assert "<td>&lt;i&gt;</td>" in page
    assert "<b>" not in page


def test_a_run_shows_itself_and_stays_a_record() -> None:
    run, _ = made("a", ["lr = 0.1"], [metric("loss", 0.5, 0, 0), metric("loss", "Infinity", 0, 1)])
    record = shown(run, ShownRun)
    assert isinstance(record, Run)
    assert repr(record) == text.run(run)
    assert schema.encode(record) == schema.encode(run)
    assert list(record.to_frame()["value"]) == [0.5, math.inf]


def test_a_comparison_gives_its_frame_and_figures() -> None:
    one = made("a", ["lr = 0.1"], [metric("acc", 0.9, 0)])
    other = made("b", ["lr = 0.2"], [metric("acc", 0.8, 0)])
    comparison = shown(compare(one, other), ShownComparison)
    assert isinstance(comparison, Comparison)
    assert repr(comparison) == text.comparison(comparison)
    assert comparison.to_frame().loc["b" * 32].to_dict() == {"parameter.lr": 0.2, "metric.acc": 0.8}
    assert isinstance(comparison.figure(), go.Figure)
    with pytest.raises(KeyError):
        comparison.figure("scatter")


def test_a_verdict_shows_itself() -> None:
    verdict = shown(Verdict("a", "b", "identical", "none used", sentence="identical"), ShownVerdict)
    assert repr(verdict).startswith("identical")
