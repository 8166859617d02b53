"""``reproductions`` of a run: start one, watch it, cancel it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
import tornado.web
from jupyter_server.auth.decorator import authorized
from jupyter_server.utils import url_path_join

from jupyter_mlops.errors import UnknownRunError
from jupyter_mlops.records import SCHEMA_VERSION, Progress, Reproduction
from jupyter_mlops.schema import encode
from jupyter_mlops.server.base import MlopsHandler, checked, refusals
from jupyter_mlops.server.identity import user_of

if TYPE_CHECKING:
    from jupyter_mlops.store import Store


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client may ask of a reproduction; the fields are the options of the verb."""

    current: bool = False
    parameters: dict[str, Any] = {}
    in_place: bool = False
    fresh_randomness: bool = False
    tolerance: float | None = None
    secrets: dict[str, str] = {}


class ReproductionsHandler(MlopsHandler):
    """The reproductions of one run."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str) -> None:
        """Send all that were started."""
        ref, live = checked(run), self.mlops.reproductions.progress()
        await self.answer(
            lambda store: {
                "schema": SCHEMA_VERSION,
                "reproductions": [_live(found, live) for found in store.reproductions(ref)],
            }
        )

    @tornado.web.authenticated
    @authorized
    async def post(self, run: str) -> None:
        """Start one; it starts a kernel, which takes more than the right to write."""
        await self.require("execute", "mlops", "kernels")
        ref, order = checked(run), self.body(Order)
        user = user_of(self.current_user)
        with refusals():
            started = await self.mlops.reproductions.start(ref, order, user)
        self.set_status(201)
        place = url_path_join(
            self.base_url, "mlops", "runs", started.run, "reproductions", started.id
        )
        self.set_header("Location", place)
        self.finish(encode(started))


class ReproductionHandler(MlopsHandler):
    """One reproduction, under way or ended."""

    @tornado.web.authenticated
    @authorized
    async def get(self, run: str, reproduction: str) -> None:
        """Send it: its progress, then its verdict."""
        ref, ident = checked(run), checked(reproduction)
        live = self.mlops.reproductions.progress()
        await self.answer(lambda store: _live(_of_run(store, ref, ident), live))

    @tornado.web.authenticated
    @authorized
    async def delete(self, run: str, reproduction: str) -> None:
        """Cancel it; one that has ended stays as it is."""
        ref, ident = checked(run), checked(reproduction)
        found = await self.kept(lambda store: _of_run(store, ref, ident))
        if found.state == "running" and not self.mlops.reproductions.cancel(found.id):
            message = "another process runs this reproduction; cancel it there"
            raise tornado.web.HTTPError(409, message)
        self.set_status(204)
        self.finish()


def _live(found: Reproduction, live: Mapping[str, Progress]) -> Reproduction:
    if found.state != "running" or found.id not in live:
        return found
    return replace(found, progress=live[found.id])


def _of_run(store: Store, run: str, reproduction: str) -> Reproduction:
    found = store.reproduction(reproduction)
    if found.run != store.find(run):
        # Another run's: at this address it does not exist.
        raise UnknownRunError(run=reproduction)
    return found
