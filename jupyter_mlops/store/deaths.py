"""What became of sessions and batch executions whose processes are gone.

Neither a death nor silence ever reads as success: a session ends well only if its kernel
said so, or if the server that started it shut it down while no cell was executing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Literal

from jupyter_mlops import journal
from jupyter_mlops.events import KernelGone, SessionEnded
from jupyter_mlops.records import Process

Fate = Literal["alive", "ended", "interrupted", "lost"]

# A kernel on another machine can't be asked; it counts as lost after this long without a
# line, and as alive again when it says something.
SILENCE = timedelta(hours=1)

# The executions that this process ended, whatever the store knows of that.
_LEFT: set[str] = set()


def fate(
    process: Process,
    last_heard: str | None,
    *,
    ended: SessionEnded | None,
    executing: bool,
    gone: Sequence[KernelGone] = (),
) -> Fate:
    """Tell what became of a session.

    Parameters
    ----------
    last_heard
        Time of its last line; ``None`` if more lines are there that can't be read now.
    ended
        Its kernel's last line.
    executing
        Whether its last cell has a start and no end.
    gone
        What the server saw of this kernel's end.
    """
    if ended is not None:
        if not ended.shut_down:
            return "lost"  # it went on, and nobody recorded how
        return "interrupted" if executing else "ended"
    alive = journal.is_alive(process)
    if alive:
        return "alive"
    if any(event.how == "died" for event in gone):
        return "interrupted"
    if last_heard is None:
        # How it ended, and whether the cell did, may stand in what can't be read.
        return "lost" if gone or may_be_over(process, None) else "alive"
    if gone:
        return "interrupted" if executing else "ended"
    if alive is False and not _is_of_another_boot(process):
        return "interrupted"
    # Its last lines may have been lost with the power; or it is another machine's, and silent.
    return "lost" if may_be_over(process, last_heard) else "alive"


def _is_of_another_boot(process: Process) -> bool:
    return process.boot_id != journal.this_process().boot_id


def may_be_over(process: Process, last_heard: str | None) -> bool:
    """Tell whether a session whose process can't be asked may have ended.

    Lines that can't be read are none, and still no silence.
    """
    if process.host == journal.this_process().host:
        return True
    return last_heard is not None and _is_silent(last_heard)


def leave(run: str) -> None:
    """Say that this process, which goes on, watches over a batch execution no more."""
    _LEFT.add(run)


def watcher_is_gone(process: Process, started: str, run: str) -> bool:
    """Tell whether nobody watches over a batch execution any more."""
    if run in _LEFT:
        return True
    alive = journal.is_alive(process)
    if alive is None:
        return may_be_over(process, started)
    return not alive


def _is_silent(last_heard: str) -> bool:
    try:
        heard = datetime.fromisoformat(last_heard.replace("Z", "+00:00"))
    except ValueError:  # no time that anybody wrote: nothing was heard
        return True
    if heard.tzinfo is None:
        heard = heard.replace(tzinfo=timezone.utc)
    return datetime.now(timezone.utc) - heard > SILENCE
