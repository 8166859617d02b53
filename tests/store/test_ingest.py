"""Every line of every journal counts once; what can't be believed is said and left out."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jupyter_mlops import journal
from jupyter_mlops.events import CellFinished, Notice
from jupyter_mlops.journal import encode, now, reading
from jupyter_mlops.outputs import seen
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store, segmentation, tables
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel


def only_run(store: Store) -> Any:
    (run,) = store.runs().runs
    return run


def test_a_journal_that_grows_is_taken_in_piece_by_piece(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    path = write_journal(home, kernel.events)
    whole = path.read_bytes()
    for end in range(0, len(whole) + 1, 97):
        path.write_bytes(whole[:end])
        store.refresh()
    path.write_bytes(whole)
    assert store.unsynced() == 1
    store.refresh()
    assert only_run(store).metrics == {"score": 1.0}
    assert len(store.cells("@1")) == 2
    assert store.problems() == ()
    assert store.unsynced() == 0


def test_a_second_refresh_changes_nothing(store: Store, home: Settings, kernel: Kernel) -> None:
    write_journal(home, kernel.events)
    first = store.refresh()
    again = store.refresh()
    assert first.runs
    assert again.runs == ()
    assert again.sequence == first.sequence


def test_an_unfinished_line_is_not_read_yet(store: Store, home: Settings, kernel: Kernel) -> None:
    path = write_journal(home, kernel.events[:-1])
    with path.open("ab") as file:
        file.write(encode(kernel.events[-1])[:40])
    store.refresh()
    assert store.unsynced() == 0
    assert only_run(store).metrics == {}
    with path.open("ab") as file:
        file.write(encode(kernel.events[-1])[40:] + b"\n")
    store.refresh()
    assert only_run(store).metrics == {"score": 1.0}


def test_a_session_that_cannot_be_shown_hides_no_other(
    store: Store, home: Settings, kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Kernel(tmp_path)
    other.execute("strange", "score = 1.0 / 4")
    for one in (other, kernel):
        write_journal(home, one.events)
    real = segmentation.trace

    def trace(executions: Any) -> Any:
        if executions[0].cell == "id strange":
            raise LookupError("strange")
        return real(executions)

    with monkeypatch.context() as fault:
        fault.setattr(segmentation, "trace", trace)
        store.refresh()
        assert only_run(store).metrics == {"score": 1.0}
        assert store.problems() == (f"session {other.id} can't be shown: LookupError: strange",)
        assert store.refresh().runs == ()
    other.execute("more", "print(1)")
    write_journal(home, other.events)
    store.refresh()
    assert len(store.runs().runs) == 2
    assert store.problems() == ()


def test_what_one_version_cannot_show_another_may(
    home: Settings, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_journal(home, kernel.events)

    def trace(executions: Any) -> Any:
        raise LookupError("strange")

    with monkeypatch.context() as fault, Store.open(home) as store:
        fault.setattr(segmentation, "trace", trace)
        store.refresh()
        assert store.runs().runs == ()
    with Store.open(home) as store:
        store.refresh()
        assert only_run(store).metrics == {"score": 1.0}
        assert store.problems() == ()


def spoiled(path: Path, line: bytes) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-1], line + b"\n", lines[-1]]))


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"type": "cell_finished", "writ', "torn, or no event"),
        (b'{"type": "notice", "v": 1, "seq": "x"}', "not of its type's form"),
        (b"\xff\xfe\x00", "torn, or no event"),
    ],
)
def test_a_line_that_cannot_be_believed_is_said_and_left_out(
    line: bytes, said: str, store: Store, home: Settings, kernel: Kernel
) -> None:
    spoiled(write_journal(home, kernel.events), line)
    store.refresh()
    assert only_run(store).metrics == {"score": 1.0}
    (problem,) = store.problems()
    assert "1 line is missing or left out" in problem
    assert said in problem
    assert kernel.id in problem


def test_losses_stay_said_with_their_count(store: Store, home: Settings, kernel: Kernel) -> None:
    path = write_journal(home, kernel.events[:2])
    for lines in (b"{torn\n\xff\n", b"{torn\n", encode(kernel.events[2]) + b"\n"):
        with path.open("ab") as file:
            file.write(lines)
        store.refresh()
    (problem,) = store.problems()
    assert "3 lines are missing or left out; the last: torn, or no event" in problem


def test_lines_of_a_newer_version_wait_for_it(
    store: Store, home: Settings, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel.end()
    lines = [json.loads(encode(event)) for event in kernel.events]
    newer = [line | {"v": 2} for line in lines[3:]]
    path = write_journal(home, kernel.events[:3])
    with path.open("ab") as file:
        file.writelines(json.dumps(line).encode() + b"\n" for line in newer)
    store.refresh()
    assert store.unsynced() == 1
    assert "newer jupyter_mlops; upgrade with" in store.problems()[0]
    run = store.run("@1")
    assert (run.metrics, run.status) == ((), "running")
    assert any("not read to its end" in notice for notice in run.notices)
    sequence = store.sequence
    assert store.refresh().runs == ()
    assert store.sequence == sequence
    monkeypatch.setattr(reading, "EVENT_VERSION", 2)
    store.refresh()
    assert only_run(store).metrics == {"score": 1.0}
    assert (store.run("@1").status, store.run("@1").notices) == ("completed", ())
    assert store.unsynced() == 0
    assert store.problems() == ()


def test_lines_of_an_unknown_type_wait_for_a_version_that_knows_it(
    store: Store, home: Settings, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoiled(write_journal(home, kernel.events), b'{"type": "telepathy", "v": 1}')
    store.refresh()
    assert store.unsynced() == 1
    assert only_run(store).metrics == {}
    monkeypatch.setitem(reading.EVENTS, "telepathy", Notice)
    store.refresh()
    assert only_run(store).metrics == {"score": 1.0}
    assert store.unsynced() == 0


def test_a_journal_that_can_be_read_again_has_no_problem(
    store: Store, home: Settings, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_journal(home, kernel.events[:3])
    store.refresh()
    write_journal(home, kernel.events)

    def refused(*args: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as fault:
        fault.setattr(journal, "read", refused)
        store.refresh()
        said = f"journal {path.name}: it can't be read: Permission denied"
        assert store.problems() == (said,)
        assert any("not read to its end" in notice for notice in store.run("@1").notices)
    store.refresh()
    assert only_run(store).metrics == {"score": 1.0}
    assert store.problems() == ()
    assert store.run("@1").notices == ()


def test_what_is_wrong_is_written_once(store: Store, home: Settings, kernel: Kernel) -> None:
    path = write_journal(home, kernel.events)
    store.refresh()
    whole = path.read_bytes()
    path.write_bytes(whole[:200])
    store.refresh()
    log = home.home / "store.db-wal"
    before = log.read_bytes()
    store.refresh()
    assert log.read_bytes() == before
    path.write_bytes(whole)
    store.refresh()
    assert store.problems() == ()


def test_a_line_that_names_another_writer_is_left_out(
    store: Store, home: Settings, kernel: Kernel, tmp_path: Path
) -> None:
    other = Kernel(tmp_path)
    other.execute("score", "score = 5.0 / 2")
    path = write_journal(home, kernel.events)
    with path.open("ab") as file:
        file.writelines(encode(event) + b"\n" for event in other.events)
    store.refresh()
    assert [run.metrics for run in store.runs().runs] == [{"score": 1.0}]
    assert "names another writer" in store.problems()[0]


def test_a_line_that_stands_twice_counts_once(store: Store, home: Settings, kernel: Kernel) -> None:
    last = kernel.events[-1]
    assert isinstance(last, CellFinished)
    forged = replace(last, metrics=tuple(replace(one, value=99.0) for one in last.metrics))
    path = write_journal(home, kernel.events)
    with path.open("ab") as file:
        file.write(encode(forged) + b"\n")
    store.refresh()
    assert only_run(store).metrics == {"score": 1.0}
    assert "stands in it twice" in store.problems()[0]


def test_missing_lines_are_said(store: Store, home: Settings, kernel: Kernel) -> None:
    write_journal(home, [*kernel.events[:1], *kernel.events[3:]])
    store.refresh()
    said = "2 lines are missing or left out; the last: what came before line 3"
    assert said in store.problems()[0]


def test_a_journal_that_became_shorter_is_said(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    path = write_journal(home, kernel.events)
    store.refresh()
    path.write_bytes(path.read_bytes()[:200])
    store.refresh()
    assert "shorter than what was read" in store.problems()[0]
    assert only_run(store).metrics == {"score": 1.0}


def test_outputs_become_blobs_and_leave_the_database(
    store: Store, home: Settings, kernel: Kernel
) -> None:
    output = {"output_type": "stream", "name": "stdout", "text": "0.5\n" * 1000}
    last = kernel.events[-1]
    assert isinstance(last, CellFinished)
    write_journal(home, [*kernel.events[:-1], replace(last, outputs=(seen(output),))])
    store.refresh()
    (detail,) = store.cells("@1", cell=1)
    assert detail.outputs == (output,)
    digest = detail.execution.outputs[0].digest
    assert digest is not None
    assert json.loads(store.blob(digest)) == output
    assert b"0.5\\n0.5" not in (home.home / "store.db").read_bytes()


def test_an_output_too_large_to_keep_says_so(store: Store, home: Settings, kernel: Kernel) -> None:
    large = replace(
        seen({"output_type": "stream", "name": "stdout", "text": "x"}),
        content=None,
        size_bytes=9**9,
    )
    last = kernel.events[-1]
    assert isinstance(last, CellFinished)
    write_journal(home, [*kernel.events[:-1], replace(last, outputs=(large,))])
    store.refresh()
    (detail,) = store.cells("@1", cell=1)
    missing = detail.outputs[0]["metadata"]["jupyter_mlops"]
    assert missing == {
        "missing": large.digest, "type": "stream", "size_bytes": 9**9,
        "why": "it is larger than what is kept",
    }  # fmt: skip


def test_half_a_surrogate_pair_is_taken_in(store: Store, home: Settings, tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    kernel.execute("a", "text = '\ud800'\nraise ValueError(text)")
    write_journal(home, kernel.events)
    store.refresh()
    assert only_run(store).status == "failed"
    assert store.problems() == ()


def test_a_fault_of_capture_is_told(store: Store, home: Settings, kernel: Kernel) -> None:
    notice = Notice(writer=kernel.id, seq=len(kernel.events), at=now(), what="reads", why="bug")
    write_journal(home, [*kernel.events, notice])
    store.refresh()
    assert store.problems() == ("reads: bug",)
    assert store.run("@1").notices == ("reads: bug",)


def test_a_writer_that_is_faster_does_not_hold_a_refresh_up(
    store: Store, home: Settings, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_journal(home, kernel.events)
    seq = len(kernel.events)
    read = journal.read

    def slowly(path: Path, offset: int, limit_bytes: int) -> reading.Lines:
        nonlocal seq
        lines = read(path, offset, 1)
        assert seq < 1000, "the refresh goes on as long as the writer does"
        with path.open("ab") as file:
            for number in (seq, seq + 1):
                said = Notice(writer=kernel.id, seq=number, at=now(), what="w", why="x" * 1000)
                file.write(encode(said) + b"\n")
        seq += 2
        return lines

    with monkeypatch.context() as patched:
        patched.setattr(journal, "read", slowly)
        store.refresh()
    before = store.growth()
    assert any(has_line for _, _, has_line in before)
    store.refresh()
    assert store.growth() != before and store.unsynced() == 0
    assert store.problems()[0].startswith("w: ")


def test_room_behind_the_last_line_is_no_news(store: Store, home: Settings, kernel: Kernel) -> None:
    path = write_journal(home, kernel.events[:-1])
    with path.open("ab") as file:
        file.write(bytes(2**18))
    store.refresh()
    assert store.unsynced() == 0
    assert store.problems() == ()
    grown = store.growth()
    sequence = store.sequence
    assert store.refresh().runs == () and store.sequence == sequence
    line = encode(kernel.events[-1])
    with path.open("rb+") as file:
        file.seek(path.read_bytes().index(b"\0"))
        file.write(line)
        file.flush()
        assert store.unsynced() == 0, "a line is one with its newline"
        file.write(b"\n")
    assert store.unsynced() == 1
    assert store.growth() != grown
    store.refresh()
    assert store.unsynced() == 0
    assert only_run(store).metrics == {"score": 1.0}


def test_what_was_forgotten_is_no_loss_when_it_is_read_again(
    home: Settings, kernel: Kernel
) -> None:
    kernel.end()
    path = write_journal(home, kernel.events)
    lines = path.read_bytes().splitlines(keepends=True)
    for number in (1, 2, len(lines) - 1):
        lines[number] = b" " * (len(lines[number]) - 1) + b"\n"
    path.write_bytes(b"".join(lines))
    with Store.open(home) as store:
        store.refresh()
        assert store.problems() == ()
        assert store.unsynced() == 0
        with store._database.read() as connection:
            found = connection.execute(select(tables.events.c.seq)).scalars().all()
        assert sorted(found) == [0, *range(3, len(lines) - 1)]


def test_what_is_missing_beside_what_was_forgotten_is_a_loss(
    home: Settings, kernel: Kernel
) -> None:
    path = write_journal(home, kernel.events)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[1] = b" " * 10 + b"\n"
    del lines[2]
    path.write_bytes(b"".join(lines))
    with Store.open(home) as store:
        store.refresh()
        assert any("1 line is missing" in problem for problem in store.problems())
