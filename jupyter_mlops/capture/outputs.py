"""A cell's outputs as they leave the kernel, where nobody outside listens to them.

Everything that a kernel shows goes through the ``send`` of its protocol session, prints of
threads included, and carries the id of the request that it answers. What goes through is
noted and sent on unchanged.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from jupyter_mlops.events import NotSeen, SeenOutput
from jupyter_mlops.outputs import Outputs

_SHOWN = frozenset(
    {"stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"}
)
# Ended executions whose late outputs are still told from those of other requests.
_REMEMBERED = 200


class Listener:
    """Listens to one kernel's own messages.

    Parameters
    ----------
    protocol
        The kernel's ``jupyter_client.session.Session``.
    on_reply
        Called with the id of a request whose reply leaves the kernel. The kernel has then
        sent all that was printed; to wait for that any earlier costs a millisecond a cell.
    on_fault
        Called with an exception of the listener's own.
    """

    def __init__(
        self,
        protocol: Any,
        on_reply: Callable[[str], None],
        on_fault: Callable[[str, BaseException], None],
    ) -> None:
        self._protocol = protocol
        self._on_reply = on_reply
        self._on_fault = on_fault
        self._send: Callable[..., Any] = protocol.send
        # Reentrant: a finalizer of the user's may display something while we are inside.
        self._lock = threading.RLock()
        self._open: dict[str, Outputs] = {}
        self._displays: set[tuple[str | None, str]] = set()
        self._late: dict[str, int] = {}
        self._ended: deque[str] = deque(maxlen=_REMEMBERED)
        protocol.send = self._hear

    def close(self) -> None:
        """Stop listening."""
        self._open.clear()
        if self._protocol.__dict__.get("send") == self._hear:
            del self._protocol.send

    def begin(self, message: str) -> bool:
        """Listen to what answers the request `message`; false if somebody does already."""
        with self._lock:
            if message in self._open:
                return False
            self._open[message] = Outputs()
            return True

    def take(self, message: str) -> tuple[tuple[SeenOutput, ...], tuple[NotSeen, ...]]:
        """Return what the request `message` showed, and what was heard too late or not whole."""
        with self._lock:
            self._ended.append(message)
            outputs = self._open.pop(message, None)
            late, self._late = self._late, {}
        if outputs is None:
            return (), ()
        unseen = [
            NotSeen(what, f"{count} after the cell that they belong to had ended")
            for what, count in late.items()
        ]
        return outputs.seen(), tuple(unseen)

    def _hear(self, stream: Any, message: Any, *args: Any, **options: Any) -> Any:
        try:
            self._note(message, *args, **options)
        except Exception as fault:  # noqa: BLE001 - what the user sees must go out all the same
            self._on_fault("listening to outputs", fault)
        return self._send(stream, message, *args, **options)

    def _note(
        self, message: Any, content: Any = None, parent: Any = None, *_: Any, **__: Any
    ) -> None:
        kind = message
        if type(message) is dict:
            kind = message["header"]["msg_type"]
            content, parent = message["content"], message.get("parent_header")
        if kind == "execute_reply":
            self._on_reply(_request(parent) or "")
        elif kind in _SHOWN:
            with self._lock:
                self._take(kind, content, _request(parent))

    def _take(self, kind: str, content: dict[str, Any], request: str | None) -> None:
        outputs = self._open.get(request or "")
        display = (content.get("transient") or {}).get("display_id")
        if outputs is None:
            if request in self._ended and kind != "clear_output":
                self._count(f"outputs of type {kind}")
            return
        if kind == "update_display_data" and (request, display) not in self._displays:
            self._count("updates of a display of another cell")
        elif display:
            self._displays.add((request, display))
        outputs.take(kind, content)

    def _count(self, what: str) -> None:
        self._late[what] = self._late.get(what, 0) + 1


def _request(parent: Any) -> str | None:
    if not parent:
        return None
    header = parent.get("header", parent)
    request = header.get("msg_id")
    return request if type(request) is str else None
