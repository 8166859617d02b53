"""A journal on the file system of the tests, mapped, and as where nothing may be mapped."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlops import journal
from jupyter_mlops.journal import Journal, mounts, segments

OpenJournal = Callable[..., Journal]


def notice(text: str) -> dict[str, str]:
    return {"what": text, "why": "a test"}


def said(path: Path) -> list[str]:
    """Return what the notices of a journal say; fails if one is torn or numbered wrongly."""
    lines = journal.read(path)
    assert lines.torn == 0
    assert [event["seq"] for event in lines.events] == list(range(len(lines.events)))
    return [event["what"] for event in lines.events]


def descriptors(path: Path) -> list[int]:
    """Return the numbers of this process's open descriptors of a file."""
    status, found = path.stat(), []
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if os.path.samestat(os.fstat(number), status):
                found.append(number)
        except OSError:  # that of the listing itself
            continue
    return found


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
