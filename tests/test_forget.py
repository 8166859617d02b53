"""After ``forget`` nothing of a run is in any file, with real kernels, verbs and the server."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

import jupyter_mlops as mlops
from jupyter_mlops.settings import Settings
from tests.execution.documents import document

COMMAND = [sys.executable, "-m", "jupyter_mlops.cli"]
# One word for each place in which a run may hold something private; none of them a real one.
WORDS = (
    "quartz", "basalt", "gneiss", "marble", "schist", "gabbro", "pumice", "dacite", "chert",
)  # fmt: skip
SOURCES = (
    "rate = 'quartz'  # basalt",
    "print('gne' + 'iss')",
    "text = open('marble.csv').read()",
    "accuracy = 0.5",
    "raise ValueError('gab' + 'bro')",
)


@pytest.fixture
def notebook(home: Settings, tmp_path: Path) -> Path:
    """Give a notebook with a word in its name, metadata, text, data, and all that it does."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "marble.csv").write_text("schist\n" * 100)
    made = document(*SOURCES)
    made.metadata["note"] = "pumice"
    made.cells[0].source = "dacite"
    path = folder / "chert.ipynb"
    nbformat.write(made, path)
    return path


def held(home: Settings) -> set[str]:
    """Return the words that any file below the home holds, or is called."""
    paths = [path for path in home.home.rglob("*") if path.is_file()]
    everything = b"\n".join([*(path.read_bytes() for path in paths), str(paths).encode()])
    return {word for word in WORDS if word.encode() in everything}


def test_no_byte_of_a_run_is_left_and_others_are_as_they_were(
    home: Settings, notebook: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "plain.ipynb"
    other.parent.mkdir()
    nbformat.write(document("rate = 'plain'", "accuracy = 0.75"), other)
    mlops.keep_data(notebook.parent, "yes")
    kept = mlops.run(other)
    run = mlops.run(notebook)
    assert run.status == "failed"
    assert [one.name for one in mlops.show(run.id).kept] == ["marble.csv"]
    assert held(home) == set(WORDS)
    told = mlops.forget(run.id, preview=True)
    assert held(home) == set(WORDS)
    done = mlops.forget(run.id)
    assert (done.runs, done.blobs, done.copies) == (told.runs, told.blobs, 1)
    assert "copies of 1 data file" in repr(done)
    assert "schist" not in held(home)
    # That the folder was asked about is no part of the run.
    assert held(home) == set()
    assert mlops.show(kept.id) == kept
    assert [one.id for one in mlops.runs()] == [kept.id]


@pytest.fixture
def terminal(home: Settings) -> Iterator[tuple[int, int]]:
    """Give both ends of a terminal."""
    import pty

    ends = pty.openpty()
    yield ends
    for end in ends:
        with contextlib.suppress(OSError):  # the test has closed it
            os.close(end)


def forget(terminal: tuple[int, int], run: str, answer: str) -> tuple[int, str]:
    """Forget a run as a person does, and return exit code and output."""
    ours, theirs = terminal
    os.write(ours, f"{answer}\n".encode())
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [*COMMAND, "forget", run], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE,
        env=environment, timeout=120, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_it_asks_first(home: Settings, notebook: Path, terminal: tuple[int, int]) -> None:
    run = mlops.run(notebook).id
    without = subprocess.run(
        [*COMMAND, "forget", run, "--json"], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert without.returncode == 2
    assert "--yes" in json.loads(without.stdout)["message"]
    assert forget(terminal, run, "n")[0] == 1
    asked = os.read(terminal[0], 1 << 16).decode()
    assert "forgotten: run" in asked and "↵" not in asked
    assert held(home)
    code, said = forget(terminal, run, "y")
    assert code == 0 and said.startswith(f"forgotten: run {run[:8]}\n")
    assert "the code and outputs of 5 executions of cells" in said
    assert held(home) == set()
    assert forget(terminal, run, "y")[0] == 2
