from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from jupyter_mlops.fingerprints import fingerprint
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.records import Fingerprint
from tests.fingerprints.drawn import ARROW


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


def test_types_names_nulls_and_order_are_content() -> None:
    empty = [pa.table({"a": pa.array([], kind)}) for kind, _ in ARROW.values()]
    assert len({of(one).digest for one in empty}) == len(empty)
    table = pa.table({"a": [1, 2], "b": [3, 4]})
    others = [
        table.rename_columns(["A", "b"]),
        table.select(["b", "a"]),
        table.slice(0, 1),
        pa.table({"a": [1, None], "b": [3, 4]}),
        pa.table(table.columns, pa.schema([pa.field("a", pa.int64(), False), ("b", pa.int64())])),
    ]
    assert len({of(one).digest for one in (table, *others)}) == len(others) + 1
    assert of(table.replace_schema_metadata({"written": "today"})) == of(table)


def test_one_column_is_the_same_cut_or_whole() -> None:
    whole = pa.array(["a", None, "b"])
    cut = pa.chunked_array([whole[:1], whole[1:]])
    assert of(whole).digest == of(cut).digest
    assert of(whole).shape == of(cut).shape == (3,)
    assert of(pa.table({"a": whole})).columns[0].digest == of(cut).digest
    batch = pa.RecordBatch.from_pydict({"a": whole})
    assert of(batch).digest == of(pa.table({"a": cut})).digest


@pytest.mark.parametrize(
    "array",
    [
        pa.nulls(2),
        pa.array([1, None], pa.decimal256(40, 2)),
        pa.array([pa.MonthDayNano([1, 2, 3]), None]),
        pa.array([[1], None], pa.list_view(pa.int8())),
        pa.RunEndEncodedArray.from_arrays([1, 2], ["a", "b"]),
        pa.array(["{}"], pa.json_()),
        pa.array([1, None], pa.bool8()),
        pa.array([[1, 2]], pa.fixed_shape_tensor(pa.int8(), [2])),
        pa.array([["a"], []], pa.list_(pa.string_view())),
        pa.UnionArray.from_sparse(
            pa.array([0, 1], "int8"), [pa.array([1, 2]), pa.array(["", "b"])]
        ),
    ],
    ids=lambda array: str(array.type)[:20],
)
def test_rare_types_are_complete(array: Any) -> None:
    found = of(array)
    assert found.complete
    assert of(pa.concat_arrays([array[:1], array[1:]])) == found
    assert of(array[:1]).digest != found.digest or len(array) == 1
    assert outline(pa.table({"a": array})) is not None


def test_an_extension_type_of_the_users_is_not_looked_into(calls: list[str]) -> None:
    class Units(pa.ExtensionType):
        def __init__(self) -> None:
            super().__init__(pa.int64(), "tests.units")

        def __arrow_ext_serialize__(self) -> bytes:
            return b""

        def __str__(self) -> str:
            calls.append("__str__")
            return "units"

    array = pa.ExtensionArray.from_storage(Units(), pa.array([1]))
    calls.clear()
    found = of(pa.table({"bad": array, "good": [1], "nested": pa.array([1]).cast(pa.int8())}))
    assert calls == []
    assert [one.complete for one in found.columns] == [False, True, True]
