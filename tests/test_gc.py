"""``gc`` on the command line, and what a reproduction says of content that it has dropped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat

import jupyter_mlops as mlops
from jupyter_mlops.settings import Settings
from tests.execution.documents import document

COMMAND = [sys.executable, "-m", "jupyter_mlops.cli"]


def gc(*words: str) -> tuple[int, Any]:
    done = subprocess.run(
        [*COMMAND, "gc", "--json", *words], capture_output=True, timeout=120, check=False
    )
    return done.returncode, json.loads(done.stdout)


def test_a_run_whose_outputs_were_dropped_is_judged_by_what_is_left(
    home: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "work" / "a.ipynb"
    path.parent.mkdir()
    nbformat.write(document("print('same')", "import os\nprint('pid', os.getpid())"), path)
    run = mlops.run(path).id
    then = time.time() - 7200
    for file in home.blobs.rglob("*"):
        if file.is_file():
            os.utime(file, (then, then))
    code, told = gc("--quota", "1 B")
    assert (code, told["done"], told["quota_bytes"]) == (1, False, 1)
    assert gc("--preview", "--MLOps.quota=1") == (code, told)
    assert [one["kind"] for one in told["dropped"]] == ["journal", "content"]
    code, done = gc("--yes", "--MLOps.quota=1")
    assert (code, done["done"], done["dropped"]) == (1, True, told["dropped"])
    assert gc("--MLOps.quota=10 GB") == (
        0, {**done, "done": False, "used_bytes": done["left_bytes"], "quota_bytes": 10**10,
            "dropped": [], "protected": []},
    )  # fmt: skip
    assert "were dropped by gc" in mlops.show(run).notices[-1]
    verdict = mlops.reproduce(run)
    # Equal outputs have equal digests; of others nothing tells what they were.
    judged = {cell.cell: [one.verdict for one in cell.outputs] for cell in verdict.cells}
    assert judged[1] == ["identical"]
    assert judged[2] == ["unverifiable"]
    assert verdict.unverifiable == 1
    refused = subprocess.run(
        [*COMMAND, "gc", "--quota", "much"], capture_output=True, timeout=120, check=False
    )
    assert refused.returncode == 2
    assert b"quota: 'much' is not a size" in refused.stderr
