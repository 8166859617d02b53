"""Whether anything ran in the kernel since its last cell ended.

Content that is read while the kernel idles is that of the cell's end only if nothing could
change it meanwhile. What can run between cells, and the sign that it leaves:

- a request: another cell, a silent one, a widget's message. Answering takes messages, which
  the kernel's session counts.
- a thread of the user's: the processor time that it has used, to the nanosecond.
- a task on the kernel's event loop: it is there, and not the kernel's own.

No sign is left by what user code hands to the event loop as a bare callback (``call_later``),
by signal handlers, and by other processes that write into shared memory.
"""

from __future__ import annotations

import asyncio
import threading
from types import AsyncGeneratorType, CoroutineType, GeneratorType
from typing import Any

# Whose tasks on the kernel's event loop run no code of the user's.
_OWN = ("ipykernel", "tornado", "jupyter_client", "zmq", "asyncio")

# What runs Python code when it is awaited.
_FRAMED = (CoroutineType, GeneratorType, AsyncGeneratorType)

Signs = tuple[int, tuple[tuple[int, str], ...]]


class Quiet:
    """Looks for signs of activity in a kernel.

    Parameters
    ----------
    kernel
        An ipykernel; the threads alive now are its own.
    """

    def __init__(self, kernel: Any) -> None:
        self._session = kernel.session
        self._own = {thread.ident for thread in threading.enumerate()}

    def signs(self) -> Signs | None:
        """Return what stays equal as long as nothing runs; ``None`` if something may be.

        For the thread of the kernel's event loop.
        """
        if any(map(_may_be_users, asyncio.all_tasks())):
            return None
        times = []
        for thread in threading.enumerate():
            if thread.ident in self._own:
                continue
            used = _processor_time(thread)
            if used is None:
                return None
            times.append((thread.ident or 0, used))
        return self._session.message_count, tuple(sorted(times))


def _may_be_users(task: asyncio.Task[Any]) -> bool:
    if task.done():
        return False
    # The task may be a wrapper of the library's (`wait_for`, `shield`): who is awaited counts.
    coroutine: Any = task.get_coro()
    while coroutine is not None:
        frame = coroutine.cr_frame if type(coroutine) is CoroutineType else None
        module = frame.f_globals.get("__name__") if frame is not None else None
        if type(module) is not str or module.partition(".")[0] not in _OWN:
            # What the library itself waits for at last is a future or an iterator of its own.
            return coroutine is task.get_coro() or type(coroutine) in _FRAMED
        coroutine = coroutine.cr_await
    return False


def _processor_time(thread: threading.Thread) -> str | None:
    """Return how long a thread has run, by the system's own count."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/schedstat") as file:
            return file.read().split()[0]
    except (OSError, IndexError):  # not Linux, or it ended just now
        return None
