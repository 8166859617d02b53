"""The verbs as functions, on real notebooks, kernels and a real store."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import nbformat
import pytest

import jupyter_mlops as mlops
from jupyter_mlops import api
from jupyter_mlops.errors import (
    BadValueError,
    MlopsError,
    NotebookError,
    UnknownKernelError,
    UnknownParameterError,
    UnknownRunError,
    UsageError,
)
from jupyter_mlops.settings import Settings
from tests.execution.documents import document

SOURCES = ("lr = 0.1\nname = 'a'", "print(lr * 2)", "score = lr * 2")


@pytest.fixture
def notebook(home: Settings, tmp_path: Path) -> Path:
    """Give a notebook of three cells, at the positions 1 to 3, and a store for its runs."""
    return saved(tmp_path / "work" / "a notebook.ipynb", *SOURCES)


def saved(path: Path, *sources: str, **options: Any) -> Path:
    path.parent.mkdir(exist_ok=True)
    nbformat.write(document(*sources, **options), path)
    return path


def test_the_public_names() -> None:
    assert mlops.__all__ == [
        "MlopsError", "compare", "doctor", "forget", "gc", "keep_data", "log", "param", "reproduce",
        "restore", "run", "runs", "show",
    ]  # fmt: skip
    assert mlops.MlopsError is MlopsError
    assert all(callable(getattr(mlops, name)) for name in mlops.__all__)
    assert set(mlops.__all__) <= set(dir(mlops))
    with pytest.raises(AttributeError, match="no attribute 'sweep'"):
        mlops.sweep  # noqa: B018 - the access is what is tested


def test_no_public_name_is_hidden_by_a_module_of_the_same_name() -> None:
    modules = {path.stem for path in Path(mlops.__file__).parent.iterdir()}
    assert not modules & set(mlops.__all__)


def test_naming_the_verbs_imports_nothing_heavy() -> None:
    code = (
        "import sys, jupyter_mlops as m; m.run, m.runs, m.compare;"
        "heavy = {'papermill','pandas','plotly','numpy','sqlalchemy','nbformat','jupyter_server'};"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_run_records_and_leaves_the_input_alone(notebook: Path, tmp_path: Path) -> None:
    before = notebook.read_bytes(), notebook.stat().st_mtime_ns
    output = tmp_path / "out.ipynb"
    told: list[tuple[int, int]] = []
    record = mlops.run(
        notebook,
        {"lr": 0.5},
        output=output,
        user="alice",
        on_progress=lambda progress: told.append((progress.done, progress.total)),
    )
    assert (record.status, record.trigger, record.user) == ("completed", "run", "alice")
    assert record.notebook == str(notebook)
    assert [(p.name, p.value, p.cell) for p in record.parameters] == [
        ("lr", 0.5, 1),
        ("name", "a", 1),
    ]
    assert [cell.cell for cell in record.cells] == [1, 2, 3]
    assert (notebook.read_bytes(), notebook.stat().st_mtime_ns) == before
    executed = nbformat.read(output, 4)
    assert executed.cells[2].outputs[0].text == "1.0\n"
    assert told[-1] == (3, 3)
    assert told == sorted(told)
    assert os.listdir(notebook.parent) == [notebook.name]
    assert mlops.show("@1") == record
    assert [run.id for run in mlops.runs(notebook)] == [record.id]
    assert [run.id for run in mlops.runs(where="parameter.lr > 0.4")] == [record.id]
    assert list(mlops.runs(where="parameter.lr > 0.6")) == []


def test_a_failing_notebook_is_a_failed_run_with_its_output(home: Settings, tmp_path: Path) -> None:
    path = saved(tmp_path / "w" / "f.ipynb", "x = 1", "1 / 0", "y = 2")
    output = tmp_path / "out.ipynb"
    record = mlops.run(path, output=output)
    assert record.status == "failed"
    assert [cell.status for cell in record.cells] == ["ok", "error", "not run"]
    assert record.cells[1].error is not None
    assert record.cells[1].error.type == "ZeroDivisionError"
    assert "ZeroDivisionError" in output.read_text()


def test_sources_and_saved_outputs_of_cells_that_are_kept_out_are_not_stored(
    home: Settings, tmp_path: Path
) -> None:
    made = document("x = 1", "%%mlops skip\nx = 2", "x = 3", tags={1: ["mlops-skip"]})
    for cell, text in zip(made.cells[1:], ("secret", "secret", "shown"), strict=True):
        cell.outputs = [nbformat.v4.new_output("stream", text=text)]  # type: ignore[no-untyped-call]
    path = tmp_path / "f.ipynb"
    nbformat.write(made, path)
    record = mlops.run(path)
    current = mlops.reproduce(record.id, current=True)
    with api.open_store() as store:
        for run in (record.id, current.reproduction):
            given = store.given_notebook(run)
            assert b"shown" in given
            assert not any(word in given for word in (b"secret", b"x = 1", b"x = 2"))
        assert store.blob(record.notebook_digest or "") == store.given_notebook(record.id)
    assert path.read_text().count("secret") == 2


def test_leaving_early_is_no_success(home: Settings, tmp_path: Path) -> None:
    path = saved(tmp_path / "w" / "f.ipynb", "import sys; sys.exit(0)", "y = 2")
    assert mlops.run(path).status == "failed"


def test_a_cancelled_run_is_interrupted(home: Settings, tmp_path: Path) -> None:
    path = saved(tmp_path / "w" / "f.ipynb", "x = 1", "import time; time.sleep(60)", "y = 2")
    cancel = threading.Event()
    record = mlops.run(
        path, cancel=cancel, on_progress=lambda p: cancel.set() if p.cell == 2 else None
    )
    assert record.status == "interrupted"
    assert mlops.show("@1").status == "interrupted"


def test_an_exception_of_the_caller_leaves_an_interrupted_run(notebook: Path) -> None:
    def interrupt(progress: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mlops.run(notebook, on_progress=interrupt)
    assert mlops.show("@1").status == "interrupted"


def test_a_value_that_was_not_in_effect_fails_the_run(home: Settings, tmp_path: Path) -> None:
    path = saved(
        tmp_path / "w" / "t.ipynb", "lr = 0.1", "lr = 0.3", "x = lr", tags={1: ["parameters"]}
    )
    record = mlops.run(path, {"lr@1": 0.7})
    assert record.status == "failed"
    assert "lr was set to 0.7, but 0.3 was in effect" in record.notices


def test_a_set_and_an_empty_list_take_effect(home: Settings, tmp_path: Path) -> None:
    path = saved(tmp_path / "w" / "t.ipynb", "s = {1, 2}", "xs = ['a']", "print(s, xs)")
    record = mlops.run(path, {"s": [3, 1, 2], "xs": []})
    assert (record.status, record.notices) == ("completed", ())
    assert [(one.name, one.value) for one in record.parameters] == [("s", [1, 2, 3])]


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"parameters": {"lrr": 1}}, UnknownParameterError, "did you mean 'lr'?"),
        ({"parameters": {"lr": "x"}}, BadValueError, "is not a number"),
        ({"parameters": {"lr": 1, "lr@1": 2}}, BadValueError, "is not the only value"),
        ({"parameters": {"name": "a" * 10_001}}, UsageError, "name: a value this large"),
        ({"kernel": "nosuch"}, UnknownKernelError, "python3"),
        ({"cwd": "nowhere"}, BadValueError, "is not a folder"),
        ({"timeout": 0}, BadValueError, "above 0"),
        ({"cell_timeout": float("nan")}, BadValueError, "above 0"),
        ({"output": "nowhere/out.ipynb"}, BadValueError, "a folder that exists"),
    ],
)
def test_what_can_be_refused_is_refused_before_anything_starts(
    notebook: Path, options: dict[str, Any], error: type[MlopsError], says: str
) -> None:
    with pytest.raises(error, match=says.replace("?", r"\?")):
        mlops.run(notebook, **options)
    assert list(mlops.runs()) == []


def test_the_input_is_refused_as_output(notebook: Path) -> None:
    with pytest.raises(BadValueError, match="never written"):
        mlops.run(notebook, output=notebook)


def test_compare_two_runs_and_write_the_page(notebook: Path, tmp_path: Path) -> None:
    one, other = mlops.run(notebook), mlops.run(notebook, {"lr": 0.5})
    page = tmp_path / "page.html"
    found = mlops.compare("@2", "@1", html=page)
    assert found.runs == (one.id, other.id)
    assert [(d.what, d.values) for d in found.differs.parameter] == [("lr", (0.1, 0.5))]
    assert found.differs.code == ()
    assert [d.cell for d in found.differs.output] == [2]
    assert "Comparison of 2 runs" in page.read_text()


@pytest.mark.parametrize("runs", [(), ("@1",), ("@1", "@1")])
def test_compare_needs_two_runs(notebook: Path, runs: tuple[str, ...]) -> None:
    mlops.run(notebook)
    with pytest.raises(UsageError, match="two different runs"):
        mlops.compare(*runs)


def test_unknown_runs_and_notebooks(home: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnknownRunError):
        mlops.show("@1")
    with pytest.raises(NotebookError, match="no such file, and no run of it"):
        mlops.runs(tmp_path / "none.ipynb")
    with pytest.raises(BadValueError, match="at least 1"):
        mlops.runs(limit=0)
    with pytest.raises(NotebookError, match="no such file"):
        mlops.run(tmp_path / "none.ipynb")


def test_runs_page_by_page(notebook: Path) -> None:
    ids = [mlops.run(notebook).id for _ in range(3)]
    first = mlops.runs(limit=2)
    assert [run.id for run in first] == ids[:0:-1]
    assert [run.id for run in mlops.runs(limit=2, after=first.next)] == ids[:1]


def test_parameters(notebook: Path) -> None:
    assert [(p.name, p.cell, p.settable) for p in api.parameters(notebook)] == [
        ("lr", 1, True),
        ("name", 1, True),
    ]


def test_reproduce_gives_a_verdict(notebook: Path) -> None:
    record = mlops.run(notebook)
    verdict = mlops.reproduce("@1")
    assert verdict.run == record.id
    assert verdict.verdict == "identical"
    assert mlops.show("@1").parent == record.id


def test_reproduce_refuses_a_bad_tolerance(notebook: Path) -> None:
    with pytest.raises(BadValueError, match="a number from 0"):
        mlops.reproduce("@1", tolerance=-1)


def test_reproduce_never_writes_the_notebook_itself(notebook: Path) -> None:
    mlops.run(notebook)
    content = notebook.read_bytes()
    with pytest.raises(BadValueError, match="never written"):
        mlops.reproduce("@1", output=notebook)
    assert notebook.read_bytes() == content
    assert len(mlops.runs()) == 1


def test_every_settable_form_is_in_effect(home: Settings, tmp_path: Path) -> None:
    path = saved(
        tmp_path / "forms.ipynb",
        "import datetime as dt, argparse, jupyter_mlops as mlops\n"
        "class CFG:\n    lr = 0.1\n"
        "day = dt.date(2024, 1, 31)\nrate = mlops.param('rate', 0.2)",
        "parser = argparse.ArgumentParser()\n"
        "parser.add_argument('--steps', type=int, default=3)\nargs = parser.parse_args([])",
    )
    given = {"CFG.lr": 0.5, "day": "2025-02-01", "rate": 0.7, "args.steps": 9}
    record = mlops.run(path, given)
    assert record.status == "completed", record.notices
    assert {one.name: one.value for one in record.parameters} == given
    assert [run.id for run in mlops.runs(where="parameter.CFG.lr = 0.5")] == [record.id]
