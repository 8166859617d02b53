"""Interrupts at any instant: the cell that was meant ends by it, and the next one runs.

More of them by command: ``python -m tests.capture.test_interrupts N SEED``.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import pytest

from jupyter_mlops import settings
from jupyter_mlops.capture.files import reads
from jupyter_mlops.capture.hooks import Hooks
from jupyter_mlops.capture.outputs import Listener
from jupyter_mlops.events import CellFinished, Notice
from tests.capture.conftest import Kernel, StartKernel

# Long enough that a part of the instants lies in hooks: names to compare, a frame to digest.
PREPARE = (
    "import time, pandas as pd, numpy as np\n"
    "globals().update({f'n{i}': [i] for i in range(3000)})\n"
    "frame = pd.DataFrame({'a': range(200_000), 'b': ['text'] * 200_000})"
)
# One in some hundred hits the first instruction of a function that Python or IPython calls: Python
# looks for interrupts as it enters one, before anything in there can catch one.
_ENTRIES = (
    reads._hook,
    Hooks.pre_run_cell,
    Hooks.post_run_cell,
    Hooks._ast_parse,
    Listener._hear,
)
_UNGUARDED = re.compile(
    "|".join(
        rf"\S*jupyter_mlops/capture/{Path(code.co_filename).stem}\.py:{code.co_firstlineno}\b"
        rf"\S*, in \S*{code.co_name}\b"
        for code in (entry.__code__ for entry in _ENTRIES)
    )
)
CELL = "frame['c'] = frame.a + 1; made = [n for n in n0]; time.sleep(0.02)"


def interrupted(kernel: Kernel, count: int, seed: int) -> Counter[str]:
    """Interrupt cells at random instants after they were sent, and count how they ended."""
    chance = random.Random(seed)
    kernel.run(PREPARE)
    ends: Counter[str] = Counter()
    for number in range(count):
        message = kernel.client.execute(CELL, stop_on_error=False)
        time.sleep(chance.uniform(0.0, 0.06))
        kernel.manager.interrupt_kernel()
        deadline = time.monotonic() + 60
        shown: list[str] = []
        while True:
            assert time.monotonic() < deadline
            one = kernel.client.get_iopub_msg(timeout=60)
            if one["parent_header"].get("msg_id") != message:
                continue
            if one["msg_type"] == "status" and one["content"]["execution_state"] == "idle":
                break
            shown.append(str(one["content"]))
        text = "".join(shown)
        ends["interrupted" if "KeyboardInterrupt" in text else "completed"] += 1
        if "jupyter_mlops" in _UNGUARDED.sub("", text):
            ends["showed frames of ours"] += 1
            print(text.encode().decode("unicode_escape"))  # for whoever has to find out why
        # A late interrupt of an idle kernel may take a reply with it, without us as well.
        assert kernel.run(f"print({number})")[0].get("text") == f"{number}\n"
    return ends


@pytest.mark.slow
def test_an_interrupt_at_any_instant_reaches_the_cell(start_kernel: StartKernel) -> None:
    kernel = start_kernel()
    ends = interrupted(kernel, 40, 5)
    assert ends["showed frames of ours"] == 0
    assert ends["interrupted"] > 5
    assert kernel.of(Notice) == []
    kernel.run("last = 1")
    finished: list[CellFinished] = kernel.finished()
    assert len(finished) == len(kernel.started())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        one = Kernel(settings.read(environ={settings.HOME_VARIABLE: scratch}), {}, folder)
        print(dict(interrupted(one, int(sys.argv[1]), int(sys.argv[2]))))
        one.stop()
