"""The file in which a kernel says what it saw: append and read.

A journal is a file of JSON lines, one event a line, written by one process. What stands there
with its newline survives the death of the process at any instruction. On a local disk the
lines are stored into mapped memory whose room on the disk was allocated before, so that the
file ends in NUL bytes while its writer lives, and for good if that was killed: readers stop
there, and the file's size says nothing. Elsewhere each line is one ``write``.
Power loss may cost the last second: nothing here waits for the disk.
"""

from __future__ import annotations

from jupyter_mlops.journal.lines import canonical, compose, encode, now, sha256
from jupyter_mlops.journal.processes import is_alive, this_process
from jupyter_mlops.journal.reading import SUFFIX, Lines, has_line, new_lines, read
from jupyter_mlops.journal.segments import is_held
from jupyter_mlops.journal.writing import Journal, obstacle

__all__ = [
    "SUFFIX",
    "Journal",
    "Lines",
    "canonical",
    "compose",
    "encode",
    "has_line",
    "is_alive",
    "is_held",
    "new_lines",
    "now",
    "obstacle",
    "read",
    "sha256",
    "this_process",
]
