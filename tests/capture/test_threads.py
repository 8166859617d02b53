"""Executions that overlap, nest, fork, or come from finalizers."""

from __future__ import annotations

import queue

import pytest

from jupyter_mlops.events import Notice, SessionEnded
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.capture.conftest import Kernel


def test_cells_of_a_subshell_overlap_and_do_not_mix(kernel: Kernel) -> None:
    control, session = kernel.client.control_channel, kernel.client.session
    control.send(session.msg("create_subshell_request"))
    try:
        subshell = kernel.client.get_control_msg(timeout=60)["content"].get("subshell_id")
    except queue.Empty:
        subshell = None
    if subshell is None:
        pytest.skip("this ipykernel has no subshells")
    kernel.run("import threading\nbegun, free = threading.Event(), threading.Event()")
    waiting = kernel.client.execute("begun.set(); free.wait(60); in_main = 1")
    message = session.msg(
        "execute_request",
        {"code": "begun.wait(60); in_subshell = 2\nprint('sub')\nfree.set()", "silent": False},
    )
    message["header"]["subshell_id"] = subshell
    kernel.client.shell_channel.send(message)
    replies = {kernel.client.get_shell_msg(timeout=60)["parent_header"]["msg_id"] for _ in "ab"}
    assert replies == {waiting, message["header"]["msg_id"]}
    by_message = {event.msg_id: event for event in kernel.started()}
    inside = by_message[message["header"]["msg_id"]]
    # Either may begin first; the one that begins while the other runs says so.
    assert inside.overlapping != by_message[waiting].overlapping
    ends = {event.execution: event for event in kernel.finished()}
    # The events count as changed by either: nothing is known of what their methods do.
    assert set(ends[inside.execution].writes) == {"in_subshell", "begun", "free"}
    assert set(ends[by_message[waiting].execution].writes) == {"in_main", "begun", "free"}
    outputs = ends[inside.execution].outputs
    assert outputs is not None and [str(one.content) for one in outputs if "sub" in str(one)]


def test_finalizers_that_display_and_execute_do_not_block(kernel: Kernel) -> None:
    kernel.run(
        "import gc\nfrom IPython.display import display\n"
        "class Loud:\n"
        "    def __del__(self):\n"
        "        display('gone'); get_ipython().run_cell('gone = 1')\n"
        "gc.set_threshold(1, 1, 1)"
    )
    for number in range(5):
        kernel.run(f"a = Loud(); a.self = a; del a; display({number})")
    assert kernel.run("gc.set_threshold(700, 10, 10); gc.collect(); gone")[-1]["data"] == {
        "text/plain": "1"
    }
    assert kernel.of(Notice) == []


def test_nested_cells_belong_to_the_one_that_runs_them(kernel: Kernel) -> None:
    kernel.run("ip = get_ipython(); ip.run_cell('a = 1'); ip.run_cell('ip.run_cell(\"b = 2\")')")
    kernel.run("def go(shell): shell.run_cell('c = 3')")
    kernel.run("go(ip)")
    kernel.run("d = a + b + c")
    finished = kernel.finished()
    assert len(finished) == 4
    assert finished[0].opaque
    assert {"a", "b", "ip"} <= set(finished[0].writes)
    assert finished[2].opaque
    assert "c" in finished[2].writes
    assert finished[3].reads == ("a", "b", "c")
    assert not finished[3].opaque


def test_cells_in_threads_overlap_and_do_not_mix(kernel: Kernel) -> None:
    kernel.run(
        "import threading\n"
        "inner, outer = threading.Event(), threading.Event()\n"
        "def work():\n"
        "    get_ipython().run_cell('inner.set(); outer.wait(60); made_inside = 1')\n"
        "thread = threading.Thread(target=work)"
    )
    kernel.run("thread.start(); inner.wait(60); made_outside = 2")
    kernel.run("outer.set(); thread.join(); made_after = 3")
    started = {event.source: event for event in kernel.started()}
    inside = started["inner.set(); outer.wait(60); made_inside = 1"]
    after = started["outer.set(); thread.join(); made_after = 3"]
    assert inside.overlapping
    assert after.overlapping
    writes = {event.execution: event.writes for event in kernel.finished()}
    assert "made_inside" in writes[inside.execution]
    assert "made_after" in writes[after.execution]
    assert "made_after" not in writes[inside.execution]
    assert len(writes) == len(started) == 4


def test_what_overlapping_cells_did_is_of_no_single_one(kernel: Kernel, home: Settings) -> None:
    kernel.run(
        "import threading\ninner, outer = threading.Event(), threading.Event()\n"
        "def work():\n"
        "    get_ipython().run_cell('inner.set(); outer.wait(60); lr = 0.5')\n"
        "thread = threading.Thread(target=work)"
    )
    kernel.run("unrelated = 1")
    kernel.run("thread.start(); inner.wait(60); lr = 0.1")
    kernel.run("outer.set(); thread.join(); after = 3")
    kernel.run("score = lr * 2.0")
    assert kernel.finished()[-1].metrics[0].value == 1.0
    kernel.stop()
    with Store.open(home) as store:
        store.refresh()
        (summary,) = store.runs().runs
        run = store.run(summary.id)
    # Whose value of the name was read nobody knows: everything before led to it.
    assert len(run.cells) == 6
    told = [one for one in run.unseen if one.why == "another one was executed at the same time"]
    assert len(told) >= 2
    assert [one for one in run.parameters if one.name == "lr" and one.value == 0.1] == []


def test_a_fork_writes_nothing(kernel: Kernel) -> None:
    kernel.run(
        "import os\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    get_ipython().run_cell('y = 1')\n"
        "    get_ipython()._jupyter_mlops_hooks.end()\n"
        "    os._exit(0)\n"
        "status = os.waitpid(child, 0)[1]"
    )
    assert kernel.value("status") == "0"
    kernel.run("z = 1")
    assert [event.source for event in kernel.started()][-1] == "z = 1"
    assert len(kernel.started()) == 2
    assert kernel.of(SessionEnded) == []
    assert [event.seq for event in kernel.events()] == list(range(len(kernel.events())))


def test_no_object_is_kept_alive(kernel: Kernel) -> None:
    kernel.run(
        "import weakref, gc\nclass Big: pass\nbig = Big(); alias = big\nref = weakref.ref(big)"
    )
    kernel.run("big.x = [1]; print(big is alias)")
    kernel.run("del big, alias; alive = ref() is not None")
    assert kernel.value("alive") == "False"
