"""One notebook in one kernel of its own: started, fed cell by cell, limited, ended."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from nbformat import NotebookNode

from jupyter_mlops import settings
from jupyter_mlops.execution.evidence import MARK, Evidence, cell_name, merge_streams, must_run
from jupyter_mlops.metadata import OWN, section, switches_capture_off, tags
from jupyter_mlops.records import CANCELLED, BatchOutcome

# How long an interrupted cell may take to end in order before its kernel is killed.
PATIENCE_S = 3.0
# How long outputs may lag behind the reply of their cell.
OUTPUT_WAIT_S = 60


@dataclass
class Conduct:
    """How a notebook is to be executed, and what is seen while it is.

    ``notebook``, ``run``, ``trigger`` and ``user`` are what the kernel is told about us,
    ``variables`` go into its environment, its sockets into ``folder``; through the pipe
    ``secrets`` it tells which values are secret, and ``known_secrets`` are those that it is
    told. ``stop`` may be asked from any thread. ``on_cell`` is called with the document after
    each cell; ``outcome`` is there at the end.
    """

    cwd: Path
    notebook: str | None = None
    run: str | None = None
    trigger: str = "interactive"
    user: str | None = None
    start_timeout_s: int = 60
    cell_timeout_s: float | None = None
    folder: Path | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: str | None = None
    known_secrets: tuple[str, ...] = field(default=(), repr=False)
    evidence: Evidence = field(default_factory=Evidence)
    stop: Stop = field(default_factory=lambda: Stop())
    on_cell: Callable[[NotebookNode], None] | None = None
    outcome: BatchOutcome | None = None

    def environment(self, notebook: NotebookNode, kernel: str, language: str) -> dict[str, str]:
        """Return the environment of the kernel with this id and language."""
        environment = dict(os.environ)
        # Inherited from whatever notebook or server we were started in, it would lie.
        environment.pop("JPY_SESSION_NAME", None)
        environment.pop(settings.STARTER_VARIABLE, None)
        if self.notebook is not None:
            environment["JPY_SESSION_NAME"] = self.notebook
        starter = settings.Starter(
            pid=os.getpid(),
            # Without a run nobody stores the executed notebook: the kernel keeps its outputs.
            listens=self.run is not None,
            trigger=self.trigger,
            notebook=self.notebook,
            run=self.run,
            user=self.user,
            kernel=kernel,
            secrets=self.secrets,
            known_secrets=self.known_secrets,
        )
        environment.update(self.variables)
        if language.lower() == "python":
            starter.reach(environment)
        if switches_capture_off(notebook.metadata):
            environment[settings.SWITCH_VARIABLE] = "off"
        return environment


class Stop:
    """A request to end an execution, from any thread and at any time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked: tuple[Literal["failed", "interrupted"], str] | None = None
        self._listener: Execution | None = None

    def ask(self, status: Literal["failed", "interrupted"], reason: str) -> None:
        """End the execution, now or as soon as it begins."""
        with self._lock:
            self._asked = self._asked or (status, reason)
            if self._listener is not None:
                self._listener.end_from_thread(*self._asked)

    def listen(self, execution: Execution | None) -> None:
        """Hand requests to `execution`, one that came before included."""
        with self._lock:
            self._listener = execution
            if execution is not None and self._asked is not None:
                execution.end_from_thread(*self._asked)


class KernelClient(AsyncKernelClient):
    """A kernel client that remembers the id of the last request, answered or not."""

    sent: str | None = None

    def execute(self, *args: Any, **options: Any) -> Any:
        """Send an ``execute_request``; return what the base class returns, its id."""
        self.sent = super().execute(*args, **options)
        return self.sent


class Execution:
    """The execution of one notebook; `manager` is papermill's and keeps its metadata."""

    def __init__(self, manager: Any, kernel_name: str, conduct: Conduct, folder: str) -> None:
        self._manager = manager
        self._notebook: NotebookNode = manager.nb
        self._conduct = conduct
        self._evidence = conduct.evidence
        self._kernel_name = kernel_name
        self._kernel_id = str(uuid.uuid4())
        self._km = _kernel_manager(kernel_name, folder, self._kernel_id)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._main: asyncio.Task[Any] | None = None
        self._executing: int | None = None
        self._ender: asyncio.Task[None] | None = None
        self._client = NotebookClient(
            nb=self._notebook,
            km=self._km,
            startup_timeout=conduct.start_timeout_s,
            iopub_timeout=OUTPUT_WAIT_S,
            raise_on_iopub_timeout=True,
            extra_arguments=_arguments(self._km),
            on_cell_execute=self._on_execute,
            on_cell_complete=self._on_sent,
            on_cell_executed=self._on_executed,
        )
        # We made the manager, so that its transport is ours; the client is to clean it up.
        self._client.owns_km = True

    async def run(self) -> None:
        """Execute the notebook; how it went is in the evidence, nothing is raised for it."""
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._conduct.stop.listen(self)
        try:
            spec = self._km.kernel_spec
            language = spec.language if spec is not None else ""
            environment = self._conduct.environment(self._notebook, self._kernel_id, language)
            async with self._client.async_setup_kernel(env=environment, cwd=str(self._conduct.cwd)):
                await self._run_cells()
        except (RuntimeError, OSError) as error:
            # nbclient raises these for a kernel that can't be started or does not answer.
            reason = f"the kernel {self._kernel_name!r} did not start: {error}"
            self._evidence.end("failed", " ".join(reason.split()))
        except asyncio.CancelledError:
            # Our own way to end what is not a cell (see _end); the reason is noted there.
            self._evidence.end("interrupted", CANCELLED)
        finally:
            self._conduct.stop.listen(None)
            if self._ender is not None:
                self._ender.cancel()

    def end_from_thread(self, status: Literal["failed", "interrupted"], reason: str) -> None:
        """End the execution from another thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end, status, reason)

    async def _run_cells(self) -> None:
        await self._note_language()
        for index, cell in enumerate(self._notebook.cells):
            if not must_run(cell):
                continue
            self._manager.cell_start(cell, index)
            try:
                await self._client.async_execute_cell(cell, index)
            except CellExecutionError as error:
                self._manager.cell_exception(cell, cell_index=index, exception=error)
            except DeadKernelError:
                self._evidence.end("interrupted", await self._death(index))
            except CellTimeoutError as error:
                self._evidence.end("failed", f"{cell_name(self._notebook, index)}: {error}")
            finally:
                self._executing = None
                merge_streams(cell)
                self._manager.cell_complete(cell, cell_index=index)
            if self._conduct.on_cell is not None:
                self._conduct.on_cell(self._notebook)
            if self._evidence.ending is not None:
                return
        self._client.set_widgets_metadata()

    async def _note_language(self) -> None:
        client = self._client.kc
        if client is None:
            return
        info = await self._client.async_wait_for_reply(client.kernel_info())
        if info is not None and "language_info" in info["content"]:
            self._notebook.metadata["language_info"] = info["content"]["language_info"]

    def _on_execute(self, cell: NotebookNode, cell_index: int) -> None:
        self._executing = cell_index
        if self._client.kc is not None:
            # As JupyterLab tells a kernel: capture needs the id and the tag mlops-skip.
            told = section(cell.metadata, MARK)
            randomness = told.get("randomness")
            self._client.kc.session.metadata = {
                "cellId": told.get("id"),
                "tags": list(tags(cell.metadata)),
                **({OWN: randomness} if randomness else {}),
            }
        self._evidence.start(self._notebook, cell_index)
        limit = self._conduct.cell_timeout_s
        if limit is not None and self._loop is not None:
            reason = f"{cell_name(self._notebook, cell_index)} exceeded its limit of {limit:g} s"
            self._loop.call_later(limit, self._end_cell, cell_index, reason)

    def _on_sent(self, cell: NotebookNode, cell_index: int) -> None:
        # nbclient calls the hook "complete" once the request has left.
        if isinstance(self._client.kc, KernelClient):
            self._evidence.seen[cell_index].msg_id = self._client.kc.sent

    def _on_executed(
        self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]
    ) -> None:
        self._executing = None
        self._evidence.reply(self._notebook, cell_index, execute_reply)

    def _end_cell(self, index: int, reason: str) -> None:
        if self._executing == index:
            self._end("failed", reason)

    def _end(self, status: Literal["failed", "interrupted"], reason: str) -> None:
        self._evidence.end(status, reason)
        if self._executing is None and self._main is not None:
            self._main.cancel()
        elif self._ender is None and self._loop is not None:
            self._ender = self._loop.create_task(self._end_kernel())

    async def _end_kernel(self) -> None:
        # First in order, so that the cell's own clean-up runs and its traceback tells where
        # it hung; then for good. The client sees the kernel dead within a second.
        with suppress(RuntimeError):  # the kernel ended in the meantime
            await self._km.interrupt_kernel()
            await asyncio.sleep(PATIENCE_S)
            if self._executing is not None:
                await self._km.shutdown_kernel(now=True)

    async def _death(self, index: int) -> str:
        code = await self._km.provisioner.poll() if self._km.provisioner is not None else None
        how = f"with exit code {code}"
        if code is not None and code < 0:
            how = f"by {signal.Signals(-code).name}"
            if -code == signal.SIGKILL:
                how += ", which is also how a machine without free memory ends it"
        return f"the kernel died in {cell_name(self._notebook, index)} ({how})"


def run(manager: Any, kernel_name: str, conduct: Conduct) -> None:
    """Execute the notebook of papermill's `manager` as `conduct` says."""
    with tempfile.TemporaryDirectory(prefix="kernel-", dir=conduct.folder) as folder:
        execution = Execution(manager, kernel_name, conduct, folder)
        run_sync(execution.run)()


def _kernel_manager(kernel_name: str, folder: str, kernel_id: str) -> AsyncKernelManager:
    place = {"connection_file": os.path.join(folder, f"kernel-{kernel_id}.json")}
    if os.name != "nt":
        # No port: nobody else on the machine can reach the kernel, and none can be taken.
        place |= {"transport": "ipc", "ip": os.path.join(folder, "k")}
    client = f"{KernelClient.__module__}.{KernelClient.__qualname__}"
    return AsyncKernelManager(kernel_name=kernel_name, client_class=client, **place)


def _arguments(manager: AsyncKernelManager) -> list[str]:
    # nbclient does this for kernels named python3 only; others would share one history file.
    spec = manager.kernel_spec
    if spec is not None and any("ipykernel" in part for part in spec.argv):
        return ["--HistoryManager.hist_file=:memory:"]
    return []


if sys.platform == "win32":  # zmq needs add_reader, which the default loop lacks there
    asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
