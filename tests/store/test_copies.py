"""Files that runs read are copied where people agreed to it, and nowhere else."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops.errors import MissingBlobError
from jupyter_mlops.events import CellFinished
from jupyter_mlops.fingerprints.files import of_file
from jupyter_mlops.records import DataUse
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import started

CONTENT = b"age,fare\n22,7.25\n" * 1000


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    path = tmp_path / "work" / "train.csv"
    path.write_bytes(CONTENT)
    return path


def reader(data: Path, notebook: Path, digest: str | None = None) -> Kernel:
    """Return a kernel of `notebook` that has read a file and scored a model."""
    kernel = Kernel(data.parent)
    started(kernel, notebook=str(notebook), notebook_source="told")
    kernel.execute("score", "score = 0.5")
    last = kernel.events[-1]
    assert isinstance(last, CellFinished)
    found = of_file(data)
    assert found is not None
    use = DataUse(
        "file", None, str(data), "read", None, digest or found.digest, True, found.size_bytes
    )
    kernel.events[-1] = replace(last, data=(use,))
    kernel.end()
    return kernel


def take_in(home: Settings, store: Store, *kernels: Kernel) -> None:
    for kernel in kernels:
        write_journal(home, kernel.events)
    store.refresh()


def everything(home: Settings) -> bytes:
    return b"".join(path.read_bytes() for path in home.home.rglob("*") if path.is_file())


def test_nothing_is_copied_before_somebody_agrees(home: Settings, store: Store, data: Path) -> None:
    take_in(home, store, reader(data, data.parent / "train.ipynb"))
    folder = store.keep_data(str(data.parent))
    assert (folder.keep_data, folder.files, folder.size_bytes) == ("ask", 1, len(CONTENT))
    assert (folder.kept_files, folder.kept_bytes) == (0, 0)
    assert store.run("@1").kept == ()
    assert CONTENT not in everything(home)


def test_a_no_copies_nothing(home: Settings, store: Store, data: Path) -> None:
    assert store.keep_data(str(data.parent), "no").keep_data == "no"
    take_in(home, store, reader(data, data.parent / "train.ipynb"))
    assert store.run("@1").kept == ()
    assert CONTENT not in everything(home)


def test_a_yes_copies_what_was_and_what_will_be_read(
    home: Settings, store: Store, data: Path
) -> None:
    take_in(home, store, reader(data, data.parent / "train.ipynb"))
    store.keep_data(str(data.parent), "yes")
    before = store.sequence
    store.refresh()
    assert store.changed_since(before) == (store.find("@1"),), "who shows it has to be told"
    told = store.sequence
    store.refresh()
    assert store.sequence == told, "once"
    other = data.with_name("test.csv")
    other.write_bytes(CONTENT[::-1])
    take_in(home, store, reader(other, data.parent / "other.ipynb"))
    folder = store.keep_data(str(data.parent))
    assert (folder.files, folder.kept_files, folder.kept_bytes) == (2, 2, 2 * len(CONTENT))
    data.unlink()
    (first,) = store.run("@2").kept
    assert (first.name, first.path, first.kind) == ("train.csv", str(data), "data")
    assert b"".join(store.pieces(first.digest)) == CONTENT
    assert first in store.artifacts("@2")


def test_the_answer_of_a_folder_is_not_that_of_those_below(
    home: Settings, store: Store, data: Path
) -> None:
    store.keep_data(str(data.parent.parent), "yes")
    take_in(home, store, reader(data, data.parent / "train.ipynb"))
    assert CONTENT not in everything(home)
    assert store.keep_data(str(data.parent)).keep_data == "ask"


def test_a_changed_a_gone_and_a_large_file_are_said(
    home: Settings, store: Store, data: Path
) -> None:
    folder = str(data.parent)
    kernel = reader(data, data.parent / "train.ipynb")
    data.write_bytes(CONTENT[:-2] + b"!\n")
    store.keep_data(folder, "yes")
    take_in(home, store, kernel)
    assert store.run("@1").notices == (
        f"no copy of {data}: it had changed before it could be copied",
    )
    kernel = reader(data, data.parent / "train.ipynb")
    data.unlink()
    take_in(home, store, kernel)
    assert "it was gone before it could be copied" in store.run("@1").notices[-1]
    data.write_bytes(b"x" * 101)
    store.keep_data(folder, limit_bytes=100)
    take_in(home, store, reader(data, data.parent / "train.ipynb"))
    assert "larger than the limit" in store.run("@1").notices[-1]
    assert all(store.run(f"@{age}").kept == () for age in (1, 2, 3))
    assert not list(home.blobs.glob(".new-*"))


def test_a_file_that_is_back_is_copied_for_the_run_that_reads_it_then(
    home: Settings, store: Store, data: Path
) -> None:
    store.keep_data(str(data.parent), "yes")
    kernel = reader(data, data.parent / "train.ipynb")
    data.write_bytes(b"another")
    take_in(home, store, kernel)
    data.write_bytes(CONTENT)
    take_in(home, store, reader(data, data.parent / "train.ipynb"))
    assert [one.path for one in store.run("@1").kept] == [str(data)]
    assert store.run("@2").kept == store.run("@1").kept


def test_a_digest_of_another_algorithm_can_not_be_verified(
    home: Settings, store: Store, data: Path
) -> None:
    store.keep_data(str(data.parent), "yes")
    take_in(home, store, reader(data, data.parent / "train.ipynb", digest="other:" + "0" * 32))
    assert store.run("@1").kept == ()
    assert "another algorithm" in store.run("@1").notices[-1]


@pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")
def test_a_copy_is_private_and_whole_under_any_umask(
    home: Settings, store: Store, data: Path
) -> None:
    before = os.umask(0)
    try:
        store.keep_data(str(data.parent), "yes")
        take_in(home, store, reader(data, data.parent / "train.ipynb"))
    finally:
        os.umask(before)
    (kept,) = store.run("@1").kept
    (path,) = home.blobs.rglob(kept.digest.partition(":")[2])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"changed")
    with pytest.raises(MissingBlobError, match="was changed"):
        next(store.pieces(kept.digest))
