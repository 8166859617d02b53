"""The same where a server listens to the kernel: what it hears is left out too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from traitlets.config import Config

from jupyter_mlops import settings
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from tests.server.served import until
from tests.test_left_out import FAILING, SOURCE, held, saved

OFF = {"jupyter_mlops": {"capture": False}}


@pytest.fixture(params=["tag", "magic", "metadata", "variable", "configuration"])
def way(request: pytest.FixtureRequest) -> str:
    """Name the switch that is used."""
    used: str = request.param
    return used


@pytest.fixture
def jp_server_config(jp_server_config: Config, way: str, monkeypatch: Any) -> Config:
    if way == "variable":
        monkeypatch.setenv(settings.SWITCH_VARIABLE, "off")
    if way == "configuration":
        jp_server_config.MLOps.capture = False
    return jp_server_config


async def test_what_is_left_out_of_a_session(
    way: str, start: Any, mlops: MLOps, jp_root_dir: Path, home: Settings
) -> None:
    path = jp_root_dir / "work" / "train.ipynb"
    metadata = OFF if way == "metadata" else None
    saved(path, way, SOURCE, "score = number / 10", FAILING, metadata=metadata)
    notebook = await start("work/train.ipynb")
    # Switched off altogether, the server hears nothing that could be waited for.
    notebook._is_heard = way in ("variable", "configuration")
    for cell in nbformat.read(path, 4).cells[1:]:
        await notebook.execute(cell.source, cell_id=cell.id, tags=cell.metadata.get("tags"))

    def recorded(store: Any) -> Any:
        store.refresh()
        return [run for run in store.runs().runs if "score" in run.metrics]

    if way in ("tag", "magic"):
        await until(lambda: mlops.calls(recorded))
    await notebook.shut_down()
    # By then the server has worked off what it heard of the first one.
    other = await start("work/other.ipynb")
    other._is_heard = notebook._is_heard
    await other.execute("score = len([1]) / 2")
    if way in ("tag", "magic", "metadata"):
        await until(lambda: mlops.calls(recorded))
    await other.shut_down()
    assert held(home) == set()
    runs = await mlops.calls(recorded)
    assert len(runs) == {"tag": 2, "magic": 2, "metadata": 1}.get(way, 0)
