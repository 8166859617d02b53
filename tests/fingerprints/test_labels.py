from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jupyter_mlops.fingerprints import fingerprint

Container = Callable[[list[str]], pd.Index]
# What pandas 2 gives to labels of strings, what pandas 3 does, and what people may ask for.
CONTAINERS: dict[str, Container] = {
    "object": lambda labels: pd.Index(labels, dtype=object),
    "str": lambda labels: pd.Index(labels, dtype="str"),
    "str of objects": lambda labels: pd.Index(
        labels, dtype=pd.StringDtype("python", na_value=np.nan)
    ),
    "string": lambda labels: pd.Index(labels, dtype="string[python]"),
    "string of Arrow": lambda labels: pd.Index(labels, dtype="string[pyarrow]"),
    "Arrow": lambda labels: pd.Index(labels, dtype=pd.ArrowDtype(pa.large_string())),
}
PLACES: dict[str, Callable[[pd.Index], pd.DataFrame]] = {
    "columns": lambda index: pd.DataFrame(np.arange(2 * len(index)).reshape(2, -1), columns=index),
    "index": lambda index: pd.DataFrame({0: np.arange(len(index))}, index=index),
    "a level": lambda index: pd.DataFrame(
        {0: np.arange(len(index))}, index=pd.MultiIndex.from_arrays([index, range(len(index))])
    ),
    "categories": lambda index: pd.DataFrame(
        {0: pd.Categorical.from_codes(np.arange(len(index)), categories=index)}
    ),
}
LABELS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=4), unique=True)


def digest(frame: pd.DataFrame) -> str:
    found = fingerprint(frame)
    assert found is not None and found.complete
    return found.digest


@given(LABELS, st.sampled_from(sorted(PLACES)))
def test_strings_are_the_same_labels_in_whatever_container(labels: list[str], place: str) -> None:
    assume(labels)
    found = {name: digest(PLACES[place](make(labels))) for name, make in CONTAINERS.items()}
    assert len(set(found.values())) == 1, found


@given(LABELS, LABELS, *[st.sampled_from(sorted(CONTAINERS))] * 2, st.sampled_from(sorted(PLACES)))
def test_other_labels_are_other_content_in_whatever_container(
    labels: list[str], others: list[str], one: str, other: str, place: str
) -> None:
    others = others[: len(labels)]
    others += [label for label in labels if label not in others][: len(labels) - len(others)]
    assume(labels and labels != others)
    assert digest(PLACES[place](CONTAINERS[one](labels))) != digest(
        PLACES[place](CONTAINERS[other](others))
    )


@pytest.mark.parametrize("place", ["columns", "index"])
def test_labels_that_are_no_strings_or_missing_differ_from_their_text(place: str) -> None:
    labels: list[list[object]] = [["1", "2"], [1, 2], ["1", 2], ["1", None], ["1", b"2"]]
    found = [digest(PLACES[place](pd.Index(one, dtype=object))) for one in labels]
    found.append(digest(PLACES[place](pd.Index(["1", None], dtype="str"))))
    found.append(digest(PLACES[place](pd.Index([1, 2]))))
    assert len(set(found)) == len(found)


def test_the_dtype_of_a_column_of_strings_is_content() -> None:
    texts = ["a", "b"]
    dtypes = ("object", "str", "string")
    found = {digest(pd.DataFrame({"a": pd.Series(texts, dtype=dtype)})) for dtype in dtypes}
    assert len(found) == len(dtypes)
