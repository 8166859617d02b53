"""Which kernels this server runs, for which notebooks and for whom.

The kernel manager knows which process each kernel runs in, and the session manager the path,
also after a rename. Both are compared with what was written down already, each second. The
event that Jupyter emits for each start and restart is a hint to compare at once, and nothing
of what it says is believed: whoever may write events can send one that looks like it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server import CallContext

from jupyter_mlops.errors import BadValueError
from jupyter_mlops.records import KernelCapture
from jupyter_mlops.server.identity import name_of
from jupyter_mlops.server.listener import Listener
from jupyter_mlops.server.paths import notebook_path
from jupyter_mlops.settings import SWITCH_VARIABLE, read

KERNEL_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"
# Whose handlers start and restart kernels; a forged event comes through another.
_STARTING = frozenset({"kernels", "sessions"})


@dataclass
class _Kernel:
    """A kernel that is listened to; ``told`` is the session's path and the user as told last."""

    manager: Any
    process: object
    address: tuple[Any, ...]
    on_death: Callable[[], None]
    user: str | None = None
    told: tuple[str, str | None] | None = None
    dying: bool = False


class Kernels:
    """Follows the server's kernels and sessions; all of it on the event loop."""

    def __init__(self, serverapp: Any, listener: Listener, log: logging.Logger) -> None:
        self._manager = serverapp.kernel_manager
        self._sessions = serverapp.session_manager
        self._contents = serverapp.contents_manager
        self._events = serverapp.event_logger
        self._listener = listener
        self._log = log
        self._kernels: dict[str, _Kernel] = {}
        self._users: dict[str, str | None] = {}

    @property
    def problem(self) -> str | None:
        """A sentence if kernels run where they can't be heard."""
        if hasattr(self._manager, "kernels_url"):
            return (
                "kernels run behind a gateway, where outputs of interactive runs can't be heard; "
                "use jupyter mlops run for a whole record"
            )
        return None

    def begin(self) -> None:
        """Attach to the kernels that run, and to all that will be started."""
        if self.problem is None:
            self._events.add_listener(schema_id=KERNEL_ACTIONS, listener=self._on_action)
            self.reconcile()

    def end(self) -> None:
        """Follow no longer; the listener is stopped by its owner."""
        if self.problem is None:
            self._events.remove_listener(schema_id=KERNEL_ACTIONS, listener=self._on_action)
        for kernel in self._kernels.values():
            self._unwatch(kernel)
        self._kernels.clear()

    def reconcile(self) -> None:
        """Attach to kernels that are new or have new processes, and let go of those that went."""
        running = {one: self._manager.get_kernel(one) for one in self._manager.list_kernel_ids()}
        for kernel_id, kernel in list(self._kernels.items()):
            if running.get(kernel_id) is not kernel.manager:
                del self._kernels[kernel_id]
                self._unwatch(kernel)
                how = "died" if kernel.dying else "shut down"
                self._listener.gone(kernel_id, how, detach=True)
        for kernel_id, manager in running.items():
            self._follow(kernel_id, manager)
        self._users = {key: user for key, user in self._users.items() if key in running}

    async def tell_notebooks(self) -> None:
        """Write down which notebook each kernel belongs to, where that is new."""
        if not self._kernels:
            return
        for session in await ensure_async(self._sessions.list_sessions()):
            kernel = self._kernels.get(session["kernel"]["id"])
            # A console on a notebook's kernel is a session too; its path is no file.
            if kernel is None or session["type"] != "notebook":
                continue
            told = (session["path"], kernel.user)
            if kernel.told == told:
                continue
            try:
                path = await asyncio.to_thread(notebook_path, self._contents, session["path"])
            except BadValueError:
                # A drive or a name of another extension's: the kernel's own guess stays.
                kernel.told = told
                continue
            except OSError:  # asked again the next time; the kernel's own guess stays until then
                continue
            kernel.told = told
            self._listener.tell_notebook(session["kernel"]["id"], str(path), told[1])

    def recording(self) -> tuple[KernelCapture, ...]:
        """Return of each kernel that has executed something whether it records."""
        found, faults = self._listener.recording, self._listener.faults
        return tuple(
            _capture(kernel_id, records, faults.get(kernel_id), kernel.manager)
            for kernel_id, records in sorted(found.items())
            if (kernel := self._kernels.get(kernel_id)) is not None
        )

    async def _on_action(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        # The event runs in the context of the request that asked for it.
        handler = CallContext.get(CallContext.JUPYTER_HANDLER)
        is_asked_for = getattr(handler, "auth_resource", None) in _STARTING
        if is_asked_for and data["action"] in {"start", "restart"} and "kernel_id" in data:
            user = name_of(getattr(handler, "current_user", None))
            self._users[data["kernel_id"]] = user or self._users.get(data["kernel_id"])
        self.reconcile()

    def _follow(self, kernel_id: str, manager: Any) -> None:
        process = _process(manager)
        if process is None or not getattr(manager, "owns_kernel", True):
            # Still starting; or started by somebody else, and then it records by itself.
            return
        address = (manager.transport, manager.ip, manager.iopub_port)
        known = self._kernels.get(kernel_id)
        if known is None:
            on_death = partial(self._on_death, kernel_id)
            known = _Kernel(manager, process, (), on_death)
            self._kernels[kernel_id] = known
            manager.add_restart_callback(on_death, "restart")
            manager.add_restart_callback(on_death, "dead")
        if known.process is not process:
            how = "died" if known.dying else "restarted"
            self._listener.gone(kernel_id, how, detach=False)
            known.process, known.dying, known.told = process, False, None
        known.user = self._users.get(kernel_id)
        if known.address != address:
            known.address = address
            self._listener.attach(kernel_id, manager.get_connection_info())

    def _on_death(self, kernel_id: str) -> None:
        if kernel_id in self._kernels:
            self._kernels[kernel_id].dying = True

    def _unwatch(self, kernel: _Kernel) -> None:
        kernel.manager.remove_restart_callback(kernel.on_death, "restart")
        kernel.manager.remove_restart_callback(kernel.on_death, "dead")


def _process(manager: Any) -> object | None:
    """Return what is another object for each process that `manager` starts, ``None`` without one.

    The manager makes a new future for each start and for each shutdown. A process id would
    not do: only some provisioners have one.
    """
    ready = manager.ready
    return ready if manager.has_kernel and ready.done() else None


def _capture(kernel_id: str, records: bool, fault: str | None, manager: Any) -> KernelCapture:
    """Tell whether a kernel that has executed something records, and if not, why."""
    if records:
        return KernelCapture(kernel_id, True)
    meant = _why_not_meant(manager)
    if meant is None and fault is not None:
        return KernelCapture(kernel_id, False, fault, fault=True)
    return KernelCapture(kernel_id, False, meant or _NOT_THERE)


_NOT_THERE = (
    "its environment does not load what records, or it is switched off there; "
    "jupyter mlops doctor says which and why."
)


def _why_not_meant(manager: Any) -> str | None:
    """Return as a sentence why a kernel is not meant to record, as far as can be seen from here."""
    spec = manager.kernel_spec
    if spec.language.lower() != "python":
        return f"{spec.display_name} is no Python kernel, and only those are recorded."
    if not read(environ=spec.env).capture:
        return f"{SWITCH_VARIABLE} in its kernel specification switches capture off."
    return None
