"""Columns of polars and pyarrow of every type, arrays and tensors, drawn by hypothesis."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

WORDS = st.text("abcé\x00", max_size=14)
DATES = st.dates(datetime.date(1990, 1, 1), datetime.date(2030, 1, 1))
TIMES = st.datetimes(datetime.datetime(1990, 1, 1), datetime.datetime(2030, 1, 1))
SPANS = st.integers(0, 10**9).map(lambda n: datetime.timedelta(microseconds=n))
FLOATS = st.floats(allow_nan=False, width=32)
SMALL = st.integers(0, 100)
DECIMALS = st.integers(-999, 999).map(lambda n: Decimal(n) / 100)
LISTS = st.lists(st.none() | SMALL, max_size=3)
RECORDS = st.fixed_dictionaries({"a": st.none() | SMALL, "b": st.none() | WORDS})

POLARS: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "Int8": (pl.Int8, SMALL),
    "UInt64": (pl.UInt64, st.integers(0, 2**64 - 1)),
    "Int128": (pl.Int128, st.integers(-(2**80), 2**80)),
    "Float32": (pl.Float32, FLOATS),
    "Float64": (pl.Float64, FLOATS),
    "Boolean": (pl.Boolean, st.booleans()),
    "String": (pl.String, WORDS),
    "Binary": (pl.Binary, st.binary(max_size=14)),
    "Date": (pl.Date, DATES),
    "Datetime": (pl.Datetime("us"), TIMES),
    "Datetime zoned": (pl.Datetime("ms", "Asia/Seoul"), TIMES),
    "Duration": (pl.Duration("us"), SPANS),
    "Time": (pl.Time, st.times()),
    "Decimal": (pl.Decimal(10, 2), DECIMALS),
    "Categorical": (pl.Categorical, st.sampled_from("xyz")),
    "Enum": (pl.Enum(["z", "y", "x", "unused"]), st.sampled_from("xyz")),
    "List": (pl.List(pl.Int16), LISTS),
    "List of List": (
        pl.List(pl.List(pl.String)),
        st.lists(st.lists(WORDS, max_size=2), max_size=2),
    ),
    "Array": (pl.Array(pl.Int16, 2), st.lists(SMALL, min_size=2, max_size=2)),
    "Struct": (pl.Struct({"a": pl.Int8, "b": pl.String}), RECORDS),
    "List of Struct": (
        pl.List(pl.Struct({"a": pl.Int8, "b": pl.String})),
        st.lists(RECORDS, max_size=2),
    ),
    "Object": (pl.Object, st.frozensets(SMALL, max_size=2)),
}

ARROW: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "int8": (pa.int8(), SMALL),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float": (pa.float32(), FLOATS),
    "bool": (pa.bool_(), st.booleans()),
    "string": (pa.string(), WORDS),
    "large_string": (pa.large_string(), WORDS),
    "string_view": (pa.string_view(), WORDS),
    "binary": (pa.binary(), st.binary(max_size=14)),
    "fixed_size_binary": (pa.binary(2), st.binary(min_size=2, max_size=2)),
    "date32": (pa.date32(), DATES),
    "timestamp": (pa.timestamp("us", "Asia/Seoul"), TIMES),
    "duration": (pa.duration("us"), SPANS),
    "time64": (pa.time64("us"), st.times()),
    "decimal": (pa.decimal128(10, 2), DECIMALS),
    "dictionary": (pa.dictionary(pa.int8(), pa.string()), st.sampled_from("xyz")),
    "list": (pa.list_(pa.int16()), LISTS),
    "large_list": (pa.large_list(pa.int16()), LISTS),
    "fixed_size_list": (pa.list_(pa.int16(), 2), st.lists(SMALL, min_size=2, max_size=2)),
    "struct": (pa.struct([("a", pa.int8()), ("b", pa.string())]), RECORDS),
    "map": (
        pa.map_(pa.string(), pa.int8()),
        st.lists(st.tuples(WORDS, st.none() | SMALL), max_size=2),
    ),
    "uuid": (pa.uuid(), st.uuids().map(lambda found: found.bytes)),
}

Draft = tuple[list[str], list[list[Any]]]


@st.composite
def columns(draw: st.DrawFn, kinds: dict[str, tuple[Any, Any]], min_rows: int = 0) -> Draft:
    """Draw the types and values of some columns."""
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=3))
    rows = draw(st.integers(min_rows, 5))
    values = [
        draw(st.lists(st.none() | kinds[kind][1], min_size=rows, max_size=rows)) for kind in chosen
    ]
    return chosen, values


@st.composite
def changes(draw: st.DrawFn, kinds: dict[str, tuple[Any, Any]]) -> tuple[Draft, int, Draft]:
    """Draw columns, the number of one, and the same columns with one value of it changed."""
    chosen, values = draw(columns(kinds, min_rows=1))
    column = draw(st.integers(0, len(chosen) - 1))
    row = draw(st.integers(0, len(values[column]) - 1))
    old = values[column][row]
    # 0.0 and -0.0, which are equal and not the same, are a change of their own.
    new = draw((st.none() | kinds[chosen[column]][1]).filter(lambda value: value != old))
    changed = [list(one) for one in values]
    changed[column][row] = new
    return (chosen, values), column, (chosen, changed)


def polars_frame(draft: Draft) -> pl.DataFrame:
    """Make a frame of drawn columns."""
    return pl.DataFrame(
        [
            pl.Series(f"c{number}", values, dtype=POLARS[kind][0])
            for number, (kind, values) in enumerate(zip(*draft, strict=True))
        ]
    )


def arrow_table(draft: Draft) -> pa.Table:
    """Make a table of drawn columns."""
    return pa.table(
        {
            f"c{number}": pa.array(values, ARROW[kind][0])
            for number, (kind, values) in enumerate(zip(*draft, strict=True))
        }
    )


def numbers(min_size: int = 0) -> st.SearchStrategy[np.ndarray[Any, Any]]:
    """Draw arrays of numbers of any shape."""
    dtypes = st.sampled_from(["f8", "f4", "i8", "i2", "u1", "?", "c8"])
    shapes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=min_size, max_side=4)
    return dtypes.flatmap(
        lambda dtype: hnp.arrays(
            dtype, shapes, elements=None if dtype != "c8" else st.builds(complex, SMALL, SMALL)
        )
    )
