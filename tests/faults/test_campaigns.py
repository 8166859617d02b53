"""The short forms of the campaigns; the long ones are commands of their own."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults import kills, nth_call
from tests.polling import until


@pytest.mark.parametrize("seed", [1])
def test_writers_that_are_killed_lose_nothing(seed: int) -> None:
    totals = kills.main(40, seed)
    assert totals["kills"] == 40
    assert totals["kills of real kernels"] == 1 and totals["cells with a reply"] >= 1
    assert totals["lines acknowledged"] > 100
    assert totals["of them mapped"] and totals["of them with plain writes"]


def test_no_writer_outlives_the_campaign(tmp_path: Path) -> None:
    campaign = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.kills", "20", "1"],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        until(lambda: _members(campaign.pid) > 1 and any(tmp_path.rglob("*.jsonl")), 120)
    finally:
        campaign.kill()
        campaign.wait()
    until(lambda: _members(campaign.pid) == 0, 120)


def _members(group: int) -> int:
    """Count the processes of a group that have not ended."""
    found = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its_group, *_ = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it ended since it was listed
            continue
        found += int(its_group) == group and state != "Z"
    return found


def test_no_call_that_fails_costs_a_line() -> None:
    tried = nth_call.main((errno.ENOSPC,))
    assert [name for name in nth_call.CALLS if not tried[name]] == []
