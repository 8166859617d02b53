"""The grammar: every option of the contract, and a line for whatever is none."""

from __future__ import annotations

import re
import shlex
from typing import Any, get_args

import pytest

from jupyter_mlops import verbs
from jupyter_mlops.errors import MlopsError, UsageError
from jupyter_mlops.records import RunStatus, Trigger
from jupyter_mlops.settings import Settings
from jupyter_mlops.store.expressions import COLUMNS
from jupyter_mlops.verbs.options import Parser

CONTRACT = {
    "run": {"-o", "-p", "-f", "-k", "--cwd", "--timeout", "--cell-timeout"},
    "runs": {"--where", "--sort", "--limit"},
    "show": set(),
    "reproduce": {"--current", "-p", "--in-place", "--fresh-randomness", "-o", "--tolerance"},
    "compare": {"--html"},
    "restore": {"-o"},
    "keep-data": {"--limit"},
    "gc": {"--yes", "--preview", "--quota"},
    "forget": {"--yes", "--preview", "--with-dependents"},
    "doctor": set(),
}


def options(text: str) -> dict[str, Any]:
    return vars(verbs.parse(text.split()).options)


def test_the_verbs_and_their_options_are_those_of_the_contract() -> None:
    assert set(verbs.VERBS) == set(CONTRACT)
    for name, expected in CONTRACT.items():
        parser = Parser(add_help=False)
        verbs.VERBS[name].options(parser)
        given = {a.option_strings[0] for a in parser._actions if a.option_strings}
        assert given == expected, name


def test_run() -> None:
    found = options("run a.ipynb -o b.ipynb -p lr 1e-3 -p layers [1,2] -f p.yaml -k ir --cwd d "
                    "--timeout 60 --cell-timeout 1.5 --json")  # fmt: skip
    assert found == {
        "verb": "run", "notebook": "a.ipynb", "output": "b.ipynb", "file": "p.yaml", "kernel": "ir",
        "parameters": {"lr": 0.001, "layers": [1, 2]}, "cwd": "d", "timeout": 60.0,
        "cell_timeout": 1.5, "json": True,
    }  # fmt: skip


@pytest.mark.parametrize("value", ["-1e-3", "-.inf", "-x", "--json", "-p", "- 1"])
def test_a_value_may_begin_with_a_dash(value: str) -> None:
    found = vars(verbs.parse(["run", "a.ipynb", "-p", "x", value]).options)
    assert found["parameters"] == {
        "x": {"-1e-3": -0.001, "-.inf": float("-inf"), "- 1": [1]}.get(value, value)
    }
    assert not found["json"]


def test_sort_takes_a_dash_and_the_last_of_a_name_counts() -> None:
    assert options("runs --sort -metric.accuracy")["sort"] == "-metric.accuracy"
    assert options("runs --sort=-metric.accuracy")["sort"] == "-metric.accuracy"
    assert options("run a -p lr 1 -p lr 2")["parameters"] == {"lr": 2}
    assert options("run a")["parameters"] == {}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "VERB"),
        ("rnus", "did you mean 'runs'?"),
        ("run", "NOTEBOOK"),
        ("run a -p lr", "expected 2 arguments"),
        ("run a -p lr [1", "lr: '[1' is not a YAML 1.2 value"),
        ("run a --timeout 0", "'0' is not a number above 0"),
        ("run a --timeout nan", "'nan' is not a number above 0"),
        ("run a --cell-timeout x", "'x' is not a number above 0"),
        ("runs --limit 0", "'0' is not a whole number from 1"),
        ("runs --limit 1.5", "'1.5' is not a whole number from 1"),
        ("runs --sort", "expected one argument"),
        ("reproduce @1 --tolerance -1", "not a number from 0"),
        ("compare", "RUN"),
        ("show", "RUN"),
        ("show @1 @2", "@2"),
        ("doctor x", "x"),
        ("run a --jsn", "--jsn"),
        ("runs --li 3", "--li"),
    ],
)
def test_what_is_no_request_is_refused_in_one_line(words: str, says: str) -> None:
    with pytest.raises(MlopsError) as caught:
        verbs.parse(words.split())
    assert caught.value.exit_code == 2
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_verb_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no verb 'sweep'"):
        verbs.parse(["sweep", "a.ipynb"])


@pytest.mark.parametrize("verb", verbs.VERBS)
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        verbs.parse([verb, "--help"])
    assert caught.value.code == 0
    text = capsys.readouterr().out
    assert f"jupyter mlops {verb}" in text
    assert "example:" in text
    assert "--json" in text
    example = verbs.VERBS[verb].example.split("\n")[0]
    assert example.startswith(verb)


def test_the_help_of_runs_lists_what_a_filter_takes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        verbs.parse(["runs", "--help"])
    words = set(re.split(r"[\s,]+", capsys.readouterr().out))
    assert words >= {*COLUMNS, "metric.NAME", "parameter.NAME", "and", "or", "not"}
    assert words >= {"=", "!=", "<", "<=", ">", ">=", "~"}
    assert words >= {*get_args(RunStatus), *get_args(Trigger)}


def test_the_filters_of_the_help_are_read(home: Settings) -> None:
    filters = 0
    for line in verbs.VERBS["runs"].example.split("\n"):
        verbs.parse(shlex.split(line.replace("runs train.ipynb", "runs")))(verbs.Context(home))
        filters += "--where" in line
    assert filters > 1


def test_the_examples_of_the_help_are_read() -> None:
    for verb in verbs.VERBS.values():
        for line in verb.example.split("\n"):
            assert verbs.parse(shlex.split(line)).verb is verb
