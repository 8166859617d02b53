"""What a notebook says of itself, in a kernel and in a plain script."""

from __future__ import annotations

import subprocess
import sys

from tests.capture.conftest import Kernel

DECLARES = """\
import jupyter_mlops as mlops, numpy as np, datetime, threading
rate = mlops.param("lr", 0.1)
assert mlops.param("day", datetime.date(2024, 1, 31)).year == 2024
assert mlops.param("odd", mlops) is mlops
"""
LOGS = """\
for epoch in range(3):
    mlops.log("loss", np.float32(1 / 2 ** epoch))
accuracy = np.mean([0.5, 1.0])
mlops.log("accuracy", accuracy, step=7)
mlops.log(f1=float("nan"), text="none")
thread = threading.Thread(target=mlops.log, args=("beside", 1))
thread.start(); thread.join()
"""


def test_what_is_declared_and_logged_is_recorded(kernel: Kernel) -> None:
    for source in (DECLARES, LOGS, "plain = 1"):
        assert kernel.run(source) == []
    declared, logged, plain = kernel.finished()
    assert [(one.name, one.value, one.type, one.source) for one in declared.parameters] == [
        ("lr", 0.1, "float", "declared"),
        ("day", "2024-01-31", "datetime.date", "declared"),
    ]
    assert declared.metrics == ()
    assert [one.what for one in declared.unseen] == ["parameter odd"]
    assert [(one.name, one.value, one.step, one.source) for one in logged.metrics] == [
        ("loss", 1.0, 0, "logged"),
        ("loss", 0.5, 1, "logged"),
        ("loss", 0.25, 2, "logged"),
        ("accuracy", 0.75, 7, "logged"),
        ("f1", "NaN", None, "logged"),
        ("beside", 1, None, "logged"),
    ]
    assert [(one.what, one.why) for one in logged.unseen] == [("metric text", "a str is no number")]
    assert [one.name for one in plain.parameters] == ["plain"] and plain.metrics == ()


def test_a_plain_script_gets_its_value_and_loads_little() -> None:
    script = (
        "import sys, jupyter_mlops as m\n"
        "assert m.param('lr', 0.1) == 0.1 and m.log('a', 1) is None and m.log(b=2) is None\n"
        "print({'sqlalchemy', 'IPython', 'msgspec', 'asyncio'} & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
