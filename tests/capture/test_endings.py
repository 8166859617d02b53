"""Ends of kernels, handlers and finalizers: nothing waits for us, and we wait for nothing."""

from __future__ import annotations

import time
from pathlib import Path

from jupyter_mlops.events import Notice, SessionEnded
from tests.capture.conftest import Kernel, StartKernel

LIMIT_S = 60

AT_THE_END = """
import atexit, threading, signal, sys
class Loud:
    def __del__(self, open=open):
        with open('finalizers.txt', 'a') as file: file.write('gone ')
        try:
            get_ipython().run_cell('late = 1')
        except Exception as error:
            pass
loud = Loud(); cycle = Loud(); cycle.me = cycle
atexit.register(lambda: open('exit.txt', 'w').write('told'))
atexit.register(lambda: get_ipython().run_cell('at_exit = open("cell.txt", "w").write("x")'))
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def _shut_down(kernel: Kernel) -> float:
    """Shut a kernel down in order and return how long it took."""
    began = time.monotonic()
    kernel.client.shutdown()
    while kernel.manager.is_alive():
        assert time.monotonic() - began < LIMIT_S
        time.sleep(0.01)
    return time.monotonic() - began


def test_a_kernel_ends_as_it_does_without_capture(
    start_kernel: StartKernel, tmp_path: Path
) -> None:
    kept = {}
    for mode in ("off", "on"):
        kernel = start_kernel(JUPYTER_MLOPS=mode)
        kernel.run(AT_THE_END)
        kernel.run("kept = [Loud()]")
        _shut_down(kernel)
        names = ("finalizers.txt", "exit.txt", "cell.txt")
        kept[mode] = [
            path.read_text() if (path := tmp_path / "work" / name).exists() else None
            for name in names
        ]
        for name in names:
            (tmp_path / "work" / name).unlink(missing_ok=True)
    assert kept["on"] == kept["off"]
    assert kept["on"][1] == "told"
    assert kernel.of(Notice) == []
    (ended,) = kernel.of(SessionEnded)
    assert ended.shut_down


def test_a_signal_handler_that_executes_cells_blocks_nothing(kernel: Kernel) -> None:
    kernel.run(
        "import signal, os\ntold = []\n"
        "def handler(*a):\n"
        "    told.append(get_ipython().run_cell('inside = open(os.devnull).read()').success)\n"
        "signal.signal(signal.SIGALRM, handler)\nsignal.setitimer(signal.ITIMER_REAL, 0.005, 0.005)"
    )
    for number in range(30):
        kernel.run(f"values = [n * {number} for n in range(20_000)]; x_{number} = values[-1]")
    kernel.run("signal.setitimer(signal.ITIMER_REAL, 0)")
    assert kernel.value("len(told) > 0 and all(told)") == "True"
    assert kernel.value("x_29") == str(29 * 19_999)
    assert kernel.run("print('goes on')")[0]["text"] == "goes on\n"
    assert kernel.of(Notice) == []


def test_a_finalizer_at_each_allocation_blocks_nothing(kernel: Kernel) -> None:
    kernel.run(
        "import gc, os\nclass Cycle:\n"
        "    def __init__(self): self.me = self\n"
        "    def __del__(self):\n"
        "        with open(os.devnull) as file: file.read()\n"
        "        print('x', end=''); globals()['made_by_finalizer'] = 1\n"
        "gc.set_threshold(5, 1, 1)"
    )
    for number in range(10):
        kernel.run(f"several = [Cycle() for n in range(20)]; y_{number} = 1")
    assert kernel.run("gc.set_threshold(700, 10, 10)\n1 + 1")[-1]["data"] == {"text/plain": "2"}
    assert kernel.of(Notice) == []
    assert len(kernel.finished()) == 12
