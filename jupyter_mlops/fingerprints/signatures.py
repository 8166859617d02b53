"""What tells a changed file without reading it."""

from __future__ import annotations

import os
import stat

# Size, times of the last change of content and of status, inode and device.
Signature = tuple[int, ...]

# Systems stamp all changes of one tick of their clock alike: a signature that was younger than
# this when the content was read may stand for two contents.
_SETTLED_NS = 2_000_000_000


def signature(path: str | os.PathLike[str]) -> Signature | None:
    """Return what tells a changed file, or ``None`` if there is no regular file."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):  # ValueError: a zero byte in the path
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev


def is_settled(found: Signature, now_ns: int) -> bool:
    """Tell whether a signature, taken before `now_ns`, can stand for one content only."""
    return max(found[1], found[2]) < now_ns - _SETTLED_NS
