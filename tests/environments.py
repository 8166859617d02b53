"""Real environments that have nothing of ours, made once with pip and kept on the machine.

One is of 2023 and the oldest whose kernels are recorded, one is current. They are found again by
what is in them; where pip can't fetch that, the tests that need them are skipped, and say so.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from jupyter_core.paths import jupyter_data_dir

REQUIREMENTS = {
    "of-2023": (
        "ipython==8.12.3",
        "ipykernel==6.22.0",
        "jupyter_client==8.2.0",
        "jupyter_core==5.3.1",
        "traitlets==5.9.0",
        "pyzmq==25.1.0",
        "tornado==6.3.2",
        "numpy==1.25.2",
        "pandas==2.0.3",
    ),
    "current": ("ipykernel>=7", "pandas>=3"),
}
_LIMIT_S = 600


def interpreter(name: str) -> str:
    """Return the Python of an environment of `REQUIREMENTS`, made if it is not there yet."""
    wanted = REQUIREMENTS[name]
    if name == "of-2023" and sys.version_info >= (3, 12):
        pytest.skip("the packages of 2023 exist for Python 3.10 and 3.11 only")
    key = hashlib.sha256(json.dumps([sys.version, sys.base_prefix, *wanted]).encode()).hexdigest()[
        :16
    ]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "jupyter-mlops-tests" / f"{name}-{key}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Several test runs may need it at once.
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _make(folder, wanted)
    return str(folder / "bin" / "python")


def _make(folder: Path, wanted: tuple[str, ...]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for command in (
        [sys.executable, "-m", "venv", str(folder)],
        [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *wanted],
    ):
        done = subprocess.run(
            command,
            env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            capture_output=True,
            text=True,
            timeout=_LIMIT_S,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            pytest.skip(f"NOT TESTED, kernels of other environments: {last}")
    (folder / "complete").touch()


def install_kernelspec(name: str, *argv: str, **env: str) -> str:
    """Install a kernelspec in Jupyter's data folder, which is the test's; return its name."""
    folder = Path(jupyter_data_dir(), "kernels", name)
    folder.mkdir(parents=True, exist_ok=True)
    command = [*argv, "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": name, "language": "python", "env": env}
    (folder / "kernel.json").write_text(json.dumps(spec))
    return name


@pytest.fixture(scope="session", params=REQUIREMENTS)
def elsewhere(request: pytest.FixtureRequest) -> str:
    """Give the Python of each environment that has nothing of ours."""
    return interpreter(request.param)


@pytest.fixture
def data_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give Jupyter a data folder of the test's own."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path_factory.mktemp("data")))
    # What is imported from the checkout there would say nothing about any other folder.
    monkeypatch.delenv("PYTHONPATH", raising=False)
