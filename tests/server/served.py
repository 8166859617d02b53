"""A notebook's session as JupyterLab starts it, and what the tests wait for."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Container
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from jupyter_client.asynchronous.client import AsyncKernelClient

from jupyter_mlops import journal
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings

Fetch = Callable[..., Awaitable[Any]]
DEADLINE_S = 60.0


async def until(found: Callable[[], Any], deadline_s: float = DEADLINE_S) -> Any:
    """Return what `found` returns once that is true; asks until the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = found()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert time.monotonic() < end, f"nothing was found within {deadline_s} s"
        await asyncio.sleep(0.05)


def lines(home: Settings, kind: str, writer: str = "server-*") -> list[dict[str, Any]]:
    """Return the events of type `kind` in the journals of `writer`."""
    return [
        dict(event)
        for path in sorted(Path(home.journals).glob(writer + journal.SUFFIX))
        for event in journal.read(path).events
        if event["type"] == kind
    ]


class Notebook:
    """A session as JupyterLab starts one, and a client of its kernel.

    `heard` gets the ids of the executions that the server has heard to their ends.
    """

    def __init__(
        self, fetch: Fetch, mlops: MLOps, session: dict[str, Any], heard: Container[str]
    ) -> None:
        self.session = session
        self._heard = heard
        self._is_heard = False
        self.kernel_id = session["kernel"]["id"]
        self._fetch = fetch
        self._manager = mlops.serverapp.kernel_manager.get_kernel(self.kernel_id)
        self._client: AsyncKernelClient | None = None

    async def client(self) -> AsyncKernelClient:
        """Return a client whose kernel has answered, and is heard by the server."""
        if self._client is None:
            self._client = self._manager.client()
            # A manager's clients share its session, and with it the ids of their messages.
            self._client.session = self._client.session.clone()
            self._client.session.session = uuid4().hex
            self._client.start_channels()
        await self._client.wait_for_ready(timeout=DEADLINE_S)
        # The server subscribes by itself: that this client is connected says nothing of that.
        while not self._is_heard:
            silent = await self._execute(self._client, "", silent=True)
            with suppress(AssertionError):
                await until(lambda ident=silent: ident in self._heard, deadline_s=1)
                self._is_heard = True
        return self._client

    async def execute(
        self,
        code: str,
        cell_id: str | None = None,
        silent: bool = False,
        tags: list[str] | None = None,
    ) -> str:
        """Execute `code` as JupyterLab does, wait for the reply, and return the message's id."""
        return await self._execute(await self.client(), code, cell_id, silent, tags)

    async def _execute(
        self,
        client: AsyncKernelClient,
        code: str,
        cell_id: str | None = None,
        silent: bool = False,
        tags: list[str] | None = None,
    ) -> str:
        # Unlike JupyterLab, which would lose a cell sent at once after one that failed.
        content = {"code": code, "silent": silent, "store_history": True, "stop_on_error": False}
        metadata: dict[str, Any] = {} if cell_id is None else {"cellId": cell_id}
        if cell_id is not None and self.session["type"] == "notebook":
            metadata["deletedCells"] = []
        metadata |= {"tags": tags} if tags else {}
        message = client.session.msg("execute_request", content, metadata=metadata)
        client.shell_channel.send(message)
        msg_id: str = message["header"]["msg_id"]
        while True:
            reply = await client.get_shell_msg(timeout=DEADLINE_S)
            if reply["parent_header"].get("msg_id") == msg_id:
                return msg_id

    async def rename(self, path: str) -> None:
        """Tell the server of the notebook's new path, as JupyterLab does."""
        body = json.dumps({"path": path, "name": path.rpartition("/")[2]})
        await self._fetch("api", "sessions", self.session["id"], method="PATCH", body=body)

    async def restart(self) -> None:
        """Restart the kernel, as JupyterLab does."""
        self._is_heard = False
        await self._fetch("api", "kernels", self.kernel_id, "restart", method="POST", body="")

    async def interrupt(self) -> None:
        """Interrupt the kernel, as JupyterLab does."""
        await self._fetch("api", "kernels", self.kernel_id, "interrupt", method="POST", body="")

    async def shut_down(self) -> None:
        """Shut the kernel down, as JupyterLab does."""
        await self._fetch("api", "sessions", self.session["id"], method="DELETE")

    def reconnect(self) -> None:
        """Let go of the client: the kernel has new ports."""
        self.close()
        self._client = None
        self._is_heard = False

    def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.stop_channels()
