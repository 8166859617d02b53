"""A process, and whether it lives: what tells a silent kernel from a dead one."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from jupyter_mlops.records import Process


def this_process() -> Process:
    """Describe the calling process, so that others can tell later whether it lives."""
    pid = os.getpid()
    return Process(
        pid=pid, host=platform.node(), started_ticks=_started_ticks(pid), boot_id=_boot_id()
    )


def is_alive(process: Process) -> bool | None:
    """Tell whether `process` lives; ``None`` if that can't be known from here."""
    if process.host != platform.node():
        return None
    if process.boot_id != _boot_id():
        # The host was started anew since, and nothing survived that.
        return False if process.boot_id is not None and _boot_id() is not None else None
    if process.started_ticks is not None:
        return _started_ticks(process.pid) == process.started_ticks
    if os.name != "posix":
        return None
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:  # it has ended
        return False
    except OSError:  # it belongs to another user, or is another process with its number
        return None
    return True


def _started_ticks(pid: int) -> int | None:
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:  # not Linux, or it has ended
        return None
    # The second field is the program's name in parentheses, which may hold anything.
    fields = status[status.rfind(b")") + 2 :].split()
    # A zombie has ended; its parent has not asked for it yet.
    return None if fields[0] in (b"Z", b"X") else int(fields[19])


def _boot_id() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:  # not Linux
        return None
