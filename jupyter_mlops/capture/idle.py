"""Fingerprints that had to wait, completed while the kernel has nothing else to do.

The work runs on the kernel's own event loop in slices, with pauses in between in which a
request gets its turn. When a cell begins, values are given up, and so they are if anything
else ran since the cell ended: what is read then might not be what the cell left. Files tell
by themselves whether they changed, and go on waiting.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from jupyter_mlops.capture.files.reads import unheard
from jupyter_mlops.capture.quiet import Quiet, Signs
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

# Seconds. A request that arrives on the way waits for one slice; on its way through the
# kernel it needs some turns of the event loop, all of which fit into one pause. The next
# cell of several that were started together should not meet the work at all.
_SLICE, _PAUSE, _FIRST = 0.006, 0.002, 0.03
# Files that wait; above that the oldest are given up.
_FILES_LIMIT = 1000

Guard = Callable[[str, Callable[[], Any]], bool]


class Waiting(Protocol):
    """What has to wait: a value or a file."""

    @property
    def needs_quiet(self) -> bool:
        """Whether its content is known only as long as nothing runs."""

    def begin(self, namespace: Mapping[str, Any]) -> Steps[Fingerprint | None] | None:
        """Begin to fingerprint it; ``None`` if it is gone."""

    def is_there(self, namespace: Mapping[str, Any]) -> bool:
        """Tell whether it is still there."""

    def told(self, found: Fingerprint) -> dict[str, Any]:
        """Return what is to be told of it."""


class Idle:
    """Completes what cells left to do.

    Parameters
    ----------
    kernel
        The shell's ipykernel.
    namespace
        Returns the user's namespace.
    guard
        Does one step and keeps its faults from the user.
    say
        Gets the number of an execution and what is to be told of it. Not called for what may
        have changed.
    """

    def __init__(
        self,
        kernel: Any,
        namespace: Callable[[], Mapping[str, Any]],
        guard: Guard,
        say: Callable[[int, dict[str, Any]], None],
    ) -> None:
        self._loop = getattr(getattr(kernel, "io_loop", None), "asyncio_loop", None)
        self._quiet = Quiet(kernel)
        self._namespace = namespace
        self._guard = guard
        self._say = say
        self._thread = threading.get_ident()
        self._work: _Work | None = None
        # Whether anything waits, under way or given up for now.
        self.has_work = False
        self._is_used = False
        self._left: list[tuple[int, Waiting]] = []

    def begin(self, execution: int, waiting: list[Waiting]) -> None:
        """Complete what a cell, which ends now, left waiting, and what earlier ones did."""
        self.pause()
        self.has_work = True
        everything = [*((execution, one) for one in waiting), *self._left]
        # Cells of subshells end on threads of their own, and other cells run beside them.
        if not everything or self._loop is None or threading.get_ident() != self._thread:
            return
        self._left = []
        self._work = _Work(everything, self._say)
        # Its turn comes when this request is answered, and before the next one is read.
        self._call(self._loop.call_soon, self._work)

    def use(self, step: Callable[[float], bool]) -> None:
        """Let `step` work in idle moments, for the seconds it is given, until it is done."""

        def turn() -> None:
            done = True
            try:
                done = step(_SLICE)
            finally:
                self._is_used = False
                if not done:
                    self.use(step)

        if not self._is_used and self._loop is not None and threading.get_ident() == self._thread:
            self._is_used = True
            self._loop.call_later(_FIRST, lambda: self._guard("reading sources", turn))

    def pause(self) -> None:
        """Let go of all values; files go on waiting."""
        if self._work is not None:
            # A slice that is under way on another thread sees it too.
            self._left = self._work.drop()[-_FILES_LIMIT:]
            self._work = None

    def drop(self) -> None:
        """Let go of everything."""
        self.pause()
        self._left = []
        self.has_work = False

    def _call(self, schedule: Callable[..., Any], work: _Work, *delay: float) -> None:
        schedule(*delay, lambda: self._guard("completing a fingerprint", lambda: self._turn(work)))

    def _turn(self, work: _Work) -> None:
        if work.is_dropped or self._loop is None:
            return
        signs = self._quiet.signs()
        if work.signs is None:
            work.signs, delay = (signs,), _FIRST
        else:
            delay = _PAUSE
            with unheard():
                work.go_on(self._namespace(), self._quiet.signs, signs)
        if work.waiting and not work.is_dropped:
            self._call(self._loop.call_later, work, delay)


class _Work:
    """What is left to do, and how far the first of it is.

    ``signs`` are those when it began: of none yet, or one, which may be ``None``.
    """

    def __init__(
        self,
        waiting: list[tuple[int, Waiting]],
        say: Callable[[int, dict[str, Any]], None],
    ) -> None:
        self.waiting = waiting
        self.signs: tuple[Signs | None] | None = None
        self.is_dropped = False
        self._say = say
        self._steps: Steps[Fingerprint | None] | None = None

    def drop(self) -> list[tuple[int, Waiting]]:
        """Let go of what is under way, and return what can go on waiting.

        A slice that runs on another thread ends soon.
        """
        self.is_dropped = True
        self._steps = None
        return [(execution, one) for execution, one in self.waiting if not one.needs_quiet]

    def go_on(
        self,
        namespace: Mapping[str, Any],
        look: Callable[[], Signs | None],
        signs: Signs | None,
    ) -> None:
        """Work for one slice; `look` tells the signs, which now are `signs`."""
        until = time.perf_counter() + _SLICE
        execution, first = self.waiting[0]

        def is_as_it_was(now: Signs | None) -> bool:
            return not first.needs_quiet or (now is not None and (now,) == self.signs)

        # Between two slices a value is kept alive by what is under way, and no longer than
        # that if it has lost its name meanwhile.
        steps = None
        if is_as_it_was(signs) and first.is_there(namespace):
            steps = self._steps or first.begin(namespace)
        self._steps = steps
        if steps is None:
            self._next()
            return
        try:
            while time.perf_counter() < until and not self.is_dropped:
                next(steps)
        except StopIteration as ended:
            if ended.value is not None and not self.is_dropped and is_as_it_was(look()):
                self._say(execution, first.told(ended.value))
            self._next()
        except Exception:  # not swallowed: the guard counts it, and this one is given up
            self._next()
            raise

    def _next(self) -> None:
        self._steps = None
        self.waiting.pop(0)
