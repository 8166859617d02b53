"""How an execution ended, by what the shell says of it."""

from __future__ import annotations

import re
from typing import Any

from jupyter_mlops.fingerprints.introspection import name_of
from jupyter_mlops.records import CellError, CellStatus

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_TRACEBACK_LIMIT = 100_000


def error_of(result: Any) -> BaseException | None:
    """Return the exception that ended an execution, or kept it from beginning."""
    # Not with `or`: an exception of the user's may have a truth value of its own.
    if result is None:
        return None
    before: BaseException | None = result.error_before_exec
    during: BaseException | None = result.error_in_exec
    return during if before is None else before


def status_of(result: Any, error: object) -> CellStatus:
    """Return the state of an execution; without a result its end was never told."""
    if result is None or type(error) is KeyboardInterrupt:
        return "interrupted"
    return "ok" if error is None else "error"


def described(error: BaseException, shown: Any) -> CellError:
    """Describe an exception by what IPython has already printed of it.

    Its own ``__str__`` may be the user's code and is not called a second time.
    """
    kind = name_of(type(error))[1].rpartition(".")[2]
    lines = [_COLOURS.sub("", line) for line in shown or () if type(line) is str]
    text = "\n".join(lines)
    # The last line that begins with the exception's name is where its message begins; what
    # is printed above it is code, and a message may have several lines.
    found = list(re.finditer(rf"^(?:[\w.]+\.)?{re.escape(kind)}(?:: |$)", text, re.MULTILINE))
    message = text[found[-1].end() :].strip("\n") if found else ""
    return CellError(kind, message[:_TRACEBACK_LIMIT], text[:_TRACEBACK_LIMIT])
