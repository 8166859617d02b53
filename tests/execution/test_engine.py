from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat

from jupyter_mlops.execution.notebook import dump
from tests.execution.documents import document


def test_the_engine_is_light_to_import() -> None:
    code = (
        "import sys; import jupyter_mlops.execution.engine;"
        "print(sorted({'papermill', 'nbclient', 'nbformat', 'zmq', 'sqlalchemy', 'msgspec'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_papermill_finds_the_engine_and_keeps_true_states(tmp_path: Path) -> None:
    given, executed = tmp_path / "given.ipynb", tmp_path / "executed.ipynb"
    notebook = document(
        "x = 1", "import sys; print(x); sys.exit(0)", "never", tags={1: ["parameters"]}
    )
    kernel = {"name": "python3", "display_name": "Python", "language": "python"}
    notebook.metadata["kernelspec"] = kernel
    given.write_bytes(dump(notebook))
    command = ["papermill", "--engine", "jupyter_mlops", "-p", "x", "3", str(given), str(executed)]
    subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, check=True)
    cells = nbformat.read(executed, as_version=4).cells
    assert cells[3].outputs[0].text == "3\n"
    stated = [cell.metadata.papermill["status"] for cell in cells if cell.cell_type == "code"]
    assert stated == ["completed", "completed", "failed", "pending"]
