"""What a kernel's own process knows to be secret."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from jupyter_mlops.capture.reads import Reads, process
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


def test_a_kernel_says_once_that_it_remembers_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "LIMIT", 2)
    kept = KernelSecrets(tmp_path, None, None, None).kept

    started = kept({"source": "password = 'hunter22x'; secret_key = 'hunter23x'"})
    finished = [kept({"status": "ok", "duration_s": 0.1}) for _ in range(2)]

    assert "unseen" not in started
    assert [[one.what for one in said.get("unseen", ())] for said in finished] == [["secrets"], []]
