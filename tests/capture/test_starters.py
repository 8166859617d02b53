"""Capture in kernels that others start: plain papermill, `jupyter execute`, a bare launcher."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_client.blocking import BlockingKernelClient

from jupyter_mlops import journal, schema
from jupyter_mlops.events import CellFinished
from jupyter_mlops.settings import Settings
from tests.capture.accounts import accounted

_LIMIT_S = 120


def notebook(folder: Path) -> Path:
    path = folder / "a.ipynb"
    document = nbformat.v4.new_notebook()
    document.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    document.cells = [nbformat.v4.new_code_cell(text) for text in ("lr = 0.1", "print(lr)")]
    nbformat.write(document, path)
    return path


def events(home: Settings) -> list[dict[str, object]]:
    (path,) = home.journals.glob("*.jsonl")
    return [dict(event) for event in journal.read(path).events]


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "papermill", "--no-progress-bar", "a.ipynb", "out.ipynb"],
        ["-m", "jupyter", "execute", "a.ipynb"],
    ],
    ids=["papermill", "jupyter execute"],
)
def test_whoever_executes_a_notebook_is_recorded(
    home: Settings, tmp_path: Path, command: list[str]
) -> None:
    notebook(tmp_path)
    subprocess.run(
        [sys.executable, *command], cwd=tmp_path, check=True, timeout=_LIMIT_S, capture_output=True
    )
    said = events(home)
    # Told in an idle moment, or at the end.
    found = [event for event in said if event["type"] != "surroundings_seen"]
    assert len(found) < len(said)
    assert [event["type"] for event in found] == [
        "session_started",
        *["cell_started", "cell_finished"] * 2,
        "session_ended",
    ]
    assert found[0]["notebook"] is None  # nobody told, and nothing was inferred
    assert found[0]["cwd"] == str(tmp_path)
    understood = accounted(map(schema.decode_event, found))
    first, second = (one for one in understood if isinstance(one, CellFinished))
    assert [(one.name, one.value) for one in first.parameters] == [("lr", 0.1)]
    assert second.reads == ("lr",)
    outputs = found[4]["outputs"]
    assert isinstance(outputs, list)
    assert [one["content"]["text"] for one in outputs] == ["0.1\n"]


def test_a_bare_launcher(home: Settings, tmp_path: Path) -> None:
    connection = tmp_path / "kernel-some-id.json"
    with subprocess.Popen(
        [sys.executable, "-m", "ipykernel_launcher", "-f", str(connection)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    ) as process:
        deadline = time.monotonic() + _LIMIT_S
        while not connection.exists() or not connection.read_text().endswith("}"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        client = BlockingKernelClient(connection_file=str(connection))
        client.load_connection_file()
        client.start_channels()
        client.wait_for_ready(timeout=_LIMIT_S)
        client.execute("x = 1", reply=True)
        client.shutdown(reply=True)
        client.stop_channels()
        client.context.destroy()
        assert process.wait(_LIMIT_S) == 0
    found = events(home)
    assert found[0]["kernel_id"] == "some-id"
    assert found[-1]["type"] == "session_ended"
