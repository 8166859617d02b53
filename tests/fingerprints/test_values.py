"""What any value's digest promises, for polars, pyarrow, numpy, torch, JAX and containers.

Equal content gives equal digests, however it is stored; one change gives another. This is the
short form; ``python -m tests.fingerprints.campaign EXAMPLES SEED`` draws more.
"""

from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from jupyter_mlops.fingerprints import fingerprint
from jupyter_mlops.records import Fingerprint
from tests.fingerprints import drawn
from tests.fingerprints.drawn import ARROW, POLARS, arrow_table, changes, columns, polars_frame


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


def differs_in(one: Any, other: Any) -> list[int]:
    """Tell in which columns two frames differ; that their whole digests differ is checked."""
    before, after = of(one), of(other)
    assert before.complete and after.complete
    assert before.digest != after.digest
    pairs = zip(before.columns, after.columns, strict=True)
    return [number for number, (old, new) in enumerate(pairs) if old.digest != new.digest]


@given(columns(POLARS), st.integers(0, 5))
def test_polars_content_has_one_digest_however_it_is_stored(draft: Any, cut: int) -> None:
    frame = polars_frame(draft)
    expected = of(frame)
    assert expected.complete
    assert expected.shape == frame.shape
    assert of(polars_frame(draft)) == expected
    assert of(frame.clone()) == expected
    assert of(frame.select(frame.columns)) == expected
    twice = frame.reverse().reverse()
    # Turned round, a list of nothing but nulls may forget its type.
    assert twice.schema != frame.schema or of(twice) == expected
    for rechunk in (False, True):
        assert of(pl.concat([frame[:cut], frame[cut:]], rechunk=rechunk)) == expected
    if "Object" in draft[0]:  # which nothing can write
        return
    assert of(pickle.loads(pickle.dumps(frame))) == expected
    for write, read in (("write_ipc", pl.read_ipc), ("write_parquet", pl.read_parquet)):
        file = io.BytesIO()
        if write == "write_parquet" and "Int128" in draft[0]:
            continue
        getattr(frame, write)(file)
        file.seek(0)
        again = read(file)
        assert again.schema != frame.schema or of(again) == expected


@given(changes(POLARS))
def test_a_value_changed_in_polars_changes_its_column_alone(change: Any) -> None:
    before, column, after = change
    assert differs_in(polars_frame(before), polars_frame(after)) == [column]


@given(columns(ARROW), st.integers(0, 5))
def test_arrow_content_has_one_digest_however_it_is_stored(draft: Any, cut: int) -> None:
    table = arrow_table(draft)
    expected = of(table)
    assert expected.complete
    assert expected.shape == table.shape
    assert of(arrow_table(draft)) == expected
    pieces = pa.concat_tables([table.slice(0, cut), table.slice(cut)])
    assert of(pieces) == of(pieces.combine_chunks()) == expected
    assert of(pickle.loads(pickle.dumps(pieces))) == expected
    batches = pa.Table.from_batches(table.to_batches(max_chunksize=2), table.schema)
    assert of(batches) == expected
    file = io.BytesIO()
    pyarrow.feather.write_feather(table, file)
    assert of(pyarrow.feather.read_table(file)) == expected
    file = io.BytesIO()
    pyarrow.parquet.write_table(table, file)
    again = pyarrow.parquet.read_table(file)
    assert again.schema != table.schema or of(again) == expected


@given(changes(ARROW))
def test_a_value_changed_in_arrow_changes_its_column_alone(change: Any) -> None:
    before, column, after = change
    assert differs_in(arrow_table(before), arrow_table(after)) == [column]


@given(drawn.numbers())
def test_arrays_and_tensors_have_one_digest_in_any_layout(array: Any) -> None:
    twice = np.repeat(array, 2, axis=0)[::2]
    for value in (np.asfortranarray(array), twice, pickle.loads(pickle.dumps(array))):
        assert of(value) == of(array)
    tensor = torch.from_numpy(array.copy())
    expected = of(tensor)
    assert expected.complete
    assert expected.shape == array.shape
    reverse = tuple(reversed(range(array.ndim)))
    turned = tensor.permute(reverse).contiguous().permute(reverse)
    halves = torch.cat([tensor[:1], tensor[1:]])
    for same in (tensor.clone(), turned, torch.from_numpy(twice), halves, _saved(tensor)):
        assert of(same) == expected
    if tensor.is_floating_point():
        assert of(tensor.requires_grad_()).digest == expected.digest
    assert of({"a": tensor, "b": [array]}) == of({"a": turned, "b": [twice]})


@given(drawn.numbers(min_size=1), st.data())
def test_an_element_changed_changes_the_digest_and_that_of_what_holds_it(
    array: Any, data: Any
) -> None:
    place = tuple(data.draw(st.integers(0, length - 1)) for length in array.shape)
    changed = array.copy()
    changed[place] = array[place] == 0
    assume(array[place] == array[place])
    assert of(array).digest != of(changed).digest
    one, other = torch.from_numpy(array), torch.from_numpy(changed)
    assert of(one).digest != of(other).digest
    held, altered = of((array, one, "x")), of((changed, one, "x"))
    assert held.complete and altered.complete
    assert held.digest != altered.digest
    pairs = zip(held.columns, altered.columns, strict=True)
    assert [old.digest == new.digest for old, new in pairs] == [False, True]
    flat = array.reshape(-1)
    if flat.shape != array.shape:
        assert of(flat).digest != of(array).digest
        assert of(one.reshape(-1)).digest != of(one).digest


def _saved(tensor: Any) -> Any:
    file = io.BytesIO()
    torch.save(tensor, file)
    file.seek(0)
    return torch.load(file)


PROPERTIES = [
    test_polars_content_has_one_digest_however_it_is_stored,
    test_a_value_changed_in_polars_changes_its_column_alone,
    test_arrow_content_has_one_digest_however_it_is_stored,
    test_a_value_changed_in_arrow_changes_its_column_alone,
    test_arrays_and_tensors_have_one_digest_in_any_layout,
    test_an_element_changed_changes_the_digest_and_that_of_what_holds_it,
]
