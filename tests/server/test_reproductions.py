"""A reproduction is started, watched and cancelled over REST.

What a reproduction does is tested beside it; here a script stands in its place, so that
each moment of its life can be held as long as a test needs.
"""

from __future__ import annotations

import asyncio
import json
import threading
from dataclasses import replace
from typing import Any

import pytest

from jupyter_mlops import api
from jupyter_mlops.errors import CancelledError, NeedsInPlaceError, SecretsNeededError
from jupyter_mlops.journal import now, this_process
from jupyter_mlops.records import Progress, Reproduction
from jupyter_mlops.server import events, running
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings, system_user
from jupyter_mlops.store import deaths
from tests.server.journals import record
from tests.server.served import DEADLINE_S, Fetch, until

IDENT = "e" * 32


class Script:
    """Stands in for ``api.reproduce``; each step waits until the test lets it go."""

    def __init__(self) -> None:
        self.refuse: Exception | None = None
        self.given: dict[str, Any] = {}
        self.ident = IDENT
        self.go = threading.Event()

    def __call__(
        self, run: str, *, store: Any, on_started: Any, on_progress: Any, cancel: Any, **given: Any
    ) -> None:
        self.given = given
        if self.refuse is not None:
            raise self.refuse
        found = Reproduction(self.ident, store.find(run), "running", now(), given["user"])
        store.save_reproduction(found, this_process())
        on_started(found)
        on_progress(Progress(1, 2, 3))  # the store hears of it less often than the server
        while not self.go.wait(0.05):
            if cancel.is_set():
                store.save_reproduction(replace(found, state="cancelled"), this_process())
                raise CancelledError(what="the reproduction")
        store.save_reproduction(replace(found, state="done"), this_process())


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give the script in the place of the reproduction; ends what a test left running."""
    script = Script()
    monkeypatch.setattr(api, "reproduce", script)
    yield script
    script.go.set()


@pytest.fixture
def post(mlops: MLOps, jp_fetch: Fetch, home: Settings) -> Any:
    """Give a function that asks for a reproduction of a run, and returns reply and run."""

    async def posted(body: str = "{}") -> tuple[Any, str]:
        def first(store: Any) -> Any:
            page = store.runs()
            return page.runs[0].id if page.runs else None

        if not await mlops.calls(first):
            record(home)
        run = await until(lambda: mlops.calls(first))
        reply = await jp_fetch(
            "mlops", "runs", run, "reproductions", method="POST", body=body, raise_error=False
        )
        return reply, run

    return posted


async def _get(fetch: Fetch, run: str, *parts: str) -> dict[str, Any]:
    reply = await fetch("mlops", "runs", run, "reproductions", *parts)
    document: dict[str, Any] = json.loads(reply.body)
    return document


async def test_started_watched_and_done(
    script: Script, post: Any, jp_fetch: Fetch, jp_ws_fetch: Fetch, jp_base_url: str, mlops: MLOps
) -> None:
    socket = await jp_ws_fetch("api", "events", "subscribe")
    reply, run = await post(
        '{"current": true, "parameters": {"lr": 0.2, "n@3": [1]}, "in_place": true,'
        ' "tolerance": 1e-6, "fresh_randomness": true, "secrets": {"DB_PASSWORD": "x"}}'
    )
    assert reply.code == 201
    assert reply.headers["Location"] == f"{jp_base_url}mlops/runs/{run}/reproductions/{IDENT}"
    assert json.loads(reply.body)["state"] == "running"
    assert script.given == {
        "current": True,
        "parameters": {"lr": 0.2, "n@3": [1]},
        "in_place": True,
        "tolerance": 1e-6,
        "fresh_randomness": True,
        "secrets": {"DB_PASSWORD": "x"},
        "user": system_user(),
    }
    assert mlops.current_activity() == 1

    async def moved() -> Any:
        found = await _get(jp_fetch, run, IDENT)
        return found if found["progress"] else None

    assert (await until(moved))["progress"] == {"done": 1, "total": 2, "cell": 3}
    script.go.set()

    async def ended() -> Any:
        found = await _get(jp_fetch, run, IDENT)
        return found["state"] == "done"

    assert await until(ended)
    assert [one["id"] for one in (await _get(jp_fetch, run))["reproductions"]] == [IDENT]
    await until(lambda: len(mlops.reproductions) == 0)
    assert mlops.current_activity() is None
    for _ in range(3):  # started, moved, ended
        assert (await _event(socket))["ids"] == [IDENT]
    socket.close()


async def _event(socket: Any) -> dict[str, Any]:
    while True:
        event: dict[str, Any] = json.loads(
            await asyncio.wait_for(socket.read_message(), DEADLINE_S)
        )
        if event["schema_id"] == events.CHANGE and event["kind"] == "reproduction":
            return event


async def test_cancelled(script: Script, post: Any, jp_fetch: Fetch, mlops: MLOps) -> None:
    _, run = await post()
    path = ("mlops", "runs", run, "reproductions", IDENT)
    assert (await jp_fetch(*path, method="DELETE")).code == 204
    await until(lambda: len(mlops.reproductions) == 0)
    assert (await _get(jp_fetch, run, IDENT))["state"] == "cancelled"
    assert (await jp_fetch(*path, method="DELETE")).code == 204, "what has ended stays as it is"


async def test_what_only_the_store_calls_running_is_lost(
    script: Script, post: Any, jp_fetch: Fetch, mlops: MLOps
) -> None:
    _, run = await post()
    left = Reproduction("e" * 32, run, "running", now(), "ada")
    await mlops.calls(lambda store: store.save_reproduction(left, this_process()))
    deaths.leave(left.id)
    assert (await _get(jp_fetch, run, left.id))["state"] == "lost"
    path = ("mlops", "runs", run, "reproductions", left.id)
    assert (await jp_fetch(*path, method="DELETE")).code == 204


async def test_what_another_process_runs_is_not_ours_to_cancel(
    script: Script, post: Any, jp_fetch: Fetch, mlops: MLOps
) -> None:
    _, run = await post()
    other = Reproduction("d" * 32, run, "running", now(), "ada")
    await mlops.calls(lambda store: store.save_reproduction(other, this_process()))
    reply = await jp_fetch(
        "mlops", "runs", run, "reproductions", other.id, method="DELETE", raise_error=False
    )
    assert reply.code == 409


async def test_of_another_run_is_unknown(
    script: Script, post: Any, jp_fetch: Fetch, home: Settings, mlops: MLOps
) -> None:
    _, run = await post()
    record(home, accuracy=0.1)
    page = await until(lambda: mlops.calls(lambda store: _other(store, run)))
    for verb in ("GET", "DELETE"):
        reply = await jp_fetch(
            "mlops", "runs", page, "reproductions", IDENT, method=verb, raise_error=False
        )
        assert reply.code == 404


def _other(store: Any, run: str) -> Any:
    return next((one.id for one in store.runs().runs if one.id != run), None)


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (NeedsInPlaceError(reason="the folder holds 3 GB"), 409, "NeedsInPlaceError"),
        (RuntimeError("secret"), 500, "Internal Server Error"),
    ],
)
async def test_refused_before_it_starts(
    script: Script, post: Any, mlops: MLOps, error: Exception, code: int, reason: str
) -> None:
    script.refuse = error
    reply, _ = await post()
    body = json.loads(reply.body)
    assert (reply.code, body["reason"]) == (code, reason)
    assert "secret" not in body["message"]
    assert len(mlops.reproductions) == 0


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "[]",
        '{"no_such_field": 1}',
        '{"current": "yes"}',
        '{"parameters": [1]}',
        '{"parameters": {"x": NaN}}',
        '{"parameters": {"x": Infinity}}',
        '{"parameters": {"x": 1e400}}',
        '{"tolerance": 1e400}',
        '{"parameters": {"x": "\\ud800"}}',
        '{"parameters": {"x": ' + "[" * 100_000 + "]" * 100_000 + "}}",
        '{"parameters": "' + "\udcff" + '"}',
        '{"output": "/etc/passwd"}',
        '{"parameters": {}, "user": "root"}',
    ],
    ids=lambda body: repr(body[:40]),
)
async def test_a_body_that_can_t_be_read(script: Script, post: Any, body: str) -> None:
    reply, _ = await post(body.encode("utf-8", "surrogateescape"))
    assert reply.code == 400, reply.body
    assert set(json.loads(reply.body)) == {"message", "reason"}
    assert script.given == {}


async def test_an_unknown_run(script: Script, jp_fetch: Fetch, mlops: MLOps) -> None:
    script.refuse = None
    reply = await jp_fetch(
        "mlops", "runs", "0" * 32, "reproductions", method="POST", body="", raise_error=False
    )
    assert (reply.code, json.loads(reply.body)["reason"]) == (404, "UnknownRunError")


async def test_secrets_that_are_missing_are_listed(script: Script, post: Any) -> None:
    missing = [{"name": "DB_PASSWORD", "cell": 3}]
    script.refuse = SecretsNeededError(names="DB_PASSWORD", variable="DB_PASSWORD", secrets=missing)

    reply, _ = await post()

    answer = json.loads(reply.body)
    assert (reply.code, answer["reason"], answer["secrets"]) == (409, "secrets needed", missing)
    assert "DB_PASSWORD" in answer["message"]


async def test_only_so_many_at_once(
    script: Script, post: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "LIMIT", 1)
    assert (await post())[0].code == 201
    reply, _ = await post()
    assert (reply.code, json.loads(reply.body)["reason"]) == (409, "BusyError")


async def test_the_server_s_end_cancels(script: Script, post: Any, mlops: MLOps) -> None:
    await post()
    store = await mlops.calls(lambda store: store)
    await mlops.reproductions.stop()
    assert store.reproduction(IDENT).state == "cancelled"
