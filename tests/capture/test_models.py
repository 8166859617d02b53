"""Models: which objects are fitted, and with what they were made."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jupyter_mlops.capture.metrics import number
from jupyter_mlops.capture.models import constructor_arguments, is_fitted, models
from jupyter_mlops.dataflow import analyse

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 1.0]])
Y = [0, 1, 0, 1]


def test_only_what_fitting_leaves_behind_makes_a_model() -> None:
    model = LogisticRegression()
    assert not is_fitted(model)
    assert is_fitted(model.fit(X, Y))
    for other in (load_iris(), X, 3, "x", LogisticRegression, None):
        assert not is_fitted(other)


def test_the_receiver_of_a_fit_is_one_whatever_it_is() -> None:
    class Mine:
        def __init__(self, depth: int, *, rate: float = 0.5) -> None:
            self.depth, self.rate, self.data = depth, rate, X

    flow = analyse("mine.fit(X)\nscaler = StandardScaler().fit(X)\nplain = LogisticRegression()")
    namespace = {
        "mine": Mine(3),
        "scaler": StandardScaler().fit(X),
        "plain": LogisticRegression(),
        "_": LogisticRegression().fit(X, Y),
    }
    found = models(flow, namespace.keys(), namespace, {"scaler": "xxh3:00"})
    assert [(one.name, one.class_, one.digest) for one in found] == [
        ("mine", f"{__name__}.{Mine.__qualname__}", None),
        ("scaler", "sklearn.preprocessing._data.StandardScaler", "xxh3:00"),
    ]
    assert found[0].parameters == {"depth": 3, "rate": 0.5}


def test_constructor_arguments_are_sklearns_own_parameters() -> None:
    for model in (LogisticRegression(C=0.3), KMeans(3, tol=1e-3)):
        assert constructor_arguments(model) == model.get_params(deep=False)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    assert "steps" not in constructor_arguments(pipeline)
    assert constructor_arguments(3) == {}
    assert constructor_arguments(np.mean) == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        (1.5, 1.5),
        (np.float64(1.5), 1.5),
        (np.float32(0.5), 0.5),
        (np.int64(7), 7),
        (np.uint8(7), 7),
        (True, None),
        (np.True_, None),
        (1j, None),
        ("1", None),
        (None, None),
        (2**70, None),
        (np.array(1.0), None),
        (np.datetime64("2026-01-01"), None),
    ],
)
def test_numbers(value: object, expected: float | None) -> None:
    found = number(value)
    assert found == expected
    assert type(found) is type(expected)
