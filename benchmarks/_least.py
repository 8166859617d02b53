"""Executed in a kernel without the product: hooks that do the least that capture has to do.

They write a line before and after each cell into mapped memory, and look at all names. Nothing
is read, redacted, heard or fingerprinted, no fault is kept away and no other thread minded. What
they take is a floor under everything of this kind that is written in Python.
"""

import json
import mmap
import os
import time
from json.encoder import encode_basestring
from operator import ne
from typing import Any

from IPython import get_ipython

ROOM_BYTES = 2**24
shell: Any = get_ipython()
number = object.__hash__
cells: list[float] = []
journal = mmap.mmap(-1, ROOM_BYTES)


class State:
    """What stays from hook to hook."""

    end = 0
    names: list[str] = []  # noqa: RUF012 - there is one
    numbers: list[int] = []  # noqa: RUF012 - there is one


def put(line: str) -> None:
    """Store a line, and then its end."""
    content = line.encode()
    end = State.end + len(content)
    journal[State.end : end] = content
    journal[end] = 10
    State.end = end + 1


def pre_run_cell(info: Any) -> None:
    """Write the first line."""
    began = time.perf_counter()
    message = (shell.get_parent() or {}).get("header", {}).get("msg_id")
    put(
        f'{{"seq":{len(cells)},"at":{time.time_ns()},"msg_id":"{message}",'
        f'"source":{encode_basestring(info.raw_cell)}}}'
    )
    cells.append(time.perf_counter() - began)


def post_run_cell(result: Any) -> None:
    """Look at all names and write the last line."""
    began = time.perf_counter()
    namespace = shell.user_ns
    names, numbers = list(namespace), list(map(number, namespace.values()))
    known = len(State.names)
    changed = names[known:]
    if names[:known] == State.names:
        differ = map(ne, State.numbers, numbers)
        changed += [name for name, one in zip(names, differ, strict=False) if one]
    State.names, State.numbers = names, numbers
    seen: dict[str, Any] = {}
    for name in changed:
        kind = type(namespace[name])
        if name[0] != "_":
            seen[name] = namespace[name] if kind is int or kind is float else kind.__name__
    status = "ok" if result.success else "error"
    put(f'{{"seq":{len(cells)},"at":{time.time_ns()},"status":"{status}","s":{json.dumps(seen)}}}')
    if cells:  # the cell that registered these has had no beginning
        cells[-1] += time.perf_counter() - began


def write() -> None:
    """Write what was counted where the benchmark asked for it."""
    with open(os.environ["BENCH_CLOCK"], "w") as file:
        json.dump({"cells": cells}, file)


shell.events.register("pre_run_cell", pre_run_cell)
shell.events.register("post_run_cell", post_run_cell)
shell.bench_write = write
