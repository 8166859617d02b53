"""Work that can be left between bounded pieces and gone on with later.

A generator yields after each piece, of a millisecond or so; its result is what it returns.
As long as it has not ended it keeps alive what it reads.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TypeVar

_T = TypeVar("_T")
Steps = Generator[None, None, _T]


def finish(steps: Steps[_T]) -> _T:
    """Run to the end and return the result."""
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            result: _T = ended.value
            return result
