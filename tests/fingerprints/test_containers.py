from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jupyter_mlops.fingerprints import fingerprint, kind
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.records import Fingerprint

ARRAY = np.arange(6.0).reshape(3, 2)
FRAME = pd.DataFrame({"a": [1, 2]})


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


def test_only_what_holds_data_is_data() -> None:
    for value in ([1, 2], ("a",), {"a": [1]}, [], [[1], [2]], [object()], {1: {2: {3: {}}}}):
        assert kind(value) is None
        assert fingerprint(value) is None
    assert kind((ARRAY, FRAME)) == "array"
    assert kind({"train": FRAME, "y": ARRAY}) == "frame"
    assert kind([1, {"deep": [ARRAY]}]) == "array"
    assert kind([*range(100), ARRAY]) is None  # nobody looks that far


def test_each_part_has_the_digest_that_it_has_alone() -> None:
    found = of((ARRAY, ARRAY + 1, FRAME, {"rest": [ARRAY]}))
    assert found.complete
    assert found.form == "tuple of 4"
    assert [one.name for one in found.columns] == ["0", "1", "2", "3"]
    alone = [of(ARRAY), of(ARRAY + 1), of(FRAME), of({"rest": [ARRAY]})]
    assert [one.digest for one in found.columns] == [one.digest for one in alone]
    assert found.columns[2].dtype == "pandas.DataFrame (2, 1)"


def test_parts_keys_order_type_and_everything_else_are_content() -> None:
    values: list[Any] = [
        [ARRAY, 1],
        (ARRAY, 1),
        [1, ARRAY],
        [ARRAY, 2],
        [ARRAY, 1.0],
        [ARRAY.astype("f4"), 1],
        [ARRAY],
        [[ARRAY], 1],
        {"a": ARRAY},
        {"b": ARRAY},
        {"a": ARRAY, "b": ARRAY},
        {"b": ARRAY, "a": ARRAY},
        {"a": {"a": ARRAY}},
    ]
    found = [of(value) for value in values]
    assert all(one.complete for one in found)
    assert len({one.digest for one in found}) == len(values)
    assert [of(pickle.loads(pickle.dumps(value))) for value in values] == found


def test_data_in_the_cells_of_a_frame_are_looked_into() -> None:
    def frame(inner: Any) -> pd.DataFrame:
        return pd.DataFrame({"a": pd.Series([inner], dtype=object)})

    inner = [FRAME, FRAME.a, {"k": [FRAME]}, pa.table({"a": [1]}), [ARRAY]]
    found = [of(frame(one)) for one in inner]
    assert all(one.complete for one in found)
    assert of(frame(FRAME.copy())) == found[0]
    assert of(frame(FRAME + 1)).digest != found[0].digest


def test_what_holds_itself_comes_to_an_end_and_is_incomplete() -> None:
    turning: list[Any] = [ARRAY]
    turning.append(turning)
    held: dict[str, Any] = {}
    held["frame"] = pd.DataFrame({"a": pd.Series([held], dtype=object)})
    for value in (turning, held):
        assert not of(value).complete
        assert outline(value) is not None


def test_objects_beside_the_data_are_not_called(hostile: type, calls: list[str]) -> None:
    class Dictionary(dict[Any, Any]):
        def values(self) -> Any:
            calls.append("values")
            return super().values()

    values = [[ARRAY, hostile()], {hostile(): ARRAY}, (hostile(), ARRAY), [Dictionary(a=1), ARRAY]]
    calls.clear()
    for value in values:
        found = of(value)
        assert not found.complete
        assert outline(value) is not None
    assert kind(Dictionary(a=ARRAY)) is None
    assert calls == []


@pytest.mark.parametrize("count", [3, 20_000])
def test_an_outline_costs_what_the_parts_do(count: int) -> None:
    few, many = outline([ARRAY] * count), outline([ARRAY] * count * 2)
    assert few is not None and many is not None
    assert not few.fingerprint.complete
    assert many.cost == 2 * few.cost
    assert few.fingerprint.form == f"list of {count}"
