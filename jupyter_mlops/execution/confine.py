"""Confinement of a process and its children: where they may write (Linux, Landlock).

What a notebook writes is not known before it runs, and much of it is written by C libraries
and other programs that no hook in Python sees. The kernel's own access control does: once
confined, a process and all that it starts get *Permission denied* for any write elsewhere.
Reading stays free, and so does everything that the process had open before.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG, _PATH_BENEATH = 1, 1
_PR_SET_NO_NEW_PRIVS = 38

_WRITE_FILE = 1 << 1
# Removing, and making of every kind of file (MAKE_CHAR to MAKE_SYM).
_CHANGE_FOLDER = sum(1 << bit for bit in (4, 5, 6, 7, 8, 9, 10, 11, 12))
_REFER, _TRUNCATE = 1 << 13, 1 << 14


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def is_possible() -> bool:
    """Tell whether this system can confine a process."""
    return _version() > 0


def to(folders: Iterable[str | Path]) -> bool:
    """Let this thread, and what it starts from now on, write beneath `folders` only.

    Call it before any other thread is started. There is no way back.

    Returns
    -------
    bool
        False if the system can't, or did not; nothing is confined then.
    """
    version = _version()
    if version < 1:
        return False
    rights = _WRITE_FILE | _CHANGE_FOLDER
    rights |= _REFER if version >= 2 else 0
    rights |= _TRUNCATE if version >= 3 else 0
    libc = ctypes.CDLL(None, use_errno=True)
    wanted = _Ruleset(rights)
    ruleset = libc.syscall(_CREATE_RULESET, ctypes.byref(wanted), ctypes.sizeof(wanted), 0)
    if ruleset < 0:
        return False
    try:
        for folder in folders:
            _allow(libc, ruleset, folder, rights)
        if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
            return False
        return bool(libc.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def around(root: Path, kept: Path) -> list[Path]:
    """List what lies beneath `root` as it is now, but for `kept` and the folders above it.

    Writing beneath `root` can so be allowed without allowing it beneath `kept`.
    """
    root, kept = root.resolve(), kept.resolve()
    if root.is_relative_to(kept):
        return []
    if not kept.is_relative_to(root):
        return [root]
    found: list[Path] = []
    for folder in [root, *(root / part for part in _parents(root, kept))]:
        with suppress(OSError):  # a folder that may not be listed stays without a rule
            found += [one for one in folder.iterdir() if not kept.is_relative_to(one)]
    return [one for one in found if not one.is_symlink()]


def _parents(root: Path, kept: Path) -> list[Path]:
    parts = kept.relative_to(root).parts[:-1]
    return [Path(*parts[: count + 1]) for count in range(len(parts))]


def _version() -> int:
    if not sys.platform.startswith("linux"):
        return 0
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        return int(libc.syscall(_CREATE_RULESET, None, 0, _VERSION_FLAG))
    except (OSError, AttributeError):  # a C library without syscall()
        return 0


def _allow(libc: ctypes.CDLL, ruleset: int, path: str | Path, rights: int) -> None:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:  # what does not exist needs no permission
        return
    try:
        if not os.path.isdir(path):
            rights &= _WRITE_FILE | _TRUNCATE
        rule = _Beneath(rights, descriptor)
        libc.syscall(_ADD_RULE, ruleset, _PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(descriptor)
