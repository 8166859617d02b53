from __future__ import annotations

import importlib
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from jupyter_mlops.capture.files import noted, opened
from tests.capture.cells import Cells, digest_of

ELSEWHERE = (
    "the files that another program opens outside the notebook's folder are not seen, "
    "but for those that its command line names"
)
FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def test_what_is_read_and_then_overwritten_keeps_both_digests(cells: Cells) -> None:
    path = cells.folder / "a.csv"
    for overwrite in (
        lambda: path.write_text("new"),
        lambda: os.replace(_made("temporary", "new"), path),
        lambda: (path.unlink(), path.write_text("new")),
    ):
        path.write_text("old")
        old = digest_of(path)
        uses, unseen = cells(lambda: (path.read_text(), overwrite()))  # noqa: B023
        assert unseen == ()
        assert [(u.access, u.path, u.digest) for u in uses] == [
            ("read", "a.csv", old),
            ("write", "a.csv", digest_of(path)),
        ]
    FRAME.to_parquet("b.parquet")
    old = digest_of("b.parquet")
    uses, _ = cells(lambda: pd.read_parquet("b.parquet").assign(c=1).to_parquet("b.parquet"))
    digests = [(u.access, u.digest) for u in uses]
    assert digests == [("read", old), ("write", digest_of("b.parquet"))]


def _made(path: str, text: str) -> str:
    Path(path).write_text(text)
    return path


def test_a_file_opened_to_change_it_in_place_is_read_and_written(cells: Cells) -> None:
    path = cells.folder / "a.bin"
    path.write_bytes(b"12345678")
    old = digest_of(path)

    def change() -> None:
        array = np.memmap("a.bin", "u1", "r+")
        array[0] = 7
        array.flush()
        # Memory maps move a file's clock when they like to.
        os.utime("a.bin")

    uses, _ = cells(change)
    assert [(u.access, u.digest) for u in uses] == [("read", old), ("write", digest_of(path))]


def test_what_the_cell_wrote_itself_is_not_its_input(cells: Cells) -> None:
    uses = cells.uses(lambda: (Path("a").write_text("x"), Path("a").read_text()))
    assert uses == [("write", "a")]


def test_a_file_written_beside_and_moved_into_place_is_written(cells: Cells) -> None:
    assert cells.uses(lambda: os.replace(_made("a.tmp", "x"), "a")) == [("write", "a")]
    Path("b.tmp").write_text("x")
    assert cells.uses(lambda: os.rename("b.tmp", "b")) == [("write", "b")]

    def folder() -> None:
        os.mkdir("out.tmp")
        Path("out.tmp/part").write_text("x")
        os.rename("out.tmp", "out")

    assert cells.uses(folder) == [("write", "out/part")]


def test_temporary_files_and_failed_opens_are_nothing(cells: Cells) -> None:
    def temporary() -> None:
        with tempfile.NamedTemporaryFile("w+", dir=".") as file:
            file.write("x")
            file.seek(0)
            file.read()

    def fail() -> None:
        for mode in ("r", "r+"):
            with pytest.raises(FileNotFoundError):
                open("missing", mode)  # noqa: SIM115
        with pytest.raises(FileNotFoundError):
            open("missing/a", "w")  # noqa: SIM115
        with pytest.raises(FileNotFoundError):
            pd.read_parquet("missing.parquet")
        with pytest.raises(IsADirectoryError):
            open(".")  # noqa: SIM115

    assert cells(temporary) == ((), ())
    assert cells(fail) == ((), ())


def test_a_file_removed_after_it_was_read_keeps_its_digest(cells: Cells) -> None:
    path = cells.folder / "a"
    path.write_text("x")
    expected = digest_of(path)
    (use,), unseen = cells(lambda: (path.read_text(), path.unlink()))
    assert (use.access, use.digest, unseen) == ("read", expected, ())


def test_removing_a_folder_does_not_touch_files_of_the_same_names(cells: Cells) -> None:
    Path("old").mkdir()
    for path in ("a", "old/a", "old/b"):
        Path(path).write_text(path)
    expected = digest_of("old/b")

    def cell() -> None:
        Path("a").write_text("new")
        Path("old/b").read_text()
        shutil.rmtree("old")

    uses, unseen = cells(cell)
    assert unseen == ()
    assert [(use.access, use.path) for use in uses] == [("write", "a"), ("read", "old/b")]
    assert uses[1].digest == expected


def test_a_file_that_another_program_removed_is_said_to_be_gone(cells: Cells) -> None:
    path = cells.folder / "a"
    path.write_text("x")
    expected = digest_of(path)
    (use,), unseen = cells(lambda: (path.read_text(), subprocess.run(["rm", "a"], check=True)))
    # Its command line names it, so it was read before.
    assert (use.path, use.digest, use.complete) == ("a", expected, True)
    path.write_text("x")
    (use,), unseen = cells(lambda: (path.read_text(), os.system("rm *")))
    assert (use.path, use.digest, use.complete) == ("a", None, False)
    assert [(one.what, one.why.partition(":")[0]) for one in unseen] == [
        ("rm", ELSEWHERE),
        ("a", "not fingerprinted"),
    ]


def test_paths_are_relative_to_the_notebook_or_absolute(cells: Cells, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("x")
    (cells.folder / "sub").mkdir()
    (cells.folder / "sub" / "a").write_text("x")

    def read() -> None:
        outside.read_text()
        os.chdir("sub")
        Path("a").read_text()
        os.chdir("..")
        open(b"sub/../sub/a").close()

    assert cells.uses(read) == [("read", str(outside)), ("read", "sub/a")]


def test_files_of_packages_tools_and_the_system_are_not_data(cells: Cells, tmp_path: Path) -> None:
    mine = tmp_path / "mlops" / "journals"
    mine.mkdir(parents=True)
    (mine / "a.jsonl").write_text("x")

    def read() -> None:
        from sklearn.datasets import load_iris

        load_iris()
        Path(np.__file__).read_bytes()
        Path(os.__file__).read_bytes()
        Path("/proc/self/status").read_bytes()
        Path(os.devnull).read_bytes()
        (mine / "a.jsonl").read_bytes()
        importlib.import_module("xml.sax.saxutils")

    assert cells(read) == ((), ())


def test_modules_of_the_users_own_are_imports(cells: Cells) -> None:
    source = cells.folder / "mine_b2.py"
    source.write_text("value = 1\n")
    name = "mine_b2"
    try:
        assert cells.uses(lambda: importlib.import_module(name)) == [("import", "mine_b2.py")]
        assert cells.uses(lambda: importlib.import_module(name)) == []
        del sys.modules[name]
        # Now from its cached bytecode.
        (use,), _ = cells(lambda: importlib.import_module(name))
        assert (use.access, use.digest) == ("import", digest_of(source))
        source.write_text("value = 2  # changed\n")
        module = sys.modules[name]
        (use,), _ = cells(lambda: importlib.reload(module))
        assert (use.access, use.digest, module.value) == ("import", digest_of(source), 2)
    finally:
        sys.modules.pop(name, None)


def test_databases_are_seen_when_connected_and_when_changed_later(cells: Cells) -> None:
    def connect() -> None:
        cells.connection = sqlite3.connect("d.db")  # type: ignore[attr-defined]
        cells.connection.execute("create table t (a)")  # type: ignore[attr-defined]
        cells.connection.commit()  # type: ignore[attr-defined]

    def insert() -> None:
        cells.connection.execute("insert into t values (1)")  # type: ignore[attr-defined]
        cells.connection.commit()  # type: ignore[attr-defined]

    def read() -> None:
        other = sqlite3.connect("file:d.db?mode=ro", uri=True)
        other.execute("select * from t").fetchall()
        other.close()

    (made,), _ = cells(connect)
    assert (made.kind, made.access, made.path) == ("database", "write", "d.db")
    (changed,), _ = cells(insert)
    assert (changed.kind, changed.access) == ("database", "write")
    assert changed.digest == digest_of("d.db") != made.digest
    assert cells.uses(read) == [("read", "d.db")]
    assert cells.uses(lambda: None) == []
    cells.connection.close()  # type: ignore[attr-defined]
    assert cells.uses(lambda: sqlite3.connect(":memory:").close()) == []


def test_a_database_that_is_made_is_said_once(cells: Cells) -> None:
    def make(path: str) -> None:
        connection = sqlite3.connect(path)
        connection.execute("create table t (a)")
        connection.close()

    assert cells.uses(lambda: make("a.db")) == [("write", "a.db")]
    assert cells.uses(lambda: (make("b.db"), os.rename("b.db", "c.db"))) == [("write", "c.db")]
    assert cells.uses(lambda: (make("d.db"), os.remove("d.db"))) == []


def test_links_shorter_files_and_moved_folders_are_written(cells: Cells) -> None:
    Path("old").mkdir()
    for path in ("a", "old/b"):
        Path(path).write_text("xyz")
    assert cells.uses(lambda: os.link("a", "linked")) == [("write", "linked")]
    assert cells.uses(lambda: os.truncate("a", 1)) == [("write", "a")]
    assert cells.uses(lambda: os.rename("old", "new")) == [("write", "new/b")]


def test_a_database_with_an_open_log_is_incomplete(cells: Cells) -> None:
    connection = sqlite3.connect("d.db")
    connection.execute("pragma journal_mode = wal")
    connection.execute("create table t (a)")
    (use,), _ = cells(lambda: sqlite3.connect("d.db").close())
    connection.close()
    assert (use.access, use.complete) == ("read", False)


def test_addresses_are_listed_without_secrets_and_said_to_be_unseen(cells: Cells) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    def fetch() -> None:
        with pytest.raises(urllib.error.URLError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/data.csv?token=secret#part")

    (use,), unseen = cells(fetch)
    address = f"http://127.0.0.1:{port}/data.csv"
    assert (use.kind, use.path, use.digest, use.complete) == ("url", address, None, False)
    assert [one.what for one in unseen] == [address]


def test_other_programs_are_said_to_be_unseen(cells: Cells) -> None:
    def start() -> None:
        os.system("true --password=secret")
        subprocess.run(["cat", "--secret"], check=False, capture_output=True)
        subprocess.run(["uname"], check=True, capture_output=True)
        if not os.fork():
            open("by-the-child", "w").close()
            os._exit(0)
        os.wait()

    uses, unseen = cells(start)
    assert [(use.access, use.path, use.inferred) for use in uses] == [
        ("write", "by-the-child", True)
    ]
    assert [one.what for one in unseen] == ["true", "cat", "a forked process"]


def test_more_files_than_the_limit_are_counted(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(noted, "FILES_LIMIT", 3)
    for number in range(5):
        Path(f"f{number}").write_text("x")
    uses, unseen = cells(lambda: [Path(f"f{number}").read_text() for number in range(5)])
    assert len(uses) == 3
    assert [one.what for one in unseen] == ["2 more files"]


def test_a_file_too_large_for_the_time_is_said_so(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened.Opened, "_deadline", lambda self: -1.0)
    Path("a").write_text("x")
    (use,), unseen = cells(lambda: Path("a").read_text())
    assert use.digest is None
    assert [one.what for one in unseen] == ["a"]
