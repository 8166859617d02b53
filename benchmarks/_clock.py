"""Executed in a kernel right after the startup file of the product: times what it does there.

Not ``self_time_s`` of the journal, which knows nothing of what comes after its own line:
these clocks stand around everything that IPython and the protocol call of ours, less what
stands inside and was there before (the parser, the protocol's own serializing).

Asking for the processor's time is a call of the system, which would be counted where one
clock stands inside another; so that is asked for only where ``BENCH_PROCESSOR`` is set.
"""

import json
import os
import time
from collections.abc import Callable
from typing import Any

from IPython import get_ipython

shell: Any = get_ipython()
hooks: Any = getattr(shell, "_jupyter_mlops_hooks", None)
# Seconds of each cell, by the clock and of the processor, and processor seconds of the start:
# the startup file, the first cell.
cells: list[float] = []
processor: list[float] = []
start: list[float] = [time.process_time() - shell.bench_began]


now = time.perf_counter
# `float()` is zero.
used_by_now: Callable[[], float] = time.thread_time if os.environ.get("BENCH_PROCESSOR") else float


def add(seconds: float, of_processor: float) -> None:
    """Count towards the cell under way, which is the latest."""
    if cells:
        cells[-1] += seconds
        processor[-1] += of_processor


def outside(call: Callable[..., Any]) -> Callable[..., Any]:
    """Count the time of a call of ours."""

    def timed(*args: Any, **options: Any) -> Any:
        used, began = used_by_now(), now()
        try:
            return call(*args, **options)
        finally:
            add(now() - began, used_by_now() - used)

    return timed


def inside(call: Callable[..., Any]) -> Callable[..., Any]:
    """Take the time of a call that is none of ours out of it again."""

    def timed(*args: Any, **options: Any) -> Any:
        used, began = used_by_now(), now()
        try:
            return call(*args, **options)
        finally:
            add(began - now(), used - used_by_now())

    return timed


def before_cell(begin: Callable[..., Any]) -> Callable[..., Any]:
    """Begin to count for a cell."""
    begin = outside(begin)

    def timed(*args: Any) -> None:
        cells.append(0.0)
        processor.append(0.0)
        if len(cells) > 1:
            begin(*args)
            return
        began = time.process_time()
        begin(*args)
        start.append(time.process_time() - began)
        listener = hooks._listener
        if listener is not None:
            listener._serialize = inside(listener._serialize)
            listener._protocol.serialize = outside(listener._protocol.serialize)

    return timed


def write() -> None:
    """Write what was counted where the benchmark asked for it."""
    with open(os.environ["BENCH_CLOCK"], "w") as file:
        json.dump({"cells": cells, "processor": processor, "start": start}, file)


if hooks is not None:
    callbacks = shell.events.callbacks
    callbacks["pre_run_cell"][:] = map(before_cell, callbacks["pre_run_cell"])
    callbacks["post_run_cell"][:] = map(outside, callbacks["post_run_cell"])
    hooks._parse = inside(hooks._parse)
    shell.compile.ast_parse = outside(shell.compile.ast_parse)
    shell.bench_write = write
