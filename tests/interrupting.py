"""Interrupts at each instruction of ours, one after the other."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


def interrupt(act: Callable[[], object], nth: int, files: str | tuple[str, ...]) -> bool:
    """Call `act`, with a KeyboardInterrupt at the Nth instruction of some files.

    Parameters
    ----------
    act
        What is interrupted.
    nth
        The instruction, counted from 1.
    files
        What the paths of the files begin with.

    Returns
    -------
    Whether there was an Nth instruction.
    """
    left = nth

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith(files):
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    except KeyboardInterrupt:  # ours, anywhere in it
        pass
    finally:
        sys.settrace(before)
    return left <= 0
