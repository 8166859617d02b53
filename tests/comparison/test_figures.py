"""Figures are plotly JSON that plotly itself accepts."""

from __future__ import annotations

import json
from typing import Any

import plotly.graph_objects as go
import pytest

from jupyter_mlops.comparison import figures

RUNS = ("a" * 32, "b" * 32, "c" * 32)
PARAMETERS: dict[str, tuple[Any, ...]] = {
    "lr": (0.001, 0.01, 0.1),
    "kernel": ("rbf", None, "<poly>"),
    "depth": (2, 2, 2),
    "shape": ([1, 2], [3], [1, 2]),
}
METRICS: dict[str, tuple[Any, ...]] = {"acc": (0.9, 0.8, 0.85), "loss": (0.1, "NaN", 0.2)}


def axes(figure: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {axis["label"]: axis for axis in figure["data"][0]["dimensions"]}


def drawn(
    parameters: dict[str, Any], metrics: dict[str, Any], runs: tuple[str, ...]
) -> dict[str, Any]:
    figure = figures.parallel_coordinates(parameters, metrics, runs)
    assert figure is not None
    # plotly refuses what it does not know, and the document must be strict JSON.
    go.Figure(json.loads(json.dumps(figure, allow_nan=False)))
    return figure


def test_only_what_differs_gets_an_axis() -> None:
    found = axes(drawn(PARAMETERS, METRICS, RUNS))
    assert list(found) == ["lr", "kernel", "shape", "acc", "loss"]


def test_a_wide_range_is_logarithmic_with_its_own_ticks() -> None:
    axis = axes(drawn(PARAMETERS, METRICS, RUNS))["lr"]
    assert axis["values"] == pytest.approx([-3, -2, -1])
    assert dict(zip(axis["tickvals"], axis["ticktext"], strict=True)) == {
        -3: "0.001", -2: "0.01", -1: "0.1"
    }  # fmt: skip


def test_categories_missing_values_and_nan_are_ticks() -> None:
    found = axes(drawn(PARAMETERS, METRICS, RUNS))
    kernel = found["kernel"]
    assert [kernel["ticktext"][at] for at in kernel["values"]] == ["rbf", figures.MISSING, "<poly>"]
    assert "NaN" in found["loss"]["ticktext"]


def test_the_lines_are_in_the_order_of_the_runs() -> None:
    figure = drawn(PARAMETERS, METRICS, RUNS)
    assert figure["layout"]["meta"]["runs"] == list(RUNS)
    assert figure["data"][0]["line"]["color"] == [0, 1, 2]


def test_many_runs_are_coloured_by_the_first_metric() -> None:
    count = 20
    runs = tuple(f"{n:032x}" for n in range(count))
    figure = drawn({"n": tuple(range(count))}, {"acc": tuple(n / 10 for n in range(count))}, runs)
    assert figure["data"][0]["line"]["color"] == [n / 10 for n in range(count)]
    assert figure["data"][0]["line"]["colorbar"]["title"]["text"] == "acc"


def test_an_equal_metric_keeps_its_axis_beside_a_parameter() -> None:
    found = axes(drawn({"lr": (1, 2)}, {"acc": (0.5, 0.5)}, RUNS[:2]))
    assert found["acc"]["range"] == [-0.5, 1.5]


@pytest.mark.parametrize(
    ("parameters", "metrics"), [({}, {}), ({"n": (1, 1)}, {}), ({}, {"m": (1, 1)})]
)
def test_nothing_to_draw_is_no_figure(parameters: dict[str, Any], metrics: dict[str, Any]) -> None:
    assert figures.parallel_coordinates(parameters, metrics, RUNS[:2]) is None
    assert figures.metric_bars(metrics, ["a", "b"]) is None
    assert figures.scatter(parameters, metrics, ["a", "b"]) is None


def test_names_are_no_markup() -> None:
    figure = drawn({"<b>&": (1, 2)}, {"m": (1, 2)}, RUNS[:2])
    assert "&lt;b>&amp;" in axes(figure)


def test_bars_and_scatter_are_accepted_by_plotly() -> None:
    bars = figures.metric_bars({"acc": (0.9, 0.8), "f1": (0.1, 0.2)}, ["a", "b"])
    assert bars is not None
    assert [trace["y"] for trace in bars["data"]] == [[0.9, 0.8], [0.1, 0.2]]
    go.Figure(bars)
    points = figures.scatter({"lr": (0.001, 0.01, 0.1)}, {"acc": (1, 2, 3)}, ["a", "b", "c"])
    assert points is not None
    assert points["layout"]["xaxis"]["type"] == "log"
    go.Figure(points)


def test_no_theme_is_imposed() -> None:
    text = json.dumps(drawn(PARAMETERS, METRICS, RUNS)["layout"])
    assert not any(word in text for word in ("template", "bgcolor", "font"))
