"""Which executions kernels write down themselves, read from their journals.

The server hears the outputs of every kernel; it may keep only those of cells that are
recorded. A cell can be left out, a notebook, a kernel or a whole environment, and only the
kernel knows: what it does not write down, nobody does.
"""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jupyter_mlops.journal import SUFFIX, is_alive, new_lines
from jupyter_mlops.records import Process

_SERVER = "server-"
_CLOCK_TICK_NS = 10**9
# A kernel writes a line at once; one that has no end by then was cut off by a full disk or a kill.
_HEADLESS_LIMIT_S = 10.0
_STARTED = b'"cell_started"'
_ENDED = b'"session_ended"'
# Of each kernel; an execution whose outputs are never heard would stay for ever. Not only the
# newest: with subshells an earlier execution may end after a later one.
_STARTED_LIMIT = 100


# What a kernel's journal says of one execution; nothing, where it should, is a fault.
Found = Literal["recorded", "left out", "missing"]


@dataclass
class _Journal:
    """The journal of one session, read up to `offset`."""

    path: Path
    process: Process | None
    offset: int = 0

    @property
    def may_live(self) -> bool:
        """Whether the process that writes it lives, as far as can be known from here."""
        return self.process is not None and is_alive(self.process) is not False

    def new_lines(self) -> list[bytes]:
        """Return the whole lines that were added since the last call."""
        try:
            lines = new_lines(self.path, self.offset)
        except OSError:  # dropped meanwhile, with all that it said
            return []
        self.offset += sum(map(len, lines))
        return lines


class Recorded:
    """Follows the journals that kernels begin from now on; for one thread.

    Parameters
    ----------
    journals
        Their folder; it may not exist yet. What it holds already is left alone: no kernel of
        a server is older than the server.
    """

    def __init__(self, journals: Path) -> None:
        self._folder = journals
        self._changed_ns = 0
        self._known = set(_names(journals))
        self._journals: dict[str, list[_Journal]] = defaultdict(list)
        self._started: dict[str, dict[str, Found]] = defaultdict(dict)
        self._off: set[str] = set()

    def knows(self, kernel_id: str) -> bool:
        """Tell whether this kernel records at all."""
        self._find()
        return kernel_id in self._journals

    def session(self, kernel_id: str, *, ended: bool) -> str | None:
        """Return the session that a kernel's process writes, or the one that ended with it.

        A restarted kernel may have begun the next one before the end of the last is told.
        """
        all_ = self._journals.get(kernel_id, [])
        found = [one for one in all_ if not ended or len(all_) == 1 or not one.may_live]
        return found[-1].path.stem if found else None

    def has_switched_off(self, kernel_id: str) -> bool:
        """Tell whether capture gave up in this kernel, which went on."""
        return kernel_id in self._off

    def take(self, kernel_id: str, msg_id: str) -> Found:
        """Tell what the kernel says of this execution; asked once, then forgotten."""
        if not self.knows(kernel_id):
            return "missing"
        started = self._started[kernel_id]
        for journal in self._journals[kernel_id]:
            for line in journal.new_lines():
                self._read(kernel_id, line)
        found = started.pop(msg_id, "missing")
        for oldest in list(started)[:-_STARTED_LIMIT]:
            del started[oldest]
        return found

    def _read(self, kernel_id: str, line: bytes) -> None:
        # Most of a journal are long lines of ends of cells, and not worth decoding.
        if _STARTED not in line and _ENDED not in line:
            return
        event = _decoded(line)
        if event.get("type") == "cell_started":
            said: Found = "left out" if event.get("skipped") else "recorded"
            self._started[kernel_id][str(event.get("msg_id"))] = said
        elif event.get("type") == "session_ended" and not event.get("shut_down", True):
            self._off.add(kernel_id)

    def forget(self, kernel_id: str) -> None:
        """Let go of a kernel that is gone."""
        self._journals.pop(kernel_id, None)
        self._started.pop(kernel_id, None)
        self._off.discard(kernel_id)

    def forget_ended(self, kernel_id: str) -> None:
        """Let go of a kernel's processes that ended; the next one may have begun already."""
        left = [one for one in self._journals.pop(kernel_id, ()) if one.may_live]
        if left:
            self._journals[kernel_id] = left
        else:
            self.forget(kernel_id)

    def _find(self) -> None:
        try:
            changed_ns = self._folder.stat().st_mtime_ns
        except OSError:  # no kernel has recorded anything here yet
            return
        if changed_ns == self._changed_ns:
            return
        # Two files within one tick of the clock leave the folder with one and the same time.
        settled = time.time_ns() - changed_ns > _CLOCK_TICK_NS
        for name in _names(self._folder):
            if name in self._known:
                continue
            path = self._folder / name
            is_kernels = name.endswith(SUFFIX) and not name.startswith(_SERVER)
            first = _first_line(path) if is_kernels else {}
            if first is None:
                # It does not change its folder when it gets the rest.
                settled = False
                continue
            self._known.add(name)
            kernel_id = first.get("kernel_id")
            if kernel_id:
                journal = _Journal(path, _process(first))
                self._journals[str(kernel_id)].append(journal)
        self._changed_ns = changed_ns if settled else 0


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:  # no kernel has recorded anything here yet
        return []


def _first_line(path: Path) -> dict[str, Any] | None:
    """Return the event in it, none if there will be no event, ``None`` if it may still grow."""
    try:
        with path.open("rb") as file:
            line = file.readline()
            age_s = time.time() - os.fstat(file.fileno()).st_mtime
    except OSError:  # removed or unreadable: there will be no event
        return {}
    if line.endswith(b"\n"):
        return _decoded(line)
    return {} if age_s > _HEADLESS_LIMIT_S else None


def _process(first: dict[str, Any]) -> Process | None:
    try:
        return Process(**first["process"])
    except (KeyError, TypeError):  # of a version to come
        return None


def _decoded(line: bytes) -> dict[str, Any]:
    try:
        event = json.loads(line)
    except ValueError:  # torn by a full disk; the store reports it
        return {}
    return event if isinstance(event, dict) else {}
