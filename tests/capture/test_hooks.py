"""Hooks in real kernels: what they must survive, and what must look the same without them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

from jupyter_mlops.events import Notice, SessionEnded, SessionStarted
from jupyter_mlops.settings import Settings
from tests.capture.conftest import Kernel, StartKernel

LIMIT_S = 60

# One of everything that a cell can show; executed with capture, without it, and broken.
CELLS = [
    "print('a'); print('b'); told = []\n1 + 1",
    "",
    "   \n",
    # Which of two streams is sent first is decided by the clock, unless the cell does.
    "import sys\nsys.stderr.write('err\\n'); sys.stderr.flush(); print('out')",
    "1/0",
    "def broken(:\n  pass",
    "  x = 1\n  print(x)",
    "from IPython.display import display, clear_output\ndisplay('x'); clear_output(); display('y')",
    "h = display('first', display_id='d')\nh.update('second')",
    "import asyncio\nawait asyncio.sleep(0)\nprint('awaited')",
    "import warnings\nwarnings.warn('careful')",
    "warnings.warn('careful')",
    "s = '\\d'",
    "%time print('timed') if False else None",
    "%%capture out\nprint('hidden')",
    "out.stdout",
    "!echo shell",
    "files = !echo a b\nfiles",
    "import random; random.seed(3); random.random()",
    "import sys; sys.exit(3)",
    "raise KeyboardInterrupt",
    "_",
    "get_ipython().run_cell('print(5)').result",
    "class E(Exception):\n    def __str__(self): told.append(1); return 'message'\nraise E",
    "len(told)",
    "print('last', end='')",
    "sum([" + "1+" * 900 + "1])",
    "sorted(n for n in globals() if not n.startswith('_'))",
    "import os; os.getcwd() == os.environ.get('PWD', os.getcwd())",
    "get_ipython().ast_transformers",
]
_ADDRESS = re.compile(
    r"0x[0-9a-f]+|at [0-9a-f]{8,}|ipykernel_\d+|(?<=/)\d{6,}\.py|\d+\.py|[\d.e+]+ .?s\b"
)


def outputs(kernel: Kernel) -> list[str]:
    """Execute all cells; addresses, process ids and times are no difference."""
    return [_ADDRESS.sub("…", repr(kernel.run(cell))) for cell in CELLS]


@pytest.fixture
def without(start_kernel: StartKernel) -> list[str]:
    """Give the outputs of a kernel that does not record."""
    return outputs(start_kernel(JUPYTER_MLOPS="off"))


def test_outputs_are_the_same_as_without_capture(kernel: Kernel, without: list[str]) -> None:
    assert outputs(kernel) == without
    assert kernel.of(Notice) == []
    blank = sum(not cell.strip() for cell in CELLS)
    assert len(kernel.started()) == len(kernel.finished()) == len(CELLS) - blank


BREAKS = [
    "hooks.Hooks._begin = fail",
    "hooks.Hooks._read = fail",
    "hooks.Hooks._end = fail",
    "session.Session.put = fail",
    "recorder.Recorder.start = fail",
    "looks.Looks._see = fail",
    "looks.Looks._judge = fail",
    "sight.Sights.begin = fail",
    "sight.Sights.end = fail",
    "outputs.Listener._note = fail",
    "outputs.Listener.take = fail",
    "hooks.Hooks._begin = hooks.Hooks._fault = fail",
    "recorder.Recorder.finish = leave",
]


@pytest.mark.parametrize("broken", BREAKS)
def test_broken_hooks_change_nothing_that_the_user_sees(
    start_kernel: StartKernel, startup: Callable[[str], None], without: list[str], broken: str
) -> None:
    module, name, attribute = broken.partition(" = ")[0].split(".")
    # What is broken is there, or this would prove nothing.
    assert hasattr(getattr(import_module(f"jupyter_mlops.capture.{module}"), name), attribute)
    startup(
        "def _break():\n"
        "    from jupyter_mlops.capture import hooks, looks, session, sight, recorder, outputs\n"
        "    def fail(*a, **k): raise ValueError('ours')\n"
        "    def leave(*a, **k): raise SystemExit(3)\n"
        f"    {broken}\n"
        "_break(); del _break\n"
    )
    kernel = start_kernel()
    assert outputs(kernel) == without
    kernel.run("1")


def test_after_three_faults_capture_switches_itself_off_and_says_so(
    start_kernel: StartKernel, startup: Callable[[str], None]
) -> None:
    startup(
        "from jupyter_mlops.capture import recorder\n"
        "def fail(*a, **k): raise ValueError('ours')\n"
        "recorder.Recorder.finish = fail\n"
    )
    kernel = start_kernel()
    for number in range(5):
        kernel.run(f"x = {number}")
    notices = kernel.of(Notice)
    assert [notice.what for notice in notices] == [
        *["capture failed while ending a cell"] * 3,
        "capture switched itself off for the rest of this session",
    ]
    assert "ValueError" in notices[0].why
    assert "ours" not in notices[0].why
    assert len(kernel.started()) == 3
    assert kernel.value("get_ipython().events.callbacks['pre_run_cell']") == "[]"
    assert kernel.value("'ast_parse' in vars(get_ipython().compile)") == "False"
    assert kernel.value("'serialize' in vars(get_ipython().kernel.session)") == "False"
    (ended,) = kernel.of(SessionEnded)
    assert not ended.shut_down
    kernel.stop()
    assert kernel.events()[-1] == ended


def test_states_of_cells(kernel: Kernel) -> None:
    kernel.run("x = 1")
    kernel.run("raise ValueError('bad: value')")
    kernel.run("x = (")
    kernel.run("raise KeyboardInterrupt")
    kernel.run("import sys; sys.exit(2)")
    finished = kernel.finished()
    assert [event.status for event in finished] == ["ok", "error", "error", "interrupted", "error"]
    errors = [event.error for event in finished]
    assert errors[0] is None
    assert errors[1] is not None and errors[1].type == "ValueError"
    assert errors[1].message == "bad: value"
    assert "----> 1 raise ValueError" in errors[1].traceback
    assert "\x1b" not in errors[1].traceback
    assert errors[2] is not None and errors[2].type == "SyntaxError"
    assert errors[4] is not None and (errors[4].type, errors[4].message) == ("SystemExit", "2")
    assert [event.execution_count for event in finished] == [1, 2, 3, 4, 5]
    assert [event.execution_count for event in kernel.started()] == [1, 2, 3, 4, 5]
    assert all(event.duration_s >= 0 for event in finished)


def test_an_interrupt_reaches_the_cell(kernel: Kernel) -> None:
    message = kernel.client.execute("import time\nprint('go', flush=True)\ntime.sleep(600)")
    _wait_for_text(kernel, message, "go")
    kernel.manager.interrupt_kernel()
    reply = kernel.client._recv_reply(message, timeout=LIMIT_S)
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert kernel.finished()[0].status == "interrupted"
    assert kernel.finished()[0].duration_s < 600


def test_an_interrupt_that_hits_a_hook_is_handed_to_the_cell(
    start_kernel: StartKernel, startup: Callable[[str], None]
) -> None:
    startup(
        "from jupyter_mlops.capture import recorder\n"
        "def interrupted(self, *a, start=recorder.Recorder.start, **options):\n"
        "    if 'sleep' in a[0].raw_cell and not options: raise KeyboardInterrupt\n"
        "    return start(self, *a, **options)\n"
        "recorder.Recorder.start = interrupted\n"
    )
    kernel = start_kernel()
    kernel.run("x = 1")
    # Longer than a cell may take here: what only waits for its end is not interrupted.
    (error,) = kernel.run("import time; time.sleep(600)")
    assert error["ename"] == "KeyboardInterrupt"
    assert "jupyter_mlops" not in str(error["traceback"])
    assert kernel.run("print(2)")[0]["text"] == "2\n"
    assert [cell.source for cell in kernel.started()][1:2] == ["import time; time.sleep(600)"]
    assert [cell.status for cell in kernel.finished()] == ["ok", "interrupted", "ok"]


def test_an_interrupt_at_the_end_of_a_cell_costs_that_part_of_the_record_alone(
    start_kernel: StartKernel, startup: Callable[[str], None]
) -> None:
    startup(
        "from jupyter_mlops.capture import data\n"
        "def interrupted(*a): raise KeyboardInterrupt\n"
        "data.Data.look = interrupted\n"
    )
    kernel = start_kernel()
    assert kernel.run("import numpy; lr = 0.5; a = numpy.ones(3); print(lr)") == [
        {"output_type": "stream", "name": "stdout", "text": "0.5\n"}
    ]
    (cell,) = kernel.finished()
    assert cell.status == "ok"
    assert [(one.what, one.why) for one in cell.unseen] == [("data", "interrupted")]
    assert [one.name for one in cell.parameters] == ["lr"]


def test_an_interrupt_after_the_looks_costs_nothing_of_the_record(kernel: Kernel) -> None:
    kernel.run(
        "session = get_ipython()._jupyter_mlops_hooks._recorder._session\n"
        "check = session.check_environment\n"
        "def once():\n    session.check_environment = check\n    raise KeyboardInterrupt\n"
        "open('in.csv', 'w').write('1')\nsession.check_environment = once"
    )
    kernel.run("import colorsys; text = open('in.csv').read(); score = len(text) * 0.5")
    cell = kernel.finished()[-1]
    assert [use.access for use in cell.data] == ["read"]
    assert [one.name for one in cell.metrics] == ["score"]
    assert cell.randomness == ()


def test_a_home_that_cannot_be_written_costs_no_cell(start_kernel: StartKernel) -> None:
    kernel = start_kernel(JUPYTER_MLOPS_HOME="/proc/self/no")
    for number in range(5):
        assert kernel.run(f"print({number})") == [
            {"output_type": "stream", "name": "stdout", "text": f"{number}\n"}
        ]
    # It may be writable later: that is no fault of capture's, which goes on.
    assert kernel.value("len(get_ipython().events.callbacks['post_run_cell'])") == "1"


def test_the_session_names_its_user(kernel: Kernel) -> None:
    kernel.client.session.username = "ada"
    kernel.run("x = 1")
    assert kernel.of(SessionStarted)[0].user == "ada"


def _wait_for_text(kernel: Kernel, message: str, text: str) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        shown = kernel.client.get_iopub_msg(timeout=LIMIT_S)
        ours = shown["parent_header"].get("msg_id") == message
        if ours and shown["msg_type"] == "stream" and text in shown["content"]["text"]:
            return
    raise AssertionError(f"never saw {text}")


def test_a_killed_kernel_leaves_a_beginning_without_an_end(kernel: Kernel) -> None:
    kernel.run("x = 1")
    kernel.client.execute("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    deadline = time.monotonic() + LIMIT_S
    while kernel.manager.is_alive():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(kernel.started()) == 2
    assert len(kernel.finished()) == 1
    assert kernel.of(SessionEnded) == []


def test_silent_and_unstored_executions(kernel: Kernel) -> None:
    kernel.run("a = 1", silent=True)
    kernel.run("b = 2", store_history=False)
    kernel.run("c = 3")
    assert [event.source for event in kernel.started()] == ["b = 2", "c = 3"]
    assert [event.execution_count for event in kernel.started()] == [None, 1]


def test_skipped_cells_run_and_leave_nothing(kernel: Kernel) -> None:
    assert kernel.run("%%mlops skip\nsecret = 'hush'\nprint(secret)\nsecret") == [
        {"output_type": "stream", "name": "stdout", "text": "hush\n"},
        {
            "output_type": "execute_result",
            "data": {"text/plain": "'hush'"},
            "metadata": {},
            "execution_count": 1,
        },
    ]
    (failed,) = kernel.run("%%mlops skip\n\n1/0")
    assert "----> 3 1/0" in re.sub(r"\x1b\[[\d;]*m", "", "".join(failed["traceback"]))
    assert "CPU times" in kernel.run("%%mlops skip\n%%time\nz = 2")[0]["text"]
    _run_with_tag(kernel, "tagged = 'hush'", ["mlops-skip"])
    text = "".join(map(repr, kernel.events()))
    assert "hush" not in text
    assert [event.skipped for event in kernel.started()] == [True] * 4
    assert [event.status for event in kernel.finished()] == ["ok", "error", "ok", "ok"]
    assert kernel.value("secret, z, tagged") == "('hush', 2, 'hush')"


@pytest.mark.parametrize("tags", [5, True, {"mlops": 1}, [1, None], None])
def test_tags_of_any_shape_cost_nothing(kernel: Kernel, tags: object) -> None:
    for number in range(4):
        _run_with_tag(kernel, f"x = {number}", tags)
    assert kernel.of(Notice) == []
    assert [event.source for event in kernel.started()] == [f"x = {n}" for n in range(4)]
    _run_with_tag(kernel, "hush = 1", "mlops-skip")
    _run_with_tag(kernel, "hush = 1", ["mlops-skip"])
    assert [event.source for event in kernel.started()][4:] == ["", ""]


def _run_with_tag(kernel: Kernel, source: str, tags: object) -> None:
    session = kernel.client.session
    session.metadata = {"tags": tags, "cellId": "the-id"}
    kernel.run(source)
    session.metadata = {}


def test_the_cell_id_is_recorded_where_the_client_tells_it(kernel: Kernel) -> None:
    _run_with_tag(kernel, "x = 1", ["other"])
    kernel.run("y = 1")
    assert [event.cell_id for event in kernel.started()] == ["the-id", None]


def test_message_ids_join_with_the_client(kernel: Kernel) -> None:
    reply = kernel.client.execute("x = 1", reply=True)
    assert kernel.started()[0].msg_id == reply["parent_header"]["msg_id"]


def test_a_full_disk_costs_no_cell_and_loses_no_line(
    start_kernel: StartKernel, home: Settings
) -> None:
    kernel = start_kernel()
    kernel.run("import resource, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_IGN)")
    size = next(home.journals.iterdir()).stat().st_size + 400
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, ({}, resource.RLIM_INFINITY))"
    kernel.run(limit.format(size))
    for number in range(3):
        assert kernel.run(f"print({number})")[0]["text"] == f"{number}\n"
    torn = any(not path.read_bytes().endswith(b"\n") for path in home.journals.iterdir())
    assert torn or len(kernel.finished()) < 5
    kernel.run(limit.format("resource.RLIM_INFINITY"))
    kernel.run("x = 1")
    from jupyter_mlops import journal

    (path,) = home.journals.iterdir()
    events: tuple[Any, ...] = journal.read(path).events
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event["execution"] for event in events if event["type"] == "cell_finished"] == list(
        range(7)
    )


@pytest.mark.parametrize(
    "trouble",
    [
        "from jupyter_mlops.capture import session\n"
        "process = session.this_process\n"
        "def interrupted():\n"
        "    session.this_process = process\n"
        "    raise KeyboardInterrupt\n"
        "session.this_process = interrupted\n",
        "import os, tempfile\ngone = tempfile.mkdtemp()\nos.chdir(gone)\nos.rmdir(gone)\n",
    ],
    ids=["interrupt", "no working folder"],
)
def test_trouble_while_the_session_opens_does_not_cost_the_session(
    start_kernel: StartKernel, startup: Callable[[str], None], trouble: str
) -> None:
    startup(trouble)
    kernel = start_kernel()
    kernel.run("import os; os.chdir('/')")
    kernel.run("lr = 0.1")
    first, *_ = kernel.events()
    assert isinstance(first, SessionStarted)
    assert kernel.of(Notice) == []
    assert [name.name for name in kernel.finished()[-1].parameters] == ["lr"]
