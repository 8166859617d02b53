"""What the extension reads, tells its kernels, and leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

import jupyter_mlops
from jupyter_mlops import settings
from jupyter_mlops.errors import StoreError
from jupyter_mlops.server import extension, status
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from tests.server.served import Fetch, lines, until


def test_found_by_jupyter_under_its_fixed_names() -> None:
    (point,) = jupyter_mlops._jupyter_server_extension_points()
    assert point == {"module": "jupyter_mlops.server.extension", "app": MLOps}
    (lab,) = jupyter_mlops._jupyter_labextension_paths()
    assert lab == {"src": "labextension", "dest": "jupyter-mlops"}


def test_importing_the_package_loads_no_server() -> None:
    code = "import sys, jupyter_mlops; print([m for m in sys.modules if 'server' in m])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_loading_the_extension_leaves_the_store_s_libraries_alone() -> None:
    # They cost the start of every server most of a second; a thread loads them later.
    code = (
        "import sys, jupyter_mlops.server.extension;"
        "print({'sqlalchemy', 'alembic', 'pandas', 'plotly', 'papermill', 'IPython'}"
        " & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


async def test_status(mlops: MLOps, jp_fetch: Fetch, home: Settings) -> None:
    document = json.loads((await jp_fetch("mlops", "status")).body)
    assert document["home"] == str(home.home)
    assert document["schema"] == 1 and document["version"]
    assert document["capture"] is True, document["capture_reason"]
    assert document["problems"] == []


async def test_status_has_the_root_as_runs_have_it(
    jp_fetch: Fetch, jp_root_dir: Path, start: Any, home: Settings
) -> None:
    document = json.loads((await jp_fetch("mlops", "status")).body)
    await (await start("work/train.ipynb")).execute("1")
    (told,) = await until(lambda: lines(home, "notebook_told"))
    assert told["notebook"] == f"{document['root']}/work/train.ipynb"
    assert document["root"] == str(jp_root_dir)


async def test_kernels_are_told_who_starts_them(mlops: MLOps) -> None:
    told = json.loads(os.environ[settings.STARTER_VARIABLE])
    assert told["pid"] == os.getpid() and told["listens"] is True
    assert settings.SWITCH_VARIABLE not in os.environ


async def test_nothing_is_left_behind(jp_serverapp: Any, mlops: MLOps) -> None:
    await until(lambda: mlops.watcher._known)
    assert any(thread.name == "mlops-listener" for thread in threading.enumerate())
    await mlops.stop_extension()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("mlops")]
    assert left == []
    assert settings.STARTER_VARIABLE not in os.environ


async def test_one_step_that_fails_does_not_keep_the_others_from_ending(
    mlops: MLOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: mlops.watcher._known)
    stop = mlops.watcher.stop

    async def fail() -> None:
        await stop()
        raise RuntimeError("it can't be stopped")

    with monkeypatch.context() as broken:
        broken.setattr(mlops.watcher, "stop", fail)
        with pytest.raises(RuntimeError, match="can't be stopped"):
            await mlops.stop_extension()
    left = [thread.name for thread in threading.enumerate() if thread.name.startswith("mlops")]
    assert left == []
    assert settings.STARTER_VARIABLE not in os.environ


async def test_a_closed_store_stays_closed(mlops: MLOps, jp_fetch: Fetch) -> None:
    await until(lambda: mlops.watcher._known)
    await mlops.stop_extension()
    with pytest.raises(StoreError, match="closed"):
        mlops.calls.opened()
    reply = await jp_fetch("mlops", "runs", raise_error=False)
    assert (reply.code, json.loads(reply.body)["reason"]) == (409, "StoreError")


class TestConfigured:
    """A server with a section of its own in Jupyter's configuration."""

    @pytest.fixture
    def jp_server_config(
        self, jp_server_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Config:
        monkeypatch.delenv(settings.HOME_VARIABLE)
        jp_server_config.MLOps = Config(home=str(tmp_path / "elsewhere"), capture=False)
        return jp_server_config

    async def test_is_read_and_told(self, mlops: MLOps, jp_fetch: Fetch, tmp_path: Path) -> None:
        document = json.loads((await jp_fetch("mlops", "status")).body)
        assert document["home"] == str(tmp_path / "elsewhere")
        assert document["capture"] is False
        assert "MLOps.capture" in document["capture_reason"]
        assert os.environ[settings.HOME_VARIABLE] == str(tmp_path / "elsewhere")
        assert os.environ[settings.SWITCH_VARIABLE] == "off"
        await mlops.stop_extension()
        assert settings.HOME_VARIABLE not in os.environ
        assert settings.SWITCH_VARIABLE not in os.environ


class TestUnusable:
    """A server whose home can't be a folder."""

    @pytest.fixture
    def jp_server_config(self, jp_server_config: Config, home: Settings) -> Config:
        home.home.write_text("a file stands in the way")
        return jp_server_config

    async def test_starts_and_says_so(self, mlops: MLOps, jp_fetch: Fetch) -> None:
        await until(lambda: mlops.watcher.problem)
        document = json.loads((await jp_fetch("mlops", "status")).body)
        (problem,) = document["problems"]
        assert str(mlops.kept.home) in problem
        reply = await jp_fetch("mlops", "runs", raise_error=False)
        assert (reply.code, json.loads(reply.body)["reason"]) == (409, "RefusedWriteError")


def test_why_capture_is_off(home: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert status.capture_off(home, reaches_all=False) is None
    monkeypatch.setattr(status, "_STARTUP_FOLDERS", ())
    assert "start-up file" in (status.capture_off(home, reaches_all=False) or "")
    assert status.capture_off(home, reaches_all=True) is None
    monkeypatch.setenv(settings.SWITCH_VARIABLE, "off")
    assert settings.SWITCH_VARIABLE in (status.capture_off(settings.read(), reaches_all=True) or "")


def test_the_routes_take_every_verb_from_one_base() -> None:
    from jupyter_mlops.server.base import MlopsHandler

    for _, handler in extension.ROUTES:
        assert issubclass(handler, MlopsHandler)
        assert handler.auth_resource == "mlops"
