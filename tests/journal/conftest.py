"""A journal on the file system of the tests, mapped, and as where nothing may be mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlops.journal import Journal, mounts, segments

OpenJournal = Callable[..., Journal]


@pytest.fixture(params=["mapped", "plain"])
def way(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name the way in which lines are written; skips the first where the disk does not allow it."""
    chosen: str = request.param
    if chosen == "plain":
        monkeypatch.setattr(segments, "_KEEPS_ROOM", frozenset())
    elif mounts.kind_of(tmp_path) not in segments._KEEPS_ROOM:
        pytest.skip(f"{tmp_path} lies on {mounts.kind_of(tmp_path)}, where nothing is mapped")
    return chosen


@pytest.fixture
def open_journal(tmp_path: Path, way: str) -> Iterator[OpenJournal]:
    """Open journals, each in the way that is tried."""
    opened = []

    def open_one(folder: Path = tmp_path, writer: str = "w") -> Journal:
        one = Journal(folder, writer)
        opened.append(one)
        assert type(one._segment).__name__.lower() == way
        return one

    yield open_one
    for one in opened:
        one.close()
