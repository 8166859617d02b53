"""What a kernel's own process knows to be secret."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_mlops.capture.files.reads import Reads, process
from jupyter_mlops.capture.secrets import KernelSecrets
from jupyter_mlops.redaction import learned


@pytest.mark.parametrize("told", [False, True])
def test_a_kernel_learns_variables_that_are_set_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    if told:  # as in a kernel, where Python tells of each variable
        reads = Reads()
        reads.install()
        reads.close()
    monkeypatch.setattr(process, "hooked", told)
    kept = KernelSecrets(tmp_path, None, None, None).kept
    said = {"source": "x = 'it is Tr0ub4dor-and-3xtra'"}
    assert "Tr0ub4dor" in json.dumps(kept(said))

    monkeypatch.setenv("DB_PASSWORD", "Tr0ub4dor-and-3xtra")

    assert "Tr0ub4dor" not in json.dumps(kept(said))


def test_a_kernel_tells_of_the_secret_variables_that_it_was_started_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DB_PASSWORD", "Tr0ub4dor-and-3xtra")
    monkeypatch.setenv("API_KEY", "")
    monkeypatch.setenv("DATA_FOLDER", "data")
    monkeypatch.delenv("HF_TOKEN", raising=False)
    secrets = KernelSecrets(tmp_path, None, None, None)
    source = "DB_PASSWORD API_KEY DATA_FOLDER HF_TOKEN"
    named = secrets.variables(source)
    assert list(named) == ["DB_PASSWORD"]
    assert named["DB_PASSWORD"].startswith("hmac-sha256:")
    assert secrets.variables("print(1)") == {}

    monkeypatch.setenv("HF_TOKEN", "set-by-a-cell-4711")
    monkeypatch.setenv("DB_PASSWORD", "set-by-a-cell-4711")
    assert secrets.variables(source) == {}, "cells that set them will do so again"

    monkeypatch.setenv("DB_PASSWORD", "Tr0ub4dor-and-3xtra")
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert secrets.variables(source) == {}, "what is put in its place is asked for nothing"


@pytest.mark.parametrize(
    ("name", "value", "is_secret"),
    [
        ("PWD", "/data/projects/churn2026", False),
        ("SECRET_SANTA_MODE", "1", False),
        ("PASS", "x", False),
        ("HF_TOKEN", "none", False),
        ("DATABASE_URL", "postgres://db.example.com/churn", False),
        ("DATABASE_URL", "postgres://bob:Tr0ub4dor-and-3xtra@db.example.com/churn", True),
        ("DB_PASSWORD", "Tr0ub4dor-and-3xtra", True),
    ],
)
def test_a_variable_is_secret_by_its_name_and_value_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, is_secret: bool
) -> None:
    monkeypatch.setenv(name, value)
    secrets = KernelSecrets(tmp_path, None, None, None)
    assert list(secrets.variables(name)) == [name] * is_secret
    # What a look at the source's words can't tell is asked for in every cell.
    assert (name in secrets.beyond_sieve) == (is_secret and secrets.passes(f'config("{name}")'))


@pytest.mark.parametrize("at", range(1, 6))
def test_a_variable_is_learned_that_a_thread_sets_between_any_two_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    class Process:
        """Tells of a variable at the read `at`, if that is set; then it is not there yet."""

        hooked = True
        variables, reads, at = 0, 0, 0

        @property
        def variables_set(self) -> int:
            self.reads += 1
            self.variables += self.reads == self.at
            return self.variables

    process = Process()
    monkeypatch.setattr("jupyter_mlops.capture.secrets.process", process)
    monkeypatch.delenv("DB_PASSWORD", raising=False)
    secrets = KernelSecrets(tmp_path, None, None, None)
    process.variables += 1  # another one, for which two lines look
    assert secrets.passes("x = 1")
    process.reads, process.at = 0, at
    assert secrets.passes("x = 1")
    while process.reads < at:
        process.variables_set  # noqa: B018 - told after that line, then

    monkeypatch.setenv("DB_PASSWORD", "Tr0ub4dor-and-3xtra")

    assert not secrets.passes("x = 'Tr0ub4dor-and-3xtra'")


def test_a_kernel_says_once_that_it_remembers_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "LIMIT", 2)
    kept = KernelSecrets(tmp_path, None, None, None).kept

    started = kept({"source": "password = 'hunter22x'; secret_key = 'hunter23x'"})
    finished = [kept({"status": "ok", "duration_s": 0.1}) for _ in range(2)]

    assert "unseen" not in started
    assert [[one.what for one in said.get("unseen", ())] for said in finished] == [["secrets"], []]
