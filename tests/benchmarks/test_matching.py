"""The rule by which findings are compared with labels."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

from _matching import Score, is_called, is_value, score


@pytest.mark.parametrize(
    ("finding", "label", "same"),
    [
        ("lr", "LR", True),
        ("Config.lr", "lr", True),
        ("lr", "CFG.lr", True),
        ("clf__C", "C", True),
        ("mean_squared_error_X_test", "mean_squared_error", True),
        ("macro avg.f1-score", "macro_avg.f1-score", True),
        ("nsample", "n", False),
        ("lr_decay", "decay_lr", False),
    ],
)
def test_names_are_the_same_but_for_case_marks_prefix_and_suffix(
    finding: str, label: str, same: bool
) -> None:
    assert is_called(finding, label) is same


@pytest.mark.parametrize(
    ("finding", "label", "same"),
    [
        ("0.1", 0.1, True),
        (0.1 + 1e-9, 0.1, True),
        (0.1 + 1e-6, 0.1, False),
        (True, 1, False),
        ("True", True, True),
        ("None", None, True),
        (0, None, False),
        ("(1, 2)", [1, 2], True),
        ([1, 2, 3], [1, 2], False),
        ({"a": "1"}, {"a": 1}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ("data/x.csv", "data/x.csv", True),
    ],
)
def test_values_are_compared_as_what_they_are(finding: Any, label: Any, same: bool) -> None:
    assert is_value(finding, label) is same


def counts(made: Score) -> tuple[int, int, int]:
    return len(made.found), len(made.missed), len(made.extra)


def test_a_cell_is_compared_only_where_a_tool_tells_one() -> None:
    labels = [{"cell": cell, "name": "lr", "value": value} for cell, value in ((1, 0.1), (5, 0.1))]
    assert counts(score("parameters", labels, [{"name": "lr", "value": 0.1}])) == (2, 0, 0)
    told = [{"name": "lr", "value": 0.1, "cell": 5}, {"name": "lr", "value": 0.1, "cell": 7}]
    assert counts(score("parameters", labels, told)) == (1, 1, 1)


def test_an_argument_that_was_left_out_and_an_entry_of_a_dictionary_are_no_extras() -> None:
    labels = [{"cell": 1, "name": "params", "value": {"eta": 0.2}}]
    found = [
        {"name": "eta", "value": 0.2},
        {"name": "eta", "value": 0.3},
        {"name": "tol", "value": 1, "of": "Ridge"},
    ]
    assert counts(score("parameters", labels, found)) == (0, 1, 1)


def test_a_number_in_another_guise_is_no_extra_and_a_series_needs_all_its_steps() -> None:
    labels = [
        {"cell": 3, "names": ["accuracy"], "value": 0.87654, "steps": None},
        {"cell": 4, "names": ["loss"], "value": None, "steps": 3},
        {"cell": 5, "names": ["*"], "optional": True},
    ]
    found = [
        {"cell": 3, "name": "accuracy", "value": 0.87654, "steps": 1},
        {"cell": 3, "name": "shown", "value": 0.877, "steps": 1},
        {"cell": 3, "name": "rows", "value": 100, "steps": 1},
        {"cell": 3, "name": "accuracy", "value": 0.5, "steps": 1},
        {"cell": 4, "name": "loss", "value": 0.2, "steps": 1},
        {"cell": 5, "name": "anything", "value": 1, "steps": 1},
    ]
    assert counts(score("metrics", labels, found)) == (1, 1, 2)


def test_what_is_optional_is_neither_missed_nor_too_much() -> None:
    labels = [
        {"cell": 1, "classes": ["Ridge"]},
        {"cell": 2, "classes": ["Lasso"], "optional": True},
    ]
    assert counts(score("models", labels, [])) == (0, 1, 0)
    found = [
        {"classes": ["sklearn.linear_model.Ridge"], "cell": 1},
        {"classes": ["Lasso"], "cell": 2},
    ]
    made = score("models", labels, found)
    assert (counts(made), made.neither) == ((1, 0, 0), found[1:])
    assert counts(score("models", labels, [{"classes": ["SVC"], "cell": 1}])) == (0, 1, 1)
