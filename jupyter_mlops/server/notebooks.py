"""``notebooks``: what a notebook of the server offers."""

from __future__ import annotations

import asyncio

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_mlops import api
from jupyter_mlops.records import SCHEMA_VERSION
from jupyter_mlops.schema import encode
from jupyter_mlops.server.base import MlopsHandler, refusals
from jupyter_mlops.server.paths import notebook_path


class ParametersHandler(MlopsHandler):
    """The parameters of a notebook file as it is now."""

    @tornado.web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Send them."""
        with refusals():
            notebook = notebook_path(self.contents_manager, path)
            if not notebook.is_file():
                raise tornado.web.HTTPError(404, "there is no such notebook")
            found = await asyncio.to_thread(api.parameters, notebook)
        self.finish(encode({"schema": SCHEMA_VERSION, "parameters": found}))
