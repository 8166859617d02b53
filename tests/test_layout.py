"""Text lines up, whatever stands in it, and holds nothing that a terminal would obey."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlops import layout


def test_columns_line_up_and_wide_letters_count_twice() -> None:
    lines = layout.table([("한글", 1), ("a", 22)], ("NAME", "N")).splitlines()
    assert lines == ["NAME  N", "한글  1", "a     22"]
    assert [layout.width(line[:4]) for line in lines[1:]] == [6, 4]


def test_lines_are_cut_to_the_terminal() -> None:
    table = layout.table([("a", "x" * 50), ("b", "한글" * 20)], columns=20)
    assert [layout.width(line) <= 20 for line in table.splitlines()] == [True, True]
    assert all(line.endswith("…") for line in table.splitlines())


@pytest.mark.parametrize("text", ["\x1b[31mred", "a\rb", "bell\x07", "\u202eright", "\x9b31m"])
def test_no_control_character_is_left(text: str) -> None:
    assert layout.clean(text).isprintable()


def test_clean_keeps_one_line() -> None:
    assert layout.clean("a\nb\tc") == "a↵b c"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "—"), (0, "0 ms"), (0.0004, "0 ms"), (0.05, "50 ms"), (0.1, "0.1 s"), (12.34, "12.3 s"),
     (99.96, "1 min 40 s"), (3599.6, "60 min 0 s"), (7260, "2 h 1 min")],
)  # fmt: skip
def test_duration(seconds: float | None, text: str) -> None:
    assert layout.duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(None, "—"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (142_000, "142 kB"),
     (999_600, "1.0 MB"), (8e8, "800 MB"), (2e12, "2.0 TB")],
)  # fmt: skip
def test_size(count: int | None, text: str) -> None:
    assert layout.size(count) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9532163, "0.953216"), (3, "3"), (True, "true"), ("rbf", "rbf"), ([1, 2], "[1, 2]"),
     ({"redacted": "hmac-sha256:012345678"}, "(redacted 01234567)"), (None, "null"),
     ("NaN", "NaN"), (1e-9, "1e-09")],
)  # fmt: skip
def test_number(value: object, text: str) -> None:
    assert layout.number(value) == text


SECRET = "hmac-sha256:" + "955a1c2d" + "0" * 56


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"redacted": SECRET}, "(redacted 955a1c2d)"),
        ({"key": {"redacted": SECRET}, "n": [{"redacted": SECRET}]},
         '{"key": (redacted 955a1c2d), "n": [(redacted 955a1c2d)]}'),
        ([f"login [redacted {SECRET}]"], '["login [redacted 955a1c2d]"]'),
        (f"login [redacted {SECRET}]", "login [redacted 955a1c2d]"),
        ("[redacted by hand]", "[redacted by hand]"),
        ({"redacted": "by hand"}, '{"redacted": "by hand"}'),
        ([f'{{"redacted": "{SECRET}"}}'], f'["{{\\"redacted\\": \\"{SECRET}\\"}}"]'),
    ],
)  # fmt: skip
def test_of_a_secret_people_see_as_much_as_tells_it_from_another(value: Any, text: str) -> None:
    assert layout.value_text(value) == text


def test_a_line_for_people_has_no_whole_digest_and_one_for_programs_has() -> None:
    line = f"ConnectionError: cannot login with [redacted {SECRET}]\n"
    assert layout.clean(line) == "ConnectionError: cannot login with [redacted 955a1c2d]↵"
    assert SECRET in layout.printable(line)


def test_a_long_value_is_cut_in_a_list() -> None:
    assert layout.listed_value({"redacted": SECRET}) == "(redacted 955a1c2d)"
    assert layout.listed_value("a\n" * 500) == "a↵" * 29 + "a…"
    assert layout.listed_value(list(range(500))).endswith("…")


def test_names_for_a_sentence() -> None:
    assert layout.listed("abc") == "a, b, c"
    assert layout.listed("abcdefg", 3) == "a, b, c and 4 more"
    assert [layout.plural(n, "cell") for n in (0, 1, 2)] == ["0 cells", "1 cell", "2 cells"]


def test_a_time_that_is_none_is_shown_as_it_is() -> None:
    assert layout.local_time("soon") == "soon"


def test_numbers_that_are_not_equal_do_not_look_equal() -> None:
    assert layout.told_apart([1795409000.25, 1795409001.5, None]) == [
        "1795409000",
        "1795409002",
        "—",
    ]
    assert layout.told_apart([0.953216374, 0.959064327]) == ["0.953216", "0.959064"]
    assert layout.told_apart([3, 3.0000001]) == ["3", "3.0000001"]
    assert layout.told_apart([0.1 + 0.2, 0.3]) == ["0.30000000000000004", "0.29999999999999999"]
    assert layout.told_apart([0.5, 0.5, 3, "NaN"]) == ["0.5", "0.5", "3", "NaN"]


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (0.9, 0.8, "-0.1"),
        (3, 4, "+1"),
        (1, 1.0, "+0"),
        (None, 1, "—"),
        (1, "NaN", "—"),
        (True, 2, "—"),
    ],
)
def test_change(before: object, after: object, text: str) -> None:
    assert layout.change(before, after) == text


@pytest.mark.parametrize(
    ("values", "equal"),
    [((1, 1.0), True), ((True, 1), False), (("1", 1), False), (([1], [1]), True),
     (({"a": 1, "b": 2}, {"b": 2, "a": 1}), True), ((None, None), True), ((None, 0), False),
     (("NaN", "NaN"), True), ((float("nan"), float("nan")), True), ((1e300, 10**300), False)],
)  # fmt: skip
def test_values_are_the_same_or_differ(values: tuple[Any, ...], equal: bool) -> None:
    assert layout.same(values) is equal
