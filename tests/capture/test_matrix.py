"""Each way to write and to read data, by each library: seen, or said not to be.

What a library that opens files itself did is told by the folder of the notebook, and listed as
inferred.
"""

from __future__ import annotations

import csv
import gzip
import importlib
import json
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.capture.cells import Cells, digest_of

Way = Callable[[Any], Any]


def _open(mode: str, act: Way, opens: Any = open) -> Way:
    def use(path: str) -> None:
        with opens(path, mode) as file:
            act(file)

    return use


def _shell(line: str) -> Way:
    return lambda path: os.system(line.format(path))


def _terminal(line: str) -> Way:
    """Run a line as IPython does for ``!``."""

    def run(path: str) -> None:
        from IPython.utils.process import system

        system(line.format(path))

    return run


def _member(path: str) -> None:
    with tarfile.open(path) as archive:
        archive.extractfile("a").read()  # type: ignore[union-attr]


def _tar(path: str) -> None:
    with tarfile.open(path, "w") as archive:
        archive.add("other", "a")


def _zip(path: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "x")


def _unzip(path: str) -> None:
    with zipfile.ZipFile(path) as archive:
        archive.read("a")


def _replaced(path: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=".", delete=False) as file:
        file.write("x")
    os.replace(file.name, path)


def _sqlite(statement: str) -> Way:
    def use(path: str) -> None:
        connection = sqlite3.connect(path)
        connection.execute(statement).fetchall()
        connection.commit()
        connection.close()

    return use


def _of(module: str) -> Any:
    return importlib.import_module(module)


def _frame() -> Any:
    return _of("pandas").DataFrame({"a": [1, 2], "b": ["x", "y"]})


def _alchemy(path: str) -> Any:
    return _of("sqlalchemy").create_engine(f"sqlite:///{path}")


def _to_sql(path: str) -> None:
    engine = _alchemy(path)
    _frame().to_sql("t", engine, index=False)
    engine.dispose()


def _read_sql(path: str) -> None:
    engine = _alchemy(path)
    _of("pandas").read_sql("select * from t", engine)
    engine.dispose()


def _h5(mode: str) -> Way:
    def use(path: str) -> None:
        with _of("h5py").File(path, mode) as file:
            file.get("a")
            if mode == "w":
                file["a"] = [1, 2]

    return use


def _polars() -> Any:
    return _of("polars").DataFrame({"a": [1, 2]})


def _duckdb(statement: str) -> Way:
    return lambda path: _of("duckdb").sql(statement.format(path))


def _duckdb_file(statement: str, read_only: bool) -> Way:
    def use(path: str) -> None:
        with _of("duckdb").connect(path, read_only=read_only) as connection:
            connection.execute(statement).fetchall()

    return use


def _figure(path: str) -> None:
    figure = _of("matplotlib.figure").Figure()
    figure.savefig(path)


def _booster(path: str) -> None:
    library = _of("xgboost")
    data = library.DMatrix([[1.0], [2.0]], label=[0, 1])
    library.train({}, data, 1).save_model(path)


def _lightgbm(path: str) -> None:
    library, numpy = _of("lightgbm"), _of("numpy")
    data = library.Dataset(numpy.arange(40.0).reshape(-1, 1), label=numpy.arange(40) % 2)
    library.train({"verbosity": -1}, data, 1).save_model(path)


def _catboost(path: str) -> None:
    model = _of("catboost").CatBoostRegressor(iterations=1, verbose=0, allow_writing_files=False)
    model.fit([[1.0], [2.0]], [0, 1]).save_model(path)


def _fsspec(mode: str, act: Way, before: str = "file://") -> Way:
    return lambda path: _open(mode, act, _of("fsspec").open)(before + os.path.abspath(path))


def _wrote(file: Any) -> None:
    file.write("x")


def _read(file: Any) -> None:
    file.read()


_READ_ALL = "select * from '{}'"
# Each way to write, and the ways to read what it wrote: the suffix, what writes and what reads.
MATRIX: dict[str, tuple[str, Way, dict[str, Way]]] = {
    "open": (
        ".txt",
        _open("w", _wrote),
        {
            "text": _open("r", _read),
            "binary": _open("rb", _read),
            "bytes": lambda p: open(os.fsencode(p)).close(),
            "pathlib": lambda p: Path(p).read_text(),
            "pandas": lambda p: _of("pandas").read_csv(p),
            "numpy loadtxt": lambda p: _of("numpy").loadtxt(p, dtype=str),
            "numpy fromfile": lambda p: _of("numpy").fromfile(p, "u1"),
            "numpy memmap": lambda p: _of("numpy").memmap(p, "u1", "r"),
            "fsspec": _fsspec("r", _read),
            "fsspec, copied": lambda p: _open("rb", _read, _of("fsspec").open)(
                "simplecache::file://" + os.path.abspath(p)
            ),
            "os.system": _shell("head {} > /dev/null"),
            "subprocess": lambda p: subprocess.run(["cat", p], check=True, stdout=-3),
            "subprocess, absolute": lambda p: subprocess.check_output(["wc", os.path.abspath(p)]),
            "subprocess, unnamed": lambda p: subprocess.check_output("cat *.txt", shell=True),
            "!": _terminal("head {} > /dev/null"),
        },
    ),
    "append": (".txt", _open("a", _wrote), {"text": _open("r", _read)}),
    "pathlib": (".txt", lambda p: Path(p).write_bytes(b"x"), {"text": _open("r", _read)}),
    "gzip": (".gz", _open("wt", _wrote, gzip.open), {"gzip": _open("rt", _read, gzip.open)}),
    "bz2": (
        ".bz2",
        lambda p: _of("bz2").open(p, "wb").close(),
        {"bz2": _open("rb", _read, lambda p, m: _of("bz2").open(p, m))},
    ),
    "lzma": (
        ".xz",
        lambda p: _of("lzma").open(p, "wb").close(),
        {"lzma": _open("rb", _read, lambda p, m: _of("lzma").open(p, m))},
    ),
    "csv": (
        ".csv",
        _open("w", lambda file: csv.writer(file).writerows([["a", "b"], [1, 2]])),
        {
            "csv": _open("r", lambda file: list(csv.reader(file))),
            "pandas": lambda p: _of("pandas").read_csv(p),
            "pandas, pyarrow": lambda p: _of("pandas").read_csv(p, engine="pyarrow"),
            "pyarrow": lambda p: _of("pyarrow.csv").read_csv(p),
            "pyarrow dataset": lambda p: _of("pyarrow.dataset").dataset(p, format="csv").to_table(),
            "polars": lambda p: _of("polars").read_csv(p),
            "polars scan": lambda p: _of("polars").scan_csv(p).collect(),
            "polars scan, pattern": lambda p: _of("polars").scan_csv("*.csv").collect(),
            "duckdb sql": lambda p: _of("duckdb").sql(_READ_ALL.format(p)).fetchall(),
            "duckdb read_csv": lambda p: _of("duckdb").read_csv(p).fetchall(),
        },
    ),
    "json": (".json", _open("w", lambda f: json.dump({}, f)), {"json": _open("r", json.load)}),
    "pickle": (
        ".pickle",
        _open("wb", lambda f: pickle.dump(1, f)),
        {"pickle": _open("rb", pickle.load)},
    ),
    "zip": (".zip", _zip, {"zip": _unzip, "unzip": _terminal("unzip -p {} > /dev/null")}),
    "tar": (".tar", _tar, {"tar": _member, "tar -t": _shell("tar -tf {} > /dev/null")}),
    "replace": (".txt", _replaced, {"text": _open("r", _read)}),
    "cp": (".txt", _shell("cp other {}"), {"cp": _shell("cp {} copy")}),
    "! cp": (".txt", _terminal("cp other {}"), {"! cat": _terminal("cat {} > /dev/null")}),
    "> ": (".txt", _shell("echo 1 > {}"), {"<": _shell("cat < {} > /dev/null")}),
    "mv": (".txt", _shell("cp other x && mv x {}"), {"cat": _shell("cat {} > /dev/null")}),
    "subprocess": (
        ".txt",
        lambda p: subprocess.run(
            [sys.executable, "-S", "-c", f"open({p!r}, 'w').write('1')"], check=True
        ),
        {
            "subprocess": lambda p: subprocess.run(
                [sys.executable, "-S", "-c", f"open({p!r}).read()"], check=True
            )
        },
    ),
    "pandas csv": (
        ".csv",
        lambda p: _frame().to_csv(p),
        {"pandas": lambda p: _of("pandas").read_csv(p)},
    ),
    "pandas json": (
        ".json",
        lambda p: _frame().to_json(p),
        {"pandas": lambda p: _of("pandas").read_json(p)},
    ),
    "pandas pickle": (
        ".pkl",
        lambda p: _frame().to_pickle(p),
        {"pandas": lambda p: _of("pandas").read_pickle(p)},
    ),
    "pandas stata": (
        ".dta",
        lambda p: _frame().to_stata(p),
        {"pandas": lambda p: _of("pandas").read_stata(p)},
    ),
    "pandas parquet": (
        ".parquet",
        lambda p: _frame().to_parquet(p),
        {
            "pandas": lambda p: _of("pandas").read_parquet(p),
            "pyarrow": lambda p: _of("pyarrow.parquet").read_table(p),
            "pyarrow, mapped": lambda p: (
                _of("pyarrow.parquet").read_table(p, memory_map=True),
                _of("pyarrow").memory_map(p).close(),
            ),
            "polars": lambda p: _of("polars").read_parquet(p),
            "polars scan": lambda p: _of("polars").scan_parquet(p).collect(),
            "duckdb sql": lambda p: _of("duckdb").sql(_READ_ALL.format(p)).fetchall(),
            "duckdb read_parquet": lambda p: _of("duckdb").read_parquet(p).fetchall(),
        },
    ),
    "pandas feather": (
        ".feather",
        lambda p: _frame().to_feather(p),
        {
            "pandas": lambda p: _of("pandas").read_feather(p),
            "polars": lambda p: _of("polars").read_ipc(p),
        },
    ),
    "pandas sql": (".db", _to_sql, {"pandas": _read_sql}),
    "sqlite3": (".db", _sqlite("create table t (a)"), {"sqlite3": _sqlite("select * from t")}),
    "numpy save": (
        ".npy",
        lambda p: _of("numpy").save(p, [1]),
        {
            "numpy": lambda p: _of("numpy").load(p),
            "numpy, mapped": lambda p: _of("numpy").load(p, mmap_mode="r"),
        },
    ),
    "numpy savez": (
        ".npz",
        lambda p: _of("numpy").savez(p, a=[1]),
        {"numpy": lambda p: _of("numpy").load(p)["a"]},
    ),
    "numpy savetxt": (
        ".txt",
        lambda p: _of("numpy").savetxt(p, [1]),
        {"numpy": lambda p: _of("numpy").genfromtxt(p)},
    ),
    "numpy tofile": (
        ".bin",
        lambda p: _of("numpy").ones(3).tofile(p),
        {"numpy": lambda p: _of("numpy").fromfile(p)},
    ),
    "polars csv": (
        ".csv",
        lambda p: _polars().write_csv(p),
        {"polars": lambda p: _of("polars").read_csv(p)},
    ),
    "polars parquet": (
        ".parquet",
        lambda p: _polars().write_parquet(p),
        {"polars": lambda p: _of("polars").read_parquet(p)},
    ),
    "polars ipc": (
        ".arrow",
        lambda p: _polars().write_ipc(p),
        {"polars scan": lambda p: _of("polars").scan_ipc(p).collect()},
    ),
    "polars ndjson": (
        ".ndjson",
        lambda p: _polars().write_ndjson(p),
        {
            "polars": lambda p: _of("polars").read_ndjson(p),
            "polars scan": lambda p: _of("polars").scan_ndjson(p).collect(),
        },
    ),
    "polars json": (
        ".json",
        lambda p: _polars().write_json(p),
        {"polars": lambda p: _of("polars").read_json(p)},
    ),
    "polars sink": (
        ".parquet",
        lambda p: _polars().lazy().sink_parquet(p),
        {"polars": lambda p: _of("polars").read_parquet(p)},
    ),
    "polars sink csv": (
        ".csv",
        lambda p: _polars().lazy().sink_csv(p),
        {"polars, batched": lambda p: _of("polars").scan_csv(p).head(1).collect()},
    ),
    "duckdb copy": (
        ".parquet",
        _duckdb("copy (select 1 as a) to '{}'"),
        {"duckdb": lambda p: _of("duckdb").sql(_READ_ALL.format(p)).fetchall()},
    ),
    "duckdb file": (
        ".duckdb",
        _duckdb_file("create table t (a integer)", read_only=False),
        {"duckdb": _duckdb_file("select * from t", read_only=True)},
    ),
    "h5py": (".h5", _h5("w"), {"h5py": _h5("r"), "h5py, to change": _h5("r+")}),
    "joblib": (
        ".joblib",
        lambda p: _of("joblib").dump([1], p),
        {"joblib": lambda p: _of("joblib").load(p)},
    ),
    "torch": (
        ".pt",
        lambda p: _of("torch").save({"a": 1}, p),
        {
            "torch": lambda p: _of("torch").load(p),
            "torch, mapped": lambda p: _of("torch").load(p, mmap=True),
        },
    ),
    "pillow": (
        ".png",
        lambda p: _of("PIL.Image").new("L", (2, 2)).save(p),
        {"pillow": lambda p: _of("PIL.Image").open(p).load()},
    ),
    "matplotlib": (".png", _figure, {"matplotlib": lambda p: _of("matplotlib.image").imread(p)}),
    "fsspec": (".txt", _fsspec("w", _wrote), {"fsspec": _fsspec("r", _read)}),
    "xgboost": (
        ".ubj",
        _booster,
        {"xgboost": lambda p: _of("xgboost").Booster(model_file=p)},
    ),
    "lightgbm": (
        ".txt",
        _lightgbm,
        {"lightgbm": lambda p: _of("lightgbm").Booster(model_file=p)},
    ),
    "catboost": (
        ".cbm",
        _catboost,
        {"catboost": lambda p: _of("catboost").CatBoostRegressor().load_model(p)},
    ),
    "shutil": (
        ".txt",
        lambda p: shutil.copy("other", p),
        {"shutil": lambda p: shutil.copy(p, "b")},
    ),
}
READERS = [(writer, reader) for writer, (_, _, readers) in MATRIX.items() for reader in readers]


def _accesses(cells: Cells, cell: Callable[[], Any], path: str) -> dict[str, str | None]:
    """Return how the cell used a path, with its digests, and check that it is said once."""
    found = [use for use in cells(cell)[0] if use.path == path]
    accesses = {use.access: use.digest for use in found}
    assert len(accesses) == len(found)
    return accesses


@pytest.fixture
def project(cells: Cells) -> Iterator[Cells]:
    """Give cells that look for every library, also for those that other tests loaded."""
    cells.reads.close()
    made = Cells(cells.folder, is_fresh=True)
    yield made
    made.reads.close()


@pytest.mark.parametrize("writer", MATRIX)
def test_what_is_written_is_seen(writer: str, project: Cells) -> None:

    Path("other").write_text("1,2\n")
    suffix, write, _ = MATRIX[writer]
    path = "data" + suffix
    found = _accesses(project, lambda: write(path), path)
    assert found == {"write": digest_of(path)}


@pytest.mark.parametrize(("writer", "reader"), READERS)
def test_what_is_read_is_seen(writer: str, reader: str, project: Cells) -> None:
    Path("other").write_text("1,2\n")
    suffix, write, readers = MATRIX[writer]
    path = "data" + suffix
    project(lambda: write(path))
    found = _accesses(project, lambda: readers[reader](path), path)
    assert found == {"read": digest_of(path)}
    assert _accesses(project, lambda: None, path) == {}


def test_the_cell_that_collects_reads(cells: Cells) -> None:
    polars = _of("polars")
    for name in ("a", "b"):
        _polars().write_parquet(f"{name}.parquet")
    frames: list[Any] = []

    def scan() -> None:
        frames.extend(polars.scan_parquet(f"{name}.parquet") for name in ("a", "b"))

    assert cells(scan)[0] == ()
    assert cells.uses(lambda: frames[0].filter(polars.col("a") > 1).collect()) == [
        ("read", "a.parquet")
    ]
    assert cells.uses(lambda: polars.concat(frames).collect()) == [
        ("read", "a.parquet"),
        ("read", "b.parquet"),
    ]
