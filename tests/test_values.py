"""Values are read as the core schema of YAML 1.2 has them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.errors import BadValueError
from jupyter_mlops.values import parse, parse_file


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("-1e-3", -0.001),
        ("1E5", 100000.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("7", 7),
        ("+7", 7),
        ("017", 17),
        ("0o17", 15),
        ("0x1f", 31),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("[1, 2]", [1, 2]),
        ("[no, 1e-3, null]", ["no", 0.001, None]),
        ("{a: 1, b: [x]}", {"a": 1, "b": ["x"]}),
        ('"x"', "x"),
        ("'1'", "1"),
        ('"1e-3"', "1e-3"),
        ("!!str 1", "1"),
        ("한글", "한글"),
        ("a b", "a b"),
        # What YAML 1.1 or Python would take for something else stays text.
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("0b11", "0b11"),
        ("1.5e", "1.5e"),
        ("None", "None"),
        ("tRuE", "tRuE"),
    ],
)
def test_values(text: str, value: Any) -> None:
    found = parse("x", text)
    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_a_float() -> None:
    assert math.isnan(parse("x", ".nan"))


@pytest.mark.parametrize(
    "text",
    ["[1", '"a', "!!python/object:os.system x", "!!binary aGk=", "!!set {a}",
     "!!timestamp 2020-01-01", "!own 1", "&a [*a]",
     "*a", "{1: 2}", "{a: 1, a: 2}", "@x", "9" * 5000, "[" * 5000, "a: b: c"],
)  # fmt: skip
def test_what_is_no_plain_value_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadValueError) as caught:
        parse("lr", text)
    message = str(caught.value)
    assert message.startswith("lr: ")
    assert "\n" not in message
    assert len(message) < 300


def test_a_file_maps_names_to_values(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text("lr: 1e-3\nname: no\nlayers:\n  - 1\n  - 2\n")
    assert parse_file(path) == {"lr": 0.001, "name": "no", "layers": [1, 2]}
    path.write_text("# nothing\n")
    assert parse_file(path) == {}


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"- 1\n", "maps names to values"), (b"a: [1\n", "line 2"), (b"\xff\xfe", "UTF-8"),
     (b"1: 2\n", "YAML 1.2"), (b"a: !!set {b}\n", "YAML 1.2")],
)  # fmt: skip
def test_a_file_that_is_no_such_mapping_is_refused(
    tmp_path: Path, content: bytes, reason: str
) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(content)
    with pytest.raises(BadValueError, match=reason):
        parse_file(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadValueError, match="No such file"):
        parse_file(tmp_path / "none.yaml")
