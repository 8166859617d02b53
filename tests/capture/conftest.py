"""Real kernels with capture in them, and what their journals say."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import KernelManager

from jupyter_mlops import journal, schema
from jupyter_mlops.events import CellFinished, CellStarted, Event
from jupyter_mlops.settings import Settings
from tests.capture.accounts import accounted
from tests.capture.cells import Cells

_SHOWN = {"stream", "display_data", "execute_result", "error", "update_display_data"}
_CELL_LIMIT_S = 60


class Kernel:
    """One kernel, started as a plain client starts it."""

    def __init__(
        self, settings: Settings, environment: dict[str, str], cwd: Path, name: str = "python3"
    ) -> None:
        self._settings = settings
        # It is killed when half of the wait is over, and says nothing of its end then.
        self.manager = KernelManager(kernel_name=name, shutdown_wait_time=2 * _CELL_LIMIT_S)
        # The startup file of the installed package is what is tested; nothing else may load us.
        self.manager.start_kernel(env={**os.environ, **environment}, cwd=str(cwd))
        self.client: BlockingKernelClient = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=_CELL_LIMIT_S)

    def run(self, source: str, **options: Any) -> list[dict[str, Any]]:
        """Execute one cell and return its outputs, streams joined, as a notebook has them."""
        # Else a kernel aborts what comes soon after an error, older ones even what comes later.
        options = {"stop_on_error": False, **options}
        shown: list[dict[str, Any]] = []

        def take(message: dict[str, Any]) -> None:
            kind, content = message["msg_type"], dict(message["content"])
            content.pop("transient", None)
            if kind == "stream" and shown and shown[-1].get("name") == content["name"]:
                shown[-1]["text"] += content["text"]
            elif kind in _SHOWN:
                shown.append({"output_type": kind, **content})

        self.client.execute_interactive(
            source, timeout=_CELL_LIMIT_S, output_hook=take, allow_stdin=False, **options
        )
        return shown

    def value(self, expression: str) -> str:
        """Return the text of an expression's value, without executing a cell."""
        reply = self.client.execute(
            "", silent=True, reply=True, user_expressions={"value": expression}
        )
        answer = reply["content"]["user_expressions"]["value"]
        return str(answer["data"]["text/plain"]) if answer["status"] == "ok" else answer["ename"]

    def stop(self) -> None:
        """Shut the kernel down in order."""
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()
        self.manager.context.destroy()

    def events(self) -> list[Event]:
        """Return all that the journals say by now, understood as the store does."""
        return accounted(self.said())

    def said(self) -> list[Event]:
        """Return all that the journals say by now, checked as the store checks it."""
        found: list[Event] = []
        for path in sorted(self._settings.journals.glob("*.jsonl")):
            lines = journal.read(path)
            assert lines.torn == 0
            found += [schema.decode_event(line) for line in lines.events]
        return found

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the journal's events of one kind."""
        return [event for event in self.events() if isinstance(event, kind)]

    def finished(self) -> list[CellFinished]:
        """Return the ends of executions, in order of their beginnings."""
        return sorted(self.of(CellFinished), key=lambda event: event.execution)

    def started(self) -> list[CellStarted]:
        """Return the beginnings of executions."""
        return self.of(CellStarted)


StartKernel = Callable[..., Kernel]


@pytest.fixture
def start_kernel(home: Settings, tmp_path: Path) -> Iterator[StartKernel]:
    """Start kernels in a folder of their own; keywords are environment variables."""
    kernels: list[Kernel] = []
    folder = tmp_path / "work"
    folder.mkdir()

    def start(**environment: str) -> Kernel:
        kernels.append(Kernel(home, environment, folder))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()


@pytest.fixture
def kernel(start_kernel: StartKernel) -> Kernel:
    """Give one kernel that records."""
    return start_kernel()


@pytest.fixture
def startup(home: Settings) -> Callable[[str], None]:
    """Let a test's own code run in each kernel before capture sees its first cell."""
    folder = Path(os.environ["IPYTHONDIR"]) / "profile_default" / "startup"
    folder.mkdir(parents=True)

    def write(code: str) -> None:
        (folder / "00-test.py").write_text(code)

    return write


@pytest.fixture
def cells(tmp_path: Path, home: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cells]:
    """Give cells of a notebook in an empty folder."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    made = Cells(folder)
    yield made
    made.reads.close()
