"""What is kept is its owner's alone, under any umask, after all that writes has written."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

import jupyter_mlops as mlops_api
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from tests.execution.documents import document
from tests.server.served import Fetch, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """Let the server, and all that it starts, give everything to everybody.

    The opposite, a umask of 777, is the cells' to set: under it no server or kernel starts, since
    Jupyter can't read its own files then.
    """
    before = os.umask(0)
    yield
    os.umask(before)


async def test_all_of_the_home_is_private(
    umask: None, start: Any, jp_fetch: Fetch, jp_root_dir: Path, home: Settings, mlops: MLOps
) -> None:
    path = jp_root_dir / "work" / "train.ipynb"
    path.parent.mkdir()
    (path.parent / "data.csv").write_text("a\n1\n")
    sources = (
        "import os\nos.umask(0o777)\nrate = 0.5",
        "text = open('data.csv').read()",
        # More than the journal had room for.
        "print('long' * 200_000)",
        "accuracy = rate",
    )
    nbformat.write(document(*sources), path)
    await jp_fetch("mlops", "folders", "work", method="PUT", body='{"keep_data": "yes"}')
    notebook = await start("work/train.ipynb")
    for source in sources:
        await notebook.execute(source)

    async def recorded() -> Any:
        reply = await jp_fetch("mlops", "runs")
        found = json.loads(reply.body)["runs"]
        return found[0]["id"] if found and found[0]["metrics"] else None

    run = await until(recorded)
    batch = await asyncio.to_thread(mlops_api.run, path)
    assert (await asyncio.to_thread(mlops_api.reproduce, batch.id)).verdict == "identical"
    assert (await asyncio.to_thread(mlops_api.show, run)).metrics
    modes = {
        str(one.relative_to(home.home)): stat.S_IMODE(one.stat().st_mode)
        for one in (home.home, *home.home.rglob("*"))
    }
    files = {name for name in modes if (home.home / name).is_file()}
    assert {"store.db", "store.db-wal", "store.db-shm"} <= files
    assert any(name.endswith(".jsonl") for name in files)
    assert {modes[name] for name in files} == {0o600}
    assert {modes[name] for name in modes.keys() - files} == {0o700}
