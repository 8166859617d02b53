"""What the server keeps out of outputs: by its kernels' words, and whatever becomes of its key."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlops.capture.secrets import KernelSecrets
from jupyter_mlops.outputs import seen
from jupyter_mlops.server.secrets import ServerSecrets
from jupyter_mlops.settings import Starter

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names")


@pytest.fixture
def secrets(tmp_path: Path) -> Iterator[ServerSecrets]:
    """Make what a server knows of secrets, with its home in `tmp_path`."""
    made = ServerSecrets(tmp_path)
    yield made
    made.close()


def shown(secrets: ServerSecrets, kernel_id: str, text: str) -> str:
    """Return what is kept of a text that a kernel showed."""
    output = {"output_type": "stream", "name": "stdout", "text": text}
    return json.dumps(secrets.kept(kernel_id, "", (seen(output, limit_bytes=2**20),))[0].content)


def test_names_of_a_notebook_count_for_its_kernel_and_no_other(
    secrets: ServerSecrets, tmp_path: Path
) -> None:
    own = {"secret_names": ["matrikel"], "not_secret_names": ["api_key"]}
    notebook = tmp_path / "n.ipynb"
    notebook.write_text(json.dumps({"cells": [], "metadata": {"jupyter_mlops": own}}))
    starter = Starter(pid=os.getpid(), listens=True, secrets=secrets.path)
    KernelSecrets(tmp_path, str(notebook), starter, "k")
    text = "matrikel: m4trikel-of-mine api_key: not-one-1234"

    assert "m4trikel-of-mine" not in shown(secrets, "k", text)
    assert "not-one-1234" in shown(secrets, "k", text)
    assert "m4trikel-of-mine" in shown(secrets, "another", text)
    assert "not-one-1234" not in shown(secrets, "another", text)


def test_a_damaged_key_costs_no_output(secrets: ServerSecrets, tmp_path: Path) -> None:
    (tmp_path / "redaction.key").write_bytes(b"k" * 31)

    kept = shown(secrets, "k", "loss 0.1, api_key=abcd1234efgh")

    assert "loss 0.1" in kept
    assert "abcd1234efgh" not in kept
    assert secrets.problem is not None
    assert "redaction.key is not a key" in secrets.problem
    (tmp_path / "redaction.key").write_bytes(b"k" * 32)
    shown(secrets, "the next", "loss 0.1")
    assert secrets.problem is None
