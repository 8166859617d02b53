from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.errors import NotebookError, UnknownKernelError
from jupyter_mlops.execution import notebook
from tests.execution.documents import document


def _valid() -> dict[str, Any]:
    return json.loads(notebook.dump(document("x = 1")))


def _without(key: str) -> bytes:
    value = _valid()
    del value[key]
    return json.dumps(value).encode()


def _with(**fields: Any) -> bytes:
    return json.dumps({**_valid(), **fields}, indent=1).encode()


REFUSED = {
    "empty": (b"", "is empty"),
    "blank": (b" \n", "is empty"),
    "not json": (b'{"cells": [}', "line 1: not JSON"),
    "python": (b"import os\n\nprint(1)\n", "line 1: not JSON"),
    "list": (b"[1, 2]", "not a notebook"),
    "other json": (b'{"a": 1}', "not a notebook"),
    "byte order mark": (b"\xef\xbb\xbf" + _with(), "byte order mark"),
    "latin-1": (_with().replace(b"A notebook", b"caf\xe9"), "not UTF-8"),
    "utf-16": (_with().decode().encode("utf-16"), "not UTF-8"),
    "NaN": (_with(metadata={"a": ["NaN", float("nan")]}), "NaN is not JSON"),
    "Infinity": (_with(metadata={"a": float("-inf")}), "-Infinity is not JSON"),
    "version 3": (b'{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}', "old notebook format"),
    "version 5": (_with(nbformat=5), "newer than"),
    "no version": (_without("nbformat"), "not a notebook"),
    "no minor": (_without("nbformat_minor"), "not a valid notebook"),
    "no metadata": (_without("metadata"), "not a valid notebook"),
    "cells a mapping": (_with(cells={}), "not a valid notebook"),
    "cell a string": (_with(cells=["x"]), "not a valid notebook"),
    "cell of no kind": (_with(cells=[{"source": "x", "metadata": {}}]), "not a valid notebook"),
    "deep": (b'{"cells":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_notebook_is_refused_in_one_line_and_left_as_it_was(
    name: str, tmp_path: Path
) -> None:
    content, reason = REFUSED[name]
    path = tmp_path / "bad.ipynb"
    path.write_bytes(content)
    before = path.stat().st_mtime_ns
    with pytest.raises(NotebookError) as caught:
        notebook.read(path)
    assert reason in str(caught.value) and "\n" not in str(caught.value)
    assert path.read_bytes() == content and path.stat().st_mtime_ns == before


def test_the_line_of_a_nan_is_told_and_a_text_that_says_nan_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(_with(metadata={"a": 'NaN, \\" NaN'}))
    assert notebook.read(path).metadata["a"] == 'NaN, \\" NaN'
    path.write_bytes(_with(metadata={"a": float("nan")}))
    line = next(i for i, text in enumerate(path.read_text().splitlines(), 1) if ": NaN" in text)
    with pytest.raises(NotebookError, match=f"line {line}: NaN"):
        notebook.read(path)


def test_paths_that_are_no_file_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, reason in [("none.ipynb", "no such file"), ("", "folder"), ("pipe", "regular file")]:
        with pytest.raises(NotebookError, match=reason):
            notebook.read(tmp_path / path)


def test_older_minor_versions_missing_and_double_ids_are_read_as_they_are(tmp_path: Path) -> None:
    value = _valid()
    for minor, ids in [(0, None), (4, None), (5, None), (5, "same")]:
        value["nbformat_minor"] = minor
        for cell in value["cells"]:
            cell.pop("id", None)
            if ids is not None:
                cell["id"] = ids
        path = tmp_path / "n.ipynb"
        path.write_text(json.dumps(value))
        read = notebook.read(path)
        assert [cell.get("id") for cell in read.cells] == [ids, ids]


def test_what_was_read_is_written_again_the_same(tmp_path: Path) -> None:
    given = document("print('é \U0001f40d')", "x = 1\ny = 2")
    path = tmp_path / "n.ipynb"
    path.write_bytes(notebook.dump(given))
    assert notebook.read(path) == given
    assert notebook.dump(notebook.read(path)) == path.read_bytes()


def test_lone_surrogates_of_an_output_survive(tmp_path: Path) -> None:
    given = document("x = 1")
    given.cells[1].metadata["said"] = "\udc80"
    assert notebook.reads(notebook.dump(given)).cells[1].metadata["said"] == "\udc80"


def test_a_missing_kernel_is_told_with_those_that_exist() -> None:
    given = document("x = 1")
    assert notebook.kernel_name(given) == "python3"
    given.metadata["kernelspec"] = {"name": "nosuch", "display_name": "None"}
    with pytest.raises(UnknownKernelError, match=r"no kernel 'nosuch'.*python3.*-k"):
        notebook.kernel_name(given)
    assert notebook.kernel_name(given, "python3") == "python3"
    with pytest.raises(UnknownKernelError, match=r"\.\./x"):
        notebook.kernel_name(given, "../x")
