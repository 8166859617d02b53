"""Values that were learned are found again, however many there are and whoever looks."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any, SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.redaction import Names, Redactor
from jupyter_mlops.redaction import learned as module
from jupyter_mlops.redaction.assigned import plain
from jupyter_mlops.redaction.learned import Learned

KEY = b"k" * 32
LETTERS = st.sampled_from("ab1-ä &'\\\"_Z")


def spans(memory: Learned, text: str) -> list[tuple[tuple[int, int], str]]:
    """Return what is found."""
    return list(memory.find(text, plain(text)))


def one_by_one(memory: Learned, text: str) -> list[tuple[tuple[int, int], str]]:
    """Return what an expression of all forms finds."""

    def bounded(form: str) -> str:
        whole = len(form) >= 8 and not form.isalpha()
        return re.escape(form) if whole else rf"(?<!\w){re.escape(form)}(?!\w)"

    forms = sorted(memory.forms, key=len, reverse=True)
    if not forms:
        return []
    found = re.finditer("|".join(map(bounded, forms)), text)
    return [(match.span(), memory.forms[match[0]]) for match in found]


@pytest.mark.parametrize("few", [0, 16])
@given(
    values=st.lists(st.text(LETTERS, min_size=6, max_size=18), max_size=6),
    between=st.lists(st.text(LETTERS, max_size=5), max_size=8),
    data=st.data(),
)
def test_all_that_stands_in_a_text_is_found(
    few: int, values: list[str], between: list[str], data: st.DataObject
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_FEW", few)
        memory = Learned()
        for value in values:
            memory.add(value)
        pieces = st.sampled_from([*memory.forms, ""])
        text = "".join(data.draw(pieces) + one for one in between)

        assert spans(memory, text) == one_by_one(memory, text)
        if spans(memory, text):
            assert memory.may_be_in(text, plain(text))


def test_thousands_of_values_cost_a_text_no_more_than_a_hundred() -> None:
    text = "epoch 12 loss 0.0123 of a_name.another\n" * 5_000 + "value-7-xyz!"

    def cost(count: int) -> float:
        knowing = Redactor(KEY, Names())
        knowing.learn(f"value-{number}-xyz!" for number in range(count))
        best = float("inf")
        for _ in range(2):
            began = time.process_time()
            assert "value-7-xyz" not in knowing.text(text)
            best = min(best, time.process_time() - began)
        return best

    assert cost(5_000) < 5 * cost(100) + 0.05


def test_memory_has_an_end_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT", 3)
    memory = Learned()

    taken = [memory.add(f"value-{number}-xyz!") for number in range(5)]

    assert taken == [True, True, True, False, False]
    assert memory.is_full


# Where what threads share is touched.
SHARED = {one.__code__ for one in (Learned.add, Learned._index, Learned.find, Learned.may_be_in)}
# With pieces in common, so that each changes what is known of the others.
VALUES = ["ab-01Xq", "ab-01Xr", "ab-01Xs", "ab-01Xt"]


def check_all(knowing: Redactor, values: Sequence[str]) -> None:
    """Check that values are found and were told once each."""
    assert [one for one in values if one in knowing.text(f"it is {one}.")] == []
    assert sorted(knowing.learned.take_fresh()) == sorted(values)


@pytest.mark.parametrize("few", [0, 16])
@pytest.mark.parametrize("learns", [True, False], ids=["while it learns", "while it looks"])
def test_another_thread_may_come_in_between_any_two_instructions(
    few: int, learns: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only one thread runs at a time: that another one comes in is the same as a call of it
    # there.
    monkeypatch.setattr(module, "_FEW", few)
    first, other, another, later = VALUES
    steps = 0
    while True:
        knowing = Redactor(KEY, Names())
        knowing.learn([first])
        left = steps

        def meanwhile(knowing: Redactor = knowing) -> None:
            knowing.learn([other, another])
            assert other not in knowing.text(f"it is {other}, {first}, {later}")

        def step(frame: FrameType, event: str, _: Any, come_in: Any = meanwhile) -> Any:
            nonlocal left
            if frame.f_code not in SHARED:
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                if left == 0:
                    sys.settrace(None)
                    come_in()
                left -= 1
            return step

        before = sys.gettrace()
        sys.settrace(step)
        try:
            if learns:
                knowing.learn([later])
            else:
                assert first not in knowing.text(f"it is {first}")
        finally:
            sys.settrace(before)
        if left >= 0:
            break  # that was the last instruction
        check_all(knowing, [first, other, another, *([later] if learns else [])])
        steps += 1
    assert steps > 50


def test_what_was_learned_is_told_once_whoever_asks() -> None:
    memory = Learned()
    taken: list[str] = []

    def one_more() -> None:
        memory.add(VALUES[1])
        taken.extend(memory.take_fresh())

    memory.fresh = Interrupted(one_more)
    memory.add(VALUES[0])
    taken.extend(memory.take_fresh())

    assert sorted(taken) == VALUES[:2]


class Interrupted(list[str]):
    """A list at whose emptying another thread comes in first."""

    def __init__(self, come_in: Callable[[], None]) -> None:
        super().__init__()
        self._come_in: Callable[[], None] | None = come_in

    def pop(self, index: SupportsIndex = -1) -> str:
        """Let the other one go first, once."""
        come_in, self._come_in = self._come_in, None
        if come_in is not None:
            come_in()
        return super().pop(index)


def test_a_password_of_an_address_is_found_decoded() -> None:
    knowing = Redactor(KEY, Names())
    source = knowing.source("u = 'mysql+pymysql://root:s3cr%40tPa%2Fss@db.example.com/shop'")
    other = knowing.source("print(unquote('s3cr%40tPa%2Fss'))")

    assert "tPa" not in source + other + knowing.text("it is s3cr@tPa/ss")
    assert "tPa" not in knowing.text("it is s3cr%40tPa%2Fss, or 's3cr@tPa/ss'")
