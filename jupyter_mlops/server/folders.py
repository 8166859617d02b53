"""``folders``: whether the data that a folder's runs read may be copied into the store."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_mlops.errors import BadValueError
from jupyter_mlops.server.base import MlopsHandler, Refusal, refusals
from jupyter_mlops.server.paths import folder_path


class Told(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person's answer to the question; both fields may be left as they are."""

    keep_data: Literal["ask", "yes", "no"] | None = None
    limit_bytes: int | None = None


class FolderHandler(MlopsHandler):
    """The answer for one folder; the question is the front end's to put."""

    @tornado.web.authenticated
    @authorized
    async def get(self, path: str = "") -> None:
        """Send the answer, and what it is about."""
        folder = await self._folder(path)
        await self.answer(lambda store: store.keep_data(folder))

    @tornado.web.authenticated
    @authorized
    async def put(self, path: str = "") -> None:
        """Take an answer, and send what it has made of it."""
        folder, told = await self._folder(path), self.body(Told)
        limit = told.limit_bytes
        if limit is not None and not 0 < limit < 2**63:
            raise Refusal(
                BadValueError(name="limit_bytes", value=limit, expected="a number of bytes above 0")
            )
        await self.answer(lambda store: store.keep_data(folder, told.keep_data, limit))
        self.mlops.watcher.look()

    async def _folder(self, path: str) -> str:
        with refusals():
            return str(await asyncio.to_thread(folder_path, self.contents_manager, path))
