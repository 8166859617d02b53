"""A death never reads as success."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from jupyter_mlops.events import CellFinished, Event, Notice, SessionEnded
from jupyter_mlops.journal import this_process
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import Server, dead_process, executing, started

LONG_AGO = "2020-01-01T00:00:00.000000Z"


def statuses(store: Store) -> list[str]:
    store.refresh()
    return [run.status for run in reversed(store.runs().runs)]


def test_alive(store: Store, home: Settings, kernel: Kernel) -> None:
    write_journal(home, kernel.events)
    assert statuses(store) == ["running"]


def test_shut_down_in_order(store: Store, home: Settings, kernel: Kernel) -> None:
    kernel.end()
    write_journal(home, kernel.events)
    assert statuses(store) == ["completed"]


def test_shut_down_while_executing(store: Store, home: Settings, kernel: Kernel) -> None:
    last = kernel.events[-1]
    ended = SessionEnded(writer=kernel.id, seq=last.seq, at=last.at)
    write_journal(home, [*executing(kernel), ended])
    assert statuses(store) == ["interrupted"]
    assert store.run("@1").notices == ("its kernel was shut down while a cell was executing",)


@pytest.mark.parametrize("is_executing", [True, False])
def test_capture_switched_itself_off(
    store: Store, home: Settings, kernel: Kernel, is_executing: bool
) -> None:
    last = kernel.events[-1]
    said = executing(kernel) if is_executing else list(kernel.events)
    said.append(Notice(kernel.id, last.seq + 1, last.at, "capture switched itself off", "why"))
    said.append(SessionEnded(kernel.id, last.seq + 2, last.at, shut_down=False))
    write_journal(home, said)
    assert statuses(store) == ["lost"]
    assert store.run("@1").notices == ("capture switched itself off: why",)


@pytest.mark.parametrize("is_executing", [True, False])
def test_died(store: Store, home: Settings, kernel: Kernel, is_executing: bool) -> None:
    started(kernel, process=dead_process())
    write_journal(home, executing(kernel) if is_executing else kernel.events)
    assert statuses(store) == ["interrupted"]
    assert "its kernel died while this run was open" in store.run("@1").notices
    if is_executing:
        assert [cell.status for cell in store.run("@1").cells] == ["ok", "interrupted"]


def test_what_had_failed_when_its_kernel_died_stays_failed(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, process=dead_process())
    kernel.execute("plot", "unknown")
    write_journal(home, kernel.events)
    assert statuses(store) == ["failed"]
    assert "its kernel died while this run was open" in store.run("@1").notices


def test_what_had_failed_is_interrupted_if_a_cell_was_executing(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, process=dead_process())
    kernel.execute("plot", "unknown")
    kernel.execute("lr", "lr = 0.5")
    write_journal(home, executing(kernel))
    assert statuses(store) == ["interrupted"]


def test_what_was_interrupted_after_the_result_is_said(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("lr", "lr = 0.5")
    last = kernel.events[-1]
    assert isinstance(last, CellFinished)
    kernel.events[-1] = replace(last, status="interrupted")
    kernel.end()
    write_journal(home, kernel.events)
    assert statuses(store) == ["completed"]
    assert store.run("@1").notices == ("after this run's last result a cell was interrupted",)


def test_only_the_open_run_dies(store: Store, home: Settings, kernel: Kernel) -> None:
    started(kernel, process=dead_process())
    kernel.execute("lr", "lr = 0.25")
    kernel.execute("score", "score = lr * 2")
    write_journal(home, kernel.events)
    assert statuses(store) == ["completed", "interrupted"]


def test_a_death_after_the_last_look_is_found(
    store: Store, home: Settings, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_journal(home, kernel.events)
    assert statuses(store) == ["running"]
    before = store.sequence
    monkeypatch.setattr("jupyter_mlops.journal.is_alive", lambda process: False)
    assert statuses(store) == ["interrupted"]
    assert store.sequence > before


@pytest.mark.parametrize(
    ("how", "is_executing", "status"),
    [
        ("shut down", False, "completed"),
        ("shut down", True, "interrupted"),
        ("restarted", False, "completed"),
        ("restarted", True, "interrupted"),
        ("died", False, "interrupted"),
        ("died", True, "interrupted"),
    ],
)
def test_what_the_server_saw(
    how: str, is_executing: bool, status: str, store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, process=dead_process(), kernel_id="k")
    write_journal(home, executing(kernel) if is_executing else kernel.events)
    Server(home).gone("k", how)
    assert statuses(store) == [status]
    died = "its kernel died while this run was open" in store.run("@1").notices
    assert died == (how == "died")


def test_a_restart_ends_one_session_and_not_the_next(
    store: Store, home: Settings, kernel: Kernel, tmp_path: Path
) -> None:
    started(kernel, process=dead_process(), kernel_id="k")
    write_journal(home, kernel.events)
    Server(home).gone("k", "restarted")
    again = Kernel(tmp_path)
    started(again, kernel_id="k")
    again.execute("score", "score = sum([1.0]) / 4")
    write_journal(home, again.events)
    assert statuses(store) == ["completed", "running"]


def test_before_this_machine_was_started_again(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, process=replace(this_process(), boot_id="another"))
    write_journal(home, kernel.events)
    assert statuses(store) == ["lost"]


def test_another_machine(store: Store, home: Settings, kernel: Kernel) -> None:
    started(kernel, process=replace(this_process(), host="elsewhere"))
    write_journal(home, kernel.events)
    assert statuses(store) == ["running"]


def test_another_machine_that_is_silent_and_speaks_again(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, process=replace(this_process(), host="elsewhere"))
    old = [replace(event, at=LONG_AGO) for event in kernel.events]
    write_journal(home, old)
    assert statuses(store) == ["lost"]
    kernel.execute("score", "score = lr * 2")
    write_journal(home, [*old, *kernel.events[len(old) :]])
    assert statuses(store) == ["running"]


NEWER = b'{"type": "telepathy", "v": 1}\n'


def unread(home: Settings, events: list[Event]) -> None:
    """Write a journal that goes on in lines which this version can't read."""
    with write_journal(home, events).open("ab") as file:
        file.write(NEWER)


def test_silence_is_none_if_there_are_lines_that_cannot_be_read(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, process=replace(this_process(), host="elsewhere"))
    unread(home, [replace(event, at=LONG_AGO) for event in kernel.events])
    assert statuses(store) == ["running"]
    sequence = store.sequence
    assert statuses(store) == ["running"]
    assert store.sequence == sequence


@pytest.mark.parametrize("how", [None, "shut down"])
@pytest.mark.parametrize("is_executing", [True, False])
def test_how_it_ended_is_not_known_while_lines_cannot_be_read(
    is_executing: bool,
    how: str | None,
    store: Store,
    home: Settings,
    kernel: Kernel,
) -> None:
    started(kernel, process=dead_process(), kernel_id="k")
    whole = list(kernel.events)
    unread(home, whole[:-1] if is_executing else whole)
    if how is not None:
        Server(home).gone("k", how)
    assert statuses(store) == ["lost"]
    kernel.end()
    write_journal(home, kernel.events)
    assert statuses(store) == ["completed"]


def test_a_death_that_the_server_saw_is_one_whatever_cannot_be_read(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    started(kernel, process=dead_process(), kernel_id="k")
    unread(home, kernel.events)
    Server(home).gone("k", "died")
    assert statuses(store) == ["interrupted"]


def test_a_failed_cell_of_the_lineage_fails_the_run(
    store: Store, home: Settings, tmp_path: Path
) -> None:
    kernel = Kernel(tmp_path)
    kernel.execute("a", "score = 1.0 / 3\nunknown")
    kernel.end()
    write_journal(home, kernel.events)
    assert statuses(store) == ["failed"]


def test_an_interrupted_cell_of_the_lineage(store: Store, home: Settings, kernel: Kernel) -> None:
    last = kernel.events[-1]
    assert isinstance(last, CellFinished)
    kernel.events[-1] = replace(last, status="interrupted")
    kernel.end()
    write_journal(home, kernel.events)
    assert statuses(store) == ["interrupted"]


def test_a_failure_after_the_last_result_fails_the_run_until_it_is_mended(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    kernel.execute("plot", "unknown")
    write_journal(home, kernel.events)
    assert statuses(store) == ["failed"]
    error = store.run("@1").cells[-1].error
    assert error is not None and error.type == "NameError"
    kernel.execute("plot", "[1]")
    kernel.end()
    write_journal(home, kernel.events)
    assert statuses(store) == ["completed"]
