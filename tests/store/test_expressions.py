"""The language of filters: what it finds, and how it refuses."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlops.errors import BadExpressionError
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store, expressions
from jupyter_mlops.store.expressions import DEPTH_LIMIT, LENGTH_LIMIT, read
from tests.store.many import row, write

ROWS = [
    row(
        1,
        notebook="/work/Train.ipynb",
        parameters={"lr": 0.1, "layers": [1, 2], "name": "adam", "debug": True, "no@3": 1, "no": 2},
        metrics={"accuracy": 0.95, "f1 score": 0.5, "loss": "NaN", "top": "Infinity"},
    ),
    row(
        2,
        notebook="/work/eval.ipynb",
        status="failed",
        parameters={"lr": 1, "name": "sgd", "debug": False, "학습률": 0.5, "a.b": 3, "none": None},
        metrics={"accuracy": 0.5, "loss": 0.25, "top": "-Infinity"},
        duration_s=None,
    ),
    row(
        3,
        parameters={"lr": "0.1", "big": 2**70},
        metrics={},
        user="bob's",
        trigger="sweep",
    ),
]


@pytest.fixture
def filled(store: Store, home: Settings) -> Store:
    write(home, ROWS)
    return store


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("metric.accuracy > 0.9", {1}),
        ("metric.accuracy >= 0.5", {1, 2}),
        ("metric.accuracy < 0.9 or metric.accuracy > 0.9", {1, 2}),
        ("metric.accuracy != 0.5", {1, 3}),
        ("metric.accuracy = null", {3}),
        ("metric.accuracy != null", {1, 2}),
        ("not metric.accuracy > 0.9", {2, 3}),
        ("NOT (metric.accuracy > 0.9) AND status = failed", {2}),
        ('metric."f1 score" = .5', {1}),
        ("metric.loss < 1e3", {2}),
        ("metric.loss = NaN", {1}),
        ("metric.top > 5", {1}),
        ("metric.top < 5", {2}),
        ("metric.top = Infinity", {1}),
        ("metric.top > -Infinity", {1}),
        ("metric.accuracy < Infinity", {1, 2}),
        ("metric.loss > -Infinity", {2}),
        ("metric.loss != NaN", {2, 3}),
        ("parameter.lr = 0.1", {1}),
        ("parameter.lr = 1", {2}),
        ("parameter.lr = 1.0", {2}),
        ('parameter.lr = "0.1"', {3}),
        ("parameter.lr > 0", {1, 2}),
        ("parameter.name = adam", {1}),
        ("parameter.name = 'adam'", {1}),
        ("parameter.name ~ D", {1, 2}),
        ("parameter.name > b", {2}),
        ("parameter.debug = true", {1}),
        ("parameter.debug = false", {2}),
        ("parameter.debug != true", {2, 3}),
        ("parameter.no = 2", {1}),
        ("parameter.no@3 = 1", {1}),
        ("parameter.a.b = 3", {2}),
        ("parameter.none = null", {1, 2, 3}),
        ("parameter.학습률 = 0.5", {2}),
        ('parameter."학습률" = 0.5', {2}),
        ("parameter.layers > 0", set()),
        ("parameter.lr < 99999999999999999999999999", {1, 2}),
        ("status = completed", {1, 3}),
        ("status != completed", {2}),
        ("trigger = sweep", {3}),
        ('user = "bob\'s"', {3}),
        ("notebook ~ train", {1}),
        ('notebook ~ "IPYNB"', {1, 2}),
        ("notebook = /work/eval.ipynb", {2}),
        ("notebook = null", {3}),
        ("duration_s <= 1", {1, 3}),
        ("duration_s = null", {2}),
        ("started >= 2026-01-01T00:00:00.000002Z", {2, 3}),
        ("started < 2026-01-02", {1, 2, 3}),
        ("status = completed and (user = ada or trigger = sweep)", {1, 3}),
        ("status = failed or status = completed and user = ada", {1, 2}),
        ("not not status = failed", {2}),
        ("  status  =  failed  ", {2}),
        ('notebook ~ "\\"" or status = failed', {2}),
        (r'notebook ~ "C:\Users"', set()),
        ("notebook ~ \"%\" or notebook ~ '_'", set()),
        ('notebook ~ "\'; DROP TABLE runs; --"', set()),
        ("status == failed", {2}),
        ("id = " + "0" * 31 + "2", {2}),
        ("id = 0000", {1, 2, 3}),
        ("id = 1", set()),
        ("id != 00000000000000000000000000000001", {2, 3}),
        ("parent = 85d0d467", set()),
        ("parent = null", {1, 2, 3}),
        ("parent != 3d6f-4", {1, 2, 3}),
        ("session = s and id = '0'", {1, 2, 3}),
        ("", {1, 2, 3}),
    ],
)
def test_found(filled: Store, expression: str, found: set[int]) -> None:
    assert {int(run.id, 16) for run in filled.runs(where=expression).runs} == found


@pytest.mark.parametrize(
    ("expression", "column", "said"),
    [
        ("metric.accuracy >", 18, "a number"),
        ("metric.accuracy", 16, "= != <"),
        ("metric = 3", 1, "metric.NAME"),
        ("metric. = 3", 1, "no name"),
        ("accuracy > 0.9", 1, "no key 'accuracy'"),
        ("statsu = failed", 1, "did you mean 'status'"),
        ("status = complete", 10, "did you mean 'completed'"),
        ("status = open", 10, "an open run is found as running"),
        ("status = failed and", 20, "metric.NAME"),
        ("(status = failed", 17, ")"),
        ("status = failed)", 16, "the end"),
        ("status =< failed", 9, "expected"),
        ("metric.accuracy > 3d6f", 19, "no number"),
        ("metric.accuracy > high", 19, "'high' is none"),
        ("metric.loss > NaN", 15, "'NaN' is none"),
        ("verdict = diffres", 11, "did you mean 'differs'"),
        ("status = failed; DROP TABLE runs", 16, "and"),
        ("status = 'failed", 10, "expected"),
        ("metric.a = 0.9.1", 12, "expected"),
        ("and", 1, "metric.NAME"),
        ('metric."" > 1', 1, "no name"),
        (r'status = failed or user = "a\ud800"', 27, "no text"),
        (r'notebook ~ "\udcff\ud800"', 12, "no text"),
        ("user = '\udcff'", 9, "no text"),
        ('metric."\udcff" > 1', 9, "no text"),
    ],
)
def test_refused_with_its_column(expression: str, column: int, said: str) -> None:
    with pytest.raises(BadExpressionError) as raised:
        read(expression)
    assert raised.value.values["column"] == column
    assert said in raised.value.values["reason"]
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("expression", "column", "said"),
    [
        ("metric.acuracy > 0.9", 1, "no run has a metric 'acuracy'; did you mean 'accuracy'?"),
        ("status = failed or parameter.l = 1", 20, "did you mean 'lr'?"),
        ("metric.acuracy != 1", 1, "did you mean 'accuracy'?"),
    ],
)
def test_a_name_that_no_run_has(filled: Store, expression: str, column: int, said: str) -> None:
    with pytest.raises(BadExpressionError) as raised:
        filled.runs(where=expression)
    assert raised.value.values["column"] == column
    assert said in raised.value.values["reason"]


def test_a_store_without_runs_refuses_no_name(store: Store) -> None:
    assert store.runs(where="metric.accuracy > 0.9", sort="-metric.accuracy").runs == ()


@pytest.fixture
def no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be parsed: what would cost time or stack is refused before."""

    def parsed() -> None:
        pytest.fail("it was parsed")

    monkeypatch.setattr(expressions, "_parser", parsed)


def test_too_long(no_parser: None) -> None:
    with pytest.raises(BadExpressionError, match="longer than"):
        read("status = failed or " * LENGTH_LIMIT)


@pytest.mark.parametrize(("before", "after"), [("(", ")"), ("not ", ""), ("not (", ")")])
def test_too_deep(before: str, after: str, no_parser: None) -> None:
    with pytest.raises(BadExpressionError, match="nested too deeply"):
        read(before * (DEPTH_LIMIT + 1) + "status = failed" + after * (DEPTH_LIMIT + 1))


def test_as_deep_and_as_long_as_allowed(filled: Store) -> None:
    half = DEPTH_LIMIT // 2
    deep = "not (" * half + "status = failed" + ")" * half
    assert filled.runs(where=deep).runs
    many = " or ".join(["status = failed"] * (LENGTH_LIMIT // 20))
    assert len(filled.runs(where=many).runs) == 1


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="()\"'=!<>~.@ \\anudortmericpl0159%;-\n\x00é\ud800", max_size=60))
def test_anything_else_is_refused_in_words(filled: Store, text: str) -> None:
    try:
        filled.runs(where=text)
    except BadExpressionError as error:
        if not 1 <= error.values["column"] <= len(text) + 1:
            pytest.fail(f"column {error.values['column']} of {text!r}")
