"""Two threads give the digest that one gives, and leave nothing behind."""

from __future__ import annotations

import _thread
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import accumulate

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.fingerprints import arrays, begin, files, fingerprint, together
from jupyter_mlops.fingerprints.hashing import Content, Pieces
from jupyter_mlops.fingerprints.steps import Steps, finish

TWO_PROCESSORS = pytest.mark.skipif(
    hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) < 2, reason="one processor"
)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Let small values be shared, and count the threads that were started."""
    started: list[int] = []
    real = _thread.start_new_thread

    def start(work: Callable[..., object], given: tuple[()]) -> int:
        started.append(real(work, given))
        return started[-1]

    monkeypatch.setattr(together, "LEAST_BYTES", 1)
    monkeypatch.setattr(_thread, "start_new_thread", start)
    monkeypatch.setattr(arrays, "_LARGE_BYTES", 1000)
    monkeypatch.setattr(Pieces, "LENGTH", 700)
    before = _thread._count()
    yield started
    assert _thread._count() == before


VALUES = {
    "floats": lambda: pd.DataFrame({f"c{n}": np.arange(900.0) * n for n in range(7)}),
    "strings": lambda: pd.DataFrame({"a": ["x", "yy", None] * 50, "b": ["z"] * 150}, dtype="str"),
    "times": lambda: pd.DataFrame({"a": pd.date_range("2026", periods=9), "b": range(9)}),
    "array": lambda: np.arange(999.0).reshape(3, -1),
    "a piece ends where the array does": lambda: np.arange(1400, dtype="u1"),
}


@TWO_PROCESSORS
@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in VALUES.items()])
def test_one_thread_and_two_give_the_same(small: list[int], make: Callable[[], object]) -> None:
    value = make()
    alone = finish(begin(value))  # type: ignore[arg-type]
    assert not small
    for _ in range(20):
        assert fingerprint(value) == alone
    assert len(small) == 20


@pytest.mark.parametrize(
    "value",
    [pd.DataFrame({"a": [object()] * 3, "b": 1.0}), np.arange(9.0), {"a": 1}],
    ids=["Python objects", "one piece", "no data"],
)
def test_some_values_are_not_shared(small: list[int], value: object) -> None:
    fingerprint(value)
    assert not small


@pytest.mark.parametrize("hook", [sys.settrace, sys.setprofile])
def test_a_hook_of_the_users_is_met_by_no_thread(
    small: list[int], hook: Callable[[object], None]
) -> None:
    value = VALUES["floats"]()
    before = sys.gettrace() if hook is sys.settrace else sys.getprofile()
    hook(lambda *_: None)
    try:
        fingerprint(value)
    finally:
        hook(before)
    assert not small


def test_without_a_second_thread_one_does_it(
    small: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    value = VALUES["floats"]()
    alone = fingerprint(value)
    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    assert fingerprint(value) == alone


@TWO_PROCESSORS
def test_who_stops_waits_for_the_other_thread(small: list[int]) -> None:
    for steps in range(6):
        reading = begin(VALUES["floats"](), whole=True)
        assert reading is not None
        for _ in range(steps):
            next(reading, None)
        reading.close()


@TWO_PROCESSORS
def test_a_fault_of_either_thread_is_raised(small: list[int]) -> None:
    def part(number: int) -> Steps[int]:
        yield
        if number == 5:
            raise ValueError(number)
        return number

    for _ in range(20):
        with pytest.raises(ValueError, match="5"):
            finish(together.side_by_side([partial(part, n) for n in range(9)], 1))


@given(st.binary(max_size=60), st.lists(st.integers(1, 9), max_size=20), st.integers(1, 20))
def test_cuts_do_not_count(data: bytes, lengths: list[int], length: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pieces, "LENGTH", length)
        whole, cut, apart = Pieces("file"), Pieces("file"), Pieces("file")
        whole.bulk(data)
        ends = [end for end in accumulate(lengths) if end < len(data)]
        for start, end in zip([0, *ends], [*ends, len(data)], strict=True):
            cut.bulk(data[start:end])
        for start in range(0, len(data), length):
            piece = Content("piece")
            piece.bulk(data[start : start + length])
            apart.add(piece)
        assert whole.size_bytes == len(data)
        assert whole.text() == cut.text() == apart.text() == whole.text()


def test_a_large_array_in_any_layout() -> None:
    large = np.arange(arrays._LARGE_BYTES // 8 + 2, dtype="f8").reshape(2, -1)
    found = fingerprint(large)
    assert found is not None and found.complete and found.digest.startswith("xxh3p:")
    assert fingerprint(np.asfortranarray(large)) == found
    other = large.copy()
    other[1, -1] += 1
    assert fingerprint(other) != found


def test_by_which_algorithm_a_file_is_digested() -> None:
    assert files.algorithm(files.LARGE_BYTES) == "xxh3"
    assert files.algorithm(files.LARGE_BYTES + 1) == "xxh3p"
    for named in ("xxh3", "xxh3p", "blake2b", "blake2bp"):
        content = files.content(named)
        assert content is not None and content.text().startswith(f"{named}:")
    assert files.content("sha256") is None
