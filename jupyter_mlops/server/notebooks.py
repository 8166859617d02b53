"""``notebooks``: what a notebook of the server offers."""

from __future__ import annotations

import asyncio
from typing import Any

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_mlops import api
from jupyter_mlops.records import SCHEMA_VERSION, NotebookParameter
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
            found = await asyncio.to_thread(_parameters, self.contents_manager, path)
        self.finish(encode({"schema": SCHEMA_VERSION, "parameters": found}))


def _parameters(contents_manager: Any, path: str) -> tuple[NotebookParameter, ...]:
    notebook = notebook_path(contents_manager, path)
    if not notebook.is_file():
        raise tornado.web.HTTPError(404, "there is no such notebook")
    return api.parameters(notebook)
