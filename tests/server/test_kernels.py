"""Which kernels run, who started them and which of them record: asked, never believed."""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from jupyter_core.paths import jupyter_data_dir

from jupyter_mlops.server import kernels
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.server.kernels import KERNEL_ACTIONS
from jupyter_mlops.settings import Settings
from tests.server.served import Fetch, lines, until
from tests.server.test_identity import Named


async def _forge(fetch: Fetch, kernel_id: str, action: str) -> None:
    data = {
        "kernel_id": kernel_id,
        "kernel_name": "python3",
        "action": action,
        "status": "success",
        "msg": "as the kernel manager says it",
    }
    body = json.dumps({"schema_id": KERNEL_ACTIONS, "version": "1", "data": data})
    reply = await fetch("api", "events", method="POST", body=body)
    assert reply.code == 204


@pytest.mark.parametrize("action", ["restart", "start"])
async def test_a_forged_event_changes_nothing(
    start: Any, home: Settings, jp_fetch: Fetch, action: str
) -> None:
    notebook = await start()
    await notebook.execute("1")
    await until(lambda: lines(home, "notebook_told"))
    await _forge(jp_fetch, notebook.kernel_id, action)
    after = await notebook.execute("print('after')")
    await until(lambda: [one for one in lines(home, "outputs_seen") if one["msg_id"] == after])
    assert lines(home, "kernel_gone") == []
    assert len(lines(home, "notebook_told")) == 1


async def test_a_restart_is_seen_without_its_event(
    start: Any, home: Settings, mlops: MLOps
) -> None:
    notebook = await start()
    await notebook.execute("1")
    await until(lambda: lines(home, "notebook_told"))
    mlops.serverapp.event_logger.remove_listener(
        schema_id=KERNEL_ACTIONS, listener=mlops.kernels._on_action
    )
    await notebook.restart()
    (gone,) = await until(lambda: lines(home, "kernel_gone"))
    assert (gone["kernel_id"], gone["how"]) == (notebook.kernel_id, "restarted")


class TestNamed:
    """A server that knows by name who asks."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        jp_server_config.ServerApp.identity_provider_class = Named
        return jp_server_config

    async def test_a_forger_gets_no_kernel(
        self, start: Any, home: Settings, jp_fetch: Fetch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notebook = await start()
        await notebook.execute("1")
        (told,) = await until(lambda: lines(home, "notebook_told"))
        assert told["user"] == "ada"
        monkeypatch.setattr(kernels, "name_of", lambda user: user and "mallory")
        await _forge(jp_fetch, notebook.kernel_id, "restart")
        await notebook.rename("work/better.ipynb")
        _, again = await until(lambda: len(found := lines(home, "notebook_told")) > 1 and found)
        assert again["user"] == "ada"


def _specify(name: str, language: str = "python", **env: str) -> None:
    """Install a kernel of this environment in which nothing records unless `env` alone says so."""
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    if not env:
        command = ["/usr/bin/env", "JUPYTER_MLOPS=off", *command]
    folder = Path(jupyter_data_dir(), "kernels", name)
    folder.mkdir(parents=True)
    spec = {"argv": command, "display_name": name, "language": language, "env": env}
    (folder / "kernel.json").write_text(json.dumps(spec))


async def test_which_kernels_record(start: Any, jp_fetch: Fetch) -> None:
    _specify("Elsewhere")
    _specify("GNU_R", language="R")
    _specify("Quiet", JUPYTER_MLOPS="off")
    expected = {
        "python3": None,
        "elsewhere": "does not load what records",
        "gnu_r": "no Python kernel",
        "quiet": "JUPYTER_MLOPS in its kernel specification",
    }
    started = {name: await start(f"{name}.ipynb", kernel=name) for name in expected}

    async def status() -> Any:
        return json.loads((await jp_fetch("mlops", "status")).body)["kernels"]

    assert await status() == [], "nothing has executed anything yet"
    for notebook in started.values():
        await notebook.execute("1")

    async def all_known() -> Any:
        found = {one["kernel"]: one for one in await status()}
        return found if len(found) == len(expected) else None

    found = await until(all_known)
    for name, reason in expected.items():
        kernel = found[started[name].kernel_id]
        assert kernel["recording"] is (reason is None), name
        assert (reason or "") in (kernel["reason"] or ""), name
    await started["quiet"].shut_down()
    await until(lambda: _is_gone(status, started["quiet"].kernel_id))


async def _is_gone(status: Any, kernel_id: str) -> bool:
    return kernel_id not in [one["kernel"] for one in await status()]


async def test_the_path_is_asked_for_once_and_not_on_the_event_loop(
    start: Any, home: Settings, mlops: MLOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = kernels.notebook_path

    def counted(contents: Any, path: str) -> Path:
        asked.append(threading.current_thread().name)
        return real(contents, path)

    monkeypatch.setattr(kernels, "notebook_path", counted)
    notebook = await start()
    await notebook.execute("1")
    await until(lambda: lines(home, "notebook_told"))
    for _ in range(3):
        await mlops.kernels.tell_notebooks()
    assert len(asked) == 1
    assert asked[0] != threading.main_thread().name


async def test_a_path_that_the_disk_did_not_answer_for_is_asked_for_again(
    start: Any, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusals = [OSError("stale file handle")]
    real = kernels.notebook_path

    def refused_once(contents: Any, path: str) -> Path:
        if refusals:
            raise refusals.pop()
        return real(contents, path)

    monkeypatch.setattr(kernels, "notebook_path", refused_once)
    notebook = await start()
    await notebook.execute("1")
    (told,) = await until(lambda: lines(home, "notebook_told"), deadline_s=20.0)
    assert (told["kernel_id"], refusals) == (notebook.kernel_id, [])
