"""The routes of runs: pages, limits, errors, and content that nobody should trust."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlops.server import notebooks, paths, runs
from jupyter_mlops.server.base import BODY_LIMIT_BYTES
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.server.runs import PAGE_LIMIT, attachment
from jupyter_mlops.settings import Settings
from tests.server.journals import record
from tests.server.served import Fetch, until

Get = Callable[..., Any]


@pytest.fixture
def get(jp_fetch: Fetch) -> Get:
    """Give a function that asks a route and returns the reply, whatever its code."""

    async def asked(*parts: str, **params: Any) -> Any:
        query = [(key, one) for key, value in params.items() for one in _many(value)]
        return await jp_fetch("mlops", *parts, params=query, raise_error=False)

    return asked


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


async def _runs(mlops: MLOps, count: int) -> list[str]:
    def found(store: Any) -> Any:
        page = store.runs()
        return [run.id for run in page.runs] if len(page.runs) == count else None

    ids: list[str] = await until(lambda: mlops.calls(found))
    return ids


async def test_a_run_and_what_belongs_to_it(mlops: MLOps, get: Get, home: Settings) -> None:
    record(home)
    (run,) = await _runs(mlops, 1)

    whole = json.loads((await get("runs", run)).body)
    assert whole["id"] == run and whole["user"] == "ada" and whole["schema"] == 1
    cells = json.loads((await get("runs", run, "cells")).body)
    assert cells["schema"] == 1
    assert cells["cells"][0]["outputs"][0]["text"] == "done\n"
    cell = cells["cells"][0]["execution"]["cell"]
    assert json.loads((await get("runs", run, "cells", cell=cell)).body) == cells
    assert json.loads((await get("runs", run, "cells", cell=cell + 1)).body)["cells"] == []
    metrics = json.loads((await get("runs", run, "metrics")).body)
    assert [(one["name"], one["value"]) for one in metrics["metrics"]] == [("accuracy", 0.9)]
    document = nbformat.reads((await get("runs", run, "notebook")).body.decode(), as_version=4)
    nbformat.validate(document)
    assert "lr = 0.1" in document.cells[0].source


async def test_pages(mlops: MLOps, get: Get, home: Settings) -> None:
    for number in range(5):
        record(home, accuracy=number / 10)
    await _runs(mlops, 5)
    seen: list[float] = []
    page = json.loads((await get("runs", limit=2, sort="-metric.accuracy")).body)
    while True:
        seen += [run["metrics"]["accuracy"] for run in page["runs"]]
        if page["next"] is None:
            break
        reply = await get("runs", limit=2, sort="-metric.accuracy", page=page["next"])
        page = json.loads(reply.body)
    assert seen == [0.4, 0.3, 0.2, 0.1, 0.0]


async def test_the_runs_of_one_notebook(
    mlops: MLOps, get: Get, home: Settings, jp_root_dir: Path
) -> None:
    record(home, jp_root_dir / "work" / "a.ipynb")
    record(home, jp_root_dir / "b.ipynb")
    await _runs(mlops, 2)
    page = json.loads((await get("runs", notebook="work/a.ipynb")).body)
    assert [run["notebook"] for run in page["runs"]] == [str(jp_root_dir / "work" / "a.ipynb")]
    assert json.loads((await get("runs", notebook="c.ipynb")).body)["runs"] == []


@pytest.mark.parametrize(
    ("parts", "params", "code", "reason"),
    [
        (["runs", "0" * 32], {}, 404, "UnknownRunError"),
        (["runs", "no such thing"], {}, 404, "UnknownRunError"),
        (["runs", "..%2f..%2fstore.db"], {}, 404, "UnknownRunError"),
        (["runs", "x" * 4000], {}, 404, "UnknownRunError"),
        (["runs", "0" * 32, "cells"], {}, 404, "UnknownRunError"),
        (["runs", "0" * 32, "cells"], {"cell": "x"}, 400, "BadValueError"),
        (["runs", "0" * 32, "reproductions", "1"], {}, 404, "UnknownRunError"),
        (["runs", "0" * 32, "notebook"], {}, 404, "UnknownRunError"),
        (["runs"], {"limit": 10**9}, 400, "BadValueError"),
        (["runs"], {"limit": 0}, 400, "BadValueError"),
        (["runs"], {"limit": PAGE_LIMIT + 1}, 400, "BadValueError"),
        (["runs"], {"limit": "-1"}, 400, "BadValueError"),
        (["runs"], {"limit": "\u0661"}, 400, "BadValueError"),
        (["runs"], {"limit": "9" * 5000}, 400, "Bad Request"),
        (["runs"], {"page": "no such page"}, 400, "BadValueError"),
        (["runs"], {"page": "W251bGwsIlx1ZDgwMCIsImEiXQ"}, 400, "BadValueError"),
        (["runs"], {"where": "metric.accuracy >"}, 400, "BadExpressionError"),
        (["runs"], {"where": r'user = "\ud800"'}, 400, "BadExpressionError"),
        (["runs"], {"where": "a" * 5000}, 400, "Bad Request"),
        (["runs"], {"where": "(" * 4000}, 400, "BadExpressionError"),
        (["runs"], {"sort": "started; drop table runs"}, 400, "BadExpressionError"),
        (["runs"], {"notebook": "../../etc/passwd"}, 400, "BadValueError"),
        (["comparisons"], {}, 400, "BadValueError"),
        (["comparisons"], {"run": "1"}, 400, "BadValueError"),
        (["comparisons"], {"run": ["1", "1"]}, 400, "BadValueError"),
        (["comparisons"], {"run": ["1", "2"]}, 404, "UnknownRunError"),
        (["comparisons"], {"run": [str(number) for number in range(101)]}, 400, "BadValueError"),
        (["notebooks", "none.ipynb", "parameters"], {}, 404, "Not Found"),
    ],
)
async def test_errors(
    get: Get, parts: list[str], params: dict[str, Any], code: int, reason: str
) -> None:
    begun = time.process_time()
    reply = await get(*parts, **params)
    body = json.loads(reply.body)
    assert (reply.code, body["reason"]) == (code, reason), body
    assert set(body) == {"message", "reason"}
    assert "Traceback" not in body["message"] and len(body["message"]) < 400
    assert time.process_time() - begun < 5


@pytest.mark.parametrize(
    ("module", "parts", "params"),
    [
        (runs, ["runs"], {"notebook": "a.ipynb"}),
        (notebooks, ["notebooks", "a.ipynb", "parameters"], {}),
    ],
)
async def test_the_event_loop_does_not_wait_for_a_path(
    mlops: MLOps,
    get: Get,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    parts: list[str],
    params: dict[str, str],
) -> None:
    asked: list[threading.Thread] = []

    def notebook_path(contents_manager: Any, path: str) -> Path:
        asked.append(threading.current_thread())
        return paths.notebook_path(contents_manager, path)

    monkeypatch.setattr(module, "notebook_path", notebook_path)
    await get(*parts, **params)
    assert asked and threading.current_thread() not in asked


async def test_a_fault_inside_is_told_to_the_log_only(
    mlops: MLOps, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any) -> None:
        raise RuntimeError("postgresql://ada:secret@db/store")

    await mlops.calls(lambda store: None)
    monkeypatch.setattr(mlops.calls.opened(), "run", broken)
    reply = await get("runs", "0" * 32)
    assert reply.code == 500
    assert json.loads(reply.body) == {
        "message": "Internal Server Error",
        "reason": "Internal Server Error",
    }


@pytest.mark.parametrize("text", ["100 % of %s", "<img src=x onerror=alert(1)>", "한글"])
async def test_a_message_is_the_error_s_own(get: Get, text: str) -> None:
    body = json.loads((await get("runs", limit=text)).body)
    assert text in body["message"]


async def test_an_artifact_is_a_file_to_keep(mlops: MLOps, get: Get, home: Settings) -> None:
    record(home, text="<script>alert(1)</script>")
    (run,) = await _runs(mlops, 1)
    artifacts = json.loads((await get("runs", run, "artifacts")).body)["artifacts"]
    assert artifacts
    for artifact in artifacts:
        reply = await get("runs", run, "artifacts", artifact["digest"])
        assert len(reply.body) == artifact["size_bytes"]
        assert reply.headers["Content-Disposition"].startswith("attachment; ")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Security-Policy"].endswith("default-src 'none'; sandbox")
        assert reply.headers["Content-Type"] in {
            "application/json", "application/octet-stream", "text/plain",
        }  # fmt: skip
    other = await get("runs", run, "artifacts", "sha256:" + "0" * 64)
    assert (other.code, json.loads(other.body)["reason"]) == (404, "MissingBlobError")


async def test_content_of_another_run_is_not_handed_out(
    mlops: MLOps, get: Get, home: Settings
) -> None:
    record(home, text="one")
    record(home, text="two")
    first, second = await _runs(mlops, 2)
    listed = {}
    for run in (first, second):
        reply = await get("runs", run, "artifacts")
        listed[run] = {one["digest"] for one in json.loads(reply.body)["artifacts"]}
    only = listed[second] - listed[first]
    assert only
    for digest in only:
        assert (await get("runs", first, "artifacts", digest)).code == 404


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("plot.png", "attachment; filename=\"plot.png\"; filename*=UTF-8''plot.png"),
        (
            'a"\r\nSet-Cookie: x=1',
            'attachment; filename="a_Set-Cookie_ x_1"; '
            "filename*=UTF-8''a%22Set-Cookie%3A%20x%3D1",
        ),
        ("../../etc/passwd", "attachment; filename=\"passwd\"; filename*=UTF-8''passwd"),
        ("a\\b.txt", "attachment; filename=\"b.txt\"; filename*=UTF-8''b.txt"),
        (
            "표.csv",
            "attachment; filename=\".csv\"; filename*=UTF-8''%ED%91%9C.csv",
        ),
        ("", "attachment; filename=\"artifact\"; filename*=UTF-8''artifact"),
        ("...", "attachment; filename=\"artifact\"; filename*=UTF-8''artifact"),
    ],
)
def test_attachment(name: str, header: str) -> None:
    assert attachment(name) == header


async def test_a_huge_body_is_refused(jp_fetch: Fetch) -> None:
    reply = await jp_fetch(
        "mlops", "runs", "1", "reproductions",
        method="POST", body="x" * (BODY_LIMIT_BYTES + 1), raise_error=False,
    )  # fmt: skip
    assert (reply.code, json.loads(reply.body)["reason"]) == (413, "Request Entity Too Large")


async def test_a_huge_body_that_does_not_say_so_is_refused(
    jp_serverapp: Any, http_server_client: Any, jp_base_url: str, jp_auth_header: dict[str, str]
) -> None:
    async def body(write: Any) -> None:
        for _ in range(3):
            await write(b"x" * (BODY_LIMIT_BYTES // 2))

    reply = await http_server_client.fetch(
        f"{jp_base_url}mlops/runs/1/reproductions",
        method="POST",
        headers=jp_auth_header,
        body_producer=body,
        raise_error=False,
    )
    assert reply.code == 413


CROWD = """
import asyncio, json, sys
from tornado.httpclient import AsyncHTTPClient

url, headers = sys.argv[1], json.loads(sys.argv[2])

async def main():
    client = AsyncHTTPClient(max_clients=200)
    ask = lambda: client.fetch(url, headers=headers, request_timeout=120)
    return {reply.code for reply in await asyncio.gather(*(ask() for _ in range(200)))}

print(*asyncio.run(main()))
"""


async def test_many_lists_do_not_hold_the_server_up(
    mlops: MLOps,
    jp_fetch: Fetch,
    jp_base_url: str,
    jp_http_port: int,
    jp_auth_header: dict[str, str],
    home: Settings,
) -> None:
    for number in range(100):
        record(home, accuracy=number / 100)
    await _runs(mlops, 100)
    url = f"http://127.0.0.1:{jp_http_port}{jp_base_url}mlops/runs?limit={PAGE_LIMIT}"
    crowd = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CROWD, url, json.dumps(jp_auth_header), stdout=asyncio.subprocess.PIPE
    )
    end = asyncio.ensure_future(crowd.communicate())
    begun, busy = time.process_time(), []
    while not end.done():
        before = time.thread_time()
        await jp_fetch("api", "status")
        busy.append(time.thread_time() - before)
    out, _ = await end
    assert out.split() == [b"200"]
    # The lists are made beside the event loop; on it, somebody would have to wait for most of
    # them. Time on the clock is the machine's affair, work is ours.
    assert max(busy) < (time.process_time() - begun) / 2
