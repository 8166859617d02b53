"""A kernel that should record and does not: the server finds it, says it, and takes it back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.journal import segments
from jupyter_mlops.server import faults
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.faults.disks import Disk, small_disk
from tests.server.served import Fetch, Notebook, until

LONG = f"text = {'x' * segments.ROOM_BYTES!r}\nlen(text)"


@pytest.fixture
def disk(home: Settings) -> Iterator[Disk]:
    """Give a small disk for the journals alone, so that the store is not what fails."""
    with small_disk(home.journals) as mounted:
        yield mounted


async def _capture(fetch: Fetch, notebook: Notebook) -> dict[str, Any] | None:
    status = json.loads((await fetch("mlops", "status")).body)
    for kernel in status["kernels"]:
        if kernel["kernel"] == notebook.kernel_id:
            return dict(kernel)
    return None


async def _until_recording(fetch: Fetch, notebook: Notebook, recording: bool) -> dict[str, Any]:
    async def found() -> dict[str, Any] | None:
        capture = await _capture(fetch, notebook)
        return capture if capture and capture["recording"] is recording else None

    capture: dict[str, Any] = await until(found)
    return capture


async def test_a_full_disk_is_said_and_recording_goes_on_by_itself(
    start: Any, home: Settings, jp_fetch: Fetch, disk: Disk
) -> None:
    notebook = await start("work/train.ipynb")
    await notebook.execute("a = 1")
    assert await _until_recording(jp_fetch, notebook, True) == {
        "kernel": notebook.kernel_id,
        "recording": True,
        "reason": None,
        "fault": False,
    }
    disk.fill()
    await notebook.execute(LONG)
    capture = await _until_recording(jp_fetch, notebook, False)
    assert capture["fault"] is True
    assert capture["reason"] == (
        f"The disk of {home.journals} is full; what is executed waits in the kernel's memory "
        "and is recorded once there is room."
    )
    await notebook.execute("b = 2")
    disk.empty()
    await notebook.execute("accuracy = 1.0 / 4")
    assert (await _until_recording(jp_fetch, notebook, True))["reason"] is None
    with Store.open(home) as store:
        store.refresh()
        cells = store.cells("@1")
        assert [cell.source for cell in cells] == ["a = 1", LONG, "b = 2", "accuracy = 1.0 / 4"]
        assert store.run("@1").notices == (
            "this session was written late: its journal could not be written: "
            "No space left on device",
        )
        assert store.problems() == (), "what is not lost needs nobody"


async def test_a_disk_that_is_full_from_the_first_cell_on(
    start: Any, home: Settings, jp_fetch: Fetch, disk: Disk
) -> None:
    disk.fill()
    notebook = await start("work/train.ipynb")
    await notebook.execute("a = 1")
    assert "is full" in (await _until_recording(jp_fetch, notebook, False))["reason"]
    disk.empty()
    await notebook.execute("b = 2")
    await _until_recording(jp_fetch, notebook, True)
    with Store.open(home) as store:
        store.refresh()
        assert [cell.source for cell in store.cells("@1")] == ["a = 1", "b = 2"]


async def test_capture_that_gave_up_is_said(start: Any, jp_fetch: Fetch) -> None:
    notebook = await start("work/train.ipynb")
    await notebook.execute("get_ipython()._jupyter_mlops_hooks._read = None")
    for _ in range(3):
        await notebook.execute("a = 1")
    capture = await _until_recording(jp_fetch, notebook, False)
    assert (capture["fault"], capture["reason"]) == (True, faults.SWITCHED_OFF)


async def test_a_folder_that_is_removed_comes_back(
    start: Any, home: Settings, jp_fetch: Fetch
) -> None:
    notebook = await start("work/train.ipynb")
    await notebook.execute("a = 1")
    await _until_recording(jp_fetch, notebook, True)
    shutil.rmtree(home.journals)

    executed = ["a = 1"]

    async def again() -> bool:
        # The kernel looks for its file once a second at most, when it has something to say.
        executed.append(f"b = {len(executed)}")
        await notebook.execute(executed[-1])
        capture = await _capture(jp_fetch, notebook)
        # Of cells within that second the state is the one before.
        there = any(home.journals.glob("*.jsonl"))
        return there and capture is not None and capture["recording"]

    await until(again)
    with Store.open(home) as store:
        store.refresh()
        assert [cell.source for cell in store.cells("@1")] == executed


async def test_an_empty_cell_is_no_fault(start: Any, jp_fetch: Fetch) -> None:
    notebook = await start("work/train.ipynb")
    await notebook.execute("a = 1")
    await notebook.execute("  \n")
    await notebook.execute("%%mlops skip\nb = 1")
    assert (await _until_recording(jp_fetch, notebook, True))["fault"] is False


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    assert faults.obstruction(tmp_path / "home" / "journals") is None
    assert faults.missing(tmp_path).startswith("The last execution did not reach")
    in_the_way = tmp_path / "file"
    in_the_way.touch()
    said = faults.missing(in_the_way)
    assert said.startswith(f"{in_the_way} can't be written (") and said.endswith("once it can.")
