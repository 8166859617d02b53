"""What two executions of a notebook differ in, leaf by leaf."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from tests.differential.executed import Executed

_ABSENT = "(absent)"


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of everything in JSON that holds nothing further."""
    if isinstance(value, dict) and value:
        for key, one in value.items():
            yield from leaves(one, f"{path}/{key}")
    elif isinstance(value, list) and value:
        yield path, len(value)
        for number, one in enumerate(value):
            yield from leaves(one, f"{path}/{number}")
    else:
        yield path, value


def seen(executed: Executed) -> dict[str, Any]:
    """Return all that must not differ."""
    return dict(leaves({"cells": executed.cells, "state": executed.state}))


def differences(one: Executed, other: Executed) -> dict[str, tuple[Any, Any]]:
    """Return what differs, by its path."""
    first, second = seen(one), seen(other)
    return {
        path: (first.get(path, _ABSENT), second.get(path, _ABSENT))
        for path in sorted(first.keys() | second.keys())
        if first.get(path, _ABSENT) != second.get(path, _ABSENT)
    }


def digest(executed: Executed, masked: set[str]) -> str:
    """Return the digest of all cells, but for what is not the same from run to run."""
    kept = {
        path: value
        for path, value in dict(leaves(executed.cells, "/cells")).items()
        if path not in masked
    }
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
