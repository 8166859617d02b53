"""Hear what kernels output, with nothing in the kernel and nothing on the server's event loop.

One thread holds one IOPub socket a kernel and is the only writer of the server's journal. It
joins messages by the execution that they belong to and, when the kernel says that this one is
idle, appends its outputs whole. An execution whose beginning was not heard is left out, since
nothing would tell how much of it is missing; and so is one that its kernel does not record.
"""

from __future__ import annotations

import logging
import queue
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.session import Session

from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import Event, KernelGone, NotebookTold, Notice, OutputsSeen
from jupyter_mlops.journal import Journal
from jupyter_mlops.outputs import Outputs
from jupyter_mlops.server import faults
from jupyter_mlops.server.recorded import Found, Recorded
from jupyter_mlops.server.secrets import ServerSecrets

# A single message above this size would hold Python, and so the server, while it is decoded.
MESSAGE_LIMIT_BYTES = 64 * 2**20
_OUTPUT_KINDS = frozenset(
    {"stream", "display_data", "execute_result", "error", "update_display_data", "clear_output"}
)
_STOP_TIMEOUT_S = 5.0
# How soon a line that could not be written is tried again; a full disk may have room by then.
_RETRY_MS = 2000


class Execution:
    """One execution being heard; ``runs_code`` once the kernel has echoed its code, if any."""

    def __init__(self) -> None:
        self.outputs = Outputs()
        self.code = ""
        self.runs_code = False
        self.too_large = False


class Ear:
    """The IOPub socket of one kernel, and the executions that are under way in it."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], info: KernelConnectionInfo) -> None:
        client = BlockingKernelClient(context=context)
        client.load_connection_info(info)
        self.socket: zmq.Socket[bytes] = client.connect_iopub()
        self._session: Session = client.session
        self._executions: dict[str, Execution] = {}

    def hear(self, limit: int | None) -> list[tuple[str, Execution]]:
        """Take in messages that wait, `limit` at most if any; return the executions that ended."""
        ended: list[tuple[str, Execution]] = []
        for frames in islice(self._waiting(), limit):
            ended += self._take(frames)
        return ended

    def leave(self) -> list[tuple[str, Execution]]:
        """Return the executions that the kernel left open when it went."""
        left = list(self._executions.items())
        self._executions.clear()
        return left

    def _waiting(self) -> Iterator[list[bytes]]:
        with suppress(zmq.Again):  # none waits any more
            while True:
                yield self.socket.recv_multipart(zmq.NOBLOCK)

    def _take(self, frames: list[bytes]) -> list[tuple[str, Execution]]:
        try:
            _, parts = self._session.feed_identities(frames)
            message = self._session.deserialize(parts, content=False)
        except (ValueError, TypeError, KeyError):  # not signed with this kernel's key, or foreign
            return []
        parent = message["parent_header"] or {}
        if parent.get("msg_type") != "execute_request":
            return []
        ident, kind = str(parent.get("msg_id")), message["msg_type"]
        too_large = len(message["content"]) > MESSAGE_LIMIT_BYTES
        content = {} if too_large else self._session.unpack(message["content"])
        if kind == "status":
            return self._status(ident, content.get("execution_state"))
        execution = self._executions.get(ident)
        if execution is None:
            return []
        if kind == "execute_input":
            execution.code = str(content.get("code", ""))
            # IPython calls nobody for an empty cell.
            execution.runs_code = bool(execution.code.strip())
        elif too_large:
            execution.too_large = True
        elif kind in _OUTPUT_KINDS:
            execution.outputs.take(kind, content)
        return []

    def _status(self, ident: str, state: str | None) -> list[tuple[str, Execution]]:
        if state == "busy":
            self._executions[ident] = Execution()
        elif state == "idle" and ident in self._executions:
            return [(ident, self._executions.pop(ident))]
        return []


class Listener:
    """The thread that listens, and its orders; every method may be called from any one thread.

    Parameters
    ----------
    journals
        Folder of the journals; the server's own is opened there at its first line.
    secrets
        Takes the secrets out of what is written.
    """

    def __init__(self, journals: Path, secrets: ServerSecrets, log: logging.Logger) -> None:
        self.writer = f"server-{uuid.uuid4().hex}"
        self.problem: str | None = None
        self._journals = journals
        self._journal: Journal | None = None
        self._log = log
        self._secrets = secrets
        self._recorded = Recorded(journals)
        self._ears: dict[str, Ear] = {}
        self._told: dict[str, dict[str, Any]] = {}
        self._recording: dict[str, bool] = {}
        self._faults: dict[str, str] = {}
        self._owed: deque[tuple[type[Event], dict[str, Any]]] = deque()
        self._lost = 0
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        # Linger, receive limit: a slow reader must neither hold the kernel nor lose a message.
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._context.rcvhwm = 0
        self._context.linger = 0
        # Ears are there before their kernels are; what is published until the next try to
        # connect, a tenth of a second later by default, would be lost.
        self._context.reconnect_ivl = 5
        self._waker = self._context.socket(zmq.PAIR)
        self._woken = self._context.socket(zmq.PAIR)
        port = f"inproc://{self.writer}"
        self._woken.bind(port)
        self._waker.connect(port)
        self._stopping = False
        self._thread = threading.Thread(target=self._listen, name="mlops-listener", daemon=True)

    @property
    def recording(self) -> Mapping[str, bool]:
        """Whether each kernel writes down what it executes; those that executed nothing lack."""
        return self._recording.copy()

    @property
    def faults(self) -> Mapping[str, str]:
        """Why kernels do not record that may be meant to, in a sentence each."""
        return self._faults.copy()

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def attach(self, kernel_id: str, info: KernelConnectionInfo) -> None:
        """Listen to a kernel, or to its new ports; `info` is its connection information."""
        self._order(lambda: self._attach(kernel_id, info))

    def gone(self, kernel_id: str, how: str, *, detach: bool) -> None:
        """Write that a kernel's process ended; with `detach` no other one follows."""
        self._order(lambda: self._gone(kernel_id, how, detach))

    def tell_notebook(self, kernel_id: str, notebook: str, user: str | None) -> None:
        """Write down which notebook a kernel belongs to now, once that kernel records."""
        fields = {"kernel_id": kernel_id, "notebook": notebook, "user": user}
        self._order(lambda: self._told.update({kernel_id: fields}))

    def stop(self) -> None:
        """End the thread after all that was ordered and heard; waits a few seconds at most."""
        if not self._thread.is_alive():
            return
        self._order(self._stop)
        self._thread.join(_STOP_TIMEOUT_S)
        if not self._thread.is_alive():
            self._waker.close()
            self._context.term()

    def _order(self, order: Callable[[], None]) -> None:
        if self._stopping:
            return
        self._orders.put(order)
        with suppress(zmq.Again):  # a thousand wake-ups wait already
            self._waker.send(b"", zmq.NOBLOCK)

    def _listen(self) -> None:
        while not self._stopping:
            poller = zmq.Poller()
            poller.register(self._woken, zmq.POLLIN)
            for ear in self._ears.values():
                poller.register(ear.socket, zmq.POLLIN)
            ready = dict(poller.poll(_RETRY_MS if self._owed or self._lost else None))
            for kernel_id, ear in list(self._ears.items()):
                if ear.socket in ready:
                    self._guarded(partial(self._hear, kernel_id))
            if self._woken in ready:
                self._woken.recv()
            while not self._orders.empty():
                self._guarded(self._orders.get())
            self._guarded(self._say_owed)
        self._woken.close()
        if self._journal is not None:
            self._journal.close()

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001 -- one odd message or kernel must not deafen us
            self.problem = f"a kernel's outputs could not be taken in: {error!r}"
            self._log.exception("mlops: a kernel's outputs could not be taken in")

    def _attach(self, kernel_id: str, info: KernelConnectionInfo) -> None:
        self._close_ear(kernel_id)
        self._ears[kernel_id] = Ear(self._context, info)

    def _hear(self, kernel_id: str, limit: int | None = 1000) -> None:
        for ident, execution in self._ears[kernel_id].hear(limit):
            self._write(kernel_id, ident, execution)

    def _gone(self, kernel_id: str, how: str, detach: bool) -> None:
        if kernel_id in self._ears:
            self._hear(kernel_id, limit=None)
            # Nothing more comes for these: what was heard of them is all there is.
            for ident, execution in self._ears[kernel_id].leave():
                self._write(kernel_id, ident, execution)
        self._find_recording()
        if self._recorded.knows(kernel_id):
            session = self._recorded.session(kernel_id, ended=True)
            fields = {"kernel_id": kernel_id, "how": how, "session": session}
            self._owed.append((KernelGone, fields))
        self._recording.pop(kernel_id, None)
        self._faults.pop(kernel_id, None)
        # Whether the next process records, only its own journal tells.
        self._recorded.forget_ended(kernel_id)
        if detach:
            self._close_ear(kernel_id)
            self._recorded.forget(kernel_id)
            self._secrets.forget(kernel_id)
            self._told.pop(kernel_id, None)

    def _close_ear(self, kernel_id: str) -> None:
        ear = self._ears.pop(kernel_id, None)
        if ear is not None:
            ear.socket.close()

    def _write(self, kernel_id: str, ident: str, execution: Execution) -> None:
        if not execution.runs_code:
            return
        found = self._recorded.take(kernel_id, ident)
        self._judge(kernel_id, found)
        if found != "recorded":
            return
        if execution.too_large:
            limit = MESSAGE_LIMIT_BYTES // 2**20
            why = f"one of them came in a message of more than {limit} MB"
            self._owed.append((Notice, {"what": "the outputs of a cell execution", "why": why}))
            return
        outputs = self._secrets.kept(kernel_id, execution.code, execution.outputs.seen())
        if not self._append(OutputsSeen, kernel_id=kernel_id, msg_id=ident, outputs=outputs):
            self._lost += 1

    def _judge(self, kernel_id: str, found: Found) -> None:
        """Note whether a kernel records, by what it said of its last execution."""
        fault = None
        if self._recorded.has_switched_off(kernel_id):
            fault = faults.SWITCHED_OFF
        elif found == "missing":
            # One that has never recorded may not be meant to.
            knows = self._recorded.knows(kernel_id)
            fault = (faults.missing if knows else faults.obstruction)(self._journals)
        if fault is None:
            self._faults.pop(kernel_id, None)
        else:
            self._faults[kernel_id] = fault
        self._recording[kernel_id] = found != "missing" and fault is None

    def _find_recording(self) -> None:
        for kernel_id in [one for one in self._told if self._recorded.knows(one)]:
            self._recording.setdefault(kernel_id, True)
            session = self._recorded.session(kernel_id, ended=False)
            self._owed.append((NotebookTold, {**self._told.pop(kernel_id), "session": session}))

    def _say_owed(self) -> None:
        """Write the lines that can wait, in order; outputs can't, they would fill the memory."""
        self._find_recording()
        while self._owed:
            kind, fields = self._owed[0]
            if not self._append(kind, **fields):
                return
            self._owed.popleft()
        if self._lost:
            what = f"the outputs of {self._lost} cell executions"
            if self._append(Notice, what=what, why="the journal could not be written"):
                self._lost = 0

    def _append(self, kind: type[Event], **fields: Any) -> bool:
        """Tell whether the line was written."""
        try:
            if self._journal is None:
                self._journal = Journal(self._journals, self.writer)
            self._journal.append(kind, **fields)
        except JournalError as error:
            if self.problem != str(error):
                self._log.warning("mlops: %s", error)
            self.problem = str(error)
            return False
        self.problem = None
        return True

    def _stop(self) -> None:
        self._stopping = True
        for kernel_id in list(self._ears):
            self._hear(kernel_id)
            self._close_ear(kernel_id)
