"""What the calls of a cell tell: metrics, parameters, models."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.calls.hearing import Heard
from tests.capture.calls.conftest import Hear

pytest.importorskip("sklearn")

_DATA = "import numpy as np\nX = np.arange(40.0).reshape(20, 2)\ny = np.arange(20) % 2\n"


def _metrics(heard: Heard | None) -> dict[str, Any]:
    assert heard is not None
    found: dict[str, Any] = {}
    for metric in heard.metrics():
        if metric.step is None:
            assert metric.name not in found
            found[metric.name] = metric.value
        else:
            found.setdefault(metric.name, []).append(metric.value)
    return found


def _models(heard: Heard | None, space: dict[str, Any]) -> list[Any]:
    assert heard is not None
    return list(heard.models((), space, {}, Budget(1.0, batch=True)))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("acc = accuracy_score([1, 0], [1, 1])", {"acc": 0.5}),
        ("print('a', accuracy_score([1, 0], [1, 1]))", {"accuracy_score": 0.5}),
        ("accuracy_score([1, 0], [1, 1])", {"accuracy_score": 0.5}),
        ("found = {'acc': accuracy_score([1], [1])}", {"acc": 1.0}),
        ("found = dict(acc=accuracy_score([1], [1]))", {"acc": 1.0}),
        ("found = {}\nfound['acc'] = accuracy_score([1], [1])", {"found.acc": 1.0}),
        ("a, b = accuracy_score([1], [1]), 2", {"accuracy_score": 1.0}),
        ("p, r, f, s = fs([1, 0], [1, 1], average='micro')", {"p": 0.5, "r": 0.5, "f": 0.5}),
        ("f1_score([0, 1], [0, 1], average=None)", {"f1_score[0]": 1.0, "f1_score[1]": 1.0}),
        (
            "for one in ([1], [0]):\n  acc = accuracy_score([1], one)",
            {"acc": [1.0, 0.0]},
        ),
        (
            "accuracy_score([1], [1]), accuracy_score([1], [0])",
            {"accuracy_score([1], [1])": 1.0, "accuracy_score([1], [0])": 0.0},
        ),
        (
            "def f(x):\n  return accuracy_score([1], x)\nprint(f([1]))",
            {"accuracy_score": 1.0},
        ),
        # The name has what the author meant, which is not the part of it.
        ("error = 1 - accuracy_score([1], [1])", {}),
        ("matrix = confusion_matrix([1, 0], [1, 1])", {}),
        ("print(report([1, 0], [1, 1], output_dict=True, zero_division=0))", ...),
    ],
)
def test_metrics_have_the_names_that_the_notebook_gives(
    hear: Hear, source: str, expected: Any
) -> None:
    imports = (
        "from sklearn.metrics import accuracy_score, f1_score, confusion_matrix\n"
        "from sklearn.metrics import precision_recall_fscore_support as fs\n"
        "from sklearn.metrics import classification_report as report\n"
    )
    heard = hear(imports + source)
    if expected is ...:
        found = _metrics(heard)
        assert found["classification_report.accuracy"] == 0.5
        assert found["classification_report.macro avg.recall"] == 0.5
    elif expected:
        assert _metrics(heard) == expected
    else:
        assert heard is None or _metrics(heard) == {}


def test_a_printed_report_says_what_its_dictionary_says(hear: Hear) -> None:
    found = _metrics(
        hear(
            "from sklearn.metrics import classification_report\n"
            "print(classification_report([1, 0, 1, 1], [1, 1, 1, 0], zero_division=0))"
        )
    )
    assert found["accuracy"] == 0.5
    assert found["weighted avg.precision"] == 0.5
    assert found["1.recall"] == 0.67


def test_folds_are_steps(hear: Hear) -> None:
    found = _metrics(
        hear(
            _DATA + "from sklearn.dummy import DummyClassifier\n"
            "from sklearn.model_selection import cross_val_score, cross_validate\n"
            "scores = cross_val_score(DummyClassifier(), X, y, cv=2)\n"
            "both = cross_validate(DummyClassifier(), X, y, cv=2, return_train_score=True)"
        )
    )
    assert found == {"scores": [0.5, 0.5], "test_score": [0.5, 0.5], "train_score": [0.5, 0.5]}


def test_a_model_has_what_it_was_made_with_and_fitted_on(hear: Hear) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    heard = hear(
        _DATA + "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import Pipeline\nfrom sklearn.preprocessing import StandardScaler\n"
        "pipe = Pipeline([('scale', StandardScaler()), ('clf', LogisticRegression(C=2.0))])\n"
        "pipe.fit(X, y)\nprint(pipe.score(X, y))",
        space,
    )
    (model,) = _models(heard, space)
    assert model.class_ == "sklearn.pipeline.Pipeline"
    assert model.name == "pipe"
    assert model.parameters["clf__C"] == 2.0
    assert [(one.name, one.shape) for one in model.data] == [("X", (20, 2)), ("y", (20,))]
    assert all(one.complete and one.digest for one in model.data)
    assert model.digest is not None
    assert [(one.name, one.value) for one in heard.parameters()] == [("C", 2.0)]
    assert "pipe.score" in _metrics(heard)


def test_what_a_search_fits_inside_is_no_model_of_its_own(hear: Hear) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    heard = hear(
        _DATA + "from sklearn.base import BaseEstimator, ClassifierMixin\n"
        "from sklearn.dummy import DummyClassifier\nfrom sklearn.metrics import accuracy_score\n"
        "from sklearn.model_selection import GridSearchCV\n"
        "class Own(ClassifierMixin, BaseEstimator):\n"
        "  def __init__(self, a=1): self.a = a\n"
        "  def fit(self, X, y):\n"
        "    self.inner_ = DummyClassifier().fit(X, y)\n"
        "    self.classes_ = self.inner_.classes_\n"
        "    return self\n"
        "  def predict(self, X): return self.inner_.predict(X)\n"
        "def scorer(model, X, y): return accuracy_score(y, model.predict(X))\n"
        "search = GridSearchCV(Own(), {'a': [1, 2]}, cv=2, scoring=scorer).fit(X, y)\n"
        "print(search.best_score_)",
        space,
    )
    assert [one.name for one in _models(heard, space)] == ["search"]
    assert _metrics(heard) == {"search.best_score_": 0.5}


def test_models_of_a_loop_are_told_apart(hear: Hear) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    heard = hear(
        _DATA + "from sklearn.dummy import DummyClassifier, DummyRegressor\n"
        "models = [DummyClassifier(), DummyRegressor(), DummyRegressor()]\n"
        "for m in models:\n  m.fit(X, y)",
        space,
    )
    found = [(one.name, one.class_.rpartition(".")[2]) for one in _models(heard, space)]
    assert found == [
        ("m", "DummyClassifier"),
        ("DummyRegressor", "DummyRegressor"),
        ("DummyRegressor 2", "DummyRegressor"),
    ]


def test_an_argument_that_a_loop_changes_is_no_parameter(hear: Hear) -> None:
    heard = hear(
        _DATA + "from sklearn.neighbors import KNeighborsClassifier\n"
        "for k in (1, 3):\n  KNeighborsClassifier(n_neighbors=k, p=1).fit(X, y)"
    )
    assert heard is not None
    assert [(one.name, one.value) for one in heard.parameters()] == [("p", 1)]


def test_two_models_of_a_cell_have_parameters_of_their_own(hear: Hear) -> None:
    heard = hear(
        "from sklearn.linear_model import Lasso, Ridge\n"
        "one = Ridge(alpha=1.0)\ntwo = Lasso(alpha=2.0)"
    )
    assert heard is not None
    found = {one.name: one.value for one in heard.parameters()}
    assert found == {"one.alpha": 1.0, "two.alpha": 2.0}


def test_the_measures_of_a_regression(hear: Hear) -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    heard = hear(
        "import numpy as np\nimport statsmodels.api as sm\n"
        "x = np.arange(30.0)\n"
        "res = sm.OLS(3 * x + np.sin(x), sm.add_constant(x)).fit()\n"
        "print(res.aic, res.pvalues[1])\nr2 = res.rsquared",
        space,
    )
    assert _metrics(heard) == {
        "res.aic": space["res"].aic,
        "res.pvalues[1]": space["res"].pvalues[1],
        "r2": space["res"].rsquared,
    }
    (model,) = _models(heard, space)
    assert [one.shape for one in model.data] == [(30, 2), (30,)]


def test_a_call_that_never_ends_telling_is_not_heard_any_more(hear: Hear) -> None:
    import sklearn  # noqa: F401 - without a library of models nothing is heard

    source = (
        "class Model:\n  predict = None\n  def score(self, at): return at / 2\n"
        "model = Model()\nfor at in range(10_050): best = model.score(at)"
    )
    heard = hear(source)
    assert heard is not None
    assert len(heard.metrics()) == 10_000
    assert [one.what for one in heard.unseen()] == ["best after 10,000 calls of it"]
    again = hear(
        "class Model:\n  fit = None\n  def score(self): return 0.5\nbest = Model().score()"
    )
    assert _metrics(again) == {"best": 0.5}


def test_a_formula_is_an_argument(hear: Hear) -> None:
    pytest.importorskip("statsmodels")
    heard = hear(
        "import pandas as pd\nimport statsmodels.formula.api as smf\n"
        "frame = pd.DataFrame({'x': [1.0, 2.0, 4.0], 'y': [2.0, 3.0, 7.0]})\n"
        "model = smf.ols('y ~ x', data=frame)"
    )
    assert heard is not None
    assert [(one.name, one.value) for one in heard.parameters()] == [("formula", "y ~ x")]


def test_a_class_of_the_notebooks_own_tells_what_it_was_made_with(hear: Hear) -> None:
    pytest.importorskip("torch")
    source = (
        "from torch import nn\n"
        "class Base(nn.Module): pass\n"
        "class Net(Base):\n"
        "    def __init__(self, inner, outer=1, *, drop=0.0, sizes=()):\n"
        "        super().__init__()\n"
        "        self.layer = nn.Linear(inner, outer)\n"
        "        self.part = Base() if inner else Net(9)\n"
        "width = 3\n"
        "net = Net(2, outer=width, drop=0.25, sizes=[1, 2])"
    )
    heard = hear(source)
    assert heard is not None
    found = {one.name: (one.value, one.type) for one in heard.parameters()}
    # `width` is a parameter under its own name.
    assert found == {"inner": (2, "int"), "drop": (0.25, "float"), "sizes": ([1, 2], "list")}
    heard = hear("class Net:\n    def __init__(self, inner): self.inner = inner\nNet(inner=5)")
    assert heard is None or heard.parameters() == []


def test_a_class_that_was_imported_with_all_others_is_known(hear: Hear) -> None:
    heard = hear(
        "from sklearn.ensemble import *\n"
        "model = RandomForestClassifier(n_estimators=7)\nprint(ValueError('depth'))"
    )
    assert heard is not None
    assert {one.name: one.value for one in heard.parameters()} == {"n_estimators": 7}


def test_only_a_model_has_a_score(hear: Hear) -> None:
    source = (
        "import sklearn\n"
        "class Game:\n    def score(self): return 3\n"
        "class Rule(Game):\n    def predict(self): return 1\n"
        "game, rule = Game(), Rule()\n"
        "points = game.score()\nquality = rule.score()\n"
        "try: Game().score(1)\nexcept TypeError: pass\n"
        "print([one.score() for one in (rule, game, rule)])"
    )
    assert _metrics(hear(source)) == {"quality": 3, "one.score": [3, 3]}
