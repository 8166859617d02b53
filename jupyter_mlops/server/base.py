"""What every route has in common: who may ask, JSON in and out, and one map of errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import responses
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import APIHandler
from tornado import web

from jupyter_mlops.errors import BadValueError, MlopsError, SecretsNeededError, UnknownRunError
from jupyter_mlops.schema import encode

if TYPE_CHECKING:
    from jupyter_mlops.server.extension import MLOps
    from jupyter_mlops.store import Store

T = TypeVar("T")

BODY_LIMIT_BYTES = 2**20
_TEXT_LIMIT = 4096


class Refusal(web.HTTPError):
    """An error of ours on its way to the client."""

    def __init__(self, error: MlopsError) -> None:
        super().__init__(error.http_status)
        self.error = error


@contextmanager
def refusals() -> Iterator[None]:
    """Turn an error of ours into the refusal that tells the client of it."""
    try:
        yield
    except MlopsError as error:
        raise Refusal(error) from error


@web.stream_request_body
class MlopsHandler(APIHandler):
    """Base of our handlers; a body is read piece by piece, so that a huge one is never held."""

    auth_resource = "mlops"
    # The sidebar fetches by itself: that must not keep an idle server alive.
    _track_activity = False

    def initialize(self) -> None:
        """Start with an empty body."""
        self._body = bytearray()
        self._body_size = 0

    async def prepare(self) -> None:  # type: ignore[override] # as APIHandler itself
        """Refuse a body that says it is too large before the first byte of it is read."""
        await super().prepare()
        stated = self.request.headers.get("Content-Length", "0")
        if stated.isdecimal() and int(stated) > BODY_LIMIT_BYTES:
            raise web.HTTPError(413)

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece of the body, up to the limit."""
        self._body_size += len(chunk)
        if self._body_size <= BODY_LIMIT_BYTES:
            self._body += chunk

    @property
    def mlops(self) -> MLOps:
        """The extension that these handlers belong to."""
        app: MLOps = self.settings["mlops"]
        return app

    async def kept(self, work: Callable[[Store], T]) -> T:
        """Return what `work` makes of the store, in a thread."""
        with refusals():
            return await self.mlops.calls(work)

    async def answer(self, work: Callable[[Store], object]) -> None:
        """Send the record, or the dictionary of records, that `work` finds in the store."""
        self.finish(await self.kept(lambda store: encode(work(store))))

    async def require(self, action: str, *resources: str) -> None:
        """Refuse a user who may not do `action` on each of `resources`."""
        for resource in resources:
            allowed = self.authorizer.is_authorized(self, self.current_user, action, resource)
            if not await ensure_async(allowed):
                raise web.HTTPError(403, f"User is not authorized to {action} on {resource}.")

    def body(self, kind: type[T]) -> T:
        """Return the request's JSON body as a `kind`, all of whose fields have defaults."""
        if self._body_size > BODY_LIMIT_BYTES:
            raise web.HTTPError(413)
        try:
            return msgspec.json.decode(bytes(self._body) or b"{}", type=kind)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise web.HTTPError(400, f"can't read the body: {error}") from error

    def text(self, name: str) -> str | None:
        """Return the query parameter `name`, ``None`` if it is missing or empty."""
        value = self.get_query_argument(name, None)
        if value is not None and len(value) > _TEXT_LIMIT:
            raise web.HTTPError(400, f"{name} is longer than {_TEXT_LIMIT} characters")
        return value or None

    def number(self, name: str, default: T, low: int, high: int) -> int | T:
        """Return the query parameter `name` as a whole number from `low` to `high`."""
        value = self.text(name)
        if value is None:
            return default
        plain = value.isascii() and value.isdecimal() and len(value) < 12
        if not plain or not low <= int(value) <= high:
            expected = f"a whole number from {low} to {high}"
            raise Refusal(BadValueError(name=name, value=value[:80], expected=expected))
        return int(value)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Send ``{"message", "reason"}``; what went wrong inside stays in the server's log."""
        error = (kwargs.get("exc_info") or (None, None, None))[1]
        reason = responses.get(status_code, "Unknown Error")
        message = reason
        more: dict[str, Any] = {}
        if isinstance(error, Refusal):
            message, reason = str(error.error), type(error.error).__name__
            if isinstance(error.error, SecretsNeededError):
                reason, more = "secrets needed", {"secrets": error.error.values["secrets"]}
        elif isinstance(error, web.HTTPError) and error.log_message:
            message = error.log_message % error.args
        self.finish(msgspec.json.encode({"message": message, "reason": reason, **more}))


def checked(ref: str) -> str:
    """Return `ref` if it has the form of a run's id, a prefix of one, or ``@1``.

    Raises
    ------
    Refusal
        With 404, as for any other run that does not exist.
    """
    if len(ref) <= 64 and ref.removeprefix("@").replace("-", "").isalnum() and ref.isascii():
        return ref
    raise Refusal(UnknownRunError(run=ref[:80]))
