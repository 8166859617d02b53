"""Several processes on one store lose nothing and double nothing, killed or not."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

from jupyter_mlops.journal import SUFFIX, encode
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.polling import until
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel

REFRESHING = """
import sys
from jupyter_mlops import settings
from jupyter_mlops.store import Store
with Store.open(settings.read()) as store:
    print("open", flush=True)
    while True:
        store.refresh()
"""
RUNS = 12


def refreshing() -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", REFRESHING], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def experiment(folder: Path) -> Kernel:
    """Give a kernel in which one parameter was tried with several values."""
    kernel = Kernel(folder)
    for number in range(RUNS):
        kernel.execute("lr", f"lr = {number + 1}.5")
        kernel.execute("score", "score = lr * 2")
    return kernel


def expected() -> list[tuple[float, float]]:
    return [(number + 1.5, 2 * number + 3.0) for number in range(RUNS)]


def found(store: Store, session: str) -> list[tuple[float, float]]:
    page = store.runs(where=f'session = "{session}"', sort="started")
    return [(run.parameters["lr"], run.metrics["score"]) for run in page.runs]


def append_slowly(home: Settings, kernel: Kernel) -> None:
    """Write a journal in pieces that tear lines, as a reader may find them."""
    dice = random.Random(kernel.id)
    content = b"".join(encode(event) + b"\n" for event in kernel.events)
    with (home.journals / (kernel.id + SUFFIX)).open("ab", buffering=0) as file:
        while content:
            size = dice.randint(1, 2000)
            file.write(content[:size])
            content = content[size:]
            time.sleep(0.001)


def test_two_processes_and_writers_at_once(home: Settings, tmp_path: Path) -> None:
    with Store.open(home) as store:
        processes = [refreshing(), refreshing()]
        kernels = [experiment(tmp_path) for _ in range(3)]
        writers = [threading.Thread(target=append_slowly, args=(home, one)) for one in kernels]
        try:
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            until(lambda: store.unsynced() == 0)
            store.refresh()
        finally:
            for process in processes:
                assert process.poll() is None, "a reader gave up"
                process.kill()
                process.communicate()
        for kernel in kernels:
            assert found(store, kernel.id) == expected()
        assert store.problems() == ()
    events = sum(len(kernel.events) for kernel in kernels)
    with sqlite3.connect(home.home / "store.db") as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (events,)
    connection.close()


def test_killed_in_the_middle_of_a_refresh(home: Settings, tmp_path: Path) -> None:
    kernels = [experiment(tmp_path) for _ in range(4)]
    dice = random.Random(7)
    Store.open(home).close()
    for kernel in kernels:
        process = refreshing()
        write_journal(home, kernel.events)
        time.sleep(dice.uniform(0, 0.03))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        with sqlite3.connect(home.home / "store.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
    with Store.open(home) as store:
        store.refresh()
        for kernel in kernels:
            assert found(store, kernel.id) == expected()
        assert store.problems() == ()


def test_many_threads_on_one_store(store: Store, home: Settings, tmp_path: Path) -> None:
    kernels = [experiment(tmp_path) for _ in range(3)]
    for kernel in kernels:
        write_journal(home, kernel.events)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            store.refresh()
            store.runs(where="metric.score > 3")
            store.run("@1")
        except BaseException as failure:  # noqa: BLE001 - reported by the test
            failures.append(failure)

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for kernel in kernels:
        assert found(store, kernel.id) == expected()


def test_a_writer_that_holds_the_lock_is_waited_for(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    write_journal(home, kernel.events)
    other = sqlite3.connect(home.home / "store.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    refreshed = threading.Thread(target=store.refresh)
    refreshed.start()
    # Readers do not wait for it.
    assert store.runs().runs == ()
    refreshed.join(timeout=0.5)
    assert refreshed.is_alive()
    other.execute("COMMIT")
    other.close()
    refreshed.join()
    assert len(store.runs().runs) == 1


def test_several_processes_create_one_store(home: Settings) -> None:
    code = "from jupyter_mlops import settings; from jupyter_mlops.store import Store\n"
    code += "Store.open(settings.read()).close()"
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(6)]
    assert [process.wait() for process in processes] == [0] * 6
    with Store.open(home) as store:
        assert store.sequence == 0
