from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from jupyter_mlops.fingerprints import fingerprint
from jupyter_mlops.records import Fingerprint

DTYPES = st.one_of(
    npst.boolean_dtypes(),
    npst.integer_dtypes(endianness="?"),
    npst.floating_dtypes(endianness="?"),
    npst.complex_number_dtypes(),
    npst.datetime64_dtypes(),
    npst.timedelta64_dtypes(),
    npst.unicode_string_dtypes(),
    npst.byte_string_dtypes(),
    npst.array_dtypes(subtype_strategy=npst.integer_dtypes(), allow_subarrays=True),
)
ARRAYS = npst.arrays(DTYPES, npst.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


@given(ARRAYS)
def test_memory_layout_does_not_count(array: Any) -> None:
    expected = of(array)
    assert expected.complete
    assert expected.shape == array.shape
    assert of(array.copy()) == expected
    assert of(np.asfortranarray(array) if array.ndim else array) == expected
    pickled = pickle.loads(pickle.dumps(array))
    if pickled.dtype.str == array.dtype.str:  # numpy pickles some in native byte order
        assert of(pickled) == expected
    if array.ndim:
        wider = np.repeat(array, 2, axis=-1)[..., ::2]
        assert of(wider) == expected
        assert of(array[::-1].copy()[::-1]) == expected
    array.flags.writeable = False
    assert of(array) == expected


@given(ARRAYS, st.data())
def test_one_byte_of_one_element_changes_the_digest(array: Any, data: Any) -> None:
    if not array.size or not array.dtype.itemsize:
        return
    before = of(array).digest
    changed = array.copy()
    raw = changed.reshape(-1).view("u1")
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] ^= 1
    # A flipped byte may fall on padding, or on what a boolean does not hold.
    if changed.tobytes() != array.tobytes() and pickle.dumps(changed) != pickle.dumps(array):
        assert of(changed).digest != before


def test_shape_and_dtype_are_content() -> None:
    base = np.arange(6)
    others = [
        base.reshape(2, 3),
        base.reshape(3, 2),
        base.reshape(1, 6),
        base.astype("i4"),
        base.astype(">i8"),
        base.astype("u8"),
        base.astype("m8[s]"),
        base.astype("m8[ms]"),
        base.view([("a", "i8")]),
        base.view([("b", "i8")]),
        base.reshape(3, 2).T,
    ]
    assert len({of(one).digest for one in (base, *others)}) == len(others) + 1


def test_large_strided_arrays_are_read_in_pieces_to_the_same_digest() -> None:
    array = np.random.default_rng(0).normal(size=(300, 1000))
    assert of(np.asfortranarray(array)) == of(array)
    assert of(array.T.copy().T) == of(array)


def test_padding_does_not_count() -> None:
    dtype = np.dtype([("a", "u1"), ("b", "f8")], align=True)
    one, other = np.zeros(3, dtype), np.zeros(3, dtype)
    other.view("u1")[1:8] = 255
    assert of(one) == of(other)

    long = np.array([1.5, 2.5], np.longdouble)
    if np.finfo(np.longdouble).nmant == 63:
        dirty = long.copy()
        dirty.view("u1").reshape(2, -1)[:, 10:] = 7
        assert of(long) == of(dirty)
    assert of(long).digest != of(long + 1).digest


def test_bits_count_of_zeros_and_nans() -> None:
    other_nan = np.array([0xFFF8000000000000], "u8").view("f8")
    arrays = [np.array([0.0]), np.array([-0.0]), np.array([np.nan]), other_nan]
    assert len({of(one).digest for one in arrays}) == 4


def test_a_masked_array_is_its_mask_and_what_it_shows() -> None:
    shown = np.ma.MaskedArray([[1, 2], [3, 4]], mask=[[0, 1], [0, 0]])
    hidden_changed = np.ma.MaskedArray([[1, 9], [3, 4]], mask=[[0, 1], [0, 0]], fill_value=5)
    assert of(shown) == of(hidden_changed)
    shown_changed = np.ma.MaskedArray([[1, 2], [3, 5]], mask=[[0, 1], [0, 0]])
    mask_changed = np.ma.MaskedArray([[1, 2], [3, 4]], mask=[[0, 1], [0, 1]])
    unmasked = np.ma.MaskedArray([[1, 2], [3, 4]])
    all_shown = np.ma.MaskedArray([[1, 2], [3, 4]], mask=np.zeros((2, 2), bool))
    assert of(unmasked) == of(all_shown)
    plain = np.array([[1, 2], [3, 4]])
    four = (shown, shown_changed, mask_changed, unmasked, plain)
    assert len({of(one).digest for one in four}) == 5
    fields = np.ma.MaskedArray([(1, 2.0)], mask=[(True, False)], dtype=[("a", "i4"), ("b", "f4")])
    same = np.ma.MaskedArray([(8, 2.0)], mask=[(True, False)], dtype=[("a", "i4"), ("b", "f4")])
    assert of(fields) == of(same)
    objects = np.ma.MaskedArray(np.array([1, "x"], object), mask=[False, True])
    assert of(objects).complete


def test_a_memory_map_is_the_array_it_holds(tmp_path: Path) -> None:
    array = np.arange(100.0)
    array.tofile(tmp_path / "raw")
    assert of(np.memmap(tmp_path / "raw", "f8", "r")) == of(array)


def test_objects_of_exact_builtin_types_are_read() -> None:
    array = np.array([1, "x", None, 1.5, (1, [2]), {"a": {3}}], object)
    again = np.array([1, "x", None, 1.5, (1, [2]), {"a": {3}}], object)
    assert of(array).complete
    assert of(array) == of(again)
    again[4] = (1, [2.0])
    assert of(array).digest != of(again).digest


def test_an_array_that_holds_itself_ends() -> None:
    array = np.empty(1, object)
    array[0] = array
    assert not of(array).complete


def test_variable_width_strings_are_read() -> None:
    strings = pytest.importorskip("numpy.dtypes").StringDType()
    one, other = np.array(["a", "bb"], strings), np.array(["a", "bc"], strings)
    assert of(one).complete
    assert of(one) == of(one.copy())
    assert of(one).digest != of(other).digest


def test_a_subclass_of_the_users_is_not_called_and_incomplete(calls: list[str]) -> None:
    class Quantity(np.ndarray):
        def __array_finalize__(self, other: Any) -> None:
            calls.append("__array_finalize__")

        def __getattribute__(self, name: str) -> Any:
            calls.append(name)
            return super().__getattribute__(name)

    array = np.arange(3).view(Quantity)
    calls.clear()
    found = of(array)
    assert calls == []
    assert not found.complete
    assert found.shape == (3,)


def test_matrices_and_record_arrays_are_not_plain_arrays() -> None:
    plain = np.array([[1, 2]])
    with pytest.warns(PendingDeprecationWarning):
        matrix = np.matrix([[1, 2]])
    assert of(matrix).complete
    assert of(np.char.array(["a", "b"])).complete
    assert of(matrix).digest != of(plain).digest
    records = np.rec.array([(1, 2.0)], dtype=[("a", "i8"), ("b", "f8")])
    assert of(records).complete
