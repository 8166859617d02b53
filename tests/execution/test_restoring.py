"""What was taken out of a notebook's cells and parameters is put back before it is executed."""

from __future__ import annotations

import ast
import json
from typing import Any

import nbformat
import pytest

from jupyter_mlops.errors import SecretsNeededError
from jupyter_mlops.execution.parameters import Prepared
from jupyter_mlops.execution.restoring import restored
from jupyter_mlops.redaction import Names, Redactor
from tests.redaction.test_redactor import COMPOSED

KEY = b"k" * 32


def redactor() -> Redactor:
    return Redactor(KEY, Names())


def _document(source: str) -> Any:
    document: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    document.cells = [nbformat.v4.new_code_cell(source)]  # type: ignore[no-untyped-call]
    return document


@pytest.mark.parametrize("source", COMPOSED)
def test_a_composed_secret_is_put_back_from_the_file_or_asked_for(source: str) -> None:
    prepared = Prepared(_document(redactor().source(source)), {})
    file = json.dumps(_document(source)).encode()

    again = restored(redactor(), prepared, {}, file).notebook.cells[0].source

    # The same values, whichever quotes they stand in.
    assert _values(again) == _values(source)
    with pytest.raises(SecretsNeededError) as caught:
        restored(redactor(), prepared, {})
    names = [one["name"] for one in caught.value.values["secrets"]]
    assert len(set(names)) == len(names)
    assert "default" not in names


def _values(source: str) -> str:
    return ast.dump(ast.parse(source))


def test_a_given_value_is_taken_literally_in_place_of_an_f_string() -> None:
    prepared = Prepared(_document(redactor().source("password = f'{user}-CANARYff11x9'")), {})

    again = restored(redactor(), prepared, {"password": "a{b}'c"}).notebook.cells[0].source

    names: dict[str, Any] = {}
    exec(again, names)
    assert names["password"] == "a{b}'c"


def test_a_parameter_is_asked_for_by_its_own_name_beside_a_default_in_a_cell() -> None:
    knowing = redactor()
    source = "db_password = 'CANARYdefault1'"
    kept = {"db_password": knowing.named("db_password", "CANARYgiven22")}
    prepared = Prepared(_document(knowing.source(source)), tagged=kept)
    file = json.dumps(_document(source)).encode()

    with pytest.raises(SecretsNeededError) as caught:
        restored(redactor(), prepared, {}, file)
    assert caught.value.values["secrets"] == [{"name": "db_password", "cell": None}]
    again = restored(redactor(), prepared, {"db_password": "CANARYgiven22"}, file)

    assert again.tagged == {"db_password": "CANARYgiven22"}
    assert again.notebook.cells[0].source == source
