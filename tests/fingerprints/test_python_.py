from __future__ import annotations

import copy
import datetime
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from dateutil import tz
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops.fingerprints import python_
from jupyter_mlops.fingerprints.python_ import Encoder, Values
from jupyter_mlops.fingerprints.steps import finish

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(max_size=8),
    st.complex_numbers(),
    st.decimals(),
    st.fractions(),
    st.dates(),
    st.datetimes(timezones=st.just(None) | st.just(datetime.timezone.utc)),
    st.timedeltas(),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=8,
)


def encode(value: Any) -> tuple[bytes, bool]:
    encoder = Encoder()
    return finish(encoder.encode(value)), encoder.complete


def digest(values: list[Any], cuts: list[int]) -> bytes:
    stream = Values()
    for start, end in zip([0, *cuts], [*cuts, len(values)], strict=True):
        finish(stream.add(values[start:end]))
    return stream.content().digest()


@given(st.lists(VALUES, max_size=8), st.data())
def test_pieces_do_not_count(values: list[Any], data: Any) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(values)), max_size=3)))
    assert digest(values, cuts) == digest(values, [])


@given(VALUES, VALUES)
def test_values_have_equal_bytes_only_if_they_are_written_alike(one: Any, other: Any) -> None:
    # repr tells 1 from True and 0.0 from -0.0, as equality does not.
    assert (encode(one) == encode(other)) == (repr(one) == repr(other))


@given(st.lists(VALUES, max_size=5), st.lists(VALUES, max_size=5))
def test_sequences_have_equal_digests_only_if_they_are_written_alike(
    one: list[Any], other: list[Any]
) -> None:
    assert (digest(one, []) == digest(other, [])) == (repr(one) == repr(other))


def test_every_known_type_is_complete_and_its_own() -> None:
    berlin = zoneinfo.ZoneInfo("Europe/Berlin")
    noon = datetime.datetime(2020, 1, 1, 12)
    values = [
        1, True, 1.0, "1", b"1", None, 1j, Decimal(1), Fraction(1), [1], (1,), {1}, {1: 1},
        frozenset({1}), bytearray(b"1"), range(1), slice(1), ..., UUID(int=1), noon, noon.date(),
        noon.time(), noon.replace(tzinfo=berlin), noon.replace(tzinfo=datetime.timezone.utc),
        noon.replace(fold=1), datetime.timedelta(1), np.int64(1), np.float64(1), np.bool_(True),
        np.str_("1"), np.datetime64(1, "D"), np.longdouble(1), np.array(1), np.dtype("i8"),
        pd.Timestamp(1), pd.Timestamp(1, tz="UTC"), pd.Timedelta(1), pd.NaT, pd.NA,
        pd.Period("2020-01"), pd.Interval(0, 1), pd.Interval(0, 1, closed="both"),
    ]  # fmt: skip
    found = [encode(value) for value in values]
    assert all(complete for _, complete in found)
    assert len({data for data, _ in found}) == len(values)


def test_sets_have_no_order_and_dictionaries_do() -> None:
    assert encode({"a", "b", "c"}) == encode({"c", "b", "a"})
    assert encode({"a": 1, "b": 2}) != encode({"b": 2, "a": 1})


def test_a_short_sequence_and_a_long_one_are_both_read() -> None:
    long = [*range(100), "x"]
    assert encode(long) == encode(list(long))
    assert encode(long) != encode([*range(100), "y"])


def test_values_that_hold_themselves_end() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert encode(loop)[1] is False


def test_values_that_hold_each_other_end() -> None:
    # A graph with as many ways through it as would take years to walk one by one.
    nodes: list[dict[str, Any]] = [{"id": number} for number in range(40)]
    for node in nodes:
        node["neighbours"] = [other for other in nodes if other is not node]
    array = np.empty(2, dtype=object)
    array[:] = [array, nodes]
    for value in (nodes, array, {"nodes": nodes, "array": array}):
        assert encode(value)[1] is False


def test_a_value_that_is_held_twice_costs_once_and_counts_as_two() -> None:
    shared: Any = [1.5, "x"]
    copied: Any = [1.5, "x"]
    for _ in range(10):
        shared = [shared, shared]
        copied = [copied, copy.deepcopy(copied)]
    assert encode(shared) == encode(copied)
    for _ in range(10):
        shared = (shared, shared)
    content, complete = encode(shared)
    assert complete
    assert len(content) < 1000


def test_more_values_than_the_budget_are_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_, "_BUDGET", 10)
    assert encode([[number] for number in range(9)])[1] is True
    assert encode([[number] for number in range(10)])[1] is False
    assert encode([[number] for number in range(10)]) == encode([[number] for number in range(10)])


def test_the_spelling_of_the_users_context_changes_nothing() -> None:
    plain = encode(Decimal("1E+10"))
    with localcontext() as context:
        context.capitals = 0
        context.prec = 2
        assert encode(Decimal("1E+10")) == plain
        assert encode(Decimal("1.23456")) != encode(Decimal("1.2"))


def test_the_name_of_a_zone_is_not_asked_of_a_class_of_the_users() -> None:
    called = []

    class Name(str):
        def __format__(self, spec: str) -> str:
            called.append(spec)
            return "x"

        __str__ = __repr__ = __format__  # type: ignore[assignment]

    zone = datetime.timezone(datetime.timedelta(hours=1), Name("home"))
    assert encode(datetime.datetime(2026, 1, 1, tzinfo=zone))[1] is False
    assert called == []


def test_unknown_objects_are_not_called(hostile: type, calls: list[str]) -> None:
    class Zone(datetime.tzinfo):
        def utcoffset(self, when: object) -> datetime.timedelta:
            calls.append("utcoffset")
            return datetime.timedelta(0)

        def tzname(self, when: object) -> str:
            calls.append("tzname")
            return "here"

    class Text(str):
        def encode(self, *args: Any) -> bytes:
            calls.append("encode")
            return b""

    thing = hostile()
    unknown = [
        thing,
        [thing],
        {"a": thing},
        {thing: 1},
        {thing},
        (1, {"b": [thing]}),
        hostile,
        Text("x"),
        datetime.datetime(2020, 1, 1, tzinfo=Zone()),
        slice(thing),
    ]
    calls.clear()
    for value in unknown:
        assert encode(value)[1] is False
    assert calls == []


SCRIPT = """
from jupyter_mlops.fingerprints import python_
from jupyter_mlops.fingerprints.steps import finish
from jupyter_mlops.fingerprints.python_ import Encoder
value = [{"a", "b", "c", ("d", 1)}, frozenset(range(20)), {"x": {"y", "z"}}]
print(finish(Encoder().encode(value)).hex())
"""


def test_the_hash_seed_does_not_count(in_another_process: Callable[..., str]) -> None:
    assert in_another_process(SCRIPT, "1") == in_another_process(SCRIPT, "2")


def test_collections_are_their_kind_and_what_they_hold_in_its_order() -> None:
    values: list[Any] = [
        {"a": 1, "b": 2},
        OrderedDict(a=1, b=2),
        OrderedDict(b=2, a=1),
        Counter(a=1, b=2),
        defaultdict(list, a=1, b=2),
        deque([1, 2]),
        deque([2, 1]),
        [1, 2],
    ]
    found = [encode(value) for value in values]
    assert all(complete for _, complete in found)
    assert len({data for data, _ in found}) == len(values)
    moved = OrderedDict(b=2, a=1)
    moved.move_to_end("b")
    assert encode(moved) == found[1]


def test_an_offset_that_a_parser_found_is_a_zone() -> None:
    zones = [tz.tzoffset(None, 3600), tz.tzoffset(None, 7200), tz.tzoffset("X", 3600), tz.tzutc()]
    found = [encode(datetime.datetime(2020, 1, 1, tzinfo=zone)) for zone in zones]
    assert all(complete for _, complete in found)
    assert len({data for data, _ in found}) == len(zones)
