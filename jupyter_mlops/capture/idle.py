"""Fingerprints that had to wait, completed while the kernel has nothing else to do.

The work runs on the kernel's own event loop in slices, with pauses in between in which a
request gets its turn. It ends for good when a cell begins, and is thrown away if anything
else ran since the cell ended: what was read then might not be what the cell left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from jupyter_mlops import fingerprints
from jupyter_mlops.capture.data import Waiting
from jupyter_mlops.capture.quiet import Quiet, Signs
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

# Seconds. A request that arrives on the way waits for one slice; on its way through the
# kernel it needs some turns of the event loop, all of which fit into one pause. The next
# cell of several that were started together should not meet the work at all.
_SLICE, _PAUSE, _FIRST = 0.006, 0.002, 0.03

Guard = Callable[[str, Callable[[], Any]], bool]


class Idle:
    """Completes what one cell left to do.

    Parameters
    ----------
    kernel
        The shell's ipykernel.
    namespace
        Returns the user's namespace.
    guard
        Does one step and keeps its faults from the user.
    """

    def __init__(self, kernel: Any, namespace: Callable[[], Mapping[str, Any]], guard: Guard):
        self._loop = getattr(getattr(kernel, "io_loop", None), "asyncio_loop", None)
        self._quiet = Quiet(kernel)
        self._namespace = namespace
        self._guard = guard
        self._thread = threading.get_ident()
        self._work: _Work | None = None

    def begin(self, waiting: list[Waiting], done: Callable[[Waiting, Fingerprint], None]) -> None:
        """Complete what a cell, which ends now, left waiting.

        Parameters
        ----------
        waiting
            What to fingerprint.
        done
            Gets each value's fingerprint. Not called if the value may have changed.
        """
        self.drop()
        # Cells of subshells end on threads of their own, and other cells run beside them.
        if waiting and self._loop is not None and threading.get_ident() == self._thread:
            self._work = _Work(list(waiting), done)
            # Its turn comes when this request is answered, and before the next one is read.
            self._call(self._loop.call_soon, self._work)

    def drop(self) -> None:
        """Let go of everything."""
        if self._work is not None:
            self._work.drop()
            self._work = None

    def _call(self, schedule: Callable[..., Any], work: _Work, *delay: float) -> None:
        schedule(*delay, lambda: self._guard("completing a fingerprint", lambda: self._turn(work)))

    def _turn(self, work: _Work) -> None:
        if work.is_dropped or self._loop is None:
            return
        signs = self._quiet.signs()
        if signs is None or work.signs not in (None, signs):
            self.drop()
            return
        delay = _PAUSE if work.signs is not None else _FIRST
        if work.signs is not None:
            work.go_on(self._namespace(), lambda: self._quiet.signs() == signs)
        work.signs = signs
        if work.is_dropped or not work.waiting:
            self.drop()
        else:
            self._call(self._loop.call_later, work, delay)


class _Work:
    """What is left to do, and how far the first of it is."""

    def __init__(self, waiting: list[Waiting], done: Callable[[Waiting, Fingerprint], None]):
        self.waiting = waiting
        self.signs: Signs | None = None
        self.is_dropped = False
        self._done = done
        self._steps: Steps[Fingerprint | None] | None = None

    def drop(self) -> None:
        """Let go of what is under way; a slice that runs on another thread ends soon."""
        self.is_dropped = True
        self._steps = None

    def go_on(self, namespace: Mapping[str, Any], is_quiet: Callable[[], bool]) -> None:
        """Work for one slice."""
        until = time.perf_counter() + _SLICE
        first = self.waiting[0]
        # Between two slices the value is kept alive by what is under way, and no longer than
        # that if it has lost its name meanwhile.
        value = _found(first, namespace)
        steps = self._steps or (None if value is None else fingerprints.begin(value))
        if value is None or steps is None:
            self._next()
            return
        self._steps = steps
        try:
            while time.perf_counter() < until and not self.is_dropped:
                next(steps)
        except StopIteration as ended:
            if ended.value is not None and not self.is_dropped and is_quiet():
                self._done(first, ended.value)
            self._next()
        except Exception:  # not swallowed: the guard counts it, and this value is given up
            self._next()
            raise

    def _next(self) -> None:
        self._steps = None
        self.waiting.pop(0)


def _found(waiting: Waiting, namespace: Mapping[str, Any]) -> Any:
    for name in waiting.names:
        value = namespace.get(name)
        if id(value) == waiting.identity:
            return value
    return None
