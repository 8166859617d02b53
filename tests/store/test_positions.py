"""Positions count in the saved notebook, or in one put together, and never change later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import started

TITLE = {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Title"}


def code(identifier: str, source: str) -> dict[str, Any]:
    output = {"output_type": "stream", "name": "stdout", "text": "old"}
    return {
        "cell_type": "code",
        "id": identifier,
        "metadata": {},
        "source": source,
        "outputs": [output],
        "execution_count": 7,
    }


def save(path: Path, *cells: dict[str, Any]) -> None:
    document = {"cells": cells, "metadata": {"kernelspec": {}}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document))


@pytest.fixture
def path(tmp_path: Path, kernel: Kernel) -> Path:
    """Give the path of the notebook that the kernel belongs to."""
    found = tmp_path / "train.ipynb"
    started(kernel, notebook=str(found), notebook_source="told")
    return found


def metric_cell(store: Store, ref: str = "@1") -> int | None:
    return store.run(ref).metrics[0].cell


def test_in_the_saved_notebook(store: Store, home: Settings, kernel: Kernel, path: Path) -> None:
    save(path, TITLE, code("lr", "lr = 0.5"), code("other", "1"), code("score", "changed"))
    write_journal(home, kernel.events)
    store.refresh()
    assert metric_cell(store) == 3
    given = json.loads(store.given_notebook("@1"))
    assert [cell["source"] for cell in given["cells"]] == [
        "# Title",
        "lr = 0.5",
        "1",
        "score = lr * 2",
    ]
    assert all(not cell.get("outputs") for cell in given["cells"])
    assert store.run("@1").notebook_digest is not None


@pytest.mark.parametrize(
    "content", [None, "not JSON", "[]", '{"cells": 3}', '{"cells": [3]}', '{"cells": []}']
)
def test_in_a_notebook_put_together(
    content: str | None, store: Store, home: Settings, kernel: Kernel, path: Path
) -> None:
    if content is not None:
        path.write_text(content)
    kernel.execute("lr", "lr = 0.5")
    write_journal(home, kernel.events)
    store.refresh()
    assert metric_cell(store) == 1
    given = json.loads(store.given_notebook("@1"))
    assert [cell["source"] for cell in given["cells"]] == ["lr = 0.5", "score = lr * 2"]


def test_cells_that_were_not_saved_stand_where_they_were_executed(
    store: Store, home: Settings, kernel: Kernel, path: Path
) -> None:
    save(path, TITLE, code("lr", "lr = 0.5"), code("other", "1"), code("score", "score = lr * 2"))
    kernel.execute("new", "half = score / 2")
    kernel.execute("newer", "third = half / 3")
    write_journal(home, kernel.events)
    store.refresh()
    run = store.run("@1")
    assert {one.name: one.cell for one in run.metrics} == {"score": 3, "half": 4, "third": 5}
    given = json.loads(store.executed_notebook("@1"))
    assert [cell["source"] for cell in given["cells"]][3:] == [
        "score = lr * 2",
        "half = score / 2",
        "third = half / 3",
    ]
    assert [one.cell for one in run.unseen if one.what.startswith("where")] == [4, 5]
    # Once it is saved, that counts.
    cells = [code("lr", "lr = 0.5"), code("score", ""), code("newer", ""), TITLE, code("new", "")]
    save(path, *cells)
    kernel.execute("newer", "third = half / 3")
    write_journal(home, kernel.events)
    store.refresh()
    run = store.run("@1")
    assert {one.name: one.cell for one in run.metrics} == {"score": 1, "third": 2, "half": 4}
    assert not [one for one in run.unseen if one.what.startswith("where")]


def test_a_first_cell_that_was_not_saved_stands_before_what_came_next(
    store: Store, home: Settings, kernel: Kernel, path: Path
) -> None:
    save(path, TITLE, TITLE, code("score", "score = lr * 2"))
    write_journal(home, kernel.events)
    store.refresh()
    assert metric_cell(store) == 3
    assert [one.cell for one in store.run("@1").parameters] == [2]


def test_in_a_notebook_of_before_there_were_ids(
    store: Store, home: Settings, kernel: Kernel, path: Path
) -> None:
    kernel.execute("again", "lr = 0.5")
    kernel.execute("edited", "total = score + 1000  # of all")
    sources = ("lr = 0.5", "1", "lr = 0.5", "score = lr * 2", "total = score + 1000")
    cells = [TITLE, *(code("", source) for source in sources)]
    save(path, *({key: cell[key] for key in cell if key != "id"} for cell in cells))
    write_journal(home, kernel.events)
    store.refresh()
    run = store.run("@1")
    assert {one.name: one.cell for one in run.metrics} == {"score": 4, "total": 5}
    assert [(cell.id, cell.cell) for cell in run.cells] == [
        ("lr", 1),
        ("score", 4),
        ("again", 3),
        ("edited", 5),
    ]
    given = json.loads(store.given_notebook("@1"))
    assert given["cells"][5]["source"] == "total = score + 1000  # of all"
    assert len({cell["id"] for cell in given["cells"]}) == len(cells)


def test_a_closed_run_keeps_its_positions(
    store: Store, home: Settings, kernel: Kernel, path: Path
) -> None:
    save(path, code("lr", "lr = 0.5"), code("score", "score = lr * 2"))
    write_journal(home, kernel.events)
    store.refresh()
    closed = store.find("@1")
    kernel.execute("lr", "lr = 0.75")
    kernel.execute("score", "score = lr * 2")
    save(path, TITLE, code("lr", "lr = 0.75"), code("score", "score = lr * 2"))
    write_journal(home, kernel.events)
    store.refresh()
    assert metric_cell(store, closed) == 1
    assert metric_cell(store, "@1") == 2
    assert '"lr = 0.5"' in store.given_notebook(closed).decode()
    save(path, TITLE, TITLE, code("score", "score = lr * 2"), code("lr", "lr = 0.75"))
    kernel.end()
    write_journal(home, kernel.events)
    store.refresh()
    assert metric_cell(store, closed) == 1


def test_cells_without_ids(store: Store, home: Settings, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path, has_ids=False)
    for source in ("lr = 0.5", "print(lr)", "score = lr * 2", "lr = 0.75", "score = lr * 2"):
        kernel.execute("", source)
    write_journal(home, kernel.events)
    store.refresh()
    rows = [(run.parameters, run.metrics) for run in store.runs(sort="started").runs]
    assert rows == [({"lr": 0.5}, {"score": 1.0}), ({"lr": 0.75}, {"score": 1.5})]
    assert metric_cell(store) == 2
    assert [cell.id for cell in store.run("@1").cells] == [None, None]


def test_the_executed_notebook_holds_the_recorded_outputs(
    store: Store, home: Settings, kernel: Kernel, path: Path
) -> None:
    save(path, TITLE, code("lr", "lr = 0.5"), code("score", "score = lr * 2"))
    write_journal(home, kernel.events)
    store.refresh()
    cells = json.loads(store.executed_notebook("@1"))["cells"]
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2]
    assert cells[0]["source"] == "# Title"


def test_a_copy_lost_on_disk_is_made_again(
    store: Store, home: Settings, kernel: Kernel, path: Path
) -> None:
    write_journal(home, kernel.events)
    store.refresh()
    for blob in home.blobs.rglob("*"):
        if blob.is_file():
            blob.unlink()
    kernel.execute("lr", "lr = 0.75")
    kernel.execute("score", "score = lr * 2")
    write_journal(home, kernel.events)
    store.close()
    with Store.open(home) as again:
        again.refresh()
        assert [metric_cell(again, ref) for ref in ("@1", "@2")] == [1, 1]


@pytest.mark.parametrize("odd", [True, None, ["a"], "text"])
def test_a_saved_notebooks_metadata_may_have_any_shape(
    odd: object, store: Store, home: Settings, kernel: Kernel, path: Path
) -> None:
    cells = [{**code(name, "saved"), "metadata": odd} for name in ("lr", "score")]
    path.write_text(json.dumps({"cells": cells, "metadata": odd, "nbformat": 4}))
    write_journal(home, kernel.events)
    store.refresh()
    assert metric_cell(store) == 1
    assert store.problems() == ()
