from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.reproduction.numbers import (
    NUMBER,
    difference,
    same_digits,
    text_difference,
)


def test_numbers_are_found_as_python_and_pandas_print_them() -> None:
    text = "a=1 b=-2.50 c=1e-05 d=.5 e=3. nan -inf (7) [8,9] x-1 5% v1.2.3 3rd h2o 0x1f"
    found = " ".join(NUMBER.findall(text))
    assert found == "1 -2.50 1e-05 .5 3. nan -inf 7 8 9 1 5"


@given(st.floats() | st.integers(), st.floats() | st.integers())
def test_the_difference_is_symmetric_and_zero_only_for_equals(
    a: float | int, b: float | int
) -> None:
    assert difference(a, b) == difference(b, a)
    equal = a == b or (math.isnan(a) and math.isnan(b))
    assert (difference(a, b) == 0) is equal


def test_differences_are_relative_and_the_largest_counts() -> None:
    assert text_difference("1.0 200", "1.0 201") == pytest.approx(1 / 201)
    assert text_difference("loss 0", "loss 1e-9") == 1
    assert text_difference("nan inf", "nan inf") == 0
    assert text_difference("1", "nan") == math.inf


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (str(2**100), str(2**100 + 1)),
        ("9007199254740993", "9007199254740992"),
        ("9007199254740993.0", "9007199254740992.0"),
        ("1" * 5000, "1" * 4999 + "2"),
        ("1e-400", "2e-400"),
        ("1e400", "2e400"),
        ("1e999999999", "2e999999999"),
    ],
)
def test_numbers_that_no_float_can_tell_apart_differ(before: str, after: str) -> None:
    found = text_difference(before, after)
    assert found is not None and found > 0
    assert not same_digits(before, after)


def test_integers_are_compared_exactly() -> None:
    assert difference(2**53, 2**53 + 1) == pytest.approx(2**-53)
    assert difference(2**2000, 2**2000 + 1) > 0
    assert difference(2**53 + 1, float(2**53)) > 0
    assert difference(3, 3.0) == difference("3", "3.00") == 0
    assert difference(2**2000, math.inf) == math.inf


@pytest.mark.parametrize(
    ("before", "after"), [("007", "7"), ("1.10", "1.1"), ("-0.0", "0.0"), ("1e3", "1000")]
)
def test_equal_numbers_written_otherwise_have_no_difference_but_other_digits(
    before: str, after: str
) -> None:
    assert text_difference(before, after) == 0
    assert not same_digits(before, after)


def test_the_same_digits_may_stand_in_other_blanks() -> None:
    assert same_digits("[ 1.  2.]\n", "[1. 2.]\n")
    assert same_digits("  1\n 10\n", "   1\n  10\n")
    assert not same_digits("name   x", "name x")
    assert not same_digits("====", "===")
    assert same_digits("file   x\n-------\n<clock> 1", "file x\n---\n<clock> 1", masked=True)


def test_only_numbers_and_widths_may_differ() -> None:
    assert text_difference("a 1", "b 1") is None
    assert text_difference("a 1 2", "a 1") is None
    assert text_difference("# 1", "1 #") is None and text_difference("#", "1") is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x    9.5\n-----\n", "x    10.5\n------\n"),
        ("     a    b\n0  9.5  2.0\n1  3.0  4.0\n", "      a    b\n0  10.5  2.0\n1   3.0  4.0\n"),
        ("x\n9.5", " x\n10.5"),
        ("[9.5 8. ]", "[10.5  8. ]"),
        ("[9.5 2.\n 3. ]", "[10.5\n  2.   3. ]"),
    ],
)
def test_columns_shift_and_arrays_wrap_with_the_width_of_a_number(before: str, after: str) -> None:
    assert text_difference(before, after) == pytest.approx(1 / 10.5)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a:\n  b: 1\nc: 2", "a:\n b: 1 c: 2"),
        ("1 2\n3 4", "1 2 3\n4"),
        ("a\n1", "a 1"),
        ("a 1\n\nb", "a 1\nb"),
    ],
)
def test_lines_that_break_elsewhere_are_another_text(before: str, after: str, masked: bool) -> None:
    assert text_difference(before, after, masked=masked) is None
    assert not same_digits(before, after, masked=masked)


def test_an_indentation_is_content_unless_columns_shift() -> None:
    assert text_difference("a:\n  b: 1", "a:\n b: 1") is None
    assert not same_digits("a:\n  b: 1", "a:\n b: 1")
    assert text_difference("a: 7\n  b: 1", "a: 7\nb: 2") is None
    assert text_difference("a: 1\nb: 9.5", "a: 1.\nc: 9.5") is None
