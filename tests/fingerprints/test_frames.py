from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jupyter_mlops.fingerprints import fingerprint
from jupyter_mlops.records import Fingerprint
from tests.fingerprints.drafts import INDEXES, KINDS, build, drafts


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


@given(drafts())
def test_equal_content_has_an_equal_digest_however_it_is_stored(draft: Any) -> None:
    frame = build(draft)
    expected = of(frame)
    assert expected.complete
    assert expected.shape == frame.shape
    assert of(build(draft)) == expected
    assert of(frame.copy()) == expected
    assert of(frame.take(range(len(frame)))) == expected
    assert of(pickle.loads(pickle.dumps(frame))) == expected
    assert of(pd.concat([frame[[name]] for name in frame], axis=1)) == expected
    twice = frame.iloc[::-1].iloc[::-1]
    assert of(twice.set_axis(frame.index, axis=0)) == expected


@given(drafts(min_rows=2), st.data())
def test_rows_put_together_again_have_the_digest_of_the_whole(draft: Any, data: Any) -> None:
    frame = build(draft)
    cut = data.draw(st.integers(1, len(frame) - 1))
    joined = pd.concat([frame.iloc[:cut], frame.iloc[cut:]])
    assert of(joined) == of(frame)


@given(drafts(min_rows=1), st.data())
def test_one_value_changed_changes_the_digest_of_its_column_alone(draft: Any, data: Any) -> None:
    kinds, values, index = draft
    column = data.draw(st.integers(0, len(kinds) - 1))
    row = data.draw(st.integers(0, len(values[column]) - 1))
    new = data.draw(KINDS[kinds[column]][0])
    old = values[column][row]
    assume((type(new), new) != (type(old), old))
    changed = [list(one) for one in values]
    changed[column][row] = new
    before, after = of(build(draft)), of(build((kinds, changed, index)))
    assert before.digest != after.digest
    for position, (one, other) in enumerate(zip(before.columns, after.columns, strict=True)):
        assert (one.digest != other.digest) == (position == column)


@given(drafts())
def test_dtypes_names_order_and_index_are_content(draft: Any) -> None:
    kinds, _, index = draft
    frame = build(draft)
    digests = [of(frame).digest]
    digests.append(of(frame.rename(columns={"c0": "C0"})).digest)
    digests.append(of(frame.assign(extra=1)).digest)
    digests.append(of(frame.rename_axis(columns="name")).digest)
    digests += [
        of(frame.set_axis(make(len(frame)), axis=0)).digest
        for name, make in INDEXES.items()
        if name != index
    ]
    if len(kinds) > 1:
        digests.append(of(frame[frame.columns[::-1]]).digest)
    assert len(set(digests)) == len(digests)


@pytest.mark.parametrize("kind", ["float64", "int8", "bool", "str", "category", "Int64"])
def test_order_of_rows_is_content(kind: str) -> None:
    values = {"str": ["a", "b"], "category": ["x", "y"]}.get(kind, [0, 1])
    frame = pd.DataFrame({"a": KINDS[kind][1](values)})
    assert of(frame).digest != of(frame.iloc[::-1].reset_index(drop=True)).digest


DTYPES = ["int64", "int32", "uint8", "float64", "float32", "bool", "Int64", "Float64", "object"]
DTYPES += ["str", "string", "category", "m8[ns]", "m8[s]", "M8[ns]", "int64[pyarrow]", "complex128"]


def test_equal_values_of_every_other_dtype_differ() -> None:
    frames = [pd.DataFrame({"a": pd.Series([0, 1, 1]).astype(dtype)}) for dtype in DTYPES]
    assert len({of(frame).digest for frame in frames}) == len(DTYPES)
    assert len({of(frame).columns[0].digest for frame in frames}) == len(DTYPES)


def test_a_categorys_categories_and_order_are_content() -> None:
    base = pd.Categorical(["x", "y"], categories=["x", "y"])
    others = [
        base.add_categories(["z"]),
        base.reorder_categories(["y", "x"]),
        base.as_ordered(),
        base.rename_categories({"x": "X"}),
    ]
    digests = {of(pd.DataFrame({"a": one})).digest for one in (base, *others)}
    assert len(digests) == 5
    same = base.add_categories(["z"]).remove_categories(["z"])
    assert of(pd.DataFrame({"a": same})) == of(pd.DataFrame({"a": base}))


def test_time_zone_and_unit_are_content() -> None:
    times = pd.Series(pd.to_datetime(["2020-01-01", None]))
    frames = [
        times.astype("M8[ns]"),
        times.astype("M8[s]"),
        times.dt.tz_localize("UTC"),
        times.dt.tz_localize("UTC").dt.tz_convert("Europe/Berlin"),
        times.dt.tz_localize("UTC").dt.tz_convert("+01:00"),
    ]
    found = [of(pd.DataFrame({"t": one})) for one in frames]
    assert all(one.complete for one in found)
    assert len({one.digest for one in found}) == len(frames)


def test_equal_indexes_of_other_classes_differ() -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0]})
    explicit = frame.set_axis(pd.Index([0, 1]), axis=0)
    assert frame.equals(explicit)
    assert of(frame).digest != of(explicit).digest
    # A range is what it yields: its unreached end is not content.
    ends = [frame.set_axis(pd.RangeIndex(0, stop, 3), axis=0) for stop in (4, 6)]
    assert of(ends[0]) == of(ends[1])


def test_a_multiindex_is_its_values_not_their_numbering() -> None:
    pairs = [("a", 1), ("b", 2), ("a", 2)]
    plain = pd.MultiIndex.from_tuples(pairs)
    longer = pd.MultiIndex.from_tuples([("z", 9), *pairs])[1:]
    other = plain.set_levels(plain.levels[0][::-1], level=0).set_codes(1 - plain.codes[0], level=0)
    assert longer.equals(plain)
    assert other.equals(plain)
    digests = {of(pd.DataFrame({"v": range(3)}, index=i)).digest for i in (plain, longer, other)}
    assert len(digests) == 1
    swapped = pd.MultiIndex.from_tuples([pairs[1], pairs[0], pairs[2]])
    assert of(pd.DataFrame({"v": range(3)}, index=swapped)).digest not in digests


def test_asking_for_a_digest_does_not_grow_the_users_memory() -> None:
    frame = pd.DataFrame({"a": [1.0]}, index=pd.RangeIndex(1))
    of(frame)
    assert "_data" not in frame.index._cache


def test_the_order_of_an_ordered_dictionary_is_content() -> None:
    def levels(*order: str, ordered: bool = True, pieces: int = 1) -> pd.DataFrame:
        codes = pa.array([order.index("low"), order.index("high")], pa.int8())
        piece = pa.DictionaryArray.from_arrays(codes, pa.array(order), ordered=ordered)
        kind = pd.ArrowDtype(piece.type)
        return pd.DataFrame({"a": pd.Series(pa.chunked_array([piece] * pieces), dtype=kind)})

    def digest(frame: pd.DataFrame) -> str | None:
        return fingerprint(frame).digest

    assert digest(levels("low", "high")) != digest(levels("high", "low"))
    loose = levels("low", "high", ordered=False), levels("high", "low", ordered=False)
    assert digest(loose[0]) == digest(loose[1])
    twice = levels("low", "high", pieces=2)
    whole = twice.copy()
    whole["a"] = pd.Series(
        pa.chunked_array([pa.concat_arrays(twice["a"].array._pa_array.chunks)]),
        dtype=twice["a"].dtype,
    )
    assert digest(twice) == digest(whole)


def test_chunks_offsets_and_slots_under_nulls_do_not_count() -> None:
    words = ["a", None, "", "long word", None, "z"] * 3
    whole = pa.chunked_array([pa.array(words, pa.large_string())])
    pieces = pa.chunked_array(
        [
            pa.array(["cut", *words[:5]], pa.large_string())[1:],
            pa.array(words[5:], pa.large_string()),
        ]
    )
    assert whole.equals(pieces)
    dtype = pd.StringDtype("pyarrow", na_value=np.nan)
    digests = {
        of(pd.DataFrame({"a": pd.array(one, dtype=dtype)})).digest for one in (whole, pieces)
    }
    digests.add(of(pd.DataFrame({"a": pd.Series(words, dtype="str")})).digest)
    # Stored as Python objects, the same strings of the same dtype are the same content.
    python = pd.StringDtype("python", na_value=np.nan)
    digests.add(of(pd.DataFrame({"a": pd.Series(words, dtype=python)})).digest)
    assert len(digests) == 1

    values = np.array([1, 77, 3], "i8")
    valid = np.packbits([True, False, True], bitorder="little")
    dirty = pa.Array.from_buffers(
        pa.int64(), 3, [pa.py_buffer(valid), pa.py_buffer(values)], null_count=1
    )
    clean = pa.array([1, None, 3])
    frames = [
        pd.DataFrame({"a": pd.Series(one, dtype=pd.ArrowDtype(pa.int64()))})
        for one in (dirty, clean)
    ]
    assert of(frames[0]) == of(frames[1])


def test_what_lies_under_the_mask_of_a_nullable_column_does_not_count() -> None:
    mask = np.array([False, True])
    one = pd.arrays.IntegerArray(np.array([1, 5]), mask)
    other = pd.arrays.IntegerArray(np.array([1, 9]), mask)
    assert of(pd.DataFrame({"a": one})) == of(pd.DataFrame({"a": other}))


def test_columns_strided_in_memory_have_the_same_digest() -> None:
    values = np.random.default_rng(0).normal(size=(9000, 3))
    strided = pd.DataFrame(values, columns=list("abc"), copy=False)
    contiguous = pd.DataFrame({name: values[:, i].copy() for i, name in enumerate("abc")})
    assert of(strided) == of(contiguous)


def test_a_series_is_a_frame_of_one_column_but_not_the_same_content() -> None:
    series = pd.Series([1, 2], name="a")
    found = of(series)
    assert found.shape == (2, 1)
    assert found.columns == of(series.to_frame()).columns
    assert found.digest != of(series.to_frame()).digest
    assert found.digest != of(series.rename("b")).digest


def _mlflow_mutations() -> dict[str, tuple[Any, Any]]:
    """Give pairs of data between which MLflow 3.17's dataset digest does not tell."""
    labels = pd.DataFrame({"y": np.arange(20_000) % 2})
    flipped = labels.copy()
    flipped.loc[10_000:, "y"] = 1 - flipped.loc[10_000:, "y"]
    mixed = pd.DataFrame(
        {
            "when": pd.date_range("2020", periods=50),
            "flag": np.arange(50) % 2 == 0,
            "text": ["a", None, "b", "c", "d"] * 10,
        }
    )
    half = np.ones((5000, 4))
    zeroed = half.copy()
    zeroed[2500:] = 0
    return {
        "labels flipped past row 10,000": (labels, flipped),
        "dates moved by a year": (mixed, mixed.assign(when=mixed.when + pd.Timedelta("365D"))),
        "booleans inverted": (mixed, mixed.assign(flag=~mixed.flag)),
        "text with a null rewritten": (mixed, mixed.assign(text=mixed.text.str.upper())),
        "int64 to int32": (labels, labels.astype("int32")),
        "half of an array zeroed": (half, zeroed),
    }


@pytest.mark.parametrize("mutation", sorted(_mlflow_mutations()))
def test_mutations_that_mlflow_does_not_see_are_seen(mutation: str) -> None:
    before, after = _mlflow_mutations()[mutation]
    assert of(before).complete and of(after).complete
    assert of(before).digest != of(after).digest


SCRIPT = """
import datetime, decimal, numpy as np, pandas as pd
from jupyter_mlops.fingerprints import fingerprint
frame = pd.DataFrame({
    "number": np.linspace(0, 1, 100), "word": [f"w{i}" for i in range(100)],
    "set": pd.Series([{"a", "b", "c", str(i)} for i in range(100)], dtype=object),
    "mixed": pd.Series([None, 1, "x", decimal.Decimal("1.50"), datetime.date(2020, 1, 2)] * 20,
                       dtype=object),
    "cat": pd.Categorical([f"k{i % 7}" for i in range(100)]),
}, index=pd.MultiIndex.from_product([range(10), list("abcdefghij")]))
print(fingerprint(frame))
"""


def test_another_process_with_another_hash_seed_finds_the_same(
    in_another_process: Callable[..., str],
) -> None:
    found = {in_another_process(SCRIPT, seed) for seed in ("1", "2")}
    assert len(found) == 1
    assert "complete=True" in found.pop()


def test_a_file_read_again_gives_the_frame_again(tmp_path: Any) -> None:
    frame = pd.DataFrame(
        {"a": [1.5, None], "b": ["x", None], "c": pd.to_datetime(["2020", "2021"])}
    )
    frame.to_parquet(tmp_path / "f.parquet")
    assert of(pd.read_parquet(tmp_path / "f.parquet")) == of(frame)
    frame.to_feather(tmp_path / "f.feather")
    assert of(pd.read_feather(tmp_path / "f.feather")) == of(frame)
    frame = frame.assign(c=[1, 2])
    frame.to_csv(tmp_path / "f.csv", index=False)
    assert of(pd.read_csv(tmp_path / "f.csv")) == of(frame)
