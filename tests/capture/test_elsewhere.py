"""The essentials of capture again, in kernels of environments that have nothing of ours."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlops.events import CellFinished, DataCompleted, SessionStarted
from jupyter_mlops.settings import Settings, Starter
from tests.capture.conftest import Kernel, StartKernel
from tests.capture.test_hooks import (  # noqa: F401 - executed once more, by this module's kernels
    test_an_interrupt_reaches_the_cell,
    test_skipped_cells_run_and_leave_nothing,
)
from tests.capture.test_outputs import (  # noqa: F401
    test_they_are_what_a_client_saw,
)
from tests.capture.test_recorder import (  # noqa: F401
    test_metrics_in_loops_keep_the_last_call_only,
    test_names_by_what_really_happened,
)
from tests.capture.test_threads import (  # noqa: F401
    test_a_fork_writes_nothing,
    test_cells_in_threads_overlap_and_do_not_mix,
)
from tests.capture.test_threads import (
    test_cells_of_a_subshell_overlap_and_do_not_mix as in_a_subshell,
)
from tests.environments import install_kernelspec

LIMIT_S = 60


@pytest.fixture
def start_kernel(
    home: Settings, tmp_path: Path, elsewhere: str, data_folder: None
) -> Iterator[StartKernel]:
    """Start kernels of another environment as our server and our engine start them."""
    kernels: list[Kernel] = []
    folder = tmp_path / "work"
    folder.mkdir()
    name = install_kernelspec("elsewhere", elsewhere, "-m", "ipykernel_launcher")

    def start(**environment: str) -> Kernel:
        variables = {**os.environ, **environment}
        Starter(pid=os.getpid(), listens=False).reach(variables)
        kernels.append(Kernel(home, variables, folder, name))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()


def test_data_is_fingerprinted_with_what_is_there(kernel: Kernel) -> None:
    kernel.run("import numpy as np, pandas as pd\nopen('a.csv', 'w').write('a,b\\n1,2\\n')")
    kernel.run("frame = pd.read_csv('a.csv')\narray = np.arange(4)")
    (begun,) = kernel.of(SessionStarted)
    assert "jupyter-mlops" not in begun.environment.packages
    # The first look at a frame loads what it needs; a busy machine leaves it to the idle kernel.
    deadline = time.monotonic() + LIMIT_S
    while True:
        said = [*kernel.of(CellFinished)[-1:], *kernel.of(DataCompleted)]
        uses = {(use.kind, use.name, use.path): use for one in said for use in one.data}
        if all(use.complete for use in uses.values()) or time.monotonic() > deadline:
            break
        time.sleep(0.05)
    assert ("file", None, "a.csv") in uses
    assert {"frame", "array"} <= {kind for kind, _, _ in uses}
    for use in uses.values():
        assert use.complete and (use.digest or "").startswith("blake2b:"), use


def test_subshells(kernel: Kernel) -> None:
    if kernel.value("__import__('ipykernel').version_info[0] < 7") == "True":
        pytest.skip("this ipykernel has no subshells")
    in_a_subshell(kernel)


def test_how_cells_end(kernel: Kernel) -> None:
    for source in ("x = 1", "1 / 0", "x = (", "raise KeyboardInterrupt", "import sys; sys.exit(2)"):
        kernel.run(source)
    statuses = [event.status for event in kernel.finished()]
    assert statuses == ["ok", "error", "error", "interrupted", "error"]


def test_our_functions_say_what_they_lack(kernel: Kernel) -> None:
    kernel.run("import jupyter_mlops")
    (error,) = kernel.run("jupyter_mlops.runs()")
    assert error["ename"] == "ModuleNotFoundError"
    assert error["evalue"].startswith("jupyter_mlops is not installed in this environment")
    assert error["evalue"].endswith("-m pip install jupyter-mlops")
    assert kernel.value("hasattr(jupyter_mlops, 'nothing_of_ours')") == "False"
