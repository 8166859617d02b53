"""Consoles on a notebook's kernel: they belong to its session, and stand in no notebook."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import nbformat

from tests.server.served import Fetch, until


async def test_a_console_s_cells_have_no_place_and_are_replayed_in_their_order(
    start: Any, jp_fetch: Fetch, jp_root_dir: Path
) -> None:
    first, last = (nbformat.v4.new_code_cell(one) for one in ("lr = 0.1", "score = lr * factor"))
    document = nbformat.v4.new_notebook(cells=[first, last])
    nbformat.write(document, jp_root_dir / "train.ipynb")
    notebook = await start("train.ipynb")
    console = await start("console-1", kind="console", on=notebook)
    await notebook.execute(first.source, cell_id=first.id)
    await console.execute("factor = 2 + lr\nfactor", cell_id=str(uuid4()))
    await notebook.execute(last.source, cell_id=last.id)
    await console.execute("print(score)", cell_id=str(uuid4()))
    # Not saved yet, but the notebook's all the same.
    new = str(uuid4())
    await notebook.execute("loss = 1 - score", cell_id=new)

    async def asked(*parts: str) -> Any:
        return json.loads((await jp_fetch("mlops", *parts)).body)

    async def whole() -> Any:
        for run in (await asked("runs"))["runs"]:
            cells = (await asked("runs", run["id"], "cells"))["cells"]
            if len(cells) == 5 and all(one["outputs"] is not None for one in cells):
                return run["id"]
        return None

    run = await until(whole)
    record = await asked("runs", run)
    places = [(one["cell"], one["console"]) for one in record["cells"]]
    assert places == [(0, False), (None, True), (1, False), (None, True), (2, False)]
    assert record["cells"][4]["id"] == new
    metrics = {one["name"]: one["cell"] for one in record["metrics"]}
    assert metrics == {"factor": None, "score": 1, "loss": 2}
    # Of the cell that is not saved the place is guessed; of a console's there is none to guess.
    guessed = [one["cell"] for one in record["unseen"] if one["what"].startswith("where")]
    assert guessed == [2]

    reply = await jp_fetch("mlops", "runs", run, "reproductions", method="POST", body="{}")
    ident = json.loads(reply.body)["id"]

    async def ended() -> Any:
        found = await asked("runs", run, "reproductions", ident)
        return found if found["state"] != "running" else None

    end = await until(ended, 120)
    assert end["state"] == "done", end["message"]
    assert end["verdict"]["verdict"] == "identical", end["verdict"]
    again = await until(lambda: asked("runs", ident))
    assert [(one["cell"], one["console"]) for one in again["cells"]] == places
