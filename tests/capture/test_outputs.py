"""Outputs as the kernel itself hears them, where nobody listens outside."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from jupyter_mlops.capture.outputs import Listener
from jupyter_mlops.events import Notice, NotSeen
from jupyter_mlops.journal import canonical, sha256
from jupyter_mlops.settings import OUTPUT_LIMIT_BYTES
from tests.capture.conftest import Kernel, StartKernel


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


# Displays of what is no JSON until the protocol has made it so.
ODD = {
    "a date": "{'when': datetime.datetime(2024, 5, 1, tzinfo=datetime.timezone.utc)}",
    "keys of several types": "{1: 'a', 'b': 2, None: 3, True: 4}",
    "numbers as keys": "{10: 'a', 9: 'b'}",
    "bytes": "{'raw': b'abc'}",
    "numpy": "{'n': numpy.int64(3), 'x': numpy.float64(0.5), 'a': numpy.arange(3)}",
    "a generator": "{'given': (n * n for n in range(3))}",
    "a set": "{'set': {1}, 'tuple': (1, 2)}",
}


def test_what_the_protocol_makes_json_is_recorded_as_a_client_saw_it(kernel: Kernel) -> None:
    kernel.run("import datetime, numpy\nfrom IPython.display import display")
    for number, value in enumerate(ODD.values(), 1):
        seen = kernel.run(f"display({{'application/json': {value}}}, raw=True)")
        assert seen[0]["output_type"] == "display_data"
        assert contents(kernel, number) == seen
    kernel.run("last = 1")
    assert kernel.started()[-1].source == "last = 1"
    assert kernel.of(Notice) == []
    assert all(cell.unseen == () for cell in kernel.finished())
    for cell in kernel.finished():
        for output in cell.outputs or ():
            assert output.digest == sha256(canonical(output.content))


def test_what_changes_after_it_was_shown_is_recorded_as_it_was_shown(kernel: Kernel) -> None:
    shown = kernel.run(
        "from IPython.display import display\nvalue = {'n': [1]}\n"
        "display({'application/json': value}, raw=True)\nvalue['n'].append(2)"
    )
    assert shown[0]["data"] == {"application/json": {"n": [1]}}
    assert contents(kernel, 0) == shown


def test_an_output_that_can_not_be_recorded_is_told_as_unseen(
    start_kernel: StartKernel, startup: Callable[[str], None]
) -> None:
    startup(
        "def _break():\n"
        "    from jupyter_mlops import outputs\n"
        "    def fail(*a, **k): raise TypeError('ours')\n"
        "    outputs.seen = fail\n"
        "_break(); del _break\n"
    )
    kernel = start_kernel()
    for number in range(5):
        assert kernel.run(f"{number}")[0]["data"] == {"text/plain": f"{number}"}
    cells = kernel.finished()
    assert [(cell.status, cell.outputs) for cell in cells] == [("ok", ())] * 5
    assert {one for cell in cells for one in cell.unseen} == {
        NotSeen("outputs", "1 could not be recorded (TypeError)")
    }
    assert kernel.of(Notice) == []


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


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stream", {"name": "stdout", "text": "é" * 60_000_000}),
        ("display_data", {"data": {"text/html": "x" * 120_000_000}, "metadata": {}}),
    ],
)
def test_no_copy_is_made_of_a_large_output(kind: str, content: dict[str, Any]) -> None:
    sent = canonical(content)

    class Protocol:
        def serialize(self, message: Any) -> list[bytes]:
            return [sent]

    protocol = Protocol()
    listener = Listener(protocol, lambda request: None)
    assert listener.begin("request")
    message = {
        "header": {"msg_type": kind},
        "parent_header": {"msg_id": "request"},
        "content": content,
    }
    tracemalloc.start()
    try:
        protocol.serialize(message)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (output,), unseen = listener.take("request")
    assert (output.content, unseen) == (None, ())
    assert output.digest == sha256(canonical({"output_type": kind} | content))
    assert peak < 2 * OUTPUT_LIMIT_BYTES


def test_a_stdout_of_the_users_own_is_left_alone(kernel: Kernel) -> None:
    kernel.run(
        "import sys\nclass Mine:\n    calls = []\n    def write(self, t): self.calls.append(t)\n"
        "    def flush(self): self.calls.append('flush')\n"
        "real, sys.stdout = sys.stdout, Mine(); print('a')"
    )
    kernel.run("sys.stdout = real")
    assert contents(kernel, 0) == contents(kernel, 1) == []
