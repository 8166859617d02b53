"""A store that another program holds, or that is gone, is said, and taken up again by itself."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_mlops import cli
from jupyter_mlops.capture.session import Session
from jupyter_mlops.errors import StoreError
from jupyter_mlops.events import CellStarted
from jupyter_mlops.server.store_calls import StoreCalls
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store, database

HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another process hold the store's write lock."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None and holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()


def say(session: Session, number: int) -> None:
    session.say(
        CellStarted,
        execution=number,
        msg_id=None,
        cell_id=None,
        source=f"a = {number}",
        execution_count=number + 1,
    )


@pytest.fixture
def session(home: Settings) -> Iterator[Session]:
    """Give a kernel's session that has begun."""
    one = Session(home, None, "")
    one.open({})
    yield one
    one.close()


def test_a_locked_store_is_said_and_keeps_no_kernel_waiting(
    home: Settings,
    session: Session,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_S", 0.2)
    with Store.open(home) as store:
        store.refresh()
        with locked(store.path):
            say(session, 0)
            assert store.unsynced() == 1, "it is in the journal already"
            with pytest.raises(StoreError, match="another program has kept the store locked"):
                store.refresh()
            assert len(store.runs().runs) == 0, "what is there can be read"
            assert cli.main(["runs"]) == 2
            (line,) = capsys.readouterr().err.splitlines()
            assert "another program has kept the store locked for 0 s; try again" in line
        store.refresh()
        assert [cell.source for cell in store.cells("@1")] == ["a = 0"]


def test_a_server_makes_a_store_that_was_removed_again(home: Settings, session: Session) -> None:
    calls = StoreCalls(home)
    try:
        say(session, 0)
        calls.opened().refresh()
        assert len(calls.opened().runs().runs) == 1
        shutil.rmtree(home.home)
        assert calls.opened().runs().runs == ()
        assert home.journals.exists()
        say(session, 1)
        session.close()
        calls.opened().refresh()
        assert [cell.source for cell in calls.opened().cells("@1")] == ["a = 0", "a = 1"]
        assert calls.opened().problems() == ()
    finally:
        calls._close()
