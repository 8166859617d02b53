"""Outputs as the kernel itself hears them, where nobody listens outside."""

from __future__ import annotations

from typing import Any

from jupyter_mlops.settings import OUTPUT_LIMIT_BYTES
from tests.capture.conftest import Kernel


def contents(kernel: Kernel, execution: int) -> list[Any]:
    outputs = kernel.finished()[execution].outputs
    assert outputs is not None
    return [output.content for output in outputs]


def test_they_are_what_a_client_saw(kernel: Kernel) -> None:
    cells = [
        "print('a')\nprint('b', end='')",
        "import sys\nprint('out'); sys.stderr.write('err'); print('again')",
        "from IPython.display import display, HTML\ndisplay(HTML('<b>x</b>'))\n'result'",
        "1/0",
        "None",
        "import threading\nt = threading.Thread(target=print, args=('t',)); t.start(); t.join()",
    ]
    for number, cell in enumerate(cells):
        seen = kernel.run(cell)
        assert contents(kernel, number) == seen
    assert all(cell.unseen == () for cell in kernel.finished())


def test_cleared_and_updated_displays(kernel: Kernel) -> None:
    kernel.run(
        "from IPython.display import display, clear_output\n"
        "display('old'); clear_output(wait=True); display('new')"
    )
    kernel.run("h = display('first', display_id='d')\nh.update('second')")
    kernel.run("h.update('third')")
    assert [one["data"]["text/plain"] for one in contents(kernel, 0)] == ["'new'"]
    assert [one["data"]["text/plain"] for one in contents(kernel, 1)] == ["'second'"]
    assert contents(kernel, 2) == []
    assert [one.what for one in kernel.finished()[2].unseen] == [
        "updates of a display of another cell"
    ]


def test_prints_after_the_end_are_told_as_unseen(kernel: Kernel) -> None:
    kernel.run(
        "import threading\ngo = threading.Event()\n"
        "def late():\n    go.wait(60); print('late', flush=True)\n"
        "t = threading.Thread(target=late); t.start()"
    )
    kernel.run("go.set(); t.join()")
    texts = [str(contents(kernel, number)) for number in range(2)]
    unseen = [one.what for one in kernel.finished()[1].unseen]
    # Which cell a thread's print belongs to is the kernel's decision, and differs by version.
    assert "late" in texts[1] or unseen == ["outputs of type stream"]
    assert "late" not in texts[0]


def test_large_outputs_keep_their_digest_alone(kernel: Kernel) -> None:
    kernel.run(f"print('x' * {OUTPUT_LIMIT_BYTES + 1})")
    (output,) = kernel.finished()[0].outputs or ()
    assert output.content is None
    assert output.size_bytes > OUTPUT_LIMIT_BYTES
    assert output.digest.startswith("sha256:")


def test_a_stdout_of_the_users_own_is_left_alone(kernel: Kernel) -> None:
    kernel.run(
        "import sys\nclass Mine:\n    calls = []\n    def write(self, t): self.calls.append(t)\n"
        "    def flush(self): self.calls.append('flush')\n"
        "real, sys.stdout = sys.stdout, Mine(); print('a')"
    )
    kernel.run("sys.stdout = real")
    assert contents(kernel, 0) == contents(kernel, 1) == []
