"""Notebooks executed by our engine in environments that have nothing of ours, and judged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlops import api, settings
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.environments import install_kernelspec, interpreter

SOURCES = (
    "lr = 0.1",
    "import numpy as np\nimport pandas as pd\ndf = pd.read_csv('data.csv')\narray = np.arange(10)\n"
    "df.describe()",
    "accuracy = float(np.random.default_rng(3).random() * lr)\nprint('accuracy', accuracy)",
    "import sys\nsorted(name for name in dir() if 'mlops' in name), sys.stdout.write('quiet\\n')",
)


@pytest.fixture
def folder(home: Settings, data_folder: None, tmp_path: Path) -> Path:
    """Give a folder with data and nothing else."""
    place = tmp_path / "project"
    place.mkdir()
    (place / "data.csv").write_text("a,b\n" + "".join(f"{n},{n / 2}\n" for n in range(50)))
    return place


def notebook(folder: Path, kernel: str) -> Path:
    document: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    document.cells = [nbformat.v4.new_code_cell(text) for text in SOURCES]  # type: ignore[no-untyped-call]
    document.metadata["kernelspec"] = {"name": kernel, "display_name": "", "language": "python"}
    path = folder / "train.ipynb"
    nbformat.write(document, path)  # type: ignore[no-untyped-call]
    return path


def outputs(path: Path) -> list[Any]:
    document: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    return [cell.outputs for cell in document.cells if cell.cell_type == "code"]


def algorithms(run: Any) -> set[str]:
    """Return by what the kernel has hashed what it had in memory."""
    return {one.digest.partition(":")[0] for one in run.data if one.kind != "file"}


def specify(name: str) -> str:
    return install_kernelspec(name, interpreter(name), "-m", "ipykernel_launcher")


def test_a_run_is_recorded_and_reproduced_where_it_was_made(
    elsewhere: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = install_kernelspec("elsewhere", elsewhere, "-m", "ipykernel_launcher")
    path = notebook(folder, kernel)
    with Store.open(settings.read()) as store:
        run = api.run(path, output=folder / "with.ipynb", store=store)
        assert run.status == "completed"
        assert [(one.name, one.value) for one in run.parameters] == [("lr", 0.1)]
        assert [one.name for one in run.metrics] == ["accuracy"]
        found = {one.path or one.name: one for one in run.data}
        assert {"data.csv", "df", "array"} <= set(found)
        assert algorithms(run) == {"blake2b"}
        assert all(one.complete for one in run.data)
        assert "jupyter-mlops" not in run.environment.packages
        assert run.unseen == () and run.notices == ()

        judged = api.reproduce(run.id, store=store)
        assert (judged.verdict, judged.causes) == ("identical", ())
        again = store.run(judged.reproduction)
        assert again.environment == run.environment

        with monkeypatch.context() as off:
            off.setenv(settings.SWITCH_VARIABLE, "off")
            api.run(path, output=folder / "without.ipynb", store=store)
    assert outputs(folder / "with.ipynb") == outputs(folder / "without.ipynb")


def test_a_kernel_that_is_not_reached_runs_and_its_record_says_so(folder: Path) -> None:
    profile = Path(os.environ["IPYTHONDIR"]) / "profile_default"
    profile.mkdir(parents=True)
    (profile / "ipython_kernel_config.json").write_text(
        '{"InteractiveShellApp": {"exec_PYTHONSTARTUP": false}}'
    )
    with Store.open(settings.read()) as store:
        run = api.run(notebook(folder, specify("current")), store=store)
    assert run.status == "completed"
    (gap,) = run.unseen
    assert gap.what == "everything but the outputs" and "doctor" in gap.why


def test_runs_of_two_environments_differ_in_no_data_that_cannot_be_compared(folder: Path) -> None:
    with Store.open(settings.read()) as store:
        runs = [
            api.run(notebook(folder, kernel), store=store)
            for kernel in (specify("of-2023"), "python3")
        ]
        assert [algorithms(run) for run in runs] == [{"blake2b"}, {"xxh3"}]
        compared = api.compare(*(run.id for run in runs), store=store)
        assert compared.differs.data == ()
        # In the notebook's present environment, which is another than the run's.
        judged = api.reproduce(runs[0].id, current=True, store=store)
    assert [cause for cause in judged.causes if cause.kind == "data"] == []
