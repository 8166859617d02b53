"""Pages of runs, and finding one by what people call it."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from jupyter_mlops.errors import (
    AmbiguousRunError,
    BadExpressionError,
    BadValueError,
    UnknownRunError,
)
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.many import row, write


def walk(store: Store, limit: int, **options: Any) -> list[int]:
    found: list[int] = []
    after = None
    while True:
        page = store.runs(limit=limit, after=after, **options)
        assert len(page.runs) <= limit
        found += [int(run.id, 16) for run in page.runs]
        after = page.next
        if after is None:
            return found


def test_newest_first(store: Store, home: Settings) -> None:
    write(home, [row(number) for number in range(1, 8)])
    assert walk(store, 3) == [7, 6, 5, 4, 3, 2, 1]
    assert walk(store, 100, sort="started") == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("limit", [1, 2, 3, 50])
def test_sorted_by_a_metric_runs_without_a_number_last(
    store: Store, home: Settings, limit: int
) -> None:
    values = [0.5, None, 0.9, 0.5, "NaN", 0.1, None, "Infinity", 0.30000000000000004, 0.3]
    write(
        home,
        [
            row(number, metrics={} if value is None else {"accuracy": value})
            for number, value in enumerate(values, 1)
        ],
    )
    down = walk(store, limit, sort="-metric.accuracy")
    # No number is as good as none.
    assert down == [8, 3, 4, 1, 9, 10, 6, 7, 5, 2]
    up = walk(store, limit, sort="metric.accuracy")
    assert up == [6, 10, 9, 4, 1, 3, 8, 7, 5, 2]


def test_sorted_by_values_of_several_types(store: Store, home: Settings) -> None:
    values = [1, "a", 0.5, True, [1, 2], {"redacted": "hmac-sha256:0"}, "b", None]
    write(home, [row(number, parameters={"x": value}) for number, value in enumerate(values, 1)])
    for sort in ("parameter.x", "-parameter.x"):
        assert sorted(walk(store, 2, sort=sort)) == list(range(1, 9))


def test_pages_hold_while_runs_arrive(store: Store, home: Settings) -> None:
    write(home, [row(number) for number in range(10, 20)])
    page = store.runs(limit=4)
    seen = [int(run.id, 16) for run in page.runs]
    number = 20
    while page.next is not None:
        write(home, [row(number)])
        number += 1
        page = store.runs(limit=4, after=page.next)
        seen += [int(run.id, 16) for run in page.runs]
    assert seen == list(range(19, 9, -1))


def test_runs_of_one_notebook(store: Store, home: Settings) -> None:
    write(home, [row(1, notebook="/work/a.ipynb"), row(2, notebook="/work/b.ipynb"), row(3)])
    assert walk(store, 10, notebook="/work/a.ipynb") == [1]
    assert walk(store, 10, notebook="/work/x/../a.ipynb") == [1]
    assert walk(store, 10, notebook="/work/c.ipynb") == []


def test_runs_of_a_notebook_whose_path_is_no_utf_8(store: Store, home: Settings) -> None:
    write(home, [row(1, notebook="/work/?.ipynb"), row(2)])
    assert walk(store, 10, notebook="/work/\udcff.ipynb") == [1]


def forged(mark: str) -> str:
    return base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        *("x", "!!!", "W10", "WzEsMl0", "é", "bnVsbA"),
        forged(r'["\ud800","2026","a"]'),
        forged(r'[null,"\ud800","a"]'),
        forged(r'[null,"2026","\ud800"]'),
        forged(f'[{2**63},"2026","a"]'),
        forged("[" * 3000),
    ],
)
def test_a_page_token_of_somebody_else_is_refused(store: Store, token: str) -> None:
    with pytest.raises(BadValueError, match="earlier page"):
        store.runs(after=token)


@pytest.mark.parametrize("limit", [0, -1, 10**6])
def test_a_limit_out_of_range_is_refused(store: Store, limit: int) -> None:
    with pytest.raises(BadValueError, match="limit"):
        store.runs(limit=limit)


@pytest.mark.parametrize("sort", ["accuracy", "-nothing", "metric.", "started; DROP TABLE runs"])
def test_an_unknown_order_is_refused(store: Store, sort: str) -> None:
    with pytest.raises(BadExpressionError):
        store.runs(sort=sort)


def test_find(store: Store, home: Settings) -> None:
    write(home, [row(1, id="abc1"), row(2, id="abc2"), row(3, id="abd"), row(4, id="abc")])
    assert store.find("abd") == "abd"
    assert store.find("abc1") == "abc1"
    assert store.find("abc") == "abc"
    assert store.find("@1") == "abc"
    assert store.find("@4") == "abc1"
    assert store.run("abd").id == "abd"


@pytest.mark.parametrize(
    "ref",
    ["", "\udcff", "x", "@", "@0", "@9", "@-1", "@" + chr(0x661), "@" + "9" * 99, "ab%", "_bd"],
)
def test_unknown(store: Store, home: Settings, ref: str) -> None:
    write(home, [row(1, id="abc1"), row(2, id="abd")])
    with pytest.raises(UnknownRunError):
        store.find(ref)


def test_a_prefix_of_several_is_refused_with_examples(store: Store, home: Settings) -> None:
    write(home, [row(number, id=f"ab{number:030x}") for number in range(1, 9)])
    with pytest.raises(AmbiguousRunError, match="fits 8 runs") as raised:
        store.find("ab")
    assert "ab000000" in str(raised.value)
