"""A cell's outputs as they leave the kernel, where nobody outside listens to them.

Everything that a kernel shows is serialized by its protocol session, prints of threads
included, and carries the id of the request that it answers. Noted is what a client will
read from those bytes: a display may hold what is no JSON before (dates, generators), and
may change afterwards.
"""

from __future__ import annotations

import re
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from jupyter_mlops.events import NotSeen, SeenOutput
from jupyter_mlops.outputs import Outputs
from jupyter_mlops.settings import OUTPUT_LIMIT_BYTES

_SHOWN = frozenset(
    {"stream", "display_data", "execute_result", "error", "clear_output", "update_display_data"}
)
_HEARD = _SHOWN | {"execute_reply"}
# Ended executions whose late outputs are still told from those of other requests.
_REMEMBERED = 200
# Half a character, which the protocol replaces.
_SURROGATE = re.compile("[\ud800-\udfff]")
_LATE = "after the cell that they belong to had ended"


class Listener:
    """Listens to one kernel's own messages.

    Parameters
    ----------
    protocol
        The kernel's ``jupyter_client.session.Session``.
    on_reply
        Called with the id of a request whose reply leaves the kernel. The kernel has then
        sent all that was printed; to wait for that any earlier costs a millisecond a cell.
    on_interrupt
        Called if an interrupt of the user's hits while we listen.
    """

    def __init__(
        self,
        protocol: Any,
        on_reply: Callable[[str], None],
        on_interrupt: Callable[[], None] = lambda: None,
    ) -> None:
        self._protocol = protocol
        self._on_reply = on_reply
        self._on_interrupt = on_interrupt
        self._serialize: Callable[..., list[bytes]] = protocol.serialize
        # Reentrant: a finalizer of the user's may display something while we are inside.
        self._lock = threading.RLock()
        self._open: dict[str, Outputs] = {}
        self._displays: set[tuple[str | None, str]] = set()
        self._missed: dict[NotSeen, int] = {}
        self._ended: deque[str] = deque(maxlen=_REMEMBERED)
        protocol.serialize = self._hear

    def close(self) -> None:
        """Stop listening."""
        self._open.clear()
        if self._protocol.__dict__.get("serialize") == self._hear:
            del self._protocol.serialize

    def begin(self, message: str) -> bool:
        """Listen to what answers the request `message`; false if somebody does already."""
        with self._lock:
            if message in self._open:
                return False
            self._open[message] = Outputs()
            return True

    def tell(self, message: str | None, fields: dict[str, Any], unseen: list[NotSeen]) -> None:
        """Fill in what the request `message` showed, if it is one that was listened to."""
        fields["outputs"] = ()
        if message is None:
            unseen.append(NotSeen("outputs", "shown as those of another cell"))
            return
        try:
            fields["outputs"], missed = self.take(message)
        except KeyboardInterrupt:
            unseen.append(NotSeen("outputs", "interrupted"))
            raise
        unseen.extend(missed)

    def take(self, message: str) -> tuple[tuple[SeenOutput, ...], tuple[NotSeen, ...]]:
        """Return what the request `message` showed, and what was heard too late or not whole."""
        with self._lock:
            self._ended.append(message)
            outputs = self._open.pop(message, None)
            missed, self._missed = self._missed, {}
        if outputs is None:
            return (), ()
        unseen = [NotSeen(one.what, f"{count} {one.why}") for one, count in missed.items()]
        return outputs.seen(), tuple(unseen)

    def _hear(self, message: Any, *args: Any, **options: Any) -> list[bytes]:
        packed, interrupted = None, False
        while packed is None:
            try:
                packed = self._serialize(message, *args, **options)
            except KeyboardInterrupt:  # handed on; from here our frame would be shown with it
                interrupted = True
        try:
            if interrupted:
                self._interrupted(message)
            if message["header"]["msg_type"] in _HEARD:
                self._note(message, packed[-1])
        except BaseException as fault:  # noqa: BLE001 - what the user sees must go out all the same
            try:
                self._failed(message, fault)
            except BaseException:  # noqa: BLE001 - nor for the fault of noting a fault
                return packed
        return packed

    def _failed(self, message: Any, fault: BaseException) -> None:
        with self._lock:
            self._miss("outputs", f"could not be recorded ({type(fault).__name__})")
        if isinstance(fault, KeyboardInterrupt):
            self._interrupted(message)

    def _interrupted(self, message: Any) -> None:
        # Once the reply is on its way there is no cell left that it could be meant for.
        if message["msg_type"] != "execute_reply":
            self._on_interrupt()

    def _note(self, message: Any, packed: bytes) -> None:
        kind = message["header"]["msg_type"]
        request = (message["parent_header"] or {}).get("msg_id")
        if kind == "execute_reply":
            self._on_reply(request or "")
        else:
            content = message["content"]
            if not _is_as_sent(kind, content, len(packed)):
                content = self._protocol.unpack(packed)
            with self._lock:
                self._take(kind, content, request)

    def _take(self, kind: str, content: dict[str, Any], request: str | None) -> None:
        outputs = self._open.get(request or "")
        display = (content.get("transient") or {}).get("display_id")
        if outputs is None:
            if request in self._ended and kind != "clear_output":
                self._miss(f"outputs of type {kind}", _LATE)
            return
        if kind == "update_display_data" and (request, display) not in self._displays:
            self._miss("updates of a display of another cell", _LATE)
        elif display:
            self._displays.add((request, display))
        outputs.take(kind, content)

    def _miss(self, what: str, why: str) -> None:
        missed = NotSeen(what, why)
        self._missed[missed] = self._missed.get(missed, 0) + 1


def _is_as_sent(kind: str, content: object, size_bytes: int) -> bool:
    """Tell whether a client will read just what the message holds, and nobody can change it.

    Text is read from where it is, which saves a copy of it; so is what is too large to be
    kept, if it is JSON as it is, since only its digest is taken and that at once.
    """
    # Twice: sent with blanks in it, it is longer than what is counted.
    if kind == "stream" or size_bytes > 2 * OUTPUT_LIMIT_BYTES:
        return type(content) is dict and all(map(_is_json, content.values()))
    return False


def _is_json(value: object) -> bool:
    if type(value) is str:
        return value.isascii() or _SURROGATE.search(value) is None
    if type(value) is dict:
        return all(type(key) is str and _is_json(item) for key, item in value.items())
    if type(value) is list:
        return all(map(_is_json, value))
    return value is None or type(value) is bool or type(value) is int
