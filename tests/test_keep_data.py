"""The question whether data may be copied: put once, at a terminal, and nowhere else."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

import jupyter_mlops as mlops
from jupyter_mlops import verbs
from jupyter_mlops.errors import BadValueError, CancelledError, UsageError
from jupyter_mlops.settings import Settings
from tests.execution.documents import document

COMMAND = [sys.executable, "-m", "jupyter_mlops.cli"]


@pytest.fixture
def notebook(home: Settings, tmp_path: Path) -> Path:
    """Give a notebook that reads a file."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "data.csv").write_text("a\n1\n")
    path = folder / "a.ipynb"
    nbformat.write(document("text = open('data.csv').read()"), path)
    return path


def test_the_question_is_put_at_a_terminal_and_its_answer_remembered(
    home: Settings, notebook: Path, tmp_path: Path
) -> None:
    import pty

    ours, theirs = pty.openpty()
    os.write(ours, b"y\n")
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    done = subprocess.run(
        [*COMMAND, "run", notebook], stdin=theirs, stderr=theirs, stdout=subprocess.PIPE,
        env=environment, timeout=120, check=False,
    )  # fmt: skip
    os.close(theirs)
    said = b""
    # The terminal's end reads as an error on Linux.
    with contextlib.suppress(OSError):
        while block := os.read(ours, 4096):
            said += block
    os.close(ours)
    assert done.returncode == 0
    assert b"have read 1 file (4 B). Keep copies" in said
    folder = mlops.keep_data(notebook.parent)
    assert (folder.keep_data, folder.kept_files) == ("yes", 1)

    def never(question: str) -> bool | None:
        raise AssertionError(question)

    # The second run of the folder asks nobody.
    (notebook.parent / "data.csv").write_text("a\n2\n")
    verbs.parse(["run", str(notebook)])(verbs.Context(home, ask=never))
    assert mlops.keep_data(notebook.parent).kept_files == 2
    written = mlops.restore("@2", "data.csv", tmp_path / "then.csv")
    assert written.read_text() == "a\n1\n"
    with pytest.raises(UsageError, match="names 0 of the files"):
        mlops.restore("@2", "other.csv")
    text = repr(mlops.show("@2"))
    assert "Copies of data files" in text and "data.csv" in text


def test_nobody_is_asked_where_nobody_sits(home: Settings, notebook: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "run", notebook, "--json"], stdin=subprocess.DEVNULL, capture_output=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and b"Keep copies" not in done.stderr
    assert json.loads(done.stdout)["kept"] == []
    assert mlops.keep_data(notebook.parent).keep_data == "ask"
    with pytest.raises(BadValueError, match="yes, no or ask"):
        mlops.keep_data(notebook.parent, "perhaps")  # type: ignore[arg-type]
    with pytest.raises(BadValueError, match="not a size"):
        mlops.keep_data(notebook.parent, limit="much")


def test_without_a_folder_it_is_this_one_which_is_named_and_asked_about(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    asked: list[str] = []

    def say(*words: str, answer: bool = True) -> str:
        def ask(question: str) -> bool:
            asked.append(question)
            return answer

        return verbs.parse(["keep-data", *words])(verbs.Context(home, ask=ask)).text(None)

    assert say().startswith(f"{here}: nobody has said")
    assert say("no").startswith(f"{here}: the files that its runs read are not copied")
    assert asked == []
    with pytest.raises(CancelledError):
        say("yes", answer=False)
    assert str(here) in asked[0]
    assert mlops.keep_data(here).keep_data == "no"
    assert say("yes").startswith(f"{here}: the files that its runs read are copied")
    assert say(str(here), "ask").startswith(f"{here}: nobody has said")
    assert len(asked) == 2, "who names the folder is not asked"
    # A folder of that name is what is meant, where there is one.
    (here / "yes").mkdir()
    assert say("yes").startswith(f"{here / 'yes'}: nobody has said")
    with pytest.raises(BadValueError, match="is not a folder"):
        say("chrun", "yes")
