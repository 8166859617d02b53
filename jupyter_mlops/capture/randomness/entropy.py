"""What NumPy draws from the system's entropy for generators that are given no seed.

NumPy asks one function for it, whose name in one module of its own is bound to ours once that
module is loaded: it hands on what the system gives, and notes it. In a replay it gives what was
noted before, so that ``default_rng()`` begins as it did then. Nothing outside NumPy is touched:
keys and identifiers come from the system as ever.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Callable, Iterable
from types import FrameType, ModuleType

_MODULE, _NAME = "numpy.random.bit_generator", "randbits"
# What libraries make a ``RandomState`` of a given seed with: that class asks for entropy first,
# and then throws it away.
_WASTERS = {
    "check_random_state": ("sklearn.", "scipy."),
    "random_state": ("pandas.",),
}
# Of one cell; above it nobody could put all of it back, and the record says so.
LIMIT = 1000


_NOTHING: tuple[tuple[str, ...], int] = (), 0


class _Drawn:
    """What belongs to the process, as NumPy's modules do."""

    original: Callable[[int], int] | None = None
    pid = 0
    is_noted = False
    noted: list[str]
    given: deque[tuple[int, int]]
    count = 0


_drawn = _Drawn()
_drawn.noted, _drawn.given = [], deque()


def watch() -> None:
    """Listen to what NumPy draws, if its module is there; a second call does nothing."""
    module = sys.modules.get(_MODULE)
    if type(module) is not ModuleType:
        return
    found = module.__dict__.get(_NAME)
    if found is None or found is randbits:
        return  # not loaded yet, or known
    _drawn.original, _drawn.pid = found, os.getpid()
    module.__dict__[_NAME] = randbits


def leave() -> None:
    """Give NumPy its own function back."""
    module = sys.modules.get(_MODULE)
    _drawn.is_noted = False
    if type(module) is ModuleType and module.__dict__.get(_NAME) is randbits:
        module.__dict__[_NAME] = _drawn.original


def begin(given: Iterable[str] = ()) -> None:
    """Note from here on what is drawn; first comes what was `given`, as it was noted."""
    if _drawn.count:
        _drawn.noted, _drawn.count = [], 0
    if given or _drawn.given:
        _drawn.given = deque(map(_parsed, given))
    _drawn.is_noted = True


def take() -> tuple[tuple[str, ...], int]:
    """Return what was drawn since the beginning, and how often, which may be more."""
    _drawn.is_noted = False
    return (tuple(_drawn.noted), _drawn.count) if _drawn.count else _NOTHING


def randbits(k: int) -> int:
    """Return a whole number of `k` random bits, as :func:`secrets.randbits` does."""
    assert _drawn.original is not None
    # A forked child is another process: what it draws is its own.
    if not _drawn.is_noted or _drawn.pid != os.getpid():
        return _drawn.original(k)
    if _is_wasted(sys._getframe(1)):
        return _drawn.original(k)
    value = None
    if _drawn.given:
        bits, number = _drawn.given.popleft()
        value = number if bits == k else None
    if value is None:
        value = _drawn.original(k)
    _drawn.count += 1
    if _drawn.count <= LIMIT:
        _drawn.noted.append(f"{k}:{value:x}")
    return value


def _is_wasted(caller: FrameType) -> bool:
    libraries = _WASTERS.get(caller.f_code.co_name)
    module = caller.f_globals.get("__name__") if libraries is not None else None
    return type(module) is str and libraries is not None and module.startswith(libraries)


def _parsed(text: str) -> tuple[int, int]:
    bits, _, number = text.partition(":")
    return int(bits), int(number, 16)
