"""An interrupt of the user's that hit one of our hooks is handed on to the user's cell.

It was meant for the cell. Raised where it hit, it would show frames of ours in the traceback,
or be printed as the fault of a hook; swallowed, the cell would go on.
"""

from __future__ import annotations

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

# Too short to be noticed; mostly the hook is left by then.
_DELAY_S = 0.01
_waiting: list[bool] = []
_OURS = os.path.dirname(__file__)


def hand_on(is_running: Callable[[], bool]) -> None:
    """Interrupt the main thread once it has left the hook, if the cell is running still."""

    def again() -> None:
        try:
            time.sleep(_DELAY_S)
            while is_running() and _is_in_a_hook():
                time.sleep(_DELAY_S)
        finally:
            _waiting.clear()
        if is_running():
            _interrupt_main()

    if _waiting:
        return  # one interrupt of the cell is enough
    _waiting.append(True)
    threading.Thread(target=again, daemon=True).start()


def _is_in_a_hook() -> bool:
    frame = sys._current_frames().get(threading.main_thread().ident or 0)
    while frame is not None:
        if frame.f_code.co_filename.startswith(_OURS):
            return True
        frame = frame.f_back
    return False


def _interrupt_main() -> None:
    # interrupt_main() alone waits until a blocking call, such as sleep, returns by itself.
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()
