"""A real server in this process, with our extension, on a store of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.server.listener import Execution, Listener
from jupyter_mlops.settings import Settings
from tests.server.served import Fetch, Notebook


@pytest.fixture
def jp_server_config(home: Settings) -> Config:
    return Config(
        {
            "ServerApp": {
                "jpserver_extensions": {"jupyter_mlops": True, "jupyter_server_terminals": False},
                "reraise_server_extension_failures": True,
                "allow_unauthenticated_access": False,
            }
        }
    )


@pytest.fixture
def mlops(jp_serverapp: Any) -> MLOps:
    """Give the extension as the server loaded it."""
    app: MLOps = jp_serverapp.web_app.settings["mlops"]
    return app


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Give the ids of the executions that the server has heard to their ends."""
    idents: set[str] = set()
    write = Listener._write

    def written(self: Listener, kernel_id: str, ident: str, execution: Execution) -> None:
        write(self, kernel_id, ident, execution)
        idents.add(ident)

    monkeypatch.setattr(Listener, "_write", written)
    return idents


@pytest.fixture
def start(jp_fetch: Fetch, mlops: MLOps, heard: set[str]) -> Any:
    """Give a function that starts a notebook's session on the server."""
    started: list[Notebook] = []

    async def started_session(
        path: str = "work/train.ipynb",
        kind: str = "notebook",
        kernel: str = "python3",
        on: Notebook | None = None,
    ) -> Notebook:
        its = {"name": kernel} if on is None else {"id": on.kernel_id}
        body = {"path": path, "name": Path(path).name, "type": kind, "kernel": its}
        reply = await jp_fetch("api", "sessions", method="POST", body=json.dumps(body))
        started.append(Notebook(jp_fetch, mlops, json.loads(reply.body), heard))
        return started[-1]

    yield started_session
    for notebook in started:
        notebook.close()
