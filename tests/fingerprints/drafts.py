"""Frames of any dtypes and index, drawn by hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from hypothesis import strategies as st

WORDS = st.text("abcé\x00", max_size=4)
DAYS = st.integers(0, 10_000)

# For each dtype: the values that a column may hold, and how a column is made of them.
KINDS: dict[str, tuple[st.SearchStrategy[Any], Callable[[list[Any]], pd.Series]]] = {
    "float64": (st.floats(allow_nan=False), lambda v: pd.Series(v, dtype="float64")),
    "float32": (st.floats(width=32, allow_nan=False), lambda v: pd.Series(v, dtype="float32")),
    "float with nan": (
        st.sampled_from([0.0, 1.5, None]),
        lambda v: pd.Series(v, dtype="float64"),
    ),
    "int8": (st.integers(-128, 127), lambda v: pd.Series(v, dtype="int8")),
    "uint64": (st.integers(0, 2**64 - 1), lambda v: pd.Series(v, dtype="uint64")),
    "bool": (st.booleans(), lambda v: pd.Series(v, dtype="bool")),
    "datetime64[ns]": (DAYS, lambda v: pd.Series(np.array(v, "M8[D]")).astype("M8[ns]")),
    "datetime64[ns, tz]": (
        DAYS,
        lambda v: pd.Series(np.array(v, "M8[D]")).astype("M8[s]").dt.tz_localize("Europe/Paris"),
    ),
    "timedelta64[s]": (DAYS, lambda v: pd.Series(np.array(v, "m8[s]"))),
    "category": (
        st.sampled_from(["x", "y", "z", None]),
        lambda v: pd.Series(pd.Categorical(v, categories=["z", "y", "x", "unused"])),
    ),
    "str": (st.none() | WORDS, lambda v: pd.Series(v, dtype="str")),
    "string[python]": (
        st.none() | WORDS,
        lambda v: pd.Series(v, dtype=pd.StringDtype("python")),
    ),
    "Int64": (st.none() | st.integers(0, 5), lambda v: pd.Series(v, dtype="Int64")),
    "Float32": (st.none() | st.integers(0, 5), lambda v: pd.Series(v, dtype="Float32")),
    "boolean": (st.none() | st.booleans(), lambda v: pd.Series(v, dtype="boolean")),
    "period[M]": (DAYS, lambda v: pd.Series(pd.PeriodIndex.from_ordinals(v, freq="M"))),
    "interval": (
        DAYS,
        lambda v: pd.Series(pd.IntervalIndex.from_tuples([(x, x + 1) for x in v])),
    ),
    "Sparse": (
        st.sampled_from([0, 0, 3]),
        lambda v: pd.Series(pd.arrays.SparseArray(v, fill_value=0, dtype="int64")),
    ),
    "int32[pyarrow]": (
        st.none() | st.integers(-5, 5),
        lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.int32())),
    ),
    "bool[pyarrow]": (
        st.none() | st.booleans(),
        lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.bool_())),
    ),
    "list[pyarrow]": (
        st.none() | st.lists(st.none() | st.integers(0, 3), max_size=3),
        lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.list_(pa.int16()))),
    ),
    "struct[pyarrow]": (
        st.none() | st.fixed_dictionaries({"a": st.none() | st.integers(0, 3), "b": WORDS}),
        lambda v: pd.Series(
            v, dtype=pd.ArrowDtype(pa.struct([("a", pa.int8()), ("b", pa.string())]))
        ),
    ),
    "decimal[pyarrow]": (
        st.none() | st.integers(0, 999).map(lambda n: Decimal(n) / 100),
        lambda v: pd.Series(v, dtype=pd.ArrowDtype(pa.decimal128(10, 2))),
    ),
    "ordered category": (
        st.sampled_from(["low", "high", None]),
        lambda v: pd.Series(pd.Categorical(v, categories=["low", "high"], ordered=True)),
    ),
    "interval of time": (
        DAYS,
        lambda v: pd.Series(
            pd.IntervalIndex.from_arrays(np.array(v, "M8[D]"), np.array(v, "M8[D]") + 1)
        ),
    ),
    "nested": (
        st.recursive(
            st.none() | st.integers(0, 3) | WORDS,
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
            max_leaves=4,
        ),
        lambda v: pd.Series(_cells(v), dtype="object"),
    ),
    "object": (
        st.none() | st.booleans() | st.integers() | WORDS | st.binary(max_size=3),
        lambda v: pd.Series(v, dtype="object"),
    ),
}


def _cells(values: list[Any]) -> Any:
    """Put each value into a cell of its own, lists as well."""
    cells = np.empty(len(values), object)
    for position, value in enumerate(values):
        cells[position] = value
    return cells


INDEXES: dict[str, Callable[[int], pd.Index]] = {
    "range": pd.RangeIndex,
    "int64": lambda n: pd.Index(np.arange(n) * 7),
    "str": lambda n: pd.Index([f"r{i}" for i in range(n)], name="row"),
    "datetime": lambda n: pd.date_range("2020", periods=n),
    "category": lambda n: pd.CategoricalIndex([f"c{i % 2}" for i in range(n)]),
    "multi": lambda n: pd.MultiIndex.from_arrays(
        [[i // 2 for i in range(n)], [f"k{i % 2}" for i in range(n)]], names=["a", None]
    ),
}


@st.composite
def drafts(draw: st.DrawFn, min_rows: int = 0) -> tuple[list[str], list[list[Any]], str]:
    """Draw the dtypes and values of columns, and an index."""
    kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4))
    rows = draw(st.integers(min_rows, 6))
    values = [draw(st.lists(KINDS[kind][0], min_size=rows, max_size=rows)) for kind in kinds]
    return kinds, values, draw(st.sampled_from(sorted(INDEXES)))


def build(draft: tuple[list[str], list[list[Any]], str]) -> pd.DataFrame:
    kinds, values, index = draft
    columns = {
        f"c{i}": KINDS[kind][1](v) for i, (kind, v) in enumerate(zip(kinds, values, strict=True))
    }
    frame = pd.DataFrame(columns)
    frame.index = INDEXES[index](len(frame))
    return frame
