"""Six changes of data that leave MLflow's dataset digest as it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd


def _labels() -> Any:
    return pd.DataFrame({"x": np.arange(20_000.0), "label": np.arange(20_000) % 2})


def _flipped(frame: Any) -> Any:
    frame.loc[10_000:, "label"] = 1 - frame.loc[10_000:, "label"]
    return frame


def _with(column: Any) -> Callable[[], Any]:
    return lambda: pd.DataFrame({"x": [1.0, 2.0, 3.0], "y": column})


def _changed(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda frame: frame.assign(y=change(frame["y"]))


def _half_zeroed(array: Any) -> Any:
    array[len(array) // 2 :] = 0
    return array


# Each with what makes the data and what changes them.
MUTATIONS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = {
    "labels past row 10,000 flipped": (_labels, _flipped),
    "datetime column shifted by one year": (
        _with(pd.date_range("2020-01-01", periods=3)),
        _changed(lambda dates: dates + pd.DateOffset(years=1)),
    ),
    "bool column inverted": (_with([True, False, True]), _changed(lambda flags: ~flags)),
    "text column with a None rewritten": (
        _with(["a", None, "b"]),
        _changed(lambda _: pd.Series(["c", None, "d"])),
    ),
    "int64 column as int32": (_with([1, 2, 3]), _changed(lambda ints: ints.astype("int32"))),
    "half of a (5000, 4) array zeroed": (
        lambda: np.random.default_rng(0).normal(size=(5000, 4)),
        _half_zeroed,
    ),
}
