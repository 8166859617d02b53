"""Files that a kernel digested by another algorithm get a digest of the store's as well."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops.events import CellFinished
from jupyter_mlops.fingerprints import files, of_file
from jupyter_mlops.fingerprints.files import translated
from jupyter_mlops.fingerprints.hashing import Content
from jupyter_mlops.records import DataUse
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store import golden
from tests.store.interpreter import Kernel


def blake2b(content: bytes) -> str:
    """Return the digest of a file by an environment without xxhash."""
    digest = Content("file", "blake2b")
    digest.bulk(content)
    return digest.text()


def recorded(home: Settings, folder: Path, use: DataUse) -> DataUse:
    """Return a use as the store tells of it."""
    kernel = Kernel(folder)
    kernel.execute("a", "score = 0.5")
    kernel.events = [
        replace(event, data=(use,)) if isinstance(event, CellFinished) else event
        for event in kernel.events
    ]
    golden.write_journal(home, kernel.events)
    with Store.open(home) as store:
        store.refresh()
        (run,) = store.runs().runs
        (found,) = store.run(run.id).data
    return found


@pytest.mark.parametrize("is_changed", [False, True], ids=["as it was", "changed since"])
def test_a_file_of_another_environment(home: Settings, tmp_path: Path, is_changed: bool) -> None:
    content = b"x" * 5_000_000
    (tmp_path / "data.csv").write_bytes(content)
    own = of_file(tmp_path / "data.csv")
    assert own is not None
    use = DataUse("file", None, "data.csv", "read", None, blake2b(content))
    if is_changed:
        (tmp_path / "data.csv").write_bytes(content + b"y")
    found = recorded(home, tmp_path, use)
    assert found.digest == use.digest
    assert found.digests == (() if is_changed else (own.digest,))


def test_what_can_not_be_translated_stays_alone(tmp_path: Path) -> None:
    (tmp_path / "data").write_bytes(b"x")
    own = of_file(tmp_path / "data")
    assert own is not None
    assert translated(tmp_path / "data", blake2b(b"x")) == own.digest
    assert translated(tmp_path / "data", own.digest) is None
    assert translated(tmp_path / "data", "sha256:" + "0" * 64) is None
    assert translated(tmp_path / "missing", blake2b(b"x")) is None
    assert translated(tmp_path, blake2b(b"x")) is None


def test_a_large_file_gets_the_digest_of_large_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGE_BYTES", 10)
    (tmp_path / "data").write_bytes(b"x" * 20)
    own, before = of_file(tmp_path / "data"), Content("file")
    before.bulk(b"x" * 20)
    assert own is not None and own.digest.startswith("xxh3p:")
    for digest in (blake2b(b"x" * 20), before.text()):
        assert translated(tmp_path / "data", digest) == own.digest
    assert translated(tmp_path / "data", own.digest) is None
