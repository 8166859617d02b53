"""Processes that die at a step of what they do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest


class CrashError(Exception):
    """Stands for the death of the process."""


def dying_at(step: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], None]:
    """Return what lets a function of an owner die if its call is the one at `step`.

    The calls of all functions that it is told of count together, from 0.
    """
    steps = count()

    def dying(owner: Any, name: str) -> None:
        act = getattr(owner, name)

        def acted(*args: Any, **named: Any) -> Any:
            if next(steps) == step:
                raise CrashError
            return act(*args, **named)

        monkeypatch.setattr(owner, name, acted)

    return dying
