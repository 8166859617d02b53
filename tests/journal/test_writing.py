"""What is appended is read back whole, whatever happens in between."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from functools import partial
from pathlib import Path

import pytest

from jupyter_mlops import journal, schema
from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import CellStarted, Notice, SessionEnded
from jupyter_mlops.journal import Journal, compose, segments, writing
from tests.interrupting import interrupt
from tests.journal.conftest import OpenJournal, descriptors, notice, said


def test_what_is_appended_is_read_back(open_journal: OpenJournal, tmp_path: Path) -> None:
    one = open_journal(tmp_path / "journals")
    one.append(Notice, **notice("é \ud800 \n \u2028"))
    one.append(CellStarted, execution=0, msg_id=None, cell_id=None, source="", execution_count=1)
    one.append(SessionEnded)
    one.close()
    one.close()
    one.append(Notice, **notice("after the end"))
    lines = journal.read(one.path)
    assert lines.torn == 0
    assert lines.offset == one.path.stat().st_size, "what room was left is given back"
    assert [(event["type"], event["seq"], event["writer"]) for event in lines.events] == [
        ("notice", 0, "w"),
        ("cell_started", 1, "w"),
        ("session_ended", 2, "w"),
    ]
    assert lines.events[0]["what"] == "é \ud800 \n \u2028"
    assert schema.decode_event(lines.events[1]).type == "cell_started"


def test_reading_goes_on_where_it_ended(open_journal: OpenJournal) -> None:
    one = open_journal()
    offset = 0
    for number in range(3):
        one.append(Notice, **notice(str(number)))
        assert journal.has_line(one.path, offset)
        lines = journal.read(one.path, offset)
        assert [event["what"] for event in lines.events] == [str(number)]
        offset = lines.offset
        assert not journal.has_line(one.path, offset)
    assert journal.read(one.path, offset) == journal.Lines((), offset, 0)


def test_one_descriptor_that_no_child_inherits(open_journal: OpenJournal) -> None:
    one = open_journal()
    for size in (1, segments.ROOM_BYTES, 3 * segments.ROOM_BYTES):
        one.append(Notice, **notice("x" * size))
        (number,) = descriptors(one.path)
        assert not os.get_inheritable(number)
    one.close()
    assert descriptors(one.path) == []


@pytest.mark.parametrize("umask", [0, 0o077, 0o777])
def test_only_its_owner_can_read_it(open_journal: OpenJournal, tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        one = open_journal(tmp_path / "home" / "journals")
        one.append(Notice, **notice("x" * segments.ROOM_BYTES))
    finally:
        os.umask(before)
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o600
    for folder in (one.path.parent, one.path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(said(one.path)) == 1


def test_a_forked_child_and_a_foreign_file(open_journal: OpenJournal, tmp_path: Path) -> None:
    one = open_journal()
    child = os.fork()
    if child == 0:
        try:
            one.append(Notice, **notice("child"))
            one.close()
            os._exit(0)
        finally:
            os._exit(1)  # nothing of pytest may go on in the child
    assert os.waitpid(child, 0)[1] == 0
    one.append(Notice, **notice("parent"))
    assert said(one.path) == ["parent"]
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match=r"link\.jsonl"):
        Journal(tmp_path, "link")
    assert not (tmp_path / "elsewhere").exists()
    assert (tmp_path / "link.jsonl").is_symlink()


def test_a_reader_beside_a_writer_sees_whole_events_in_order(open_journal: OpenJournal) -> None:
    one = open_journal()
    count = 500
    writer = threading.Thread(
        target=lambda: [one.append(Notice, **notice("x" * (n % 3000))) for n in range(count)]
    )
    writer.start()
    offset, seen = 0, []
    while len(seen) < count:
        lines = journal.read(one.path, offset)
        assert lines.torn == 0
        seen += [event["seq"] for event in lines.events]
        offset = lines.offset
    writer.join()
    assert seen == list(range(count))


@pytest.mark.parametrize("removed", ["file", "folder", "home"])
def test_a_journal_that_vanishes_is_put_back(
    open_journal: OpenJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: str
) -> None:
    monkeypatch.setattr(writing, "_LOOK_S", 0)
    one = open_journal(tmp_path / "home" / "journals")
    texts = ["first", "x" * segments.ROOM_BYTES, "y" * 10]
    for text in texts:
        one.append(Notice, **notice(text))
    if removed == "file":
        one.path.unlink()
    else:
        shutil.rmtree(one.path.parent if removed == "folder" else tmp_path / "home")
    one.append(Notice, **notice("after"))
    assert said(one.path) == [*texts, "after"]
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(one.path.parent.stat().st_mode) == 0o700
    assert [path.name for path in one.path.parent.iterdir()] == ["w.jsonl"]
    assert len(descriptors(one.path)) == 1
    one.append(Notice, **notice("z" * segments.ROOM_BYTES))
    shutil.rmtree(one.path.parent)
    one.close()
    assert len(said(one.path)) == 5, "the last look is at the end"
    assert journal.read(one.path).offset == one.path.stat().st_size


def test_a_journal_that_was_replaced_or_can_not_be_put_back_at_once(
    open_journal: OpenJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_LOOK_S", 0)
    one = open_journal(tmp_path / "journals")
    one.append(Notice, **notice("first"))
    shutil.rmtree(tmp_path / "journals")
    (tmp_path / "journals").write_text("in the way")
    for _ in range(2):
        with pytest.raises(JournalError):
            one.append(Notice, **notice("refused"))
    (tmp_path / "journals").unlink()
    one.append(Notice, **notice("second"))
    copy = one.path.read_bytes()
    one.path.unlink()
    one.path.write_bytes(copy[:100])
    one.append(Notice, **notice("third"))
    assert said(one.path) == ["first", "second", "third"]


def test_a_journal_that_was_cut_kills_nobody(
    open_journal: OpenJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "_LOOK_S", 0)
    one = open_journal()
    for text in ("first", "second"):
        one.append(Notice, **notice(text))
    os.truncate(one.path, journal.read(one.path, 0, 1).offset + 20)
    for text in ("third", "x" * segments.ROOM_BYTES):
        one.append(Notice, **notice(text))
    found = journal.read(one.path).events
    assert [event["seq"] for event in found] == [0, 2, 3]


def test_any_interrupt_leaves_each_line_once(
    open_journal: OpenJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A KeyboardInterrupt at the Nth line of our code, N = 1, 2, … until there are no more."""
    monkeypatch.setattr(writing, "_LOOK_S", 0)
    home = os.path.dirname(writing.__file__)
    for size in (10, segments.ROOM_BYTES):
        step, interrupts = (1, 0) if size == 10 else (7, 0)
        nth = 0
        while True:
            nth += step
            one = open_journal(tmp_path, f"w{size}-{nth}")
            one.append(Notice, **notice("first"))
            line = compose(Notice, notice("x" * size))
            was_reached = interrupt(partial(one.write, line), nth, home)
            one.write(line)
            one.append(Notice, **notice("last"))
            one.close()
            assert said(one.path) == ["first", "x" * size, "last"], f"interrupt {nth}"
            one.path.unlink()
            if not was_reached:
                break
            interrupts += 1
        assert interrupts > 20
