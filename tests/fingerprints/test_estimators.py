from __future__ import annotations

import functools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn import cluster, ensemble, linear_model, neighbors, neural_network, preprocessing, svm
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.datasets import make_classification
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from jupyter_mlops.fingerprints import fingerprint
from jupyter_mlops.records import Fingerprint

X, Y = make_classification(120, 6, random_state=0)

MODELS: dict[str, Callable[[], Any]] = {
    "logistic": lambda: linear_model.LogisticRegression(C=0.5),
    "forest": lambda: ensemble.RandomForestClassifier(5, random_state=0),
    "boosting": lambda: ensemble.GradientBoostingClassifier(n_estimators=4, random_state=0),
    "histogram": lambda: ensemble.HistGradientBoostingClassifier(max_iter=3, random_state=0),
    "svm": lambda: svm.SVC(),
    "neighbors": lambda: neighbors.KNeighborsClassifier(algorithm="kd_tree"),
    "sgd": lambda: linear_model.SGDClassifier(random_state=0),
    "kmeans": lambda: cluster.KMeans(3, n_init=1, random_state=0),
    "network": lambda: neural_network.MLPClassifier((4,), max_iter=500, tol=1e-2, random_state=0),
    "splines": lambda: preprocessing.SplineTransformer(),
    "search": lambda: GridSearchCV(linear_model.LogisticRegression(), {"C": [0.1, 1]}, cv=3),
    "pipeline": lambda: make_pipeline(
        ColumnTransformer([("scale", preprocessing.StandardScaler(), slice(0, 3))]),
        linear_model.LogisticRegression(),
    ),
    "function": lambda: preprocessing.FunctionTransformer(np.log1p),
}


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_is_its_class_parameters_and_fitted_state(name: str) -> None:
    make = MODELS[name]
    fitted = make().fit(abs(X), Y)
    found = of(fitted)
    assert found.complete
    assert of(make().fit(abs(X), Y)) == found
    assert of(pickle.loads(pickle.dumps(fitted))) == found
    assert of(make()).digest != found.digest
    if name != "function":
        assert of(make().fit(abs(X[::-1]) + 1, 1 - Y)).digest != found.digest


def test_a_parameter_alone_changes_the_digest() -> None:
    models = [linear_model.Ridge(alpha=1.0), linear_model.Ridge(alpha=2.0), linear_model.Lasso()]
    assert len({of(model).digest for model in models}) == 3


def test_vocabularies_are_read() -> None:
    texts = ["a first text", "and another one"]
    one, other = (TfidfVectorizer(stop_words=["the"]).fit(texts) for _ in range(2))
    assert of(one).complete
    assert of(one) == of(other)
    assert of(one).digest != of(TfidfVectorizer().fit([*texts, "a third"])).digest


def test_how_long_a_fit_took_does_not_count() -> None:
    one, other = (MODELS["search"]().fit(X, Y) for _ in range(2))
    other.refit_time_ = one.refit_time_ + 1
    other.cv_results_["mean_fit_time"] = one.cv_results_["mean_fit_time"] + 1
    assert of(one) == of(other)
    other.cv_results_["mean_test_score"] = one.cv_results_["mean_test_score"] + 1
    assert of(one).digest != of(other).digest


def test_the_global_random_generator_is_no_part_of_a_model() -> None:
    from sklearn.utils import check_random_state

    model = linear_model.SGDClassifier()
    model.generator = check_random_state(None)
    before = of(model)
    np.random.random()
    assert of(model) == before
    model.generator = np.random.RandomState(1)
    own = of(model)
    model.generator.random()
    assert own.complete and of(model).digest != own.digest


class Scaler(TransformerMixin, BaseEstimator):
    """An estimator of the user's own."""

    def __init__(self, by: float = 1.0) -> None:
        self.by = by

    def fit(self, x: Any, y: Any = None) -> Scaler:
        self.mean_ = x.mean(axis=0)
        return self

    def __getstate__(self) -> Any:
        raise AssertionError("the user's code was called")

    __reduce_ex__ = __repr__ = __eq__ = __sklearn_tags__ = __getstate__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def test_a_users_estimator_is_read_without_its_methods() -> None:
    found = of(Scaler(2.0).fit(X))
    assert found.complete
    assert found == of(Scaler(2.0).fit(X))
    assert found.digest != of(Scaler(2.0).fit(X + 1)).digest
    assert found.digest != of(Scaler(2.0)).digest


def test_what_is_not_known_makes_it_incomplete(hostile: type, calls: list[str]) -> None:
    class Slotted(BaseEstimator):
        __slots__ = ("hidden",)

    class Listing(list, BaseEstimator):  # type: ignore[type-arg]
        pass

    unknown = [
        preprocessing.FunctionTransformer(lambda x: x),
        preprocessing.FunctionTransformer(functools.partial(np.add, 1)),
        preprocessing.FunctionTransformer(kw_args={"thing": hostile()}),
        preprocessing.FunctionTransformer(kw_args={"thing": hostile}),
        Slotted(),
        Listing([1]),
    ]
    model = linear_model.Ridge()
    model.__dict__["array"] = np.array([hostile()], object)
    calls.clear()
    assert [of(one).complete for one in (*unknown, model)] == [False] * 7
    assert calls == []


def test_what_a_compiled_part_holds_counts() -> None:
    def fitted(points: np.ndarray) -> Any:
        model = linear_model.LinearRegression().fit([[1.0]], [1.0])
        model.tree_ = neighbors.KDTree(points)
        return fingerprint(model)

    points = np.arange(100.0).reshape(-1, 2)
    others = points.copy()
    others[7, 1] = -5
    assert fitted(points) == fitted(points.copy())
    assert fitted(points).complete
    assert fitted(points).digest != fitted(others).digest
