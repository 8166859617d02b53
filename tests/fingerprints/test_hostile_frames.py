from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from jupyter_mlops.fingerprints import fingerprint
from jupyter_mlops.records import Fingerprint


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


def test_hostile_objects_are_not_called_and_make_the_frame_incomplete(
    hostile: type, calls: list[str]
) -> None:
    column = np.empty(2, object)
    column[:] = [hostile(), "text"]
    frame = pd.DataFrame({"bad": pd.Series(column, dtype=object), "good": [1, 2]})
    frame.columns.name = "plain"
    calls.clear()
    found = of(frame)
    assert calls == []
    assert not found.complete
    assert [one.complete for one in found.columns] == [False, True]


def test_subclasses_are_read_past_their_methods(calls: list[str]) -> None:
    class Frame(pd.DataFrame):
        @property
        def _constructor(self) -> Any:
            calls.append("_constructor")
            return Frame

        def __getattribute__(self, name: str) -> Any:
            calls.append(name)
            return super().__getattribute__(name)

    frame = Frame({"a": [1, 2]})
    calls.clear()
    found = of(frame)
    assert calls == []
    assert not found.complete  # the subclass may hold content of its own
    assert found.columns == of(pd.DataFrame({"a": [1, 2]})).columns


def test_an_index_of_the_users_is_not_called(calls: list[str]) -> None:
    class Labels(pd.Index):
        def __len__(self) -> int:
            calls.append("__len__")
            return super().__len__()

        def __iter__(self) -> Any:
            calls.append("__iter__")
            return super().__iter__()

    frame = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    frame.columns = Labels._simple_new(frame.columns._values)
    frame.index = Labels._simple_new(np.array([5, 6]))
    assert type(frame.columns) is type(frame.index) is Labels
    calls.clear()
    found = of(frame)
    assert calls == []
    assert not found.complete
    assert found.shape == (2, 2)


def test_an_extension_array_of_the_users_is_not_looked_into() -> None:
    class Units(pd.arrays.IntegerArray):
        pass

    units = Units(np.array([1]), np.array([False]))
    found = of(pd.DataFrame({"a": pd.Series(units), "b": [1]}))
    assert not found.complete
    assert [one.complete for one in found.columns] == [False, True]
