"""Start of capture in a kernel, called by the startup file that the package installs."""

from __future__ import annotations

import atexit
import os
from typing import Any

from jupyter_mlops import settings
from jupyter_mlops.metadata import asks_to_be_left_out

_MARK = "_jupyter_mlops_hooks"


def autoload() -> None:
    """Watch the kernel of this process, once, if it is one and capture is on.

    The notebook itself may still switch capture off; its metadata is read when the first
    cell begins.
    """
    shell = _kernel_shell()
    if shell is None or hasattr(shell, _MARK):
        return
    # Whatever is decided below, a cell that says `%%mlops skip` has to run.
    shell.input_transformers_cleanup.append(without_skip_line)
    # Taken out even if capture is off: user code and what it starts must not see it.
    starter = settings.take_starter(os.environ, os.getppid(), _connection_file(shell))
    current = settings.read()
    if not current.capture:
        setattr(shell, _MARK, None)
        return
    from jupyter_mlops.capture.hooks import Hooks
    from jupyter_mlops.capture.session import Session

    hooks = Hooks(shell, Session(current, starter, _connection_file(shell)))
    setattr(shell, _MARK, hooks)
    hooks.register()
    atexit.register(hooks.end)


def without_skip_line(lines: list[str]) -> list[str]:
    """Blank a first line ``%%mlops skip``, so that the cell runs as if it weren't there."""
    if not lines or lines[0].split()[:1] != ["%%mlops"] or not asks_to_be_left_out(lines[0]):
        return lines
    # Left in place, a blank line keeps the numbers in tracebacks right; but a cell magic
    # is one only on the first line.
    return lines[1:] if lines[1:] and lines[1].startswith("%%") else ["\n", *lines[1:]]


def _kernel_shell() -> Any:
    from IPython import get_ipython

    shell = get_ipython()
    return shell if getattr(shell, "kernel", None) is not None else None


def _connection_file(shell: Any) -> str:
    application = getattr(shell.kernel, "parent", None)
    return str(getattr(application, "connection_file", ""))
