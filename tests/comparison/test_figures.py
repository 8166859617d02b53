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
    assert figures.metric_dots(metrics, ["a", "b"]) is None
    assert figures.scatter(parameters, metrics, ["a", "b"]) is None


def test_names_are_no_markup() -> None:
    figure = drawn({"<b>&": (1, 2)}, {"m": (1, 2)}, RUNS[:2])
    assert "&lt;b>&amp;" in axes(figure)


def test_values_that_are_close_are_told_apart_by_their_place() -> None:
    dots = figures.metric_dots(
        {"acc": (0.953, 0.959, None), "f1": (0.1, 0.2, 0.3)}, ["a", "b", "c"]
    )
    assert dots is not None
    go.Figure(dots)
    assert [trace["x"] for trace in dots["data"]] == [[0.953, 0.959, None], [0.1, 0.2, 0.3]]
    assert dots["data"][0]["text"] == ["0.953", "0.959", ""]
    low, high = dots["layout"]["xaxis"]["range"]
    assert low < 0.953 and high > 0.959
    # A fair part of the frame's width lies between both.
    assert (0.959 - 0.953) / (high - low) > 0.5


def test_the_figure_of_metrics_grows_with_them() -> None:
    def height(count: int) -> int:
        figure = figures.metric_dots({f"m{n}": (1, 2) for n in range(count)}, ["a", "b"])
        assert figure is not None
        go.Figure(figure)
        return int(figure["layout"]["height"])

    assert height(1) == height(3) < height(4)


def test_each_of_few_runs_has_its_colour_in_every_figure() -> None:
    lines = drawn(PARAMETERS, METRICS, RUNS)
    own = lines["layout"]["meta"]["colors"]
    assert len(set(own)) == 3
    assert [color for _, color in lines["data"][0]["line"]["colorscale"]] == own
    for figure in (
        figures.metric_dots(METRICS, list(RUNS)),
        figures.scatter(PARAMETERS, METRICS, list(RUNS)),
    ):
        assert figure is not None
        assert figure["data"][0]["marker"]["color"] == own
    assert len(set(figures.colors(20))) == 1


def test_ticks_that_would_overlap_are_left_out() -> None:
    values = (0.5, 0.51, 0.75, 0.99, 1.0)
    axis = axes(drawn({"n": values}, {"m": (1, 2, 3, 4, 5)}, tuple("abcde")))["n"]
    assert axis["tickvals"] == [0.5, 0.75, 1.0]


def test_a_scatter_over_a_wide_range_is_logarithmic() -> None:
    points = figures.scatter({"lr": (0.001, 0.01, 0.1)}, {"acc": (1, 2, 3)}, ["a", "b", "c"])
    assert points is not None
    assert points["layout"]["xaxis"]["type"] == "log"
    go.Figure(points)


def test_no_theme_is_imposed() -> None:
    text = json.dumps(drawn(PARAMETERS, METRICS, RUNS)["layout"])
    assert not any(word in text for word in ("template", "bgcolor", "font"))
