"""Runs whose secrets were redacted are repeated with the secrets, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlops import api, settings, verbs
from jupyter_mlops.errors import SecretsNeededError
from jupyter_mlops.redaction.marks import OPENING

SECRET = "opqr-4711-stuv"
OTHER = "wxyz-0815-efgh"
CELLS = (
    f'db_password = "{SECRET}"\nlr = 0.1',
    f'settings = dict(user="bob", api_key="{SECRET}x")  # not the same one',
    'assert db_password[4:10] == "-4711-", db_password\naccuracy = lr * 2',
    "print(len(db_password), settings)",
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("JUPYTER_MLOPS_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    return tmp_path


def _notebook(folder: Path, *sources: str) -> Path:
    document: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    document.cells = [nbformat.v4.new_code_cell(one) for one in sources]  # type: ignore[no-untyped-call]
    path = folder / "train.ipynb"
    nbformat.write(document, path)  # type: ignore[no-untyped-call]
    return path


def test_a_run_is_repeated_with_the_secrets_of_its_notebook_or_with_given_ones(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _notebook(home, *CELLS)
    executed = home / "executed.ipynb"
    record = api.run(path, output=executed)
    assert record.status == "completed", record
    assert SECRET not in executed.read_text()
    assert OPENING in executed.read_text()

    assert api.reproduce(record.id).verdict == "identical"

    # The file goes on: its cells have other secrets now, and names lead to them.
    _notebook(home, "pass")
    with pytest.raises(SecretsNeededError) as caught:
        api.reproduce(record.id)
    assert caught.value.values["secrets"] == [
        {"name": "db_password", "cell": 0},
        {"name": "api_key", "cell": 1},
    ]
    assert SECRET not in str(caught.value)

    monkeypatch.setenv("DB_PASSWORD", SECRET)
    assert api.reproduce(record.id, secrets={"api_key": SECRET + "x"}).verdict == "identical"

    verdict = api.reproduce(record.id, secrets={"db_password": OTHER, "api_key": SECRET + "x"})
    assert verdict.verdict == "could not run"
    causes = [(one.kind, one.what, one.cell, one.detail) for one in verdict.causes]
    assert ("parameter", "db_password", 0, "redacted, another value") in causes
    (cause,) = [one for one in verdict.causes if one.what == "db_password"]
    assert {str(one).partition(":")[0] for one in (cause.before, cause.after)} == {"hmac-sha256"}
    assert cause.before != cause.after
    assert not [one for one in verdict.causes if one.kind == "code"]


def test_a_redacted_notebook_never_runs_with_a_mark_in_it(home: Path) -> None:
    path = _notebook(home, 'api_key = "' + SECRET + '"\nprint(len(api_key))')
    executed = home / "executed.ipynb"
    api.run(path, output=executed)

    with pytest.raises(SecretsNeededError, match="API_KEY"):
        api.run(executed)

    again = api.run(executed, secrets={"api_key": SECRET})
    assert again.status == "completed"
    with api.open_store() as store:
        assert store.cells(again.id)[0].outputs[0]["text"] == f"{len(SECRET)}\n"


def test_a_secret_parameter_that_was_injected_is_asked_for(home: Path) -> None:
    document: Any = nbformat.v4.new_notebook()  # type: ignore[no-untyped-call]
    tagged: Any = nbformat.v4.new_code_cell('password = ""')  # type: ignore[no-untyped-call]
    tagged.metadata["tags"] = ["parameters"]
    document.cells = [tagged, nbformat.v4.new_code_cell("print(len(password))")]  # type: ignore[no-untyped-call]
    path = home / "train.ipynb"
    nbformat.write(document, path)  # type: ignore[no-untyped-call]
    record = api.run(path, {"password": SECRET})
    assert record.status == "completed"

    with pytest.raises(SecretsNeededError):
        api.reproduce(record.id)

    asked: list[str] = []

    def answer(name: str) -> str:
        asked.append(name)
        return SECRET

    said = verbs.parse(["reproduce", record.id])(verbs.Context(settings.read(), ask_secret=answer))

    assert said.document.verdict == "identical", said.document
    assert asked == ["password"]


ADDRESS = "postgres://bob:hijk-1213-lmno@db.example.com/churn"
READS = (
    "import os\nconfig = os.environ.get",
    'os.environ["DB_PASSWORD"] = os.environ["DB_PASSWORD"].strip()\n'
    'print(len(os.environ["DB_PASSWORD"]))',
    'if "HF_TOKEN" not in os.environ:\n    os.environ["HF_TOKEN"] = "none-4711-here"\n'
    'print(len(os.getenv("HF_TOKEN")))',
    'os.environ["API_KEY"] = "set-4711-here"\nprint(len(os.environ["API_KEY"]))',
    # Secret by its value, in a source with no word of a secret.
    'address = "DATABASE_URL"',
    "print(config(address))",
)


def test_a_secret_that_was_read_from_the_environment_is_asked_for_by_its_name(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _notebook(home, *READS)
    monkeypatch.delenv("API_KEY", raising=False)
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    monkeypatch.setenv("HF_TOKEN", OTHER)
    monkeypatch.setenv("DATABASE_URL", ADDRESS)
    record = api.run(path)
    assert [list(one.variables or {}) for one in record.cells] == [
        [],
        ["DB_PASSWORD"],
        ["HF_TOKEN"],
        [],
        ["DATABASE_URL"],
        [],
    ]

    for name in ("DB_PASSWORD", "HF_TOKEN", "DATABASE_URL"):
        monkeypatch.delenv(name)
    with pytest.raises(SecretsNeededError, match="DB_PASSWORD, HF_TOKEN, DATABASE_URL") as caught:
        api.reproduce(record.id)
    assert caught.value.values["secrets"] == [
        {"name": "DB_PASSWORD", "cell": 1},
        {"name": "HF_TOKEN", "cell": 2},
        {"name": "DATABASE_URL", "cell": 4},
    ]

    monkeypatch.setenv("HF_TOKEN", OTHER)
    asked: list[str] = []

    def answer(name: str) -> str:
        asked.append(name)
        return ADDRESS if "DATABASE_URL" in name else SECRET

    said = verbs.parse(["reproduce", record.id])(verbs.Context(settings.read(), ask_secret=answer))
    assert said.document.verdict == "identical", said.document
    assert asked == ["DB_PASSWORD (cell 1)", "DATABASE_URL (cell 4)"]

    monkeypatch.setenv("DATABASE_URL", ADDRESS)
    verdict = api.reproduce(record.id, secrets={"DB_PASSWORD": OTHER + "x"})
    assert verdict.verdict == "differs"
    cause = verdict.causes[0]
    assert (cause.kind, cause.what, cause.cell) == ("environment", "DB_PASSWORD", 1)
    assert cause.detail == "redacted, another value"
    content = b"".join(one.read_bytes() for one in (home / "home").rglob("*") if one.is_file())
    for secret in (SECRET, OTHER, "hijk-1213-lmno"):
        assert secret.encode() not in content


def test_a_variable_that_is_not_set_any_more_is_the_cause(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _notebook(home, 'import os\nprint(os.environ["CORPUS_LANGUAGE"])')
    monkeypatch.setenv("CORPUS_LANGUAGE", "ko")
    record = api.run(path)
    assert record.cells[0].variables is None, "it is no secret"
    monkeypatch.delenv("CORPUS_LANGUAGE")
    verdict = api.reproduce(record.id)
    assert verdict.verdict == "could not run"
    (cause,) = verdict.causes
    assert (cause.kind, cause.what, cause.cell) == ("environment", "CORPUS_LANGUAGE", 0)
    assert "CORPUS_LANGUAGE is not set in the environment" in verdict.sentence


@pytest.mark.parametrize("from_variable", [False, True])
def test_a_secret_that_is_put_back_under_any_name_stays_out_of_the_store(
    home: Path, monkeypatch: pytest.MonkeyPatch, from_variable: bool
) -> None:
    # No name in the notebook says so: a variable did, when it was first executed.
    path = _notebook(home, f'note = "{SECRET}"', 'print("using", note)\nnote')
    monkeypatch.setenv("DB_PASSWORD", SECRET)
    record = api.run(path)
    monkeypatch.delenv("DB_PASSWORD")
    path.unlink()
    with pytest.raises(SecretsNeededError):
        api.reproduce(record.id)

    if from_variable:
        monkeypatch.setenv("NOTE", SECRET)
    given = {} if from_variable else {"note": SECRET}
    verdict = api.reproduce(record.id, secrets=given)

    assert verdict.verdict == "identical", verdict
    files = [one for one in (home / "home").rglob("*") if one.is_file()]
    assert [one.name for one in files if one.name == "store.db"]
    assert not [one for one in files if SECRET.encode() in one.read_bytes()]
