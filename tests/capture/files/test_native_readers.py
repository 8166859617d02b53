from __future__ import annotations

import gzip
import json
import os
import pickle
import sys
import zipfile
from collections.abc import Callable
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

from jupyter_mlops.events import NotSeen
from tests.capture.cells import Cells, use_of

FRAME = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


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
    assert use == use_of(name, "read")
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


def test_libraries_that_open_files_themselves_are_named_once(cells: Cells) -> None:
    (cells.folder / "datatable").mkdir()
    for name in ("__init__", "inner"):
        (cells.folder / "datatable" / f"{name}.py").touch()
    expected = NotSeen(
        "files that datatable opens outside the notebook's folder, from here on",
        "datatable opens them outside Python",
    )
    try:
        with pytest.raises(ImportError):  # many packages try whether another is there
            cells(lambda: exec("import lance"))
        assert cells(lambda: None) == ((), ())
        assert cells(lambda: exec("import datatable"))[1] == (expected,)
        uses, unseen = cells(lambda: exec("import datatable, datatable.inner"))
        assert (uses, unseen) == ((use_of("datatable/inner.py", "import"),), ())
        # A kernel may have imported it before anything is recorded.
        later = Cells(cells.folder, is_fresh=True)
        try:
            assert expected in later(lambda: None)[1]
            assert later(lambda: None) == ((), ())
        finally:
            later.reads.close()
    finally:
        for name in ("datatable", "datatable.inner"):
            sys.modules.pop(name, None)


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


@pytest.mark.skipif(sys.version_info < (3, 11), reason="an older Python adds our frame again")
def test_a_library_that_refuses_a_path_shows_no_frame_of_ours(cells: Cells) -> None:
    cells(lambda: None)
    assert pa.util._stringify_path.__code__.co_name == "take_path"
    with pytest.raises(TypeError) as refused:
        pa.util._stringify_path(5)
    assert [entry.name for entry in refused.traceback] == [
        "test_a_library_that_refuses_a_path_shows_no_frame_of_ours",
        "_stringify_path",
    ]
