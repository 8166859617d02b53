"""Plain values as a record has them."""

from __future__ import annotations

import datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from jupyter_mlops.dataflow.notation import NotPlainError, as_json, type_name


def test_plain_values_are_json_and_others_are_refused() -> None:
    value = {"a": [1, (2.5, None)], 3: {"z", "b"}, "inf": float("-inf")}
    assert as_json(value) == {"a": [1, [2.5, None]], "3": ["b", "z"], "inf": "-Infinity"}
    recursive: list[object] = []
    recursive.append(recursive)
    for other in (b"", object(), Path, [np.float64(1)], {(1,): 2}, "x" * 20_000, recursive):
        with pytest.raises(NotPlainError):
            as_json(other)


@pytest.mark.parametrize(
    ("value", "text", "type_"),
    [
        (1j, "1j", "complex"),
        (datetime.date(2024, 1, 31), "2024-01-31", "datetime.date"),
        (datetime.datetime(2024, 1, 31, 8), "2024-01-31T08:00:00", "datetime.datetime"),
        (datetime.time(8, tzinfo=datetime.timezone.utc), "08:00:00+00:00", "datetime.time"),
        (datetime.timedelta(hours=-1), "-1 day, 23:00:00", "datetime.timedelta"),
        (Path("a") / "b", "a/b", "pathlib.Path"),
        (PurePosixPath("a"), "a", "pathlib.PurePosixPath"),
        (pd.Timestamp("2024-01-31"), "2024-01-31T00:00:00", "pandas.Timestamp"),
        (np.datetime64("2024-01-31"), "2024-01-31", "numpy.datetime64"),
    ],
)
def test_what_json_lacks_is_a_text(value: object, text: str, type_: str) -> None:
    assert (as_json(value), type_name(value)) == (text, type_)
    assert as_json([value]) == [text]


class Zone(datetime.tzinfo):
    def utcoffset(self, _moment: datetime.datetime | None) -> datetime.timedelta:
        raise AssertionError("asked")


class Day(datetime.date):
    def isoformat(self) -> str:
        raise AssertionError("asked")


class Place(PurePosixPath):
    def as_posix(self) -> str:
        raise AssertionError("asked")


@pytest.mark.parametrize(
    "value",
    [
        datetime.datetime(2024, 1, 31, tzinfo=Zone()),
        datetime.datetime(2024, 1, 31, tzinfo=ZoneInfo("UTC")),
        Day(2024, 1, 31),
        Place("a"),
        pd.Timestamp("2024-01-31", tz="UTC"),
        pd.Timestamp(1),
    ],
)
def test_what_may_ask_a_users_method_is_refused(value: object) -> None:
    with pytest.raises(NotPlainError):
        as_json(value)
