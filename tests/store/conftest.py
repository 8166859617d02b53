"""A store of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.interpreter import Kernel


@pytest.fixture
def store(home: Settings) -> Iterator[Store]:
    """Give an open store."""
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    """Give a kernel that has executed one parameter and one metric."""
    started = Kernel(tmp_path)
    started.execute("lr", "lr = 0.5")
    started.execute("score", "score = lr * 2")
    return started
