"""`make demo`'s own part: the main job on the tour notebook, as often as anyone likes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from tests.execution.documents import document

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
@pytest.mark.timeout(1200)  # eight executions: more than three minutes on a busy machine
def test_the_demo_does_the_main_job_again_and_again(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "binder", tmp_path / "binder")
    tour = tmp_path / "binder" / "tour.ipynb"
    before = tour.read_bytes()
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")}
    for runs in (3, 6):
        done = subprocess.run(
            [sys.executable, tmp_path / "binder" / "demo.py"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "accuracy" in done.stdout
        assert "learning_rate  0.1       0.02" in done.stdout
        assert "\nidentical\n" in done.stdout
        assert "7 of 7 cells" in done.stderr
        assert "make lab" in done.stdout
        listed = subprocess.run(
            [sys.executable, "-m", "jupyter_mlops.cli", "runs"],
            env={**environment, "JUPYTER_MLOPS_HOME": str(tmp_path / ".demo")},
            capture_output=True,
            text=True,
            check=True,
        )
        assert len(listed.stdout.splitlines()) == runs + 1
    assert (tmp_path / ".demo" / "comparison.html").stat().st_size > 1_000_000
    assert tour.read_bytes() == before


def test_a_demo_that_fails_says_why(tmp_path: Path) -> None:
    (tmp_path / "binder").mkdir()
    shutil.copy2(ROOT / "binder" / "demo.py", tmp_path / "binder")
    broken = document("lr = 0.1", "lr / 0")
    (tmp_path / "binder" / "tour.ipynb").write_text(nbformat.writes(broken))
    done = subprocess.run(
        [sys.executable, tmp_path / "binder" / "demo.py"],
        env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert " raised ZeroDivisionError: " in done.stderr
    assert done.stderr.splitlines()[-1].startswith("the demo stopped: jupyter mlops run ")
