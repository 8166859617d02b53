"""What is wrong with a disk costs no cell; what was executed meanwhile is recorded afterwards."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from jupyter_mlops import api, journal
from jupyter_mlops.capture import session as session_module
from jupyter_mlops.capture.session import Session
from jupyter_mlops.diagnosis import diagnose
from jupyter_mlops.events import WRITTEN_LATE, Notice
from jupyter_mlops.journal import Journal, segments
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.capture.conftest import Kernel
from tests.faults.disks import Disk

LONG = f"text = {'x' * segments.ROOM_BYTES!r}\nlen(text)"
StartKernel = Callable[[], Kernel]


@pytest.fixture
def store(home: Settings) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


def shown(kernel: Kernel, number: int) -> None:
    """Execute a cell and see that it shows what it does without capture, and no more."""
    assert kernel.run(f"print({number})\n{number} / 4") == [
        {"output_type": "stream", "name": "stdout", "text": f"{number}\n"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": f"{number / 4}"},
            "metadata": {},
            "execution_count": number,
        },
    ]


def sources(store: Store) -> list[str]:
    store.refresh()
    assert store.problems() == ()
    return [cell.source for cell in store.cells("@1")]


def cell(number: int) -> str:
    return f"print({number})\n{number} / 4"


LATE = f"{WRITTEN_LATE}: its journal could not be written: "


def test_a_full_disk(start_kernel: StartKernel, store: Store, disk: Disk) -> None:
    disk.fill()
    kernel = start_kernel()
    for number in (1, 2):
        shown(kernel, number)
    assert list(disk.path.glob("*.jsonl")) == []
    disk.empty()
    shown(kernel, 3)
    disk.fill()
    kernel.run(LONG)
    shown(kernel, 5)
    disk.empty()
    shown(kernel, 6)
    assert sources(store) == [cell(1), cell(2), cell(3), LONG, cell(5), cell(6)]
    assert store.run("@1").notices == (LATE + "No space left on device",)


def test_a_read_only_disk(start_kernel: StartKernel, store: Store, disk: Disk) -> None:
    disk.remount("ro")
    kernel = start_kernel()
    shown(kernel, 1)
    disk.remount("rw")
    shown(kernel, 2)
    assert sources(store) == [cell(1), cell(2)]
    assert store.run("@1").notices == (LATE + "Read-only file system",)


def test_a_limit_of_file_size(start_kernel: StartKernel, store: Store) -> None:
    kernel = start_kernel()
    shown(kernel, 1)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({}, -1))"
    kernel.run(limit.format(segments.ROOM_BYTES // 2))
    kernel.run(LONG)
    shown(kernel, 4)
    kernel.run(limit.format(-1))
    assert sources(store)[1:4:2] == [limit.format(segments.ROOM_BYTES // 2), cell(4)]
    assert store.run("@1").notices == (LATE + "File too large",)


def test_a_store_that_vanishes(start_kernel: StartKernel, home: Settings) -> None:
    kernel = start_kernel()
    shown(kernel, 1)
    shutil.rmtree(home.home)
    shown(kernel, 2)
    kernel.manager.shutdown_kernel()  # looks for its file a last time
    with Store.open(home) as store:
        assert sources(store) == [cell(1), cell(2)]


def test_a_run_says_that_it_could_not_be_recorded(
    home: Settings, disk: Disk, tmp_path: Path
) -> None:
    disk.fill()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)")])
    path = tmp_path / "train.ipynb"
    nbformat.write(notebook, path)
    record = api.run(path)
    assert record.status == "completed"
    (notice,) = record.notices
    assert notice == (
        "what its cells used and produced is not recorded to the end: "
        f"{home.journals} can't be written (No space left on device)"
    )
    assert [one.what for one in record.unseen] == ["everything but the outputs"]
    (finding,) = [
        check
        for check in diagnose(home).checks
        if check.area == "capture" and str(home.journals) in check.what
    ]
    assert finding.state == "finding" and "kernels are not recording" in finding.what
    disk.empty()
    assert "kernels are not recording" not in json.dumps(
        [check.what for check in diagnose(home).checks]
    )


@pytest.mark.parametrize("limit", ["lines", "bytes"])
def test_what_waits_is_bounded_and_what_is_lost_is_counted(
    home: Settings, store: Store, disk: Disk, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    if limit == "lines":
        monkeypatch.setattr(session_module, "_WAITING_LIMIT", 10)
    else:
        monkeypatch.setattr(session_module, "_WAITING_BYTES", 10_000)
    disk.fill()
    session = Session(home, None, "")
    session.open({})
    for number in range(50):
        session.say(Notice, what=f"{number} " + "x" * 1000, why="a test")
    assert len(session._waiting) <= 10
    assert sum(map(len, session._waiting)) <= 10_000 + len(session._waiting[0])
    disk.empty()
    session.say(Notice, what="the last one", why="a test")
    session.close()
    (path,) = disk.path.glob("*.jsonl")
    lines = journal.read(path)
    assert [event["seq"] for event in lines.events] == list(range(len(lines.events)))
    assert lines.events[0]["type"] == "session_started", "without it the rest is no session"
    said = [event["what"].split(" x")[0] for event in lines.events if event["type"] == "notice"]
    lost = int(said[-1].partition(" ")[0])
    assert lost >= 40
    assert said == [
        *map(str, range(lost, 50)),
        "the last one",
        f"{lost} lines of this session are lost",
    ]
    store.refresh()
    assert any("lines of this session are lost" in problem for problem in store.problems())


def test_the_server_s_journal_is_put_back_too(home: Settings, store: Store) -> None:
    one = Journal(home.journals, "server-1")
    one.append(Notice, what="first", why="a test")
    shutil.rmtree(home.journals)
    one.close()
    store.refresh()
    assert store.problems() == ("first: a test",)
