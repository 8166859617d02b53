"""Only what a kernel writes down itself is kept of what the server hears."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.events import CellStarted, SessionStarted
from jupyter_mlops.journal import Journal, this_process
from jupyter_mlops.records import Process
from jupyter_mlops.server import recorded
from jupyter_mlops.server.recorded import Recorded
from tests.server.journals import ENVIRONMENT


def _session(
    folder: Path, writer: str, kernel_id: str | None, process: Process | None = None
) -> Journal:
    book = Journal(folder, writer)
    book.append(
        SessionStarted,
        process=process or this_process(),
        kernel_id=kernel_id,
        notebook=None,
        notebook_source=None,
        trigger="interactive",
        run=None,
        user="ada",
        cwd="/",
        environment=ENVIRONMENT,
        listens=True,
    )
    return book


def _cell(book: Journal, msg_id: str, **fields: Any) -> None:
    started = {"execution": 0, "cell_id": None, "source": "1", "execution_count": 1}
    book.append(CellStarted, msg_id=msg_id, **(started | fields))


def test_follows_a_kernel(tmp_path: Path) -> None:
    found = Recorded(tmp_path / "journals")
    assert not found.knows("k")
    book = _session(tmp_path / "journals", "a", "k")
    assert found.knows("k") and not found.knows("other")
    _cell(book, "1")
    _cell(book, "2", skipped=True)
    assert found.take("k", "1") == "recorded"
    assert found.take("k", "1") == "missing", "each execution once"
    assert found.take("k", "2") == "left out", "a skipped cell is no one's business"
    assert found.take("k", "3") == "missing"
    _cell(book, "4")
    assert found.take("k", "4") == "recorded"


def test_a_restarted_kernel_has_two_journals(tmp_path: Path) -> None:
    found = Recorded(tmp_path)
    first = _session(tmp_path, "a", "k")
    _cell(first, "1")
    assert found.take("k", "1") == "recorded"
    _cell(_session(tmp_path, "b", "k"), "2")
    assert found.take("k", "2") == "recorded"
    found.forget("k")
    assert found.take("k", "2") == "missing"


def test_only_processes_that_ended_are_forgotten(tmp_path: Path) -> None:
    found = Recorded(tmp_path)
    ours = this_process()
    ended = replace(ours, started_ticks=-1)
    _cell(_session(tmp_path, "a", "k", ended), "1")
    assert found.knows("k")
    found.forget_ended("k")
    assert found.take("k", "1") == "missing", "what is forgotten does not come back"
    assert not found.knows("k")
    _session(tmp_path, "b", "k", ended)
    _cell(_session(tmp_path, "c", "k", ours), "2")
    assert found.knows("k")
    found.forget_ended("k")
    assert found.take("k", "2") == "recorded", (
        "the next process was quicker than the word of the last one's end"
    )


def test_a_session_that_has_no_kernel_and_the_server_s_own(tmp_path: Path) -> None:
    found = Recorded(tmp_path)
    _session(tmp_path, "a", None)
    _session(tmp_path, "server-1", "k")
    (tmp_path / "b.jsonl").write_text("torn\n")
    assert not found.knows("k")


@pytest.mark.parametrize("tick_ns", [0, 10**18])
def test_a_first_line_that_is_still_growing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tick_ns: int
) -> None:
    monkeypatch.setattr(recorded, "_CLOCK_TICK_NS", tick_ns)
    found = Recorded(tmp_path)
    whole = tmp_path / "a.jsonl"
    _session(tmp_path, "a", "k").close()
    line = whole.read_bytes()
    whole.write_bytes(line[:-1])
    assert not found.knows("k")
    whole.write_bytes(line)
    assert found.knows("k")


def test_a_first_line_that_never_ends_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorded, "_CLOCK_TICK_NS", 0)
    found = Recorded(tmp_path)
    torn = tmp_path / "a.jsonl"
    torn.write_text('{"type": "session_started"')
    assert not found.knows("k")
    assert found._changed_ns == 0, "it may get the rest any moment"
    long_ago = time.time() - 2 * recorded._HEADLESS_LIMIT_S
    os.utime(torn, (long_ago, long_ago))
    assert not found.knows("k")
    assert found._changed_ns == tmp_path.stat().st_mtime_ns, "the folder is not listed again"


def test_a_journal_that_is_dropped(tmp_path: Path) -> None:
    found = Recorded(tmp_path)
    _cell(_session(tmp_path, "a", "k"), "1")
    assert found.knows("k")
    (tmp_path / "a.jsonl").unlink()
    assert found.take("k", "1") == "missing"


def test_what_is_older_than_the_server_is_left_alone(tmp_path: Path) -> None:
    old = _session(tmp_path, "old", "k")
    found = Recorded(tmp_path)
    _cell(old, "1")
    _cell(_session(tmp_path, "new", "other"), "2")
    assert found.take("other", "2") == "recorded"
    assert not found.knows("k")
    assert set(found._journals) == {"other"}


def test_executions_that_nobody_hears_of_do_not_pile_up(tmp_path: Path) -> None:
    found = Recorded(tmp_path)
    book = _session(tmp_path, "a", "k")
    count = 3 * recorded._STARTED_LIMIT
    for number in range(count):
        _cell(book, str(number))
    assert found.take("k", str(count - 1)) == "recorded"
    assert found.take("k", str(count - 2)) == "recorded", (
        "with subshells the later one may end first"
    )
    assert found.take("k", "0") == "missing"
    assert len(found._started["k"]) <= recorded._STARTED_LIMIT
