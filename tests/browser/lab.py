"""A JupyterLab of its own for the tests: own folders, own port, own token."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_START_TIMEOUT_S = 90.0
_STOP_TIMEOUT_S = 20.0
# What the server would otherwise share with the user's own.
_FOLDERS = {
    "config": "JUPYTER_CONFIG_DIR",
    "data": "JUPYTER_DATA_DIR",
    "runtime": "JUPYTER_RUNTIME_DIR",
    "workspaces": "JUPYTERLAB_WORKSPACES_DIR",
    "settings": "JUPYTERLAB_SETTINGS_DIR",
    "ipython": "IPYTHONDIR",
    "mlops": "JUPYTER_MLOPS_HOME",
}


@dataclass
class Lab:
    """A running JupyterLab; ``work`` is its root folder."""

    process: subprocess.Popen[bytes]
    url: str
    token: str
    work: Path
    log: Path
    environ: dict[str, str]

    def page(self, notebook: str) -> str:
        """Return the address that opens `notebook` alone, logging in by token."""
        workspace = Path(notebook).stem
        return f"{self.url}lab/workspaces/{workspace}/tree/{notebook}?token={self.token}"

    def workspace(self, notebook: str) -> str:
        """Return what JupyterLab has kept of the layout of `notebook`'s page."""
        address = f"{self.url}lab/api/workspaces/{Path(notebook).stem}"
        headers = {"Authorization": f"token {self.token}"}
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return str(answer.read(), "utf-8")

    def stop(self) -> None:
        """End the server, and with it the kernels that it started."""
        self.process.terminate()
        try:
            self.process.wait(_STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(folder: Path, port: int, *options: str, environ: Mapping[str, str] = {}) -> Lab:
    """Start a JupyterLab below `folder` and wait until it answers."""
    work, log = folder / "work", folder / "server.log"
    work.mkdir(parents=True)
    # JupyterLab writes a root below the home folder as ~, and most people's is there.
    environment = {**os.environ, "HOME": str(folder), **environ}
    for name, variable in _FOLDERS.items():
        (folder / name).mkdir()
        environment[variable] = str(folder / name)
    _silence_news(folder / "settings")
    token = secrets.token_hex(16)
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *(f"--ServerApp.root_dir={work}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        *("--ServerApp.ip=127.0.0.1", f"--IdentityProvider.token={token}", *options),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    lab = Lab(process, f"http://127.0.0.1:{port}/", token, work, log, environment)
    _wait(lab)
    return lab


def _silence_news(settings: Path) -> None:
    # A toast about news would cover what the tests press.
    folder = settings / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    quiet = {"fetchNews": "false", "checkForUpdates": False}
    (folder / "notification.jupyterlab-settings").write_text(json.dumps(quiet))


def _wait(lab: Lab) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and lab.process.poll() is None:
        try:
            with urllib.request.urlopen(f"{lab.url}api", timeout=2):
                return
        except OSError:  # it does not listen yet, or is still too busy to answer
            time.sleep(0.1)
    lab.stop()
    raise RuntimeError(f"JupyterLab did not start:\n{lab.log.read_text(errors='replace')[-3000:]}")
