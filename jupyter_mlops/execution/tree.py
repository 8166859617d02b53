"""The processes that an execution started, and how they are ended: all, and only they.

A cell may start workers that leave the kernel's process group (joblib's do). They are
found as descendants: the job makes itself their reaper, so that one whose parent ended
stays in its tree. A process is known by id and start time; a reused id is not touched.
"""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Iterable

import psutil

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> bool:
    """Make this process the parent of descendants whose own parent ends (Linux)."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (OSError, AttributeError):  # no prctl in the C library; the process group is ended
        return False


def descendants(pid: int) -> set[psutil.Process]:
    """Return the processes below `pid` as they are now."""
    try:
        return set(psutil.Process(pid).children(recursive=True))
    except psutil.Error:
        return set()


def marked(variable: str, value: str) -> set[psutil.Process]:
    """Return the processes that were started with `variable` set to `value`.

    Finds what a tree lost when the process in its middle was killed.
    """
    found = set()
    for process in psutil.process_iter():
        try:
            if process.environ().get(variable) == value:
                found.add(process)
        except (psutil.Error, OSError):  # another user's, or ended meanwhile: in any case not ours
            continue
    return found


def end(processes: Iterable[psutil.Process], patience_s: float = 1.0) -> None:
    """End processes: interrupt, terminate, kill, waiting `patience_s` after each."""
    alive = list(processes)
    for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        for process in alive:
            _signal(process, number)
        _, alive = psutil.wait_procs(alive, timeout=patience_s)
        if not alive:
            return


def end_descendants(pid: int, patience_s: float = 1.0) -> None:
    """End everything below `pid`, what is started meanwhile included."""
    for _ in range(10):
        below = descendants(pid)
        if not below:
            return
        end(below, patience_s)


def _signal(process: psutil.Process, number: int) -> None:
    try:
        # psutil compares the start time first, so that a reused id is left alone.
        process.send_signal(number)
    except (psutil.Error, OSError):  # it ended by itself, which is all that is wanted
        return
