"""When a file's fingerprint is used again, and when it is read once more."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlops import fingerprints
from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.files import contents, opened
from jupyter_mlops.capture.files.contents import Contents
from jupyter_mlops.fingerprints import signatures
from jupyter_mlops.fingerprints.signatures import signature
from jupyter_mlops.fingerprints.steps import finish
from jupyter_mlops.records import Fingerprint
from tests.capture.cells import Cells


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which files are read."""
    found: list[str] = []
    real = fingerprints.of_file

    def of_file(path: str, stop: object = None) -> Fingerprint | None:
        found.append(os.path.basename(path))
        return real(path)

    monkeypatch.setattr(fingerprints, "of_file", of_file)
    return found


@pytest.fixture
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every status count as settled: no test can set a ctime back."""
    monkeypatch.setattr(signatures, "_SETTLED_NS", -(10**18))


@pytest.mark.usefixtures("old")
def test_an_unchanged_file_is_read_once(tmp_path: Path, reads: list[str]) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"one")
    known = Contents()
    assert known.of(str(path)) == known.of(str(path)) == fingerprints.of_file(path)
    assert reads == ["data", "data"]  # the second time is this test's own


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize("how", ["content", "replaced", "times put back"])
def test_a_changed_file_is_read_again(tmp_path: Path, reads: list[str], how: str) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"one")
    os.utime(path, ns=(10**18, 10**18))
    known = Contents()
    before = known.of(str(path))
    if how == "replaced":
        (tmp_path / "other").write_bytes(b"two")
        os.utime(tmp_path / "other", ns=(10**18, 10**18))
        os.replace(tmp_path / "other", path)
    else:
        path.write_bytes(b"two")
        if how == "times put back":
            os.utime(path, ns=(10**18, 10**18))
    assert known.of(str(path)) != before
    assert reads == ["data", "data"]


def test_a_file_that_changed_just_now_is_read_again(tmp_path: Path, reads: list[str]) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"one")
    known = Contents()
    known.of(str(path))
    known.of(str(path))
    assert reads == ["data", "data"]


@pytest.mark.usefixtures("old")
def test_a_file_on_a_network_is_read_again(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "_is_local", lambda device: False)
    path = tmp_path / "data"
    path.write_bytes(b"one")
    known = Contents()
    known.of(str(path))
    known.of(str(path))
    assert reads == ["data", "data"]


@pytest.mark.usefixtures("old")
@pytest.mark.parametrize(
    ("kind", "is_local"),
    [("ext4", True), ("gpfs", False), ("beegfs", False), ("nfs4", False), ("fuse.any", False)],
)
def test_which_files_are_on_a_network_is_told_as_for_journals(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch, kind: str, is_local: bool
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"one")
    device = path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"22 1 {os.major(device)}:{os.minor(device)} / /data rw - {kind} source rw\n")
    monkeypatch.setattr(contents, "_MOUNTS", str(mounts))
    known = Contents()
    known.of(str(path))
    known.of(str(path))
    assert reads == (["data"] if is_local else ["data", "data"])


def test_a_large_file_waits_and_is_read_as_what_it_was(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 20_000_000)
    known, budget = Contents(), Budget(0.0, batch=False)
    budget.left = 0.0
    assert known.waits(str(path), budget)
    expected = signature(str(path))
    assert expected is not None
    assert finish(known.later(str(path), expected)) == fingerprints.of_file(path)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
@pytest.mark.parametrize("how", ["changed", "gone", "a folder"])
def test_a_file_that_is_no_longer_what_it_was_has_no_fingerprint(
    tmp_path: Path, when: str, how: str
) -> None:
    path = tmp_path / "data"
    path.write_bytes(b"x" * 20_000_000)
    expected = signature(str(path))
    assert expected is not None
    reading = Contents().later(str(path), expected)
    if when == "meanwhile":
        next(reading)
    path.unlink()
    if how == "changed":
        path.write_bytes(b"y" * 20_000_000)
    elif how == "a folder":
        path.mkdir()
    assert finish(reading) is None


def test_large_files_are_left_to_a_server_that_takes_in_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(opened, "_LEFT_BYTES", range(1000, 2001))
    for name, size in (("small", 999), ("large", 1000), ("huge", 2001)):
        (tmp_path / name).write_bytes(bytes(size))
    names = ("small", "large", "huge")

    def unread(*, leaves: bool, local: bool) -> tuple[list[str], list[str]]:
        monkeypatch.setattr(contents, "_is_local", lambda device: local)
        cells = Cells(tmp_path, leaves)
        cells.budget.left = -1.0
        uses, unseen = cells(lambda: [(tmp_path / name).read_bytes() for name in names])
        cells.reads.close()
        assert unseen == ()
        assert [(use.path, use.digest, use.complete) for use in uses] == [
            (name, None, False) for name in names
        ]
        for one in cells.unread:
            assert one.signature == signature(tmp_path / one.path)
        return [one.path for one in cells.unread], [str(one.use.path) for one in cells.waiting]

    assert unread(leaves=True, local=True) == (["large"], ["small", "huge"])
    assert unread(leaves=True, local=False) == ([], list(names))
    assert unread(leaves=False, local=True) == ([], list(names))
