"""The content of files: each read once as long as it stays as it is, a large one later.

What tells that a file is as it was is its status: size, times of its last change, which file
it is. Systems stamp all changes of one tick of their clock alike, and network file systems
when they please; so a digest is only used again where the file is local and the status was
2 s old when it was read. A file that waits to be read later is read as what it was if its
status is then as it was when the cell ended. What this can't tell: a change in the same tick
as the cell's own last one, and changes through memory that was mapped and written before.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from jupyter_mlops import fingerprints
from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.fingerprints.signatures import Signature, is_settled, signature
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.journal.mounts import is_network
from jupyter_mlops.records import DataUse, Fingerprint

# Not on a network, but stamped by another program or system, which may do it as it likes.
_STAMPED_ELSEWHERE = ("fuse", "9p", "virtiofs")
_MOUNTS = "/proc/self/mountinfo"
# More files are read again rather than remembered.
_FILES_LIMIT = 10_000


class Contents:
    """Fingerprints of the files of one session.

    Attributes
    ----------
    modules
        The digests of the user's own modules as cells last loaded them, by path.
    """

    def __init__(self) -> None:
        self.modules: dict[str, str | None] = {}
        self._known: dict[str, tuple[Signature, Fingerprint]] = {}
        self._local: dict[int, bool] = {}

    def of(self, path: str, stop: Callable[[], bool] | None = None) -> Fingerprint | None:
        """Return a file's fingerprint, as :func:`jupyter_mlops.fingerprints.of_file` does."""
        began, before = time.time_ns(), signature(path)
        known = self._known_of(path, before)
        if known is not None:
            return known
        found = fingerprints.of_file(path, stop)
        self._remember(path, before, began, found)
        return found

    def waits(self, path: str, budget: Budget) -> bool:
        """Tell whether reading a file would take longer than there is time."""
        found = signature(path)
        if found is None or self._known_of(path, found) is not None:
            return False
        return fingerprints.seconds_for_file(found[0]) > budget.left

    def later(self, path: str, expected: Signature) -> Steps[Fingerprint | None]:
        """Read a file that waited; ``None`` if it is no longer what it was."""
        from jupyter_mlops.fingerprints import files

        began = time.time_ns()
        if signature(path) != expected:
            return None
        known = self._known_of(path, expected)
        try:
            found = known or (yield from files.steps(path))
        except OSError:  # gone, or no longer ours to read: it stays as it was told
            return None
        if signature(path) != expected:
            return None
        self._remember(path, expected, began, found)
        return found

    def _known_of(self, path: str, now: Signature | None) -> Fingerprint | None:
        known = self._known.get(path)
        return known[1] if known is not None and known[0] == now else None

    def _remember(
        self, path: str, before: Signature | None, began: int, found: Fingerprint | None
    ) -> None:
        if before is None or found is None or not found.complete:
            return
        if not is_settled(before, began) or not self.is_local(before[4]):
            return
        if signature(path) != before:
            return
        if len(self._known) >= _FILES_LIMIT:
            self._known.clear()
        self._known[path] = (before, found)

    def is_local(self, device: int) -> bool:
        """Tell whether a device belongs to this machine, whose clock stamps what is on it."""
        if device not in self._local:
            self._local[device] = _is_local(device)
        return self._local[device]


@dataclass(frozen=True)
class WaitingFile:
    """A file whose content is read later, with what was told of its use."""

    use: DataUse
    path: str
    expected: Signature
    contents: Contents
    # Its status tells whether it changed, whatever ran meanwhile.
    needs_quiet = False

    def begin(self, namespace: Mapping[str, Any]) -> Steps[Fingerprint | None] | None:
        """Begin to read it."""
        return self.contents.later(self.path, self.expected)

    def is_there(self, namespace: Mapping[str, Any]) -> bool:
        """Whether it is still what it was shows when it was read."""
        return True

    def told(self, found: Fingerprint) -> dict[str, Any]:
        """Return what is to be told of it."""
        use = replace(self.use, digest=found.digest, complete=found.complete)
        return {"data": (replace(use, size_bytes=found.size_bytes),)}


def _is_local(device: int) -> bool:
    name = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open(_MOUNTS) as file:
            mounts = [
                (line.partition(" - ")[2].split()[0], line.split()[4])
                for line in file
                if line.split()[2] == name
            ]
    except (OSError, IndexError):  # not Linux: nobody can tell
        return False
    return bool(mounts) and not any(
        is_network(*mount) or mount[0].startswith(_STAMPED_ELSEWHERE) for mount in mounts
    )
