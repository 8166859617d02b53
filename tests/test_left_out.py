"""What people keep out of the record is in no file of the store, whichever switch they use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

import jupyter_mlops as mlops
from jupyter_mlops.errors import UsageError
from jupyter_mlops.settings import SWITCH_VARIABLE, Settings
from tests.execution.documents import document

# A comment, what is printed, what is shown, a value, and an exception.
SOURCE = """\
number = 5  # quartz
print('bas' + 'alt')
display('gne' + 'iss')
note = 'marble'
"""
FAILING = "raise ValueError('gab' + 'bro')  # schist"
WORDS = ("quartz", "basalt", "gneiss", "marble", "gabbro", "schist")


def held(home: Settings) -> set[str]:
    """Return the words that any file below the home holds."""
    everything = b"\n".join(path.read_bytes() for path in home.home.rglob("*") if path.is_file())
    return {word for word in WORDS if word.encode() in everything}


def saved(path: Path, way: str, *sources: str, metadata: dict[str, Any] | None = None) -> Path:
    """Save a notebook whose first and last cells are left out in a `way`."""
    prefix = "%%mlops skip\n" if way == "magic" else ""
    cells = [prefix + sources[0], *sources[1:-1], prefix + sources[-1]]
    made = document(*cells)
    if way == "tag":
        for cell in (made.cells[1], made.cells[-1]):
            cell.metadata["tags"] = ["mlops-skip"]
    made.cells[1].outputs = [nbformat.v4.new_output("stream", text="basalt\n")]
    made.metadata.update(metadata or {})
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(made, path)
    return path


@pytest.mark.parametrize("way", ["tag", "magic"])
def test_a_cell_that_is_left_out_of_a_batch_run(home: Settings, tmp_path: Path, way: str) -> None:
    path = saved(tmp_path / "work" / "a.ipynb", way, SOURCE, "accuracy = number / 10", FAILING)
    record = mlops.run(path)
    assert record.status == "failed"
    assert [(one.name, one.value) for one in record.metrics] == [("accuracy", 0.5)]
    assert record.cells[2].error is not None and record.cells[2].error.type == "ValueError"
    assert held(home) == set()


def test_the_executed_notebook_says_which_cells_it_lacks(home: Settings, tmp_path: Path) -> None:
    path = saved(tmp_path / "work" / "a.ipynb", "magic", SOURCE, "accuracy = 5 / 10", "2 + 2")
    output = tmp_path / "work" / "executed.ipynb"
    mlops.run(path, output=output)
    executed = nbformat.read(output, 4)
    nbformat.validate(executed)
    said = [cell.source for cell in executed.cells[1:]]
    assert said[1] == "accuracy = 5 / 10"
    assert said[0] == said[2] and said[0].startswith("# Left out: its author keeps this cell out")
    assert not executed.cells[1].outputs
    assert not [word for word in WORDS if word in output.read_text()]

    again = mlops.run(output)
    assert again.status == "completed"
    assert mlops.reproduce(again.id).verdict == "identical"


def test_what_a_run_without_capture_lacks_is_not_too_much_with_it(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path / "work" / "a.ipynb", "not", "n = 3; print(n)", "score = n * 2.0")
    with monkeypatch.context() as patched:
        patched.setenv(SWITCH_VARIABLE, "off")
        run = mlops.run(path)
    found = mlops.reproduce(run.id)
    assert mlops.show(found.reproduction or "").metrics
    assert found.verdict == "identical"


@pytest.mark.parametrize("way", ["tag", "magic"])
def test_it_is_reproduced_from_the_file_and_refused_without(
    home: Settings, tmp_path: Path, way: str
) -> None:
    path = saved(tmp_path / "work" / "a.ipynb", way, SOURCE, "accuracy = number / 10", "number")
    run = mlops.run(path)
    verdict = mlops.reproduce(run.id)
    assert verdict.verdict == "identical"
    assert held(home) == set()
    saved(path, way, SOURCE.replace("5", "6"), "accuracy = number / 10", "number")
    with pytest.raises(UsageError, match="the author of cell 1 keeps it out of the record"):
        mlops.reproduce(run.id)
    assert mlops.reproduce(run.id, current=True).verdict == "differs"
    assert held(home) == set()


@pytest.mark.parametrize("way", ["variable", "metadata"])
def test_with_capture_off_a_batch_run_keeps_its_outputs_alone(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "variable":
        monkeypatch.setenv(SWITCH_VARIABLE, "off")
    metadata = {"jupyter_mlops": {"capture": False}} if way == "metadata" else None
    path = saved(tmp_path / "work" / "a.ipynb", "not", SOURCE, "1 + 1", metadata=metadata)
    output = tmp_path / "executed.ipynb"

    run = mlops.run(path, output=output)
    assert run.status == "completed"
    assert held(home) == {"basalt", "gneiss"}, "what it displayed, and neither comment nor value"
    assert "quartz" in output.read_text(), "the file that was asked for is whole"
    (unseen,) = run.unseen
    switch = "JUPYTER_MLOPS=off" if way == "variable" else '"capture": false'
    assert unseen.what == "everything but the outputs"
    assert unseen.why.startswith(f"capture was switched off by {switch}")

    assert mlops.reproduce(run.id).verdict == "identical"
    saved(path, "not", SOURCE.replace("basalt", "gabbro"), "1 + 1", metadata=metadata)
    path.write_text(path.read_text().replace("alt", "ic rock"))
    verdict = mlops.reproduce(run.id, current=True)
    assert verdict.verdict == "differs"
    assert "code" not in {cause.kind for cause in verdict.causes}, "of which nothing is known"
    assert not held(home) & {"quartz", "marble"}


def test_with_capture_off_the_values_that_were_given_are_shown(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH_VARIABLE, "off")
    cells = ("rate = 0.1\npassword = ''", "steps = 5  # quartz", "print(rate, steps)")
    path = tmp_path / "a.ipynb"
    nbformat.write(document(*cells, tags={1: ["parameters"]}), path)

    run = mlops.run(path, {"rate": 0.5, "steps": 7, "password": "gneiss-4711-gneiss"})

    assert run.status == "completed"
    given = {one.name: (one.value, one.type, one.cell, one.source) for one in run.parameters}
    assert given["rate"] == (0.5, "float", None, "injected")
    assert given["steps"] == (7, "int", 2, "literal")
    assert list(given["password"][0]) == ["redacted"]
    assert "steps 7" in " ".join(str(run).split())
    assert held(home) == set()

    verdict = mlops.reproduce(run.id, parameters={"steps": 8}, secrets={"password": "x" * 9})
    again = mlops.show(verdict.reproduction or "").parameters
    assert {one.name: one.value for one in again if one.name != "password"} == {
        "rate": 0.5,
        "steps": 8,
    }
    assert verdict.causes[0].what == "steps"


@pytest.mark.parametrize("switched_off_by", ["variable", "metadata"])
def test_with_capture_off_a_run_is_repeated_with_the_values_that_it_was_given(
    home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, switched_off_by: str
) -> None:
    path = tmp_path / "a.ipynb"
    made = document("rate = 0.1\nword = 'a'", "print(rate, word)", "print(rate * 2)")
    if switched_off_by == "metadata":
        made.metadata["jupyter_mlops"] = {"capture": False}
    else:
        monkeypatch.setenv(SWITCH_VARIABLE, "off")
    nbformat.write(made, path)
    run = mlops.run(path, {"rate": 0.5, "word": "b"})
    monkeypatch.delenv(SWITCH_VARIABLE, raising=False)

    for current in (False, True):
        verdict = mlops.reproduce(run.id, current=current)
        assert verdict.verdict == "identical", verdict.sentence
        again = mlops.show(verdict.reproduction or "")
        assert {one.name: one.value for one in again.parameters} == {"rate": 0.5, "word": "b"}
