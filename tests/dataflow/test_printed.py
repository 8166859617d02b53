"""Numbers that stand beside a name in what a cell printed."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from jupyter_mlops.dataflow.printed import inferred, with_inferred
from jupyter_mlops.events import CellFinished
from jupyter_mlops.records import Metric


def _shown(text: str) -> dict[str, list[float | int | str]]:
    found: dict[str, list[float | int | str]] = {}
    for one in inferred([{"output_type": "stream", "name": "stdout", "text": text}]):
        assert one.source == "output" and one.cell is None
        found.setdefault(one.name, []).append(one.value)
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Accuracy: 0.93", {"Accuracy": [0.93]}),
        ("test accuracy = 93.1%", {"test accuracy %": [93.1]}),
        ("RMSE is 1.5e-3\n", {"RMSE": [0.0015]}),
        ("epoch 3 loss 0.21", {"loss": [0.21]}),
        ("Epoch 1: train loss: 0.5, val loss: 0.6\nEpoch 2: train loss: 0.4, val loss: 0.5",
         {"train loss": [0.5, 0.4], "val loss": [0.6, 0.5]}),
        ("loss: 0.9\rloss: 0.8\r", {"loss": [0.8]}),
        ("[1]\ttraining's l1: 0.5\tv's l1: 0.75", {"training's l1": [0.5], "v's l1": [0.75]}),
        ("{'accuracy': 0.5}", {"accuracy": [0.5]}),
        ("R^2: -0.25", {"R^2": [-0.25]}),
        # Counts, times, sizes, versions, addresses, dates: no metrics.
        ("rows: 120\nshape: (10, 2)", {}),
        ("elapsed: 0.25 s\nWall time: 1.5\ntook 3.2s", {}),
        ("size: 1.5 MB\nversion: 2.4.1\nnumpy 1.26", {}),
        ("at: 2024-01-05 12:30\nhttp://a.b:8080/1.0", {}),
        ("mean     0.25\nstd      0.5", {}),
        ("", {}),
    ],
)  # fmt: skip
def test_what_is_a_number_beside_a_name(
    text: str, expected: dict[str, list[float | int | str]]
) -> None:
    assert _shown(text) == expected


def test_long_lines_take_no_time() -> None:
    began = time.process_time()
    assert _shown("long" * 250_000) == {}
    assert _shown(("a-" * 200 + "\n") * 2000) == {}
    assert time.process_time() - began < 5


def test_only_what_is_printed_counts() -> None:
    outputs = [
        None,
        {"output_type": "stream", "name": "stderr", "text": "loss: 0.5"},
        {"output_type": "execute_result", "data": {"text/plain": "loss: 0.5"}},
        {"output_type": "stream", "name": "stdout", "text": ["loss:", " 0.5\n"]},
    ]
    assert [(one.name, one.value) for one in inferred(outputs)] == [("loss", 0.5)]


def test_what_is_known_is_not_inferred_again() -> None:
    known = (
        Metric("acc", 0.93456, None, None, "call"),
        Metric("val_loss", 0.5, 0, None, "history"),
    )
    finished = CellFinished(
        writer="w", seq=0, at="", execution=0, status="ok", duration_s=0.0, execution_count=1,
        metrics=known,
    )  # fmt: skip
    text = "Accuracy: 0.935\nin per cent: 93.5%\nval loss: 0.7\nF1: 0.25"
    found = inferred([{"output_type": "stream", "name": "stdout", "text": text}])
    told = with_inferred(finished, found)
    assert [(one.name, one.value, one.source) for one in told.metrics[2:]] == [
        ("F1", 0.25, "output")
    ]
    assert told.minor == ("F1",)
    # Every second step of a known series, under another name.
    steps = tuple(Metric("l1", value, step, None, "history") for step, value in enumerate(
        (0.51, 0.42, 0.33, 0.24)
    ))  # fmt: skip
    text = "[1] training's loss: 0.51\n[3] training's loss: 0.33"
    found = inferred([{"output_type": "stream", "name": "stdout", "text": text}])
    assert len(found) == 2
    several = replace(finished, metrics=steps)
    assert with_inferred(several, found) is several
    assert with_inferred(finished, ()) is finished
