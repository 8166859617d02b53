"""Kernels of environments that have nothing of ours, started by a real server."""

from __future__ import annotations

import asyncio
import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import nbformat
import pytest

from jupyter_mlops import journal, schema, settings
from jupyter_mlops.events import CellFinished
from jupyter_mlops.server import provisioner
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from tests.capture.accounts import accounted
from tests.environments import install_kernelspec
from tests.server.served import DEADLINE_S, Fetch, Notebook, lines, until

GROUP = provisioner.KernelProvisionerFactory.GROUP_NAME
SEEN = """
import json, os, sys
print(json.dumps({
    "names": [name for name in dir() if "mlops" in name],
    "path": [place for place in sys.path if os.path.exists(place + "/jupyter_mlops")
             or place.endswith("/capture/start")],
    "variables": [name for name in os.environ if "MLOPS_STARTER" in name or "STARTUP" in name],
    "finders": [str(one) for one in sys.meta_path if "mlops" in str(one)],
    "hash": "xxhash" in sys.modules,
}))
"""
UNTOUCHED = {"names": [], "path": [], "variables": [], "finders": [], "hash": False}


def is_registered() -> bool:
    """Tell whether the installed metadata has our provisioner; the wheel's is tested as well."""
    return bool(entry_points(group=GROUP, name=provisioner.NAME))


pytestmark = pytest.mark.skipif(
    not is_registered(),
    reason="NOT TESTED: the installed metadata is older than pyproject.toml; run make test",
)


@pytest.fixture
def kernel(elsewhere: str, jp_environ: None) -> str:
    """Give the name of a kernelspec of such an environment."""
    # Jupyter's own fixture lends the packages of this environment to all that it starts.
    return install_kernelspec("elsewhere", elsewhere, "-m", "ipykernel_launcher", PYTHONPATH="")


async def begun(home: Settings, count: int) -> list[dict[str, Any]]:
    """Return the first lines of the kernels' journals, in time's order, once there are `count`."""

    def found() -> list[dict[str, Any]]:
        started = lines(home, "session_started", writer="*")
        return sorted(started, key=lambda one: str(one["at"])) if len(started) >= count else []

    sessions: list[dict[str, Any]] = await until(found)
    assert len(sessions) == count
    return sessions


def finished(home: Settings, session: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the ends of cells as whoever reads the journal understands them."""
    told = journal.read(home.journals / (session["writer"] + journal.SUFFIX)).events
    events = accounted(map(schema.decode_event, told))
    return [msgspec.to_builtins(one) for one in events if isinstance(one, CellFinished)]


async def printed(notebook: Notebook, code: str) -> str:
    """Execute `code` and return what its client sees it print."""
    heard: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        heard.append(message["content"].get("text", ""))

    client = await notebook.client()
    await client.execute_interactive(code, output_hook=hear, timeout=DEADLINE_S)
    return "".join(heard)


async def test_is_recorded_through_restart_rename_interrupt_and_console(
    kernel: str, start: Any, home: Settings, jp_fetch: Fetch, jp_root_dir: Path
) -> None:
    (jp_root_dir / "work").mkdir()
    (jp_root_dir / "work" / "train.ipynb").write_text("{}")
    notebook: Notebook = await start(kernel=kernel)
    assert json.loads(await printed(notebook, SEEN)) == UNTOUCHED
    await notebook.execute("import pandas as pd\nlr = 0.1\ndf = pd.DataFrame({'a': [1.5, 2]})")
    (first,) = await begun(home, 1)
    assert first["listens"] is True
    assert first["kernel_id"] == notebook.kernel_id
    assert (first["notebook"], first["notebook_source"]) == (
        str(jp_root_dir / "work" / "train.ipynb"),
        "told",
    )
    _, cell = finished(home, first)
    assert [(one["name"], one["value"]) for one in cell["parameters"]] == [("lr", 0.1)]
    (frame,) = cell["data"]
    assert frame["digest"].startswith("blake2b:") and frame["complete"]

    # A restart.
    await notebook.restart()
    assert json.loads(await printed(notebook, SEEN)) == UNTOUCHED
    _, second = await begun(home, 2)
    assert second["kernel_id"] == notebook.kernel_id
    assert second["process"] != first["process"]

    # A rename, after which the server tells the new path, and a restart, which undoes wrappers.
    (jp_root_dir / "work" / "train.ipynb").rename(jp_root_dir / "work" / "better.ipynb")
    await notebook.rename("work/better.ipynb")
    better = str(jp_root_dir / "work" / "better.ipynb")
    await until(lambda: [one for one in lines(home, "notebook_told") if one["notebook"] == better])
    await notebook.restart()
    await notebook.execute("x = 1")
    *_, third = await begun(home, 3)
    assert (third["notebook"], third["notebook_source"]) == (better, "told")

    # An interrupt.
    slow = asyncio.ensure_future(notebook.execute("import time\ntime.sleep(600)"))
    await until(lambda: len(lines(home, "cell_started", writer=third["writer"])) == 2)
    await notebook.interrupt()
    await slow
    await notebook.execute("y = 2")
    assert [one["status"] for one in finished(home, third)] == ["ok", "interrupted", "ok"]

    # A console on the same kernel.
    console = await start("work/console-1", kind="console", on=notebook)
    await console.execute("z = x + y", cell_id=str(uuid4()))
    assert finished(home, third)[-1]["reads"] == ("x", "y")
    assert len(await begun(home, 3)) == 3
    told = {one["notebook"] for one in lines(home, "notebook_told")}
    assert told == {better, str(jp_root_dir / "work" / "train.ipynb")}


async def test_a_console_s_cells_belong_to_the_notebook_s_session_and_are_replayed(
    kernel: str, start: Any, home: Settings, jp_fetch: Fetch, jp_root_dir: Path
) -> None:
    first = nbformat.v4.new_code_cell("lr = 0.1")
    document = nbformat.v4.new_notebook(cells=[first])
    document.metadata["kernelspec"] = {"name": kernel, "display_name": "", "language": "python"}
    nbformat.write(document, jp_root_dir / "train.ipynb")
    notebook = await start("train.ipynb", kernel=kernel)
    await notebook.execute(first.source, cell_id=first.id)
    console = await start("console-1", kind="console", on=notebook)
    # A console's cells have ids, of no notebook.
    await console.execute("twice = lr * 2\ntwice", cell_id=str(uuid4()))

    async def asked(*parts: str) -> Any:
        return json.loads((await jp_fetch("mlops", *parts)).body)

    async def whole() -> Any:
        for run in (await asked("runs"))["runs"]:
            cells = (await asked("runs", run["id"], "cells"))["cells"]
            if len(cells) == 2 and all(one["outputs"] is not None for one in cells):
                return run
        return None

    run = await until(whole)
    assert run["notebook"] == str(jp_root_dir / "train.ipynb")
    assert run["parameters"] == {"lr": 0.1}
    record = await asked("runs", run["id"])
    assert record["cells"][0]["id"] == first.id
    # The notebook does not have it, and the record does not pretend to know its place there.
    assert [(one["cell"], one["console"]) for one in record["cells"]] == [(0, False), (None, True)]
    assert record["unseen"] == []

    reply = await jp_fetch("mlops", "runs", run["id"], "reproductions", method="POST", body="{}")
    ident = json.loads(reply.body)["id"]

    async def ended() -> Any:
        found = await asked("runs", run["id"], "reproductions", ident)
        return found if found["state"] != "running" else None

    end = await until(ended, 120)
    assert end["state"] == "done", end["message"]
    assert end["verdict"]["verdict"] == "identical", end["verdict"]
    again = await until(lambda: asked("runs", ident))
    assert (
        again["environment"]["digest"] == (await asked("runs", run["id"]))["environment"]["digest"]
    )


async def test_switches_work(kernel: str, start: Any, home: Settings, jp_root_dir: Path) -> None:
    document = {"cells": [], "nbformat": 4, "nbformat_minor": 5}
    metadata = {"jupyter_mlops": {"capture": False}}
    (jp_root_dir / "off.ipynb").write_text(json.dumps({**document, "metadata": metadata}))
    off = await start("off.ipynb", kernel=kernel)
    await off.execute("secret = 1")
    notebook = await start("on.ipynb", kernel=kernel)
    assert await printed(notebook, "%%mlops skip\nprint('skipped')") == "skipped\n"
    (session,) = await begun(home, 1)
    assert session["kernel_id"] == notebook.kernel_id
    (cell,) = lines(home, "cell_started", writer=session["writer"])
    assert cell["skipped"] is True and cell["source"] == ""


class TestSwitchedOff:
    """A server whose kernels are not to be recorded."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        jp_server_config.MLOps.capture = False
        return jp_server_config

    async def test_a_cell_that_asks_to_be_left_out_runs(
        self, kernel: str, home: Settings, mlops: MLOps, jp_fetch: Fetch
    ) -> None:
        body = json.dumps({"path": "a.ipynb", "type": "notebook", "kernel": {"name": kernel}})
        session = json.loads((await jp_fetch("api", "sessions", method="POST", body=body)).body)
        manager = mlops.serverapp.kernel_manager.get_kernel(session["kernel"]["id"])
        client = manager.client()
        client.start_channels()
        await client.wait_for_ready(timeout=60)
        reply = await client.execute("%%mlops skip\nx = 1", reply=True, timeout=60)
        client.stop_channels()
        assert reply["content"]["status"] == "ok"
        assert not list(home.journals.glob("*"))


async def test_the_default_is_ours_and_given_back(mlops: MLOps) -> None:
    factory = provisioner.KernelProvisionerFactory.instance()
    assert factory.default_provisioner_name == provisioner.NAME
    await mlops.stop_extension()
    assert factory.default_provisioner_name == "local-provisioner"


class TestChosen:
    """A server for which another provisioner was chosen."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: Any) -> Any:
        provisioner.KernelProvisionerFactory.clear_instance()
        jp_server_config.KernelProvisionerFactory.default_provisioner_name = "theirs"
        return jp_server_config

    async def test_stays(self, mlops: MLOps) -> None:
        factory = provisioner.KernelProvisionerFactory.instance()
        assert factory.default_provisioner_name == "theirs"
        assert mlops.reaches_all is False
        await mlops.stop_extension()
        assert factory.default_provisioner_name == "theirs"
        provisioner.KernelProvisionerFactory.clear_instance()


async def test_without_the_package_kernels_start_as_ever(
    kernel: str, start: Any, home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The package was uninstalled while the server runs.
    monkeypatch.setattr(settings, "START_FILE", str(tmp_path / "gone" / "start_file.py"))
    notebook = await start(kernel=kernel)
    assert json.loads(await printed(notebook, SEEN)) == UNTOUCHED
    assert lines(home, "session_started", writer="*") == []
