"""Fingerprints that had to wait are completed while the kernel idles, or not at all."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from jupyter_mlops.events import CellFinished, DataCompleted
from jupyter_mlops.fingerprints import fingerprint, of_file
from jupyter_mlops.settings import Settings, Starter
from jupyter_mlops.store import Store
from tests.capture.conftest import Kernel, StartKernel

_LIMIT_S = 30
# Far more than the end of a cell may take, on any machine; made in no time.
ARRAY = "import numpy as np; big = np.ones(40_000_000)"


@pytest.fixture
def small_budget(startup: object) -> None:
    """Let nothing be fingerprinted when a cell ends, so that small data will do."""
    startup(  # type: ignore[operator]
        "from jupyter_mlops.capture import budget\nbudget._LEAST = budget._MOST = -1.0\n"
    )


@pytest.fixture
def probe(startup: object, tmp_path: Path) -> Callable[[str], None]:
    """Give a small budget, and a way to wait for what the work in the kernel has come to.

    A slice takes no step, until ``idle._SLICE`` is set; so nothing is completed by chance.
    """
    startup(  # type: ignore[operator]
        "from jupyter_mlops.capture import budget, idle\n"
        "budget._LEAST = budget._MOST = -1.0\n"
        "idle._SLICE = 0\n"
        "def tell(name):\n"
        "    real = getattr(idle._Work, name)\n"
        "    def call(self, *of):\n"
        "        real(self, *of)\n"
        "        open(name, 'w').close()\n"
        "    setattr(idle._Work, name, call)\n"
        "tell('go_on'); tell('_next')\n"
    )

    def wait(name: str) -> None:
        until = time.monotonic() + _LIMIT_S
        while not (tmp_path / "work" / name).exists():
            assert time.monotonic() < until, name
            time.sleep(0.02)

    return wait


def digest_of(content: bytes) -> str:
    """Return the digest of a file of that content."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        found = of_file(file.name)
    assert found is not None
    return found.digest


def completed(kernel: Kernel, count: int) -> list[DataCompleted]:
    """Wait until that many completions are told."""
    until = time.monotonic() + _LIMIT_S
    while len(kernel.of(DataCompleted)) < count:
        assert time.monotonic() < until, kernel.events()
        time.sleep(0.02)
    found: list[DataCompleted] = kernel.of(DataCompleted)
    return found


def test_a_large_array_is_outlined_when_its_cell_ends_and_completed_when_the_kernel_idles(
    kernel: Kernel,
) -> None:
    kernel.run(ARRAY)
    (said,) = completed(kernel, 1)
    (cell,) = kernel.finished()
    (partial,), (whole,) = cell.data, said.data
    assert (partial.name, partial.complete, partial.size_bytes) == ("big", False, 320_000_000)
    expected = fingerprint(np.ones(40_000_000))
    assert expected is not None
    assert said.execution == cell.execution
    assert (whole.name, whole.complete, whole.digest) == ("big", True, expected.digest)
    assert partial.digest != whole.digest


@pytest.mark.usefixtures("small_budget")
def test_all_names_models_and_frames_are_completed(kernel: Kernel) -> None:
    kernel.run(
        "import pandas as pd, numpy as np\n"
        "from sklearn.linear_model import LinearRegression\n"
        "frame = pd.DataFrame({'a': [1.0, 2.0, 3.0], 'b': ['x', 'y', 'z']})\n"
        "again = frame\n"
        "model = LinearRegression().fit(frame[['a']], [1, 2, 3])"
    )
    one, other = completed(kernel, 2)
    (cell,) = kernel.finished()
    assert [use.complete for use in cell.data] == [False, False]
    assert [column.dtype for column in cell.data[0].columns] == ["float64", "str"]
    assert [model.digest for model in cell.models] == [None]
    assert [use.name for use in one.data] == ["again", "frame"]
    assert all(column.complete for use in one.data for column in use.columns)
    assert other.models is not None
    assert list(other.models) == ["model"]


@pytest.mark.usefixtures("small_budget")
def test_whether_a_call_changed_its_argument_is_settled_later(kernel: Kernel) -> None:
    kernel.run("import numpy as np\nx = np.arange(9)\nlook, change = [len], [lambda a: a.fill(7)]")
    completed(kernel, 1)
    kernel.run("look[0](x)")
    completed(kernel, 2)
    kernel.run("change[0](x)")
    made, same, other = completed(kernel, 3)
    cells: list[CellFinished] = kernel.finished()
    assert [cell.unsettled for cell in cells] == [(), ("x",), ("x",)]
    assert (made.unchanged, made.changed) == ((), ())
    assert (same.unchanged, same.changed, same.data) == (("x",), (), ())
    assert (other.unchanged, other.changed) == ((), ("x",))
    assert other.data[0].digest != made.data[0].digest


@pytest.mark.parametrize(
    "busy",
    [
        "import threading, time\n"
        "def spin():\n"
        "    while True: time.sleep(0.001)\n"
        "threading.Thread(target=spin, daemon=True).start()",
        "import asyncio\n"
        "async def later():\n"
        "    while True: await asyncio.sleep(0.001)\n"
        "task = asyncio.create_task(later())",
        "import asyncio\n"
        "async def later():\n"
        "    while True: await asyncio.sleep(0.001)\n"
        # As Python 3.12's `wait_for` does.
        "names = {'__name__': 'asyncio.tasks'}\n"
        "exec('async def wrapped(one): await one', names)\n"
        "task = asyncio.create_task(names['wrapped'](later()))",
    ],
    ids=["thread", "task", "wrapped task"],
)
def test_nothing_is_completed_while_code_of_the_users_may_run(
    probe: Callable[[str], None], kernel: Kernel, busy: str
) -> None:
    kernel.run(f"from jupyter_mlops.capture import idle; idle._SLICE = 0.006\n{busy}")
    kernel.run("import numpy as np; x = np.arange(9)")
    probe("_next")
    assert kernel.of(DataCompleted) == []
    assert [use.complete for use in kernel.finished()[1].data] == [False]


@pytest.mark.usefixtures("small_budget")
def test_a_sleeping_thread_is_no_hindrance(kernel: Kernel) -> None:
    kernel.run(
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(2); list(pool.map(abs, [1, 2]))"
    )
    kernel.run("import numpy as np; x = np.arange(9)")
    assert [use.name for use in completed(kernel, 1)[0].data] == ["x"]


def test_a_cell_that_starts_ends_the_work_and_lets_go_of_the_value(
    probe: Callable[[str], None], kernel: Kernel
) -> None:
    kernel.run("import numpy as np, weakref; big = np.ones(9); seen = weakref.ref(big)")
    probe("go_on")
    kernel.run(
        "del big; alive = seen() is not None\n"
        "from jupyter_mlops.capture import idle; idle._SLICE = 0.006\n"
        "other = np.ones(9)"
    )
    assert kernel.value("alive") == "False"
    assert [use.complete for use in kernel.finished()[0].data] == [False]
    assert not any(said.execution == 0 for said in kernel.of(DataCompleted))


def test_a_request_of_another_kind_ends_the_work(
    probe: Callable[[str], None], kernel: Kernel
) -> None:
    kernel.run("import numpy as np; from jupyter_mlops.capture import idle; big = np.ones(9)")
    probe("go_on")
    # A silent one is no cell to anybody, and changes what the cell left.
    kernel.client.execute("big[0] = 2.0; idle._SLICE = 0.006", silent=True, reply=True)
    probe("_next")
    assert kernel.of(DataCompleted) == []
    kernel.run("big = np.ones(9)")
    assert [said.execution for said in completed(kernel, 1)] == [1]


@pytest.mark.usefixtures("small_budget")
def test_a_large_file_is_left_to_the_server_that_listens(
    start_kernel: StartKernel, home: Settings
) -> None:
    kernel = start_kernel(**Starter(pid=os.getpid(), listens=True).environment())
    kernel.run("length = open('data.bin', 'wb').write(b'x' * 40_000_000)")
    (left,) = kernel.finished()[0].unread
    assert left.path == "data.bin"
    with Store.open(home) as store:
        store.refresh()
        (run,) = store.runs().runs
        (use,) = store.run(run.id).data
    assert (use.path, use.access, use.complete) == ("data.bin", "write", True)
    assert use.digest == digest_of(b"x" * 40_000_000)
    assert kernel.of(DataCompleted) == []


def test_a_batch_run_completes_its_data_when_the_cell_ends(start_kernel: StartKernel) -> None:
    starter = Starter(pid=os.getpid(), listens=False, trigger="run", run="r1")
    kernel = start_kernel(**starter.environment())
    kernel.run(ARRAY)
    assert kernel.finished()[0].data[0].complete


@pytest.mark.usefixtures("small_budget")
def test_files_wait_too_and_go_on_waiting_when_a_cell_begins(kernel: Kernel) -> None:
    kernel.client.execute("text = open('data.bin', 'wb').write(b'x' * 50_000_000)")
    kernel.run("pass")
    (said,) = completed(kernel, 1)
    wrote, *_ = kernel.finished()
    assert [(use.path, use.digest, use.complete) for use in wrote.data] == [
        ("data.bin", None, False)
    ]
    (whole,) = said.data
    assert said.execution == wrote.execution
    assert (whole.path, whole.access, whole.complete) == ("data.bin", "write", True)
    assert whole.size_bytes == 50_000_000
    assert whole.digest == digest_of(b"x" * 50_000_000)


@pytest.mark.usefixtures("small_budget")
def test_a_file_that_changed_before_it_was_read_stays_partial(kernel: Kernel) -> None:
    kernel.run("open('data.bin', 'wb').write(b'x'); open('other.bin', 'wb').write(b'y')")
    completed(kernel, 2)
    # Read by one cell, and changed by a program while the next one is executed; on a busy
    # machine there may be time enough between them, so nothing begins before that.
    kernel.run("from jupyter_mlops.capture import idle; first, idle._FIRST = idle._FIRST, 1000")
    kernel.run("a = open('data.bin').read(), open('other.bin').read()")
    kernel.run(
        "import subprocess; subprocess.run(['sh', '-c', 'echo z > data.bin']); idle._FIRST = first"
    )
    # The change is seen as well, and is the later cell's.
    said = completed(kernel, 4)[2:]
    later = {(one.execution, use.path, use.access) for one in said for use in one.data}
    assert later == {(2, "other.bin", "read"), (3, "data.bin", "write")}
    assert [use.complete for use in kernel.finished()[2].data] == [False, False]
