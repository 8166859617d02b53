"""Which kernels this server runs, for which notebooks and for whom.

The server says so itself: its kernel manager emits an event for each start and restart, and
its session manager knows the path, also after a rename. Both are compared with what was
written down already, each second, so that nothing depends on having heard every event.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server import CallContext

from jupyter_mlops.errors import BadValueError
from jupyter_mlops.server.identity import name_of
from jupyter_mlops.server.listener import Listener
from jupyter_mlops.server.paths import notebook_path

KERNEL_ACTIONS = "https://events.jupyter.org/jupyter_server/kernel_actions/v1"


@dataclass
class _Kernel:
    """A kernel that is listened to."""

    manager: Any
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
        """Attach to kernels that are new or have new ports, and let go of those that went."""
        running = set(self._manager.list_kernel_ids())
        for kernel_id in set(self._kernels) - running:
            kernel = self._kernels.pop(kernel_id)
            self._unwatch(kernel)
            how = "died" if kernel.dying else "shut down"
            self._listener.gone(kernel_id, how, detach=True)
        for kernel_id in running:
            self._attach(kernel_id)
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
            try:
                path = str(notebook_path(self._contents, session["path"]))
            except BadValueError:
                # A drive or a name of another extension's: the kernel's own guess stays.
                continue
            if kernel.told != (path, kernel.user):
                kernel.told = (path, kernel.user)
                self._listener.tell_notebook(session["kernel"]["id"], path, kernel.user)

    async def _on_action(self, logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        kernel_id, action = data.get("kernel_id"), data["action"]
        if kernel_id is None or data.get("status") != "success":
            return
        if action in {"start", "restart"}:
            # The event runs in the context of the request that asked for it.
            handler = CallContext.get(CallContext.JUPYTER_HANDLER)
            user = name_of(getattr(handler, "current_user", None))
            self._users[kernel_id] = user or self._users.get(kernel_id)
        kernel = self._kernels.get(kernel_id)
        if action == "restart" and kernel is not None:
            how = "died" if kernel.dying else "restarted"
            self._listener.gone(kernel_id, how, detach=False)
            kernel.dying, kernel.told = False, None
            kernel.user = self._users[kernel_id]
        self.reconcile()

    def _attach(self, kernel_id: str) -> None:
        manager = self._manager.get_kernel(kernel_id)
        address = (manager.transport, manager.ip, manager.iopub_port)
        known = self._kernels.get(kernel_id)
        if not manager.iopub_port or not getattr(manager, "owns_kernel", True):
            # Still starting; or started by somebody else, and then it records by itself.
            return
        if known is not None and known.manager is manager and known.address == address:
            return
        if known is None:
            on_death = partial(self._on_death, kernel_id)
            known = _Kernel(manager, address, on_death, user=self._users.get(kernel_id))
            self._kernels[kernel_id] = known
            manager.add_restart_callback(on_death, "restart")
            manager.add_restart_callback(on_death, "dead")
        known.manager, known.address = manager, address
        self._listener.attach(kernel_id, manager.get_connection_info())

    def _on_death(self, kernel_id: str) -> None:
        if kernel_id in self._kernels:
            self._kernels[kernel_id].dying = True

    def _unwatch(self, kernel: _Kernel) -> None:
        kernel.manager.remove_restart_callback(kernel.on_death, "restart")
        kernel.manager.remove_restart_callback(kernel.on_death, "dead")
