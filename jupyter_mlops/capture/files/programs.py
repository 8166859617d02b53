"""What the command line of another program tells of the files that it may open."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable
from types import FrameType
from typing import Any

from jupyter_mlops.frozen import dataclass

# Libraries start these to learn about the machine.
PROBES = frozenset(
    {"cc", "fc-list", "gcc", "getconf", "ld", "ldconfig", "lscpu", "nproc", "objdump", "uname"}
)
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash", "ksh"})
_BETWEEN = frozenset({"|", "||", "&&", ";", "&", "|&", "\n"})
# How far above a fork the function stands that was given the command.
_FRAMES = 8


@dataclass(frozen=True)
class Command:
    """A program by its name, and the words of its command line that may be paths, absolute.

    The words themselves may be secret and are not kept.
    """

    name: str
    paths: tuple[str, ...]


def command(words: Iterable[str], folder: str | None = None) -> Command:
    """Read a command line that was taken apart, as it is executed in `folder`."""
    words = list(words)
    if len(words) > 2 and os.path.basename(words[0]) in _SHELLS and words[1].startswith("-"):
        return shell_command(words[2], folder)
    name = os.path.basename(words[0]) if words else ""
    return Command(name, _paths(words[1:], folder))


def shell_command(line: str, folder: str | None = None) -> Command:
    """Read what a shell is given to execute."""
    try:
        reader = shlex.shlex(line, posix=True, punctuation_chars=True)
        reader.whitespace_split = True
        words = list(reader)
    except ValueError:  # an open quotation: the shell will complain, not we
        words = line.split()
    name, begins = "", True
    rest: list[str] = []
    for word in words:
        if word in _BETWEEN:
            begins = True
        elif begins:
            if "=" not in word:  # else a variable, for this program only
                name, begins = name or os.path.basename(word), False
        elif word.strip("<>&"):
            rest.append(word)
    return Command(name, _paths(rest, folder))


def forked_for() -> list[str] | None:
    """Return the words of the command for which a pseudo-terminal is about to be forked."""
    frame: FrameType | None = sys._getframe(2)
    for _ in range(_FRAMES):
        if frame is None:
            return None
        if frame.f_code.co_name == "spawn" and "ptyprocess" in str(frame.f_globals.get("__name__")):
            given: Any = frame.f_locals.get("argv")
            if type(given) is not list:
                return None
            return [os.fsdecode(word) for word in given if type(word) is str or type(word) is bytes]
        frame = frame.f_back
    return None


def _paths(words: list[str], folder: str | None) -> tuple[str, ...]:
    base = os.path.abspath(folder or os.curdir)
    found: dict[str, None] = {}
    for word in words:
        for text in {word: None, word.partition("=")[2]: None}:
            if text and not text.startswith("-") and "://" not in text and "\0" not in text:
                path = os.path.join(base, os.path.expanduser(text))
                found[os.path.normpath(path)] = None
    return tuple(found)
