"""Every test of execution lets capture write into a home of its own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _own_home(home: object) -> None:
    """Let capture write into a home of the test's own."""
