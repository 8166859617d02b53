"""The server as a process of its own: its end in order, and its death."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import psutil
import pytest
from jupyter_core.paths import jupyter_runtime_dir

from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.execution.documents import are_dead
from tests.polling import until

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "a-token-of-the-test"
DEADLINE_S = 60.0


class Server:
    """A Jupyter server in a process of its own."""

    def __init__(self, root: Path, log: Path) -> None:
        self.log = log
        command = [sys.executable, "-m", "jupyter_server", "--allow-root", "--no-browser"]
        # The server finds a free port by itself: one that is found for it may be taken by then.
        command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
        command += [f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}"]
        command += ["--ServerApp.allow_unauthenticated_access=False"]
        config = '{"jupyter_mlops": True, "jupyter_server_terminals": False}'
        command += [f"--ServerApp.jpserver_extensions={config}"]
        with log.open("wb") as file:
            self.process = subprocess.Popen(command, stdout=file, stderr=file)
        self.port: int = until(self._told_port)
        until(self._answers)

    def ask(self, path: str, body: Any = None) -> Any:
        """Return the reply's JSON document."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/{path}",
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=DEADLINE_S) as reply:
            return json.loads(reply.read())

    def _told_port(self) -> int:
        assert self.process.poll() is None, self.log.read_text()
        try:
            told = Path(jupyter_runtime_dir(), f"jpserver-{self.process.pid}.json").read_bytes()
            return int(json.loads(told)["port"])
        except (FileNotFoundError, json.JSONDecodeError):  # not written yet, or not to its end
            return 0

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(self.ask("mlops/status"))
        except OSError:  # it does not listen yet
            return False


@pytest.fixture
def server(home: Settings, jp_environ: None, tmp_path: Path) -> Iterator[Server]:
    root = tmp_path / "served"
    root.mkdir()
    slow = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell("wait = 0\nimport time\ntime.sleep(wait)")]
    )
    nbformat.write(slow, root / "slow.ipynb")
    started = Server(root, tmp_path / "server.log")
    yield started
    if started.process.poll() is None:
        started.process.kill()
    started.process.wait()


def test_ends_in_order(server: Server, tmp_path: Path) -> None:
    server.ask("api/kernels", {"name": "python3"})
    below = psutil.Process(server.process.pid).children(recursive=True)
    assert below
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(DEADLINE_S)
    assert are_dead([one.pid for one in below])
    # Without the path of the checkout, from below which others warn.
    log = server.log.read_text().replace(str(ROOT), "")
    # Others warn, and a kernel that is ended while it starts shows a traceback; of ours there
    # is only good news.
    assert [line for line in log.splitlines() if "mlops" in line and "[I " not in line] == []


def test_listens_at_one_port_only(server: Server) -> None:
    found = psutil.Process(server.process.pid).net_connections("inet")
    ports = {one.laddr for one in found if one.status == psutil.CONN_LISTEN}
    assert ports == {("127.0.0.1", server.port)}


def test_a_reproduction_that_the_server_s_death_cut_off_is_lost(
    server: Server, home: Settings, tmp_path: Path
) -> None:
    from jupyter_mlops import api

    with Store.open(home) as store:
        run = api.run(tmp_path / "served" / "slow.ipynb", store=store)
    until(lambda: [one for one in server.ask("mlops/runs")["runs"] if one["id"] == run.id])
    address = f"mlops/runs/{run.id}/reproductions"
    started = server.ask(address, {"parameters": {"wait": 600}})
    ident = started["id"]
    until(lambda: server.ask(f"{address}/{ident}")["progress"])
    below = psutil.Process(server.process.pid).children(recursive=True)
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait(DEADLINE_S)

    with Store.open(home) as store:
        assert store.reproduction(ident).state == "lost"
        store.refresh()
        assert store.run(ident).status == "lost"
    until(lambda: are_dead([one.pid for one in below]))


def test_no_secret_in_log_or_store(server: Server, home: Settings) -> None:
    server.ask(f"mlops/status?token={TOKEN}")
    # Jupyter logs the address of a request that fails, and of no other.
    with pytest.raises(urllib.error.HTTPError, match="404"):
        server.ask(f"mlops/runs/none?token={TOKEN}")
    with pytest.raises(urllib.error.HTTPError, match="400"):
        server.ask(f"mlops/runs?limit=none&token={TOKEN}")
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(DEADLINE_S)
    log = server.log.read_text()
    shown = [line for line in log.splitlines() if "/mlops/runs" in line]
    assert len(shown) >= 2, log
    assert TOKEN not in log
    kept = b"".join(path.read_bytes() for path in home.home.rglob("*") if path.is_file())
    assert TOKEN.encode() not in kept
    assert not re.findall(r"postgresql://\S+:\S+@", log)
