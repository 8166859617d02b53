"""Why a kernel that should record does not, as a sentence for its user.

The kernel itself may not print, and what it can't write it can't tell.
"""

from __future__ import annotations

import errno
from pathlib import Path

from jupyter_mlops.journal import obstacle

SWITCHED_OFF = (
    "Capture switched itself off in this kernel after three faults of its own; "
    "restart the kernel to record again."
)
_WAITS = "what is executed waits in the kernel's memory and is recorded once"


def obstruction(journals: Path) -> str | None:
    """Say what keeps kernels from writing their journals, by trying it; ``None`` if nothing."""
    error = obstacle(journals)
    if error is None:
        return None
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk of {journals} is full; {_WAITS} there is room."
    return f"{journals} can't be written ({error.strerror or error}); {_WAITS} it can."


def missing(journals: Path) -> str:
    """Say that an execution was heard of which its kernel, which records, wrote nothing."""
    return obstruction(journals) or (
        f"The last execution did not reach the kernel's journal in {journals}; "
        "jupyter mlops doctor says more."
    )
