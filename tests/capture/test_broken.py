"""Capture broken at its statements; at all of them by ``python -m tests.capture.broken 0 SEED``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capture import broken


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_no_fault_of_ours_is_noticed_by_a_cell(tmp_path: Path) -> None:
    done, noticed, said = broken.campaign(150, 11, tmp_path)
    assert noticed == []
    assert done == 150
    # Most faults are told; of those in a part of the record the record itself tells.
    assert sum(said.values()) > 50
    assert said[broken.OFF] > 0
