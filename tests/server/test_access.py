"""Who may ask what: every route and verb, as the application itself lists them."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPResponse
from tornado.web import RequestHandler
from traitlets.config import Config

from jupyter_mlops.journal import now, this_process
from jupyter_mlops.records import Reproduction
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from tests.server.journals import record
from tests.server.served import Fetch, until

READS = {"GET", "HEAD"}
NOTEBOOK = "work/train.ipynb"


class OnlySome(Authorizer):
    """Allows the actions that it is given."""

    allowed: frozenset[str] = frozenset()
    kernels_too = True

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        if resource == "kernels":
            return self.kernels_too
        return action in self.allowed


def routes(app: Any) -> Iterator[tuple[str, type[RequestHandler]]]:
    """Yield pattern and handler of each of our routes that the application serves."""
    rules = list(app.default_router.rules)
    while rules:
        rule = rules.pop()
        inner = getattr(rule.target, "rules", None)
        if inner is not None:
            rules += inner
        elif "/mlops" in rule.matcher.regex.pattern:
            yield rule.matcher.regex.pattern, rule.target


def verbs(handler: type[RequestHandler]) -> list[str]:
    """Return the verbs that a handler implements; OPTIONS is Jupyter's own answer to preflights."""
    missing = RequestHandler._unimplemented_method
    return [
        verb
        for verb in handler.SUPPORTED_METHODS
        if getattr(handler, verb.lower()) != missing and verb != "OPTIONS"
    ]


class Served:
    """The server with a run and a reproduction in its store, and its routes with their ids."""

    def __init__(self, mlops: MLOps, fetch: Fetch, base_url: str, ids: dict[str, str]) -> None:
        self.mlops = mlops
        self.ids = ids
        self._fetch = fetch
        self._base_url = base_url

    def requests(self) -> list[tuple[str, str]]:
        """Return verb and path of everything that may be asked."""
        app = self.mlops.serverapp.web_app
        found = sorted(
            (verb, self._path(pattern))
            for pattern, handler in routes(app)
            for verb in verbs(handler)
        )
        assert {verb for verb, _ in found} > {"GET", "POST"}
        return found

    async def ask(self, verb: str, path: str, **kwargs: Any) -> HTTPResponse:
        """Send a request, and return the reply whatever its code."""
        kwargs.setdefault("body", "{}" if verb in {"POST", "PATCH", "PUT"} else None)
        path, _, query = path.partition("?")
        if query:
            kwargs["params"] = [tuple(item.split("=")) for item in query.split("&")]
        return await self._fetch(
            path,
            method=verb,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            raise_error=False,
            **kwargs,
        )

    def allow(self, *actions: str, kernels: bool = True) -> None:
        """Let users do `actions` from now on, and nothing else."""
        authorizer = OnlySome()
        authorizer.allowed, authorizer.kernels_too = frozenset(actions), kernels
        self.mlops.serverapp.web_app.settings["authorizer"] = authorizer

    def _path(self, pattern: str) -> str:
        path = pattern.removesuffix("$").removeprefix(self._base_url)
        values = [self.ids["run"]]
        if "artifacts/" in path:
            values.append(self.ids["digest"])
        if "reproductions/" in path:
            values.append(self.ids["reproduction"])
        if "notebooks" in path:
            values = [NOTEBOOK]
        for value in [*values, "x", "x"]:
            path = re.sub(r"\([^)]*\)", lambda _, value=value: value, path, count=1)
        if path.endswith("comparisons"):
            path += f"?run={self.ids['run']}&run={self.ids['other']}"
        return path


@pytest.fixture(params=[False, True], ids=["closed", "default"])
def jp_server_config(request: pytest.FixtureRequest, jp_server_config: Config) -> Config:
    # True is Jupyter's default: there nothing but our own decorators stands at the door.
    jp_server_config.ServerApp.allow_unauthenticated_access = request.param
    return jp_server_config


@pytest.fixture
def served(
    mlops: MLOps, jp_fetch: Fetch, jp_base_url: str, jp_root_dir: Path, home: Settings
) -> Any:
    async def ready() -> Served:
        document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("lr = 0.1", id="c0")])
        (jp_root_dir / "work").mkdir()
        nbformat.write(document, jp_root_dir / NOTEBOOK)
        record(home, jp_root_dir / NOTEBOOK)
        record(home, jp_root_dir / NOTEBOOK, accuracy=0.8, rate=0.2)
        page = await until(lambda: mlops.calls(_two_runs))
        run = page.runs[0].id
        reproduction = Reproduction("e" * 32, run, "cancelled", now(), "ada")
        await mlops.calls(lambda store: store.save_reproduction(reproduction, this_process()))
        artifacts = await mlops.calls(lambda store: store.artifacts(run))
        ids = {
            "run": run,
            "other": page.runs[1].id,
            "reproduction": reproduction.id,
            "digest": artifacts[0].digest,
        }
        return Served(mlops, jp_fetch, jp_base_url, ids)

    return ready


def _two_runs(store: Any) -> Any:
    page = store.runs()
    return page if len(page.runs) == 2 else None


def test_the_routes_are_those_of_the_contract(mlops: MLOps, jp_base_url: str) -> None:
    found = {
        (verb, re.sub(r"\([^)]*\)", "*", pattern.removesuffix("$").removeprefix(jp_base_url)))
        for pattern, handler in routes(mlops.serverapp.web_app)
        for verb in verbs(handler)
    }
    assert found == {
        ("GET", "mlops/status"),
        ("GET", "mlops/runs"),
        ("GET", "mlops/runs/*"),
        ("DELETE", "mlops/runs/*"),
        ("GET", "mlops/runs/*/forgetting"),
        ("GET", "mlops/runs/*/cells"),
        ("GET", "mlops/runs/*/metrics"),
        ("GET", "mlops/runs/*/artifacts"),
        ("GET", "mlops/runs/*/artifacts/*"),
        ("GET", "mlops/runs/*/notebook"),
        ("GET", "mlops/runs/*/reproductions"),
        ("POST", "mlops/runs/*/reproductions"),
        ("GET", "mlops/runs/*/reproductions/*"),
        ("DELETE", "mlops/runs/*/reproductions/*"),
        ("GET", "mlops/comparisons"),
        ("GET", "mlops/notebooks/*/parameters"),
        ("GET", "mlops/folders"),
        ("PUT", "mlops/folders"),
        ("GET", "mlops/folders/*"),
        ("PUT", "mlops/folders/*"),
    }


async def test_without_a_token(served: Any) -> None:
    site = await served()
    for verb, path in site.requests():
        for header in ("", "token wrong"):
            reply = await site.ask(verb, path, headers={"Authorization": header})
            assert reply.code in {401, 403}, (verb, path, reply.code)


async def test_who_may_nothing(served: Any) -> None:
    site = await served()
    site.allow()
    for verb, path in site.requests():
        assert (await site.ask(verb, path)).code == 403, (verb, path)


async def test_who_may_read(served: Any) -> None:
    site = await served()
    site.allow("read")
    for verb, path in site.requests():
        reply = await site.ask(verb, path)
        assert reply.code == (200 if verb in READS else 403), (verb, path, reply.body)


async def test_who_may_all(served: Any) -> None:
    site = await served()
    site.allow("read", "write", "execute")
    # What belongs to a run goes before the run, and can be read before it goes.
    for verb, path in sorted(site.requests(), reverse=True):
        if verb == "DELETE":
            assert (await site.ask(verb, path)).code == 204, (verb, path)
        elif verb in READS:
            assert (await site.ask(verb, path)).code == 200, (verb, path)


@pytest.mark.parametrize(
    ("actions", "kernels"), [(("read", "write"), True), (("read", "write", "execute"), False)]
)
async def test_a_kernel_needs_the_right_to_execute(
    served: Any, actions: tuple[str, ...], kernels: bool
) -> None:
    site = await served()
    site.allow(*actions, kernels=kernels)
    for verb, path in site.requests():
        if verb not in READS:
            code = (await site.ask(verb, path)).code
            starts_a_kernel = verb == "POST" and path.endswith("reproductions")
            assert code == 403 if starts_a_kernel else code != 403, (verb, path)
    assert len(site.mlops.reproductions) == 0


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Mode": "no-cors"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/plain"},
    ],
)
async def test_a_write_with_a_cookie_needs_the_xsrf_token(
    served: Any, jp_auth_header: dict[str, str], headers: dict[str, str]
) -> None:
    site = await served()
    login = await site.ask("GET", "mlops/status")
    cookies = [value.partition(";")[0] for value in login.headers.get_list("Set-Cookie")]
    cookie = {"Authorization": "", "Cookie": "; ".join(cookies)}
    assert (await site.ask("GET", "mlops/status", headers=cookie | _referer(login))).code == 200
    writes = [request for request in site.requests() if request[0] not in READS]
    assert writes
    for verb, path in writes:
        assert (await site.ask(verb, path, headers=cookie | headers)).code == 403, (verb, path)

    # The same with the token passes: it was the token that was missing.
    value = f"2|00000000|{'ab' * 16}|1700000000"
    token = {"Cookie": f"{cookie['Cookie']}; _xsrf={value}", "X-XSRFToken": value}
    delete = next(request for request in writes if request[0] == "DELETE")
    assert (await site.ask(*delete, headers=cookie | token)).code == 204


def _referer(reply: HTTPResponse) -> dict[str, str]:
    return {"Referer": reply.effective_url}


async def test_no_get_changes_anything(served: Any, home: Settings, jp_root_dir: Path) -> None:
    site = await served()
    await site.mlops.watcher.stop()
    # Something that waits to be taken in: a GET that brought the store up to date would.
    record(home, jp_root_dir / NOTEBOOK, accuracy=0.7, rate=0.3)
    before = _state(home, jp_root_dir)
    for verb, path in site.requests():
        if verb in READS:
            assert (await site.ask(verb, path)).code == 200, path
    assert _state(home, jp_root_dir) == before


def _state(home: Settings, root: Path) -> str:
    digest = hashlib.sha256()
    with closing(sqlite3.connect(f"file:{home.home / 'store.db'}?mode=ro", uri=True)) as database:
        for line in database.iterdump():
            digest.update(line.encode())
    for path in sorted([*home.home.rglob("*"), *root.rglob("*")]):
        if path.is_file() and not path.name.startswith("store.db"):
            digest.update(str(path).encode() + path.read_bytes())
    return digest.hexdigest()


async def test_a_foreign_host_and_a_foreign_page(served: Any) -> None:
    site = await served()
    reply = await site.ask("GET", "mlops/status", headers={"Host": "evil.test"})
    assert reply.code == 403
    origin = {"Origin": "https://trusted.example.com.evil.com"}
    site.mlops.serverapp.web_app.settings["allow_origin_pat"] = re.compile(
        "https://trusted[.]example[.]com"
    )
    reply = await site.ask("GET", "mlops/status", headers=origin)
    assert "Access-Control-Allow-Origin" not in reply.headers


async def test_refusals_are_json_and_tell_nothing_else(served: Any) -> None:
    site = await served()
    site.allow("read")
    for verb, path in site.requests():
        if verb not in READS:
            reply = await site.ask(verb, path)
            body = json.loads(reply.body)
            assert set(body) == {"message", "reason"}
            assert reply.headers["Content-Type"] == "application/json"
