"""Golden sessions in real kernels with real capture become the same rows.

All of them by command: ``GOLDEN=all pytest tests/store/test_real_kernels.py``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_mlops.events import EVENTS
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store import golden

# Where capture's own part is the largest: instances, functions, in-place changes, files,
# generators, branches, opaque cells, errors.
SOME = (
    "the same executed twice, with seeds",
    "lr and batch changed, then executed",
    "five unseeded repetitions whose score is the same each time",
    "a later cell changes the frame in place",
    "a file handed over between cells",
    "a function that reads a global",
    "an opaque cell depends on everything before it",
    "a branch not taken keeps the value from before",
    "an error in the middle, mended",
    "a restart in between",
)
LIMIT_S = 60


class RealKernel:
    """A kernel that is told the ids of its cells, as JupyterLab tells them."""

    def __init__(self, folder: Path) -> None:
        # It is killed when half of the wait is over, and has not ended in order then.
        self.manager = KernelManager(kernel_name="python3", shutdown_wait_time=2 * LIMIT_S)
        self.manager.start_kernel(cwd=str(folder))
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT_S)

    def execute(self, cell: str, source: str) -> bool:
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
        message = self.client.session.msg("execute_request", content, metadata={"cellId": cell})
        self.client.shell_channel.send(message)
        while True:
            reply = self.client.get_shell_msg(timeout=LIMIT_S)
            if reply["parent_header"]["msg_id"] == message["header"]["msg_id"]:
                return bool(reply["content"]["status"] == "ok")

    def end(self) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()
        self.manager.context.destroy()


@pytest.fixture
def start(home: Settings, tmp_path: Path) -> Iterator[Callable[[], RealKernel]]:
    kernels: list[RealKernel] = []

    def started() -> RealKernel:
        kernels.append(RealKernel(tmp_path))
        return kernels[-1]

    yield started
    for kernel in kernels:
        kernel.end()


def chosen() -> list[dict[str, Any]]:
    everything = golden.sessions()
    if os.environ.get("GOLDEN") == "all":
        return everything
    return [session for session in everything if session["name"] in SOME]


def is_told(home: Settings) -> bool:
    """Tell whether every execution that began has ended in the journals."""
    lines = b"".join(path.read_bytes() for path in home.journals.glob("*.jsonl"))
    assert {"cell_started", "cell_finished"} <= EVENTS.keys()
    return lines.count(b'"cell_started"') == lines.count(b'"cell_finished"') > 0


@pytest.mark.parametrize("session", chosen(), ids=lambda session: session["name"])
def test_golden_session(
    session: dict[str, Any],
    home: Settings,
    tmp_path: Path,
    start: Callable[[], RealKernel],
) -> None:
    golden.act(session, tmp_path, start)
    deadline = time.monotonic() + LIMIT_S
    while not is_told(home):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    with Store.open(home) as store:
        store.refresh()
        assert golden.differences(session["rows"], list(golden.rows(store))) == []
        draft = store.runs().draft
        assert (None if draft is None else draft.parameters) == session["draft"]
        assert store.problems() == ()


def test_the_chosen_ones_exist() -> None:
    names = {session["name"] for session in golden.sessions()}
    assert set(SOME) <= names
