"""The short forms of the campaigns; the long ones are commands of their own."""

from __future__ import annotations

import errno

import pytest

from tests.faults import kills, nth_call


@pytest.mark.parametrize("seed", [1])
def test_writers_that_are_killed_lose_nothing(seed: int) -> None:
    totals = kills.main(40, seed)
    assert totals["kills"] == 40
    assert totals["kills of real kernels"] == 1 and totals["cells with a reply"] >= 1
    assert totals["lines acknowledged"] > 100
    assert totals["of them mapped"] and totals["of them with plain writes"]


def test_no_call_that_fails_costs_a_line() -> None:
    tried = nth_call.main((errno.ENOSPC,))
    assert all(tried[name] for name in ("open", "stat", "posix_fallocate", "mmap", "write"))
