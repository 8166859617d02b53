"""``runs`` and what belongs to one run: its cells, metrics, artifacts and executed notebook."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_mlops.errors import MissingBlobError
from jupyter_mlops.records import SCHEMA_VERSION, Artifact
from jupyter_mlops.server.base import MlopsHandler, checked, refusals
from jupyter_mlops.server.paths import notebook_path

if TYPE_CHECKING:
    from jupyter_mlops.store import Store

PAGE_LIMIT = 500
_CELL_LIMIT = 10**6
# What a browser may be told a stored content is; all else, HTML and SVG first, is mere bytes.
_SAFE_TYPES = frozenset(
    {
        "application/json",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/csv",
        "text/plain",
    }
)


class RunsHandler(MlopsHandler):
    """The list, newest first, page by page."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """Send a page of runs."""
        path = self.text("notebook")
        where, sort, after = self.text("where"), self.text("sort"), self.text("page")
        limit = self.number("limit", 100, 1, PAGE_LIMIT)
        with refusals():
            contents = self.contents_manager
            found = await asyncio.to_thread(notebook_path, contents, path) if path else None
        notebook = None if found is None else str(found)
        await self.answer(
            lambda store: store.runs(
                notebook=notebook, where=where, sort=sort, limit=limit, after=after
            )
        )


class RunHandler(MlopsHandler):
    """One run's whole record."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Send the record."""
        ref = checked(run)
        await self.answer(lambda store: store.run(ref))

    @tornado.web.authenticated
    @authorized
    async def delete(self, run: str) -> None:
        """Forget the run, and with ``with_dependents=1`` its reproductions."""
        ref, more = checked(run), self.number("with_dependents", 0, 0, 1) == 1
        await self.kept(lambda store: store.forget([ref], with_dependents=more))
        self.mlops.watcher.look()
        self.set_status(204)
        self.finish()


class ForgettingHandler(MlopsHandler):
    """What would go with a run."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Send the preview."""
        ref, more = checked(run), self.number("with_dependents", 0, 0, 1) == 1
        await self.answer(lambda store: store.forgetting([ref], with_dependents=more))


class CellsHandler(MlopsHandler):
    """A run's cell executions, with their source and outputs."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Send all of them, or those of one cell."""
        ref = checked(run)
        cell = self.number("cell", None, 0, _CELL_LIMIT)
        await self.answer(lambda store: {"schema": SCHEMA_VERSION, "cells": store.cells(ref, cell)})


class MetricsHandler(MlopsHandler):
    """A run's metrics."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Send them, a series step by step."""
        ref = checked(run)
        await self.answer(
            lambda store: {"schema": SCHEMA_VERSION, "metrics": store.run(ref).metrics}
        )


class ArtifactsHandler(MlopsHandler):
    """A run's stored blobs."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Send their list."""
        ref = checked(run)
        await self.answer(
            lambda store: {"schema": SCHEMA_VERSION, "artifacts": store.artifacts(ref)}
        )


class ContentHandler(MlopsHandler):
    """The content of one artifact; what it holds is never trusted, and never shown as a page."""

    @property
    def content_security_policy(self) -> str:
        """Forbid all, if a browser should show the content in spite of everything."""
        return f"{super().content_security_policy}; sandbox"

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str, digest: str) -> None:
        """Send the content as a file to keep."""
        ref = checked(run)
        artifact, pieces = await self.kept(lambda store: _content(store, ref, digest))
        kind = artifact.mime if artifact.mime in _SAFE_TYPES else "application/octet-stream"
        # A data file may be larger than what fits the memory: it goes out piece by piece.
        with refusals():
            piece = await asyncio.to_thread(next, pieces, b"")
        self.set_header("Content-Disposition", attachment(artifact.name))
        self.set_header("Content-Type", kind)
        self.set_header("Content-Length", str(artifact.size_bytes))
        while piece:
            self.write(piece)
            await self.flush()
            piece = await asyncio.to_thread(next, pieces, b"")
        self.finish(set_content_type=kind)


class NotebookHandler(MlopsHandler):
    """The notebook as the run executed it."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Send the document, for reading only."""
        ref = checked(run)
        self.finish(await self.kept(lambda store: store.executed_notebook(ref)))


def attachment(name: str) -> str:
    """Return a ``Content-Disposition`` for a file to keep (RFC 6266), whatever its name holds."""
    base = re.split(r"[/\\]", name)[-1]
    base = "".join(char for char in base if char.isprintable()).strip(" .")[:200] or "artifact"
    plain = unicodedata.normalize("NFKD", base).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", plain) or "artifact"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(base, safe='')}"


def _content(store: Store, run: str, digest: str) -> tuple[Artifact, Iterator[bytes]]:
    for artifact in store.artifacts(run):
        if artifact.digest == digest:
            return artifact, store.pieces(digest)
    raise MissingBlobError(digest=digest[:80], reason="the run has no such artifact")
