"""What the quick look lets pass is what the long one finds nothing in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jupyter_mlops.records import Parameter
from jupyter_mlops.redaction import Names, Redactor
from jupyter_mlops.redaction.assigned import plain
from jupyter_mlops.redaction.names import KOREAN_STEMS, STEMS
from jupyter_mlops.redaction.shapes import PRECEDED, PREFIXED, find
from jupyter_mlops.redaction.sieve import Sieve
from tests.redaction.made import planted

KEY = b"k" * 32
ASCII = st.characters(min_codepoint=33, max_codepoint=126)
STAYS = (Path(__file__).parent / "stays.txt").read_text(encoding="utf-8").splitlines()
LEARNED = "Tr0ub4dor&3 x"


class Nothing(Sieve):
    """Lets nothing pass."""

    def passes(self, text: str) -> bool:
        """Let no text pass."""
        return False

    def passes_source(self, source: str) -> bool:
        """Let no source pass."""
        return False

    def passes_all(self, texts: Iterable[str]) -> bool:
        """Let no texts pass."""
        return False


def redactor(names: Names | None = None) -> Redactor:
    """Return one with a memory of its own, which holds one value."""
    made = Redactor(KEY, names or Names())
    made.learn([LEARNED])
    return made


def long_way(names: Names | None = None) -> Redactor:
    """Return one that looks at everything in the long way."""
    made = redactor(names)
    made.sieve = Nothing(made.names, made.learned)
    return made


def parameters(value: Any, name: str = "x") -> tuple[Parameter, ...]:
    """Return one as a line of the journal has it."""
    return (Parameter(name, value, type(value).__name__, cell=None, source="literal"),)


def check(text: str, names: Names | None = None) -> None:
    """Compare what passes with what the long way says of it."""
    sieve = redactor(names).sieve
    if sieve.passes(text):
        assert long_way(names).text(text) is text
    if sieve.passes_source(text):
        assert long_way(names).source(text) is text
    if sieve.passes_all([text, "other"]):
        assert long_way(names).record((text, "other")) == (text, "other")
    for value in (text, {"a": text}, [text, text], {text: "abcd1234"}, {text: 123456}):
        if sieve.passes_parameters(parameters(value)):
            assert long_way(names).value(value) is value
    if sieve.passes_parameters(parameters("abcd1234", text)):
        assert long_way(names).named(text, "abcd1234") == "abcd1234"


PIECES = [
    *STEMS,
    *KOREAN_STEMS,
    *(anchor for anchor, _ in PRECEDED.values()),
    *(prefix[:8] for prefix in PREFIXED.values() if prefix[:4].isalnum()),
    *("PRIVATE KEY", "BEGIN", "-----", "api ", "_key", "key", "keys", "password", "token"),
    *(" = ", ": ", '"', "'", "\\", "\n", "\\n", "://", "u:p@h", "bearer ", "Authorization"),
    *("cookie=", "%env ", "curl -u ", "wget ", "for ", "in ", "def ", "(", ")", "{", "}", ","),
    *("#", "!", "%%bash\n", "' + '", "' '", '" + b"', "ghp_' + '", "AKIA' + '"),
    *("a1" * 20, "0123456789abcdef" * 4, "eyJ", ".eyJ", "900101-1234567", "hunter2x", "wandb "),
    LEARNED,
    "é",
    "Ⅷ",
    "\0",
    "\ud800",
    "MATRIKEL",
    "geheim wort",
]


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=12).map("".join))
@example("pass")
@example("pass\nx")
@example("db_pass")
@example("api key")
@example("Api Key")
@example("key='abcd1234efgh'")
@example("x_key = 'abcd1234efgh'")
@example("-----BEGIN PRIVATE KEY-----\nabcd")
def test_what_passes_holds_nothing_to_redact(text: str) -> None:
    check(text)
    check(text, Names(secret=["matrikel", "geheim wort", "key", "pass", "ß"]))


@pytest.mark.parametrize("pattern", [*PREFIXED.values(), *(p for _, p in PRECEDED.values())])
@given(data=st.data())
@settings(max_examples=5)
def test_whatever_has_a_shape_is_found(pattern: str, data: st.DataObject) -> None:
    shape = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True, alphabet=ASCII)
    text = f"say {data.draw(shape)} now"

    assert any(True for _ in find(text, plain(text)))
    assert not redactor().sieve.passes(text)
    assert not redactor().sieve.passes_all([text])


@pytest.mark.parametrize("seed", range(3))
def test_no_planted_secret_passes(seed: int) -> None:
    for one in planted(seed):
        for text in (one.source, one.value, f"it is {one.value} and", json.dumps(one.value)):
            check(text)


@pytest.mark.parametrize("line", STAYS)
def test_lines_that_stay_are_told_alike(line: str) -> None:
    check(line)


def test_ordinary_cells_pass() -> None:
    sieve = redactor().sieve
    cells = [
        "x1 = 1",
        "for key in d:\n    print(d[key], d.keys())",
        "def f(a, b=1):\n    pass\n",
        "from sklearn.model_selection import train_test_split",
        "평균 = total / 3  # 학습률",
    ]

    assert [cell for cell in cells if not sieve.passes_source(cell)] == []
    assert sieve.passes_parameters(parameters(0.1, "lr"))
    assert sieve.passes_parameters(parameters({"lr": 0.1, "names": ["a", "b"], "sizes": [1, 2]}))
    assert sieve.passes_all(["frame", "seen"])
