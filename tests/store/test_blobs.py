"""Blobs are whole, private, and never believed unread."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import fsspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_mlops.errors import MissingBlobError, StoreError
from jupyter_mlops.journal import sha256
from jupyter_mlops.store.blobs import Blobs


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    return Blobs(tmp_path / "blobs")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=2000))
def test_what_is_put_is_got(blobs: Blobs, content: bytes) -> None:
    digest = blobs.put(content)
    assert digest == sha256(content)
    assert blobs.get(digest) == content
    assert blobs.size(digest) == len(content)


def test_the_same_content_is_kept_once(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put(b"content")
    (first,) = files(tmp_path)
    before = first.stat()
    os.utime(first, ns=(0, 0))
    blobs.put(b"content")
    assert files(tmp_path) == [first]
    # It is not written again, but whoever collects waste sees that it is wanted.
    assert first.stat().st_ino == before.st_ino
    assert first.stat().st_mtime_ns > 0


def test_private(blobs: Blobs, tmp_path: Path) -> None:
    blobs.put(b"content")
    (file,) = files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    while file != tmp_path:
        file = file.parent
        if file != tmp_path:
            assert stat.S_IMODE(file.stat().st_mode) == 0o700


@pytest.mark.parametrize("content", [b"CONTENT", b"conten", b"content!", b""])
def test_changed_content_is_refused_and_mended_by_putting_it_again(
    blobs: Blobs, tmp_path: Path, content: bytes
) -> None:
    digest = blobs.put(b"content")
    (file,) = files(tmp_path)
    file.write_bytes(content)
    with pytest.raises(MissingBlobError, match="was changed"):
        blobs.get(digest)
    blobs.put(b"content")
    assert blobs.get(digest) == b"content"


def test_missing(blobs: Blobs) -> None:
    digest = sha256(b"never put")
    with pytest.raises(MissingBlobError, match="not in the store"):
        blobs.get(digest)
    assert blobs.size(digest) is None


@pytest.mark.parametrize(
    "digest",
    ["", "sha256:", "sha256:../../etc/passwd", "md5:" + "0" * 64, "sha256:" + "G" * 64, "x"],
)
def test_what_is_no_digest_reads_no_file(blobs: Blobs, digest: str) -> None:
    with pytest.raises(MissingBlobError, match="not the digest"):
        blobs.get(digest)


def test_a_full_disk_leaves_nothing_half_written(
    blobs: Blobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr("os.fsync", full)
        with pytest.raises(StoreError, match="No space"):
            blobs.put(b"content")
    assert files(tmp_path) == []
    assert blobs.get(blobs.put(b"content")) == b"content"


def test_elsewhere_by_url() -> None:
    blobs = Blobs("memory://bucket/blobs")
    digest = blobs.put(b"content")
    assert blobs.get(digest) == b"content"
    (path,) = fsspec.filesystem("memory").find("/bucket/blobs")
    fsspec.filesystem("memory").pipe_file(path, b"changed")
    with pytest.raises(MissingBlobError, match="was changed"):
        blobs.get(digest)
    fsspec.filesystem("memory").rm("/bucket", recursive=True)
