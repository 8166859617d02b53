from __future__ import annotations

import gzip
import importlib
import json
import os
import pickle
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import timeit
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
import pytest

from jupyter_mlops.capture import opened, reads
from jupyter_mlops.capture.reads import Reads
from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints import of_file
from jupyter_mlops.records import DataUse

Result = tuple[tuple[DataUse, ...], tuple[NotSeen, ...]]


class Cells:
    """Executes functions as if they were cells."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reads = Reads()
        self.reads.install()

    def __call__(self, cell: Callable[[], Any]) -> Result:
        self.reads.begin()
        try:
            cell()
        finally:
            result = self.reads.take()
        return result

    def uses(self, cell: Callable[[], Any]) -> list[tuple[str, str | None]]:
        """Return access and path of what a cell used, all of which must have a digest."""
        uses, unseen = self(cell)
        assert unseen == ()
        for use in uses:
            assert use.digest and use.complete and use.path is not None
        return [(use.access, use.path) for use in uses]


@pytest.fixture
def cells(tmp_path: Path, home: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cells]:
    """Give cells of a notebook in an empty folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    made = Cells(folder)
    yield made
    made.reads.close()


def digest_of(path: Path | str) -> str:
    found = of_file(path)
    assert found is not None
    return found.digest


def _use_of(path: str, access: Any) -> DataUse:
    return DataUse(
        kind="file",
        name=None,
        path=path,
        access=access,
        cell=None,
        digest=digest_of(path),
        size_bytes=os.path.getsize(path),
    )


FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


def _sqlite_table(path: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("create table if not exists t (a)")
        connection.execute("insert into t values (1)")
    connection.close()


def _zip(path: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inside.txt", "x")


def _unzip(path: str) -> None:
    with zipfile.ZipFile(path) as archive:
        archive.read("inside.txt")


def _with(mode: str, act: Callable[[Any], Any]) -> Callable[[str], Any]:
    def use(path: str) -> Any:
        with open(path, mode) as file:
            return act(file)

    return use


def _gunzip(path: str) -> None:
    with gzip.open(path) as file:
        file.read()


def _low_level(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.read(descriptor, 1)
    os.close(descriptor)


# For each way to keep data: how it is written, and how it is read.
WAYS: dict[str, tuple[Callable[[str], Any], Callable[[str], Any]]] = {
    "open": (_with("w", lambda file: file.write("x")), _with("r", lambda file: file.read())),
    "os.open": (_with("w", lambda file: file.write("x")), _low_level),
    "pathlib": (lambda p: Path(p).write_text("x"), lambda p: Path(p).read_bytes()),
    "json": (_with("w", lambda file: json.dump({}, file)), _with("r", json.load)),
    "pickle": (_with("wb", lambda file: pickle.dump(1, file)), _with("rb", pickle.load)),
    "gzip": (lambda p: gzip.open(p, "wb").close(), _gunzip),
    "zipfile": (_zip, _unzip),
    "joblib": (lambda p: joblib.dump([1], p), joblib.load),
    "joblib, mapped": (lambda p: joblib.dump(np.ones(9), p), lambda p: joblib.load(p, "r")),
    "numpy.save": (lambda p: np.save(p, np.ones(3)), np.load),
    "numpy.savez": (lambda p: np.savez(p, a=np.ones(3)), lambda p: np.load(p)["a"]),
    "numpy.savetxt": (lambda p: np.savetxt(p, np.ones(3)), np.loadtxt),
    "numpy.tofile": (lambda p: np.ones(3).tofile(p), np.fromfile),
    "numpy.memmap": (
        lambda p: np.memmap(p, "u1", "w+", shape=3).flush(),
        lambda p: np.memmap(p, "u1", "r"),
    ),
    "pandas csv": (FRAME.to_csv, pd.read_csv),
    "pandas csv by pyarrow": (FRAME.to_csv, lambda p: pd.read_csv(p, engine="pyarrow")),
    "pandas json": (FRAME.to_json, pd.read_json),
    "pandas pickle": (FRAME.to_pickle, pd.read_pickle),
    "pandas parquet": (FRAME.to_parquet, pd.read_parquet),
    "pandas feather": (FRAME.to_feather, pd.read_feather),
    "pandas orc": (FRAME.to_orc, pd.read_orc),
    "pyarrow parquet": (
        lambda p: pa.parquet.write_table(pa.table({"a": [1]}), p),
        pa.parquet.read_table,
    ),
    "pyarrow ParquetFile": (
        lambda p: pa.parquet.write_table(pa.table({"a": [1]}), p),
        lambda p: pa.parquet.ParquetFile(p).read(),
    ),
    "pyarrow csv": (lambda p: pa.csv.write_csv(pa.table({"a": [1]}), p), pa.csv.read_csv),
    "pyarrow feather": (
        lambda p: pa.feather.write_feather(pa.table({"a": [1]}), p),
        pa.feather.read_table,
    ),
    "pyarrow file": (
        lambda p: pa.OSFile(p, "wb").close(),
        lambda p: pa.memory_map(p, "r").close(),
    ),
}
SUFFIXES = {"numpy.save": ".npy", "numpy.savez": ".npz", "pandas csv by pyarrow": ".csv"}


@pytest.mark.parametrize("way", WAYS)
def test_files_are_seen_however_they_are_written_and_read(way: str, cells: Cells) -> None:
    write, read = WAYS[way]
    name = "data" + SUFFIXES.get(way, ".bin")
    if way == "pyarrow file":
        # Mapping an empty file fails in Arrow itself.
        (cells.folder / name).write_text("x")
        assert cells.uses(lambda: read(name)) == [("read", name)]
        assert cells.uses(lambda: write(name)) == [("write", name)]
        return
    assert cells.uses(lambda: write(name)) == [("write", name)]
    assert cells.uses(lambda: read(name)) == [("read", name)]
    (use,), _ = cells(lambda: read(name))
    assert use == _use_of(name, "read")
    assert cells.uses(lambda: write(name)) == [("write", name)]


def test_a_file_whose_clock_is_moved_is_not_written(cells: Cells) -> None:
    FRAME.to_parquet("a.parquet")
    cell = lambda: (pd.read_parquet("a.parquet"), os.utime("a.parquet"))  # noqa: E731
    assert cells.uses(cell) == [("read", "a.parquet")]


def test_an_excel_file_is_seen_where_it_can_be_read(cells: Cells) -> None:
    pytest.importorskip("openpyxl")
    assert cells.uses(lambda: FRAME.to_excel("a.xlsx")) == [("write", "a.xlsx")]
    assert cells.uses(lambda: pd.read_excel("a.xlsx")) == [("read", "a.xlsx")]


def test_a_folder_of_parquet_files_is_its_files(cells: Cells) -> None:
    table = pa.table({"k": ["x", "y"], "v": [1, 2]})

    def write() -> None:
        pa.parquet.write_to_dataset(table, "set", partition_cols=["k"])

    written = cells.uses(write)
    assert len(written) == 2
    assert all(access == "write" and str(p).startswith("set/k=") for access, p in written)
    expected = [("read", path) for _, path in written]
    assert cells.uses(lambda: pd.read_parquet("set")) == expected
    assert cells.uses(lambda: pa.dataset.dataset("set", format="parquet").to_table()) == expected


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


def test_a_file_that_another_program_removed_is_said_to_be_gone(cells: Cells) -> None:
    path = cells.folder / "a"
    path.write_text("x")
    (use,), unseen = cells(lambda: (path.read_text(), subprocess.run(["rm", "a"], check=True)))
    assert (use.path, use.digest, use.complete) == ("a", None, False)
    assert [(one.what, one.why.partition(":")[0]) for one in unseen] == [
        ("rm", "the files that another program opens are not seen"),
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
    assert uses == ()
    assert [one.what for one in unseen] == ["true", "cat", "a forked process"]


def test_libraries_that_open_files_themselves_are_named_once(cells: Cells) -> None:
    (cells.folder / "datatable").mkdir()
    for name in ("__init__", "inner"):
        (cells.folder / "datatable" / f"{name}.py").touch()
    expected = NotSeen(
        "files that datatable opens, from here on", "datatable opens them outside Python"
    )
    try:
        _, unseen = cells(lambda: exec("import datatable"))
        assert unseen == (expected,)
        assert cells(lambda: exec("import datatable, datatable.inner")) == (
            (_use_of("datatable/inner.py", "import"),),
            (),
        )
        # A kernel may have imported it before anything is recorded.
        later = Cells(cells.folder)
        assert expected in later(lambda: None)[1]
        assert later(lambda: None) == ((), ())
    finally:
        for name in ("datatable", "datatable.inner"):
            sys.modules.pop(name, None)


def test_cells_of_two_threads_keep_their_files_apart(cells: Cells) -> None:
    for name in ("main", "thread", "stray"):
        Path(name).write_text("x")
    found: list[Result] = []

    def other() -> None:
        found.append(cells(lambda: Path("thread").read_text()))

    def cell() -> None:
        Path("main").read_text()
        for work in (other, lambda: Path("stray").read_text()):
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()

    # A thread without a cell of its own works for the one that is executing.
    assert sorted(cells.uses(cell)) == [("read", "main"), ("read", "stray")]
    assert [use.path for use in found[0][0]] == ["thread"]


def test_without_a_cell_nothing_is_noted(cells: Cells) -> None:
    Path("a").write_text("x")
    assert cells.reads.take() == ((), ())
    Path("a").read_text()
    assert cells(lambda: None) == ((), ())


def test_closed_it_idles_and_pyarrow_has_its_functions_back(cells: Cells) -> None:
    before = pa.util._stringify_path
    cells(lambda: None)
    assert pa.util._stringify_path is not before
    assert pickle.loads(pickle.dumps(pa.util._stringify_path)) is pa.util._stringify_path
    cells.reads.close()
    assert pa.util._stringify_path is before
    assert pa.lib.encode_file_path is not None
    Path("a").write_text("x")
    assert cells(lambda: Path("a").read_text()) == ((), ())


def test_more_files_than_the_limit_are_counted(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "FILES_LIMIT", 3)
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


def test_paths_of_the_users_classes_are_not_called(cells: Cells) -> None:
    class Text(str):
        def __getattribute__(self, name: str) -> Any:
            raise AssertionError("the user's code was called")

    Path("a").write_text("x")
    assert cells.uses(lambda: open(Text("a")).close()) == [("read", "a")]


def test_a_fault_of_ours_never_reaches_the_user(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    Path("a").write_text("x")
    monkeypatch.setitem(reads._HANDLERS, "open", fail)
    uses, unseen = cells(lambda: Path("a").read_text())
    assert uses == ()
    assert [one.why for one in unseen] == ["an event could not be noted"]


def test_events_of_others_cost_little(cells: Cells) -> None:
    thing = object()
    cells.reads.begin()
    seconds = min(timeit.repeat("id(thing)", globals={"thing": thing}, number=10_000, repeat=20))
    cells.reads.take()
    # 0.2 µs where it was measured, the loop and id() itself included; others may be slower.
    assert seconds / 10_000 < 2e-6
