"""Kill writers at random instants, take their journals in, and compare: nothing is lost.

``python -m tests.faults.kills N SEED``: N processes that record, as fast as they can, are killed
with SIGKILL at random instants. Most are forks of one process that use capture's own session and
journal (starting a kernel takes seconds, and what is tried is the writing); one in fifty is a
real kernel that executes cells. A line counts as acknowledged when the process that wrote it
said so, a cell when its reply arrived. What has to hold after each kill:

- each acknowledged line is in the store, once, with the content that was written;
- besides these, at most the one line that was under way, and that one whole;
- nothing is torn, missing or doubled, also after more refreshes, and if the store was refreshed
  while the lines were written;
- no session that was killed reads as completed.
"""

from __future__ import annotations

import ctypes
import itertools
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import sqlalchemy
from jupyter_client.manager import KernelManager

from jupyter_mlops import journal
from jupyter_mlops.capture.session import Session
from jupyter_mlops.events import CellStarted, Event, Notice
from jupyter_mlops.journal import segments
from jupyter_mlops.settings import HOME_VARIABLE, Settings, Starter, read
from jupyter_mlops.store import Store, ingest, tables

KERNEL_SHARE = 50
# A store with many sessions in it is slow to check; each has this many.
SESSIONS = 40
# A writer that nobody kills for this long has not been scheduled.
LIMIT_S = 60
# A writer that nobody kills waits after so many, some gigabytes at most.
LINES = 20_000
_PR_SET_PDEATHSIG = 1
Line = tuple[type[Event], dict[str, Any]]


def said(seed: str) -> Iterator[Line]:
    """Yield the lines of one writer after its first, without end, and the same for one seed."""
    chance = random.Random(seed)
    number = 0
    while True:
        size = int(10 ** chance.choice((1.5, 2, 2, 3, 3, 3.5, 4, 5.3, 6)) * (1 + chance.random()))
        text = chance.choice("xé\n한\0") * size + str(number)
        if size < 5000:
            yield (
                CellStarted,
                {
                    "execution": number,
                    "msg_id": f"{seed}-{number}",
                    "cell_id": None,
                    "source": f"a{number} = 1 # {len(text)}",
                    "execution_count": number + 1,
                },
            )
        yield Notice, {"what": text, "why": seed}
        number += 1


def main(count: int, seed: int, tell: Callable[[str], None] = print) -> Counter[str]:
    """Kill `count` writers; return what was counted. Fails with the first thing that is wrong."""
    began = time.monotonic()
    totals: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for begin in range(0, count, SESSIONS):
            home = Path(folder) / str(begin)
            settings = read(environ={HOME_VARIABLE: str(home)})
            with Store.open(settings) as store:
                for number in range(begin, min(count, begin + SESSIONS)):
                    kill = _kernel if number % KERNEL_SHARE == KERNEL_SHARE // 2 else _writer
                    kill(store, settings, f"{seed}-{number}", totals)
                    totals["kills"] += 1
                states = Counter(run.status for run in store.runs(limit=1000).runs)
                assert set(states) <= {"interrupted"}, states
            tell(f"{totals['kills']} of {count} after {time.monotonic() - began:.0f} s")
    tell(f"seed {seed}: " + ", ".join(f"{number} {what}" for what, number in totals.items()))
    return totals


def _writer(store: Store, settings: Settings, seed: str, totals: Counter[str]) -> None:
    chance = random.Random(f"how {seed}")
    plain, meanwhile = chance.random() < 0.25, chance.random() < 0.25
    known = set(settings.journals.glob("*.jsonl"))
    told, tell = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        try:
            os.close(told)  # so that writing to nobody fails
            _end_with_parent(parent)
            _write(settings, seed, tell, plain=plain)
        finally:
            os._exit(1)  # nothing of this process may go on in the child
    os.close(tell)
    os.set_blocking(told, False)
    if chance.random() < 0.9:
        select.select([told], [], [], LIMIT_S)  # the others may be killed before their first line
    # In a thread, so that the kill may fall into a refresh.
    killer = threading.Timer(chance.random() ** 2 * 0.1, os.kill, (child, signal.SIGKILL))
    killer.start()
    if meanwhile:
        store.refresh()
        totals["refreshes while a writer wrote"] += 1
    killer.join()
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the writer ended by itself"
    acknowledged = _acknowledged(told)
    os.close(told)
    new = set(settings.journals.glob("*.jsonl")) - known
    if not new:
        assert acknowledged == 0
        totals["kills before the first line"] += 1
        return
    (path,) = new
    totals["of them with plain writes" if plain else "of them mapped"] += 1
    events = _whole(path)
    assert acknowledged <= len(events) <= acknowledged + 1, (seed, acknowledged, len(events))
    totals["lines acknowledged"] += acknowledged
    totals["lines whole though not acknowledged"] += len(events) - acknowledged
    totals["kills within a line"] += _is_cut(path)
    for event, (kind, fields) in zip(events[1:], said(seed), strict=False):
        assert event["type"] == kind.__dataclass_fields__["type"].default
        assert {name: event[name] for name in fields} == fields, f"{seed}: {event['seq']}"
    _check(store, path, events)


def _write(settings: Settings, seed: str, tell: int, *, plain: bool) -> None:
    if plain:
        segments._KEEPS_ROOM = frozenset()
    session = Session(settings, None, "")
    session.open({})
    os.write(tell, b".")
    for kind, fields in itertools.islice(said(seed), LINES):
        session.say(kind, **fields)
        os.write(tell, b".")
    signal.pause()


def _end_with_parent(parent: int) -> None:
    """Let this process be killed when the campaign is, however that ends (Linux)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before


def _acknowledged(told: int) -> int:
    found = 0
    while block := os.read(told, 2**16):
        found += len(block)
    return found


def _whole(path: Path) -> list[Any]:
    events: list[Any] = []
    offset = 0
    while True:
        lines = journal.read(path, offset)
        assert lines.torn == 0 and not lines.newer, path
        events += lines.events
        if lines.offset == offset:
            break
        offset = lines.offset
    assert [event["seq"] for event in events] == list(range(len(events)))
    return events


def _is_cut(path: Path) -> bool:
    content = path.read_bytes()
    return bool(content[content.rfind(b"\n") + 1 :].strip(b"\0"))


def _check(store: Store, path: Path, events: list[Any]) -> None:
    """Compare the store with the journal, twice: a second refresh must change nothing."""
    for _ in range(2):
        store.refresh()
        assert store.unsynced() == 0
        assert ingest.problems(store._database) == ()
        query = sqlalchemy.select(tables.events.c.document).where(
            tables.events.c.writer == path.stem
        )
        with store._database.read() as connection:
            kept = connection.execute(query.order_by(tables.events.c.seq)).scalars().all()
        assert len(kept) == len(events)
        for document, event in zip(kept, events, strict=True):
            stored = json.loads(document)
            assert {name: stored[name] for name in event} == event


def _kernel(store: Store, settings: Settings, seed: str, totals: Counter[str]) -> None:
    chance = random.Random(f"how {seed}")
    known = set(settings.journals.glob("*.jsonl"))
    manager = KernelManager(kernel_name="python3")
    # As a server starts it: the end of a cell is written before its reply is sent.
    starter = Starter(pid=os.getpid(), listens=True)
    environment = {**os.environ, HOME_VARIABLE: str(settings.home), **starter.environment()}
    manager.start_kernel(env=environment, cwd=str(settings.home), stderr=subprocess.DEVNULL)
    client = manager.blocking_client()
    client.start_channels()
    replied: list[str] = []
    killer = None
    try:
        client.wait_for_ready(timeout=LIMIT_S)
        replied += _execute(client, "import time")
        killer = threading.Timer(chance.random() * 0.5, _kill, (manager,))
        killer.start()
        deadline = time.monotonic() + LIMIT_S
        while manager.is_alive():
            assert time.monotonic() < deadline, "the kernel outlived its kill"
            size = int(10 ** (5 * chance.random()))
            replied += _execute(client, f"text = {'x' * size!r}\nlen(text) / {1 + len(replied)}")
    finally:
        if killer is not None:
            killer.join()
        client.stop_channels()
        manager.cleanup_resources()
        manager.context.destroy()
    (path,) = set(settings.journals.glob("*.jsonl")) - known
    events = _whole(path)
    _check(store, path, events)
    started = Counter(one["msg_id"] for one in events if one["type"] == "cell_started")
    numbers = {one["execution"]: one["msg_id"] for one in events if one["type"] == "cell_started"}
    ended = Counter(numbers[one["execution"]] for one in events if one["type"] == "cell_finished")
    for message in replied:
        assert started[message] == ended[message] == 1, f"{seed}: {message}"
    assert max(started.values()) == 1 and max(ended.values()) == 1
    totals["kills of real kernels"] += 1
    totals["cells with a reply"] += len(replied)
    totals["cells cut off"] += len(started) - len(ended)


def _kill(manager: KernelManager) -> None:
    provisioner: Any = manager.provisioner
    os.kill(provisioner.pid, signal.SIGKILL)


def _execute(client: Any, source: str) -> list[str]:
    """Execute a cell and return its message's id if it was replied to."""
    message: str = client.execute(source)
    while client.is_alive():
        try:
            reply = client.get_shell_msg(timeout=0.2)
        except Exception as error:
            if type(error).__name__ == "Empty":
                continue
            raise
        if reply["parent_header"].get("msg_id") == message:
            assert reply["content"]["status"] == "ok"
            return [message]
    return []


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
