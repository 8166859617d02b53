from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.reproduction.numbers import NUMBER, difference, text_difference


def test_numbers_are_found_as_python_and_pandas_print_them() -> None:
    text = "a=1 b=-2.50 c=1e-05 d=.5 e=3. nan -inf (7) [8,9] x-1 5% v1.2.3 3rd h2o 0x1f"
    found = " ".join(NUMBER.findall(text))
    assert found == "1 -2.50 1e-05 .5 3. nan -inf 7 8 9 1 5"


@given(st.floats(), st.floats())
def test_the_difference_is_symmetric_and_zero_only_for_equals(a: float, b: float) -> None:
    assert difference(a, b) == difference(b, a)
    equal = a == b or (math.isnan(a) and math.isnan(b))
    if equal:
        assert difference(a, b) == 0
    else:
        assert difference(a, b) > 0 or abs(a - b) == 0


def test_differences_are_relative_and_the_largest_counts() -> None:
    assert text_difference("1.0 200", "1.0 201") == pytest.approx(1 / 201)
    assert text_difference("loss 0", "loss 1e-9") == 1
    assert text_difference("nan inf", "nan inf") == 0
    assert text_difference("1", "nan") == math.inf


def test_only_numbers_and_widths_may_differ() -> None:
    assert text_difference("a 1", "b 1") is None
    assert text_difference("a 1 2", "a 1") is None
    assert text_difference("x    9.5\n-----\n", "x    10.5\n------\n") == pytest.approx(1 / 10.5)
