"""Two threads on one value: parts whose digests do not depend on each other.

One thread does not get all of the memory's bandwidth. The second lives no longer than the
work. No trace or profile function of the user's meets it: where there is one, or only one
processor, everything is done in the caller's thread.
"""

from __future__ import annotations

import _thread
import os
import sys
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from jupyter_mlops.fingerprints.steps import Steps

_T = TypeVar("_T")
# Below this a second thread would save a millisecond or two.
LEAST_BYTES = 32_000_000
# Seconds between two looks at whether the second thread has ended.
_WAIT = 0.001


def side_by_side(parts: Sequence[Callable[[], Steps[_T]]], size_bytes: int) -> Steps[list[_T]]:
    """Do the work of all parts, in two threads if that pays; return the results in order.

    Both threads have ended when this returns, raises or is closed.

    Parameters
    ----------
    parts
        Each begins one part of the work, and changes nothing that another one uses.
    size_bytes
        How much they read together.
    """
    work = _Work(parts)
    helped = len(parts) > 1 and size_bytes >= LEAST_BYTES and _is_possible() and work.share()
    try:
        yield from work.go_on()
        while helped and not work.has_ended():
            yield
    except BaseException:  # not swallowed: raised again once the other thread has ended
        if helped:
            work.give_up()
        raise
    return work.results()


def _is_possible() -> bool:
    if sys.gettrace() is not None or sys.getprofile() is not None:
        return False
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) > 1
    return (os.cpu_count() or 1) > 1


class _Work(Generic[_T]):
    """Parts of which each thread takes the next one that is left."""

    def __init__(self, parts: Sequence[Callable[[], Steps[_T]]]) -> None:
        # To take the last of a list is one step, which no other thread comes between.
        self._left = list(reversed(list(enumerate(parts))))
        self._found: dict[int, _T] = {}
        self._length = len(parts)
        self._fault: BaseException | None = None
        self._is_given_up = False
        self._busy = _thread.allocate_lock()

    def share(self) -> bool:
        """Let a second thread take part; tell whether it does."""
        self._busy.acquire()
        try:
            _thread.start_new_thread(self._help, ())
        except Exception:  # noqa: BLE001 - no more threads, or the user's audit hook: alone, then
            return False
        return True

    def go_on(self) -> Steps[None]:
        """Take parts until none is left."""
        while self._left:
            try:
                position, begin = self._left.pop()
            except IndexError:  # the other thread took the last one
                return
            self._found[position] = yield from begin()
            # A part may be too small to pause in itself, and there may be many.
            yield

    def has_ended(self) -> bool:
        """Wait a moment for the second thread; tell whether it has ended."""
        return self._busy.acquire(timeout=_WAIT)

    def give_up(self) -> None:
        """Let the second thread stop at its next step, and wait for that."""
        self._is_given_up = True
        self._left.clear()
        self._busy.acquire()

    def results(self) -> list[_T]:
        """Return what was found, in order."""
        if self._fault is not None:
            raise self._fault
        return [self._found[position] for position in range(self._length)]

    def _help(self) -> None:
        try:
            for _ in self.go_on():
                if self._is_given_up:
                    return
        except BaseException as error:  # noqa: BLE001 - the first thread raises it
            self._fault = error
        finally:
            self._busy.release()
