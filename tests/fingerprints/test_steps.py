"""Where the work pauses, and how it is cut, changes no digest; and it takes little memory."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.neighbors import KNeighborsRegressor

from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.fingerprints import arrays, arrow, begin, fingerprint, frames, hashing, python_
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.fingerprints.steps import finish
from tests.fingerprints.drafts import build, drafts

MB = 10**6


@given(drafts(), st.integers(1, 40), st.integers(1, 7), st.integers(1, 50))
def test_cuts_do_not_count(draft: Any, piece: int, objects: int, stride: int) -> None:
    frame = build(draft)
    whole = fingerprint(frame)
    with pytest.MonkeyPatch.context() as patch:
        for module in (hashing, arrays, arrow, frames, python_):
            for name, value in (("PIECE", piece), ("OBJECTS", objects), ("_STRIDE", stride)):
                if hasattr(module, name):
                    patch.setattr(module, name, value)
        assert fingerprint(frame) == whole


@given(drafts())
def test_an_outline_is_partial_and_of_the_same_form(draft: Any) -> None:
    frame = build(draft)
    first, whole = outline(frame), fingerprint(frame)
    assert first is not None and whole is not None
    assert not first.fingerprint.complete
    assert first.fingerprint.digest != whole.digest
    assert first.fingerprint.shape == whole.shape
    assert [(one.name, one.dtype) for one in first.fingerprint.columns] == [
        (one.name, one.dtype) for one in whole.columns
    ]


def large() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Give values of 24 MB or more, of all kinds that could tempt one to copy them."""
    floats = np.arange(3 * MB, dtype="f8")
    yield "strided", lambda: np.repeat(floats, 2)[::2]
    yield "Fortran order", lambda: np.asfortranarray(floats.reshape(-1, 10))
    yield "big-endian", lambda: floats.astype(">f8")
    yield "one masked row", lambda: np.ma.masked_array(floats, floats % 2 == 0).reshape(1, -1)
    yield "masked", lambda: np.ma.masked_array(floats, floats % 2 == 0)
    yield "structured", lambda: np.zeros(MB, dtype=[("a", "f8"), ("b", "f8"), ("c", "i8")])
    yield "objects", lambda: np.full((2, MB), "x", object)[:, ::2].T
    yield "frame of a block", lambda: pd.DataFrame(floats.reshape(-1, 10))
    yield "categories", lambda: pd.Series(pd.Categorical(floats[:MB]))
    yield "nullable", lambda: pd.Series(floats).convert_dtypes()
    yield "strings", lambda: pd.Series(floats[:MB]).astype(str)
    yield "long texts", lambda: pd.Series(["text" * 5_000] * 1_500, dtype=object)
    yield "a very long text", lambda: np.array(["text" * 6 * MB, b"text" * 6 * MB], dtype=object)
    yield (
        "long python strings",
        lambda: pd.Series(["text" * 5_000] * 1_500, dtype=pd.StringDtype("python")),
    )
    yield "python strings", lambda: pd.Series(["text"] * MB, dtype=pd.StringDtype("python"))
    yield (
        "two levels",
        lambda: pd.Series(1.0, index=pd.MultiIndex.from_arrays([range(MB), range(MB)])),
    )
    yield "sparse", lambda: sparse.csr_array((floats, (np.arange(3 * MB), np.zeros(3 * MB, "i8"))))
    yield (
        "estimator",
        lambda: KNeighborsRegressor(algorithm="brute").fit(floats.reshape(-1, 3), floats[:MB]),
    )


@pytest.mark.parametrize(("make"), [pytest.param(make, id=name) for name, make in large()])
def test_no_large_copy_is_made(make: Callable[[], Any]) -> None:
    import pyarrow as pa

    value = make()
    fingerprint(value[:3] if isinstance(value, np.ndarray) else np.zeros(3))
    arrow_before = pa.total_allocated_bytes()
    tracemalloc.start()
    try:
        steps, most = begin(value), 0
        assert steps is not None
        for _ in steps:
            most = max(most, pa.total_allocated_bytes() - arrow_before)
        most += tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 6 * MB


@settings(max_examples=20)
@given(drafts())
def test_a_budget_changes_no_digest(draft: Any) -> None:
    frame = build(draft)
    steps = begin(frame)
    assert steps is not None
    assert Budget(0.0, batch=False).spend(steps) == fingerprint(frame)


def test_a_budget_that_is_spent_ends_the_work() -> None:
    budget = Budget(1.0, batch=False)
    budget.left = -1.0
    steps = begin(np.zeros(3 * MB, "f8")[::2])
    assert steps is not None
    with pytest.raises(TimeoutError):
        budget.spend(steps)
    assert budget.left < -1.0
    assert next(steps, "closed") == "closed"


def longest_step(value: Any) -> float:
    """Return the longest processor time between two pauses."""
    steps = begin(value)
    assert steps is not None
    longest, before = 0.0, time.thread_time()
    for _ in steps:
        longest = max(longest, time.thread_time() - before)
        before = time.thread_time()
    return max(longest, time.thread_time() - before)


def test_steps_are_short() -> None:
    strings = pd.Series([str(number) for number in range(300_000)], dtype=object)
    frame = pd.DataFrame({"strings": strings, "numbers": np.arange(300_000.0)})
    fingerprint(frame[:10])
    # The best of some tries: what else the machine does is not meant.
    assert any(longest_step(frame) < 0.02 for _ in range(5))
    assert finish(begin(frame)) == fingerprint(frame)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [
        [[number, {"x": number}] for number in range(50_000)],
        ["x" * 50_000 for _ in range(2_000)],
        ["x" * 100_000_000],
    ],
    ids=["lists", "long texts", "a very long text"],
)
def test_steps_are_short_whatever_objects_hold(values: list[Any]) -> None:
    frame = pd.DataFrame({"objects": pd.Series(values, dtype=object)})
    fingerprint(frame[:0])
    assert any(longest_step(frame) < 0.02 for _ in range(5))
