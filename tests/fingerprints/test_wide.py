"""Frames of very many columns: each look is short, and what is told of them is bounded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_mlops.fingerprints import fingerprint
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.fingerprints.texts import COLUMNS_LIMIT
from tests.fingerprints.test_steps import longest_step

COLUMNS = 20_000
# Processor seconds. The best of some tries: what else the machine does is not meant.
LONGEST_OUTLINE_S, LONGEST_STEP_S, TRIES = 0.01, 0.02, 5


def wide(columns: int = COLUMNS) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Give frames of that many columns, by how they are stored."""
    values = np.arange(20.0 * columns).reshape(20, columns)
    text = pd.array(["a", "b"] * 10, dtype="str")
    yield "rows", lambda: pd.DataFrame(values)
    yield "columns", lambda: pd.DataFrame(np.asfortranarray(values))
    yield "named", lambda: pd.DataFrame(values).add_prefix("the column of number ")
    yield (
        "levels",
        lambda: pd.DataFrame(
            values, columns=pd.MultiIndex.from_product([range(columns // 20), range(20)])
        ),
    )
    yield "blocks", lambda: pd.concat([pd.Series(values[:, n]) for n in range(columns)], axis=1)
    yield "strings", lambda: pd.concat([pd.Series(text)] * columns, axis=1)


def time_of_outline(value: Any) -> float:
    began = time.thread_time()
    outline(value)
    return time.thread_time() - began


@pytest.mark.parametrize(("make"), [pytest.param(make, id=name) for name, make in wide()])
def test_no_look_at_a_wide_frame_is_long(make: Callable[[], Any]) -> None:
    frame = make()
    outline(frame[:1])
    assert min(time_of_outline(frame) for _ in range(TRIES)) < LONGEST_OUTLINE_S
    assert any(longest_step(frame) < LONGEST_STEP_S for _ in range(TRIES))


def test_no_step_is_long_where_columns_are_too_short_to_pause_in() -> None:
    frame = pd.DataFrame({number: np.full(400_000, float(number)) for number in range(60)})
    assert any(longest_step(frame) < LONGEST_STEP_S for _ in range(TRIES))


@pytest.mark.parametrize(("make"), [pytest.param(make, id=name) for name, make in wide(2_000)])
def test_all_columns_count_and_the_first_are_told(make: Callable[[], Any]) -> None:
    frame = make()
    first, whole = outline(frame), fingerprint(frame)
    assert first is not None and whole is not None
    assert first.fingerprint.shape == whole.shape == (20, 2_000)
    assert len(whole.columns) == COLUMNS_LIMIT
    assert whole.columns[:5] == fingerprint(frame.iloc[:, :5]).columns  # type: ignore[union-attr]
    changed = frame.iloc[::-1].reset_index(drop=True)
    other = fingerprint(pd.concat([frame.iloc[:, :-1], changed.iloc[:, -1:]], axis=1))
    assert other is not None
    assert other.columns == whole.columns
    assert other.digest != whole.digest


def test_how_a_wide_frame_is_stored_does_not_count() -> None:
    frames = [make() for name, make in wide(1_000) if name in ("rows", "columns", "blocks")]
    digests = {found.digest for frame in frames if (found := fingerprint(frame)) is not None}
    assert len(digests) == 1


def test_a_name_that_is_very_long_is_cut() -> None:
    frame = pd.DataFrame({"x" * 10**6: [1]})
    first, whole = outline(frame), fingerprint(frame)
    assert first is not None and whole is not None
    assert [len(found.columns[0].name) for found in (first.fingerprint, whole)] == [200, 200]
