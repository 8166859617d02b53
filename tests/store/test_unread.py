"""Large files that a kernel left are read when its journal is taken in, if nothing changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops.events import CellFinished, Unread
from jupyter_mlops.fingerprints import of_file, signatures
from jupyter_mlops.fingerprints.mapped import Process
from jupyter_mlops.fingerprints.signatures import signature
from jupyter_mlops.records import DataUse, Run
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store, unread
from tests.store import golden
from tests.store.interpreter import Kernel

SIZE = 40_000_000
CHANGES: dict[str, Callable[[Path], object]] = {
    "other content": lambda path: path.write_bytes(b"y" * SIZE),
    "gone": lambda path: path.unlink(),
    "touched": lambda path: os.utime(path, ns=(0, 0)),
    "another file": lambda path: os.replace(_copy(path), path),
}


def _copy(path: Path) -> Path:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    found = path.stat()
    os.utime(copy, ns=(found.st_atime_ns, found.st_mtime_ns))
    return copy


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.csv"
    path.write_bytes(b"x" * SIZE)
    return path


def left(path: Path) -> dict[str, object]:
    """Return what a kernel tells of a cell that read a file and left it to others."""
    seen = signature(path)
    assert seen is not None
    use = DataUse("file", None, path.name, "read", None, None, complete=False, size_bytes=SIZE)
    return {"data": (use,), "unread": (Unread(path.name, seen),)}


def recorded(home: Settings, folder: Path, told: dict[str, object]) -> Run:
    """Return the run of a session whose cell told that."""
    kernel = Kernel(folder)
    kernel.execute("a", "score = 0.5")
    kernel.events = [
        replace(event, **told) if isinstance(event, CellFinished) else event  # type: ignore[arg-type]
        for event in kernel.events
    ]
    golden.write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        (summary,) = store.runs().runs
        return store.run(summary.id)


def test_a_file_that_was_left_has_its_digest_in_the_store(
    home: Settings, tmp_path: Path, data: Path
) -> None:
    expected = of_file(data)
    assert expected is not None
    run = recorded(home, tmp_path, left(data))
    assert [(use.path, use.digest, use.complete) for use in run.data] == [
        ("data.csv", expected.digest, True)
    ]
    assert "data.csv" not in [one.what for one in run.unseen]


@pytest.mark.parametrize("how", CHANGES)
def test_a_file_that_changed_before_is_not_seen(
    home: Settings, tmp_path: Path, data: Path, how: str
) -> None:
    told = left(data)
    CHANGES[how](data)
    run = recorded(home, tmp_path, told)
    assert [(use.digest, use.complete) for use in run.data] == [(None, False)]
    assert ("data.csv", unread._CHANGED) in [(one.what, one.why) for one in run.unseen]


@pytest.mark.parametrize("is_old", [True, False], ids=["old", "of just now"])
def test_a_file_that_stays_as_it_is_is_read_once(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, is_old: bool
) -> None:
    # No test can set a ctime back.
    monkeypatch.setattr(signatures, "_SETTLED_NS", 10**18 * (-1 if is_old else 1))
    kernel = Kernel(tmp_path)
    kernel.execute("a", "score = 0.5")
    (event,) = (one for one in kernel.events if isinstance(one, CellFinished))
    event = replace(event, **left(data))  # type: ignore[arg-type]
    read: list[object] = []

    class Counting(Process):
        def digest(self, path: str | os.PathLike[str]) -> str | None:
            read.append(path)
            return "xxh3p:0"

    for _ in range(2):
        found = unread.with_unread(event, lambda: str(tmp_path), Counting())
        assert isinstance(found, CellFinished)
        assert found.data[0].digest == "xxh3p:0"
    assert len(read) == (1 if is_old else 2)


def test_where_there_is_no_other_process_the_file_is_read_here(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Dead(Process):
        def digest(self, path: str | os.PathLike[str]) -> str | None:
            return None

    expected = of_file(data)
    assert expected is not None
    told = left(data)["unread"][0]  # type: ignore[index]
    assert unread._digest(str(data), told, Dead()) == expected.digest
