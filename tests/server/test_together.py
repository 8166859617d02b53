"""Kernel, capture, listener, store, routes and reproduction together, with nothing replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from tests.server.served import Fetch, Notebook, lines, until

SOURCES = [
    "lr = 0.1",
    "from sklearn.linear_model import SGDClassifier\n"
    "from sklearn.datasets import load_iris\n"
    "X, y = load_iris(return_X_y=True)\n"
    "model = SGDClassifier(alpha=lr, random_state=0).fit(X, y)",
    "accuracy = model.score(X, y)\nprint('accuracy', accuracy)\naccuracy",
]


def _document(path: Path) -> list[tuple[str, str]]:
    """Write a notebook with a heading and the cells; return id and source of each of these."""
    cells = [nbformat.v4.new_markdown_cell("# Training")]
    cells += [nbformat.v4.new_code_cell(source) for source in SOURCES]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    return [(cell.id, cell.source) for cell in cells[1:]]


async def _run_all(notebook: Notebook, cells: list[tuple[str, str]]) -> None:
    for ident, source in cells:
        await notebook.execute(source, cell_id=ident)


@pytest.fixture
def get(jp_fetch: Fetch) -> Any:
    """Give a function that returns a route's JSON document."""

    async def asked(*parts: str, **params: Any) -> Any:
        return json.loads((await jp_fetch("mlops", *parts, params=params)).body)

    return asked


async def test_a_notebook_is_recorded_changed_and_reproduced(
    start: Any, get: Any, jp_fetch: Fetch, jp_root_dir: Path, home: Settings, mlops: MLOps
) -> None:
    cells = _document(jp_root_dir / "work" / "train.ipynb")
    notebook = await start("work/train.ipynb")
    await _run_all(notebook, cells)

    async def recorded(count: int) -> Any:
        page = await get("runs", notebook="work/train.ipynb")
        ready = len(page["runs"]) == count and all(run["metrics"] for run in page["runs"])
        return page["runs"] if ready else None

    (first,) = await until(lambda: recorded(1))
    assert first["parameters"]["lr"] == 0.1

    async def heard() -> Any:
        found = (await get("runs", first["id"], "cells", cell=3))["cells"]
        return found[0] if found and found[0]["outputs"] else None

    last = await until(heard)
    assert last["outputs"][0]["text"].startswith("accuracy 0.")
    assert last["outputs"][1]["output_type"] == "execute_result"
    assert not lines(home, "notice", "*"), "capture had nothing to complain of"

    # Another parameter, the cells below executed again: a second row.
    changed = [(cells[0][0], "lr = 0.01"), *cells[1:]]
    await _run_all(notebook, changed)
    second, again = await until(lambda: recorded(2))
    assert again["id"] == first["id"]
    assert second["parameters"]["lr"] == 0.01

    compared = json.loads(
        (
            await jp_fetch(
                "mlops", "comparisons", params=[("run", first["id"]), ("run", second["id"])]
            )
        ).body
    )
    assert compared["parameters"]["lr"] == [0.1, 0.01]
    assert compared["figures"]["parallel_coordinates"]["data"]

    parameters = (await get("notebooks", "work/train.ipynb", "parameters"))["parameters"]
    assert [one["name"] for one in parameters] == ["lr"]

    reply = await jp_fetch("mlops", "runs", first["id"], "reproductions", method="POST", body="{}")
    ident = json.loads(reply.body)["id"]

    async def ended() -> Any:
        found = await get("runs", first["id"], "reproductions", ident)
        return found if found["state"] != "running" else None

    end = await until(ended, 120)
    assert end["state"] == "done", end["message"]
    assert end["verdict"]["verdict"] == "identical", end["verdict"]
    status = await get("status")
    assert status["problems"] == []


async def test_a_reproduction_that_is_cancelled(
    start: Any, get: Any, jp_fetch: Fetch, jp_root_dir: Path, mlops: MLOps
) -> None:
    path = jp_root_dir / "slow.ipynb"
    cell = nbformat.v4.new_code_cell("import time\ntime.sleep(wait)")
    first = nbformat.v4.new_code_cell("wait = 0")
    nbformat.write(nbformat.v4.new_notebook(cells=[first, cell]), path)
    notebook = await start("slow.ipynb")
    await _run_all(notebook, [(first.id, first.source), (cell.id, cell.source)])
    run = await until(lambda: _whole(get))
    body = json.dumps({"parameters": {"wait": 600}})
    reply = await jp_fetch("mlops", "runs", run, "reproductions", method="POST", body=body)
    ident = json.loads(reply.body)["id"]

    async def under_way() -> Any:
        found = await get("runs", run, "reproductions", ident)
        return found["progress"] and found["progress"]["done"] == 1

    await until(under_way)
    await jp_fetch("mlops", "runs", run, "reproductions", ident, method="DELETE")

    async def state() -> Any:
        found = (await get("runs", run, "reproductions", ident))["state"]
        return found if found != "running" else None

    assert await until(state) == "cancelled"
    await until(lambda: len(mlops.reproductions) == 0)


async def _whole(get: Any) -> Any:
    """Return the id of the run once both of its cells have been taken in."""
    for run in (await get("runs"))["runs"]:
        if len((await get("runs", run["id"], "cells"))["cells"]) == 2:
            return run["id"]
    return None
