"""What a kernel outputs reaches the server's journal, with nothing of ours in the kernel."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from jupyter_mlops import journal, settings
from jupyter_mlops.server import listener
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from tests.server.served import lines, until

SESSION = """
import sys
from IPython.display import clear_output, display
print("one", flush=True)
print("two")
print("trouble", file=sys.stderr)
display({"text/plain": "old", "text/html": "<b>old</b>"}, raw=True, display_id="shown")
display({"text/plain": "new"}, raw=True, display_id="shown", update=True)
6 * 7
"""


def _seen(home: Settings, msg_id: str) -> Any:
    found = [line for line in lines(home, "outputs_seen") if line["msg_id"] == msg_id]
    return found[0] if found else None


def _heard(mlops: MLOps, kernel_id: str, msg_id: str) -> bool:
    """Tell whether the server has heard an output of an execution that is under way."""
    execution = mlops.listener._ears[kernel_id]._executions.get(msg_id)
    return execution is not None and bool(execution.outputs.seen())


async def test_outputs_of_an_execution(start: Any, home: Settings) -> None:
    notebook = await start()
    msg_id = await notebook.execute(SESSION)
    line = await until(lambda: _seen(home, msg_id))

    contents = [output["content"] for output in line["outputs"]]
    assert line["kernel_id"] == notebook.kernel_id
    assert contents[0] == {"output_type": "stream", "name": "stdout", "text": "one\ntwo\n"}
    assert {"output_type": "stream", "name": "stderr", "text": "trouble\n"} in contents
    shown = next(item for item in contents if item["output_type"] == "display_data")
    assert shown["data"] == {"text/plain": "new"}
    assert contents[-1] == {
        "output_type": "execute_result",
        "data": {"text/plain": "42"},
        "metadata": {},
        "execution_count": 1,
    }
    for output in line["outputs"]:
        assert output["digest"] == journal.sha256(journal.canonical(output["content"]))
        assert output["size_bytes"] == len(journal.canonical(output["content"]))


async def test_error_and_empty_and_silent_executions(start: Any, home: Settings) -> None:
    notebook = await start()
    silent = await notebook.execute("print('unseen')", silent=True)
    empty = await notebook.execute("x = 1")
    failed = await notebook.execute("1 / 0")
    line = await until(lambda: _seen(home, failed))

    assert line["outputs"][0]["content"]["ename"] == "ZeroDivisionError"
    assert _seen(home, empty)["outputs"] == []
    assert _seen(home, silent) is None


async def test_listens_on_after_a_restart(start: Any, home: Settings) -> None:
    notebook = await start()
    before = await notebook.execute("print('before')")
    await until(lambda: _told(home, 1))
    await notebook.restart()
    after = await notebook.execute("print('after')")

    assert await until(lambda: _seen(home, before))
    assert (await until(lambda: _seen(home, after)))["outputs"][0]["content"]["text"] == "after\n"
    gone = await until(lambda: lines(home, "kernel_gone"))
    assert [line["how"] for line in gone] == ["restarted"]
    assert await until(lambda: _told(home, 2)), "the new session of the kernel is told anew"


async def test_a_kernel_that_records_no_longer_after_a_restart(
    start: Any, home: Settings, mlops: MLOps
) -> None:
    notebook = await start("work/train.ipynb")
    first = await notebook.execute("1")
    await until(lambda: _seen(home, first) and _told(home, 1))
    # A kernel's next processes are started with the environment of the first.
    manager = mlops.serverapp.kernel_manager.get_kernel(notebook.kernel_id)
    manager._launch_args["env"][settings.SWITCH_VARIABLE] = "off"
    await notebook.restart()
    await until(lambda: lines(home, "kernel_gone"))
    await until(lambda: not mlops.listener.recording)
    await notebook.execute("2")
    recording = await until(lambda: mlops.listener.recording)
    assert recording == {notebook.kernel_id: False}
    await notebook.rename("work/secret.ipynb")
    await notebook.shut_down()
    # Nothing more will be written of it; another kernel's end tells that its own was worked off.
    other = await start("work/other.ipynb")
    await other.execute("1")
    await other.shut_down()
    gone = await until(lambda: len(found := lines(home, "kernel_gone")) > 1 and found)
    assert [line["kernel_id"] for line in gone] == [notebook.kernel_id, other.kernel_id]
    told = [os.path.basename(line["notebook"]) for line in lines(home, "notebook_told")]
    assert told[:1] == ["train.ipynb"] and "secret.ipynb" not in told
    assert told.count("train.ipynb") == 1


async def test_a_killed_kernel_is_said_to_have_died(
    start: Any, home: Settings, mlops: MLOps
) -> None:
    notebook = await start()
    msg_id = await notebook.execute("import os; print(os.getpid())")
    pid = int((await until(lambda: _seen(home, msg_id)))["outputs"][0]["content"]["text"])
    client = await notebook.client()
    cut = client.execute("import time\nprint('last words', flush=True)\ntime.sleep(600)")
    # What this client has heard may still wait in the kernel for the server, and die with it.
    await until(lambda: _heard(mlops, notebook.kernel_id, cut))
    os.kill(pid, signal.SIGKILL)

    gone = await until(lambda: lines(home, "kernel_gone"))
    assert [line["how"] for line in gone] == ["died"]
    assert _seen(home, cut)["outputs"][0]["content"]["text"] == "last words\n"

    # Jupyter starts another process; so early in a kernel's life at other ports.
    notebook.reconnect()
    after = await notebook.execute("print('again')")
    assert (await until(lambda: _seen(home, after)))["outputs"][0]["content"]["text"] == "again\n"


# A kernel drops what it says faster than it can send: not too much of it in one execution.
MANY = """
from IPython.display import display
display({"text/plain": "begun"}, raw=True, display_id="shown")
for number in range(300):
    display({"text/plain": str(number)}, raw=True, display_id="shown", update=True)
"""


async def test_all_that_a_kernel_said_is_heard_before_its_end(
    start: Any, home: Settings, mlops: MLOps
) -> None:
    notebook = await start()
    first = await notebook.execute("1")
    await until(lambda: _seen(home, first))
    caught_up = threading.Event()

    def falls_behind() -> None:
        caught_up.wait(60)

    mlops.listener._order(falls_behind)
    many = [await notebook.execute(MANY) for _ in range(10)]
    await notebook.restart()
    caught_up.set()
    await until(lambda: lines(home, "kernel_gone"))
    for msg_id in many:
        assert _seen(home, msg_id)["outputs"][0]["content"]["data"] == {"text/plain": "299"}


async def test_shut_down(start: Any, home: Settings) -> None:
    notebook = await start()
    await notebook.execute("1")
    await notebook.shut_down()
    gone = await until(lambda: lines(home, "kernel_gone"))
    assert [(line["how"], line["kernel_id"]) for line in gone] == [
        ("shut down", notebook.kernel_id)
    ]


async def test_an_interrupted_execution_is_whole(start: Any, home: Settings) -> None:
    notebook = await start()
    client = await notebook.client()
    msg_id = client.execute("import time\nprint('begun', flush=True)\ntime.sleep(600)")
    while (await client.get_iopub_msg(timeout=60))["msg_type"] != "stream":
        pass
    await notebook.interrupt()
    line = await until(lambda: _seen(home, msg_id))
    kinds = [output["content"]["output_type"] for output in line["outputs"]]
    assert kinds == ["stream", "error"]


async def test_an_execution_whose_beginning_was_not_heard_is_left_out(
    start: Any, home: Settings, mlops: MLOps
) -> None:
    notebook = await start()
    client = await notebook.client()
    msg_id = client.execute("print('before', flush=True)\ninput()", allow_stdin=True)
    while (await client.get_iopub_msg(timeout=60))["msg_type"] != "stream":
        pass
    manager = mlops.serverapp.kernel_manager.get_kernel(notebook.kernel_id)
    before = mlops.listener._ears[notebook.kernel_id]
    mlops.listener.attach(notebook.kernel_id, manager.get_connection_info())
    await until(lambda: mlops.listener._ears.get(notebook.kernel_id, before) is not before)
    await client.get_stdin_msg(timeout=60)
    client.input("")
    while (await client.get_shell_msg(timeout=60))["parent_header"]["msg_id"] != msg_id:
        pass
    executed: list[str] = []

    async def heard() -> bool:
        # The subscription may reach the kernel only after the next execution has begun.
        executed.append(await notebook.execute("print('after')"))
        return any(_seen(home, one) for one in executed)

    assert await until(heard)
    assert _seen(home, msg_id) is None


async def test_a_message_that_is_too_large_is_a_notice(
    start: Any, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "MESSAGE_LIMIT_BYTES", 10_000)
    notebook = await start()
    large = await notebook.execute("print('x' * 20_000)")
    small = await notebook.execute("print('x')")
    assert await until(lambda: _seen(home, small))
    assert _seen(home, large) is None
    # Outputs are written at once, a notice afterwards.
    (notice,) = await until(lambda: lines(home, "notice"))
    assert "cell execution" in notice["what"]


def _told(home: Settings, count: int) -> list[dict[str, Any]]:
    found = lines(home, "notebook_told")
    return found if len(found) >= count else []


async def test_tells_the_notebook_and_its_new_name(
    start: Any, home: Settings, jp_root_dir: Any
) -> None:
    notebook = await start("work/train.ipynb")
    await notebook.execute("1")
    first = await until(lambda: _told(home, 1))
    assert first[0]["notebook"] == os.path.join(jp_root_dir, "work", "train.ipynb")
    assert first[0]["kernel_id"] == notebook.kernel_id

    await notebook.rename("work/better.ipynb")
    second = await until(lambda: _told(home, 2))
    assert second[1]["notebook"] == os.path.join(jp_root_dir, "work", "better.ipynb")


async def test_a_console_is_no_notebook(start: Any, home: Settings) -> None:
    for path, kind in (("work/console-1", "console"), ("work/train.ipynb", "notebook")):
        notebook = await start(path, kind=kind)
        await notebook.execute("1")
    told = await until(lambda: _told(home, 1))
    assert [os.path.basename(line["notebook"]) for line in told] == ["train.ipynb"]


@pytest.mark.parametrize("cell", ["%%mlops skip\nprint('a secret')", "print('a secret')"])
async def test_what_is_not_recorded_is_not_written_down(
    start: Any, home: Settings, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    skips = cell.startswith("%%mlops")
    if not skips:
        # Off in the kernels alone: the server does not know.
        monkeypatch.setenv(settings.SWITCH_VARIABLE, "off")
    notebook = await start("secret.ipynb")
    if skips:
        first = await notebook.execute("1")
        await until(lambda: _seen(home, first))
    await notebook.execute(cell)
    await notebook.shut_down()
    if skips:
        await until(lambda: lines(home, "kernel_gone"))
    else:
        # Nothing will be written; another kernel's end tells that this one's was worked off.
        monkeypatch.delenv(settings.SWITCH_VARIABLE)
        other = await start("other.ipynb")
        await other.execute("1")
        await other.shut_down()
        await until(lambda: lines(home, "kernel_gone"))
    kept = b"".join(path.read_bytes() for path in home.home.rglob("*") if path.is_file())
    assert b"a secret" not in kept
    assert (b"secret.ipynb" in kept) is skips


async def test_a_kernel_knows_that_it_is_listened_to(start: Any, home: Settings) -> None:
    notebook = await start()
    msg_id = await notebook.execute("import os; print(os.environ.get('JUPYTER_MLOPS_STARTER'))")
    text = (await until(lambda: _seen(home, msg_id)))["outputs"][0]["content"]["text"]
    assert text == "None\n", "capture takes the variable away: a cell's own processes inherit it"
    (session,) = lines(home, "session_started", "*")
    assert session["kernel_id"] == notebook.kernel_id
    assert session["listens"] is True
    (finished,) = await until(lambda: lines(home, "cell_finished", "*"))
    assert finished.get("outputs") is None, "each output is taken once"


async def test_what_a_full_disk_refused_is_said_once_it_has_room(
    start: Any, home: Settings, mlops: MLOps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_RETRY_MS", 50)
    # In the way of the server's journal, and of no kernel's.
    blocked = home.journals / (mlops.listener.writer + journal.SUFFIX)
    blocked.mkdir(parents=True, mode=0o700)
    notebook = await start("work/train.ipynb")
    lost = [await notebook.execute(f"print({number})") for number in range(2)]
    await until(lambda: mlops.listener._lost == 2)
    assert str(blocked) in (mlops.listener.problem or "")

    blocked.rmdir()
    (told,) = await until(lambda: _told(home, 1))
    assert told["kernel_id"] == notebook.kernel_id
    (notice,) = await until(lambda: lines(home, "notice"))
    assert notice["what"] == "the outputs of 2 cell executions"
    await until(lambda: mlops.listener.problem is None)
    after = await notebook.execute("print('after')")
    assert await until(lambda: _seen(home, after))
    assert len(lines(home, "notice")) == len(lines(home, "notebook_told")) == 1
    assert not any(_seen(home, one) for one in lost)
