"""Fail each call of the system that a journal makes at its Nth time, N = 1, 2, 3 … to the last.

``python -m tests.faults.nth_call``: a session opens, says lines that need more room, loses its
folder, says more and closes. One call fails (once, or from then on until the fault ends), and
what has to hold is: nothing is raised into the kernel, and once the fault is over every line is
in the journal, once, in order, with nothing torn.
"""

from __future__ import annotations

import errno
import mmap
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from jupyter_mlops import journal
from jupyter_mlops.capture.session import Session
from jupyter_mlops.events import Notice
from jupyter_mlops.journal import segments, writing
from jupyter_mlops.settings import Settings

ERRORS = (errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EMFILE, errno.EROFS, errno.EACCES)
# As the system's names; each is failed wherever the journal's writer calls it.
CALLS = ("open", "fstat", "stat", "posix_fallocate", "ftruncate", "write", "read", "lseek")
CALLS += ("fchmod", "mkdir", "unlink", "replace", "close", "chmod", "mmap")
LINES = 8


class Fault:
    """Counts the calls of one name, and fails the Nth, or all from the Nth on.

    With `closes` it lasts until the journal is closed, which says a last line.
    """

    def __init__(self, nth: int, error: int, *, lasts: bool, closes: bool) -> None:
        self.calls = 0
        self.is_on = True
        self.closes = closes
        self._nth, self._error, self._lasts = nth, error, lasts

    def around(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return what is called instead of `real`."""

        def call(*args: Any, **named: Any) -> Any:
            if self.is_on:
                self.calls += 1
                if self.calls == self._nth or (self._lasts and self.calls > self._nth):
                    raise OSError(self._error, os.strerror(self._error))
            return real(*args, **named)

        return call


@contextmanager
def failing(name: str, fault: Fault) -> Iterator[None]:
    """Let a call fail, for the modules of the journal alone."""
    with ExitStack() as patches:
        if name == "mmap":
            patches.enter_context(mock.patch.object(mmap, "mmap", fault.around(mmap.mmap)))
        else:
            patches.enter_context(mock.patch.object(os, name, fault.around(getattr(os, name))))
        yield


def scenario(home: Path, fault: Fault) -> list[str]:
    """Say lines while a call may fail, and some when it does so no more; return them."""
    session = Session(Settings(home, ""), None, "")
    session.open({})
    said = []

    def say(size: int) -> None:
        said.append(f"{len(said)} " + "x" * size)
        session.say(Notice, what=said[-1], why="a test")

    for size in (10, segments.ROOM_BYTES, 20, 2 * segments.ROOM_BYTES, 10):
        say(size)
    fault.is_on = False
    shutil.rmtree(home, ignore_errors=True)
    fault.is_on = True
    say(30)
    fault.is_on = False
    say(40)
    say(segments.ROOM_BYTES)
    fault.is_on = fault.closes
    session.close()
    assert len(said) == LINES
    return said


def try_one(name: str, nth: int, error: int, *, lasts: bool, plain: bool) -> bool:
    """Fail one call; return whether there was such a call to fail."""
    # Room is given back at the end alone, and no line needs that.
    fault = Fault(nth, error, lasts=lasts, closes=name == "ftruncate")
    kept: frozenset[str] = frozenset() if plain else segments._KEEPS_ROOM
    with (
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(segments, "_KEEPS_ROOM", kept),
        mock.patch.object(writing, "_LOOK_S", 0),
    ):
        home = Path(folder) / "home"
        with failing(name, fault):
            said = scenario(home, fault)
        (path,) = (home / "journals").iterdir()
        lines = journal.read(path)
        assert lines.torn == 0
        assert [event["seq"] for event in lines.events] == list(range(len(lines.events)))
        found = [event["what"] for event in lines.events if event["type"] == "notice"]
        # A fault that was met is told once it is over, wherever that is.
        assert [text for text in found if "x" in text] == said
        assert lines.events[0]["type"] == "session_started"
        assert lines.events[-1]["type"] == "session_ended"
        assert len(found) - len(said) <= sum(1 for text in found if "late" in text)
        assert path.stat().st_mode & 0o777 == 0o600
    return fault.calls >= nth


def main(errors: tuple[int, ...] = ERRORS, tell: Callable[[str], None] = print) -> Counter[str]:
    """Fail every call at every time with every error; return how many failures were tried."""
    tried: Counter[str] = Counter()
    for name in CALLS:
        if not hasattr(os if name != "mmap" else mmap, name):
            continue
        for error in errors:
            for plain in (False, True):
                for lasts in (False, True):
                    nth = 1
                    where = f"{name} {nth} {errno.errorcode[error]} {lasts=} {plain=}"
                    try:
                        while try_one(name, nth, error, lasts=lasts, plain=plain):
                            tried[name] += 1
                            nth += 1
                            where = f"{name} {nth} {errno.errorcode[error]} {lasts=} {plain=}"
                    except BaseException:
                        tell(f"failed at {where}")
                        raise
        tell(f"{name}: {tried[name]} failures")
    tell(f"{tried.total()} failures in all, every line in its place")
    return tried


if __name__ == "__main__":
    main(tuple(getattr(errno, name) for name in sys.argv[1:]) or ERRORS)
