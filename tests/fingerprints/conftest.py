"""A class of objects that record every method Python calls on them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

_METHODS = """
    abs add array array_ufunc array_function arrow_c_array bool bytes call complex contains copy
    deepcopy delattr dir eq float format fspath ge getattr getattribute getitem getnewargs
    getstate gt hash index int iter le len lt ne next reduce reduce_ex repr sizeof str
"""


@pytest.fixture
def calls() -> list[str]:
    """Names of the methods called so far; clear it once everything is built."""
    return []


@pytest.fixture
def hostile(calls: list[str]) -> type:
    """Give a class whose methods, properties and metaclass record each call."""

    def recorder(name: str) -> Callable[..., Any]:
        def method(self: Any, *args: Any, **named: Any) -> Any:
            calls.append(name)
            if name == "__hash__":
                return 1
            if name in ("__eq__", "__bool__"):
                return False
            if name in ("__repr__", "__str__", "__format__"):
                return "hostile"
            raise AttributeError(name)

        return method

    def meta_hash(cls: type) -> int:
        calls.append("type.__hash__")
        return 1

    def meta_equal(cls: type, other: object) -> bool:
        calls.append("type.__eq__")
        return cls is other

    def meta_instance(cls: type, other: object) -> bool:
        calls.append("type.__instancecheck__")
        return False

    meta = type(
        "Meta",
        (type,),
        {"__hash__": meta_hash, "__eq__": meta_equal, "__instancecheck__": meta_instance},
    )
    body: dict[str, Any] = {name: recorder(f"__{name}__") for name in _METHODS.split()}
    for name in ("__class__", "__dict__", "dtype", "shape", "_mgr", "tz"):
        body[name] = property(recorder(name))
    return meta("Hostile", (), body)


@pytest.fixture
def in_another_process() -> Callable[..., str]:
    """Run code in a new interpreter and return what it prints."""

    def run(code: str, hash_seed: str = "random") -> str:
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hash_seed, "PATH": "", "HOME": "/nonexistent"},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout.strip()

    return run
