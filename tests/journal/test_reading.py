"""What is read of a journal: whole lines, and nothing of what is no line yet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from jupyter_mlops import journal
from jupyter_mlops.events import Notice
from jupyter_mlops.journal import reading

LINE = b'{"type": "session_ended", "v": 1}\n'
ROOM = bytes(100_000)


def whole(path: Path, offset: int = 0) -> tuple[int, int, int]:
    lines = journal.read(path, offset)
    assert journal.has_line(path, offset) is (lines.offset > offset)
    assert sum(map(len, journal.new_lines(path, offset))) == lines.offset - offset
    return len(lines.events), lines.offset, lines.torn


@pytest.mark.parametrize("room", [b"", b"\0", ROOM])
def test_a_line_that_still_grows_is_left_for_later(tmp_path: Path, room: bytes) -> None:
    path = tmp_path / "w.jsonl"
    for cut in range(len(LINE)):
        path.write_bytes(LINE + LINE[:cut] + room)
        assert whole(path) == (1, len(LINE), 0)
        assert whole(path, len(LINE)) == (0, len(LINE), 0)


def test_a_line_whose_end_was_stored_first_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    for cut in range(1, len(LINE)):
        path.write_bytes(LINE + bytes(cut) + LINE[cut:] + ROOM)
        assert whole(path) == (1, len(LINE), 0)
        path.write_bytes(LINE + LINE[: cut - 1] + b"\0" + LINE[cut:] + ROOM)
        assert whole(path) == (1, len(LINE), 0)


def test_a_hole_that_a_power_loss_left_is_torn_and_what_follows_is_not(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    for cut in range(1, len(LINE) - 1):
        path.write_bytes(LINE + LINE[:cut] + b"\0" + LINE[cut + 1 :] + LINE + LINE[:5] + ROOM)
        assert whole(path) == (2, 3 * len(LINE), 1)


def test_a_line_that_was_stored_while_it_was_read_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.jsonl"
    path.write_bytes(LINE[:9] + bytes(4) + LINE[13:] + LINE + ROOM)
    seen = reading._whole_lines

    def lines_of(file: object) -> object:
        found = seen(file)  # type: ignore[arg-type]
        file.peek(1)  # type: ignore[attr-defined]
        # The buffer has the line as it was, the file as it is.
        with path.open("rb+") as writer:
            writer.write(LINE)
        return found

    monkeypatch.setattr(reading, "_whole_lines", lines_of)
    lines = journal.read(path)
    assert (len(lines.events), lines.torn) == (2, 0)


def test_lines_that_are_no_events_are_counted_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    good = b'{"type": "session_ended"}\n'
    deep = b"[" * 100_000 + b"\n"
    path.write_bytes(good + b"{torn\n" + b'{"type": 1}\n' + b"[]\n\n" + b"\xff\n" + deep + good)
    assert whole(path) == (2, path.stat().st_size, 5)


def test_what_is_forgotten_is_neither_torn_nor_an_event(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    blank = b" " * (len(LINE) - 1) + b"\n"
    path.write_bytes(blank + LINE + blank + blank + LINE + blank + ROOM)
    lines = journal.read(path)
    assert (len(lines.events), lines.torn, lines.forgotten) == (2, 0, (0, 1, 1, 2))
    assert lines.offset == 6 * len(LINE)


@pytest.mark.parametrize("newer", [b'{"type": "telepathy"}\n', b'{"type": "notice", "v": 2}\n'])
def test_a_line_of_a_newer_version_and_all_after_it_are_left_for_that_version(
    newer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.jsonl"
    path.write_bytes(LINE + newer[:-1])
    assert not journal.read(path).newer  # it may still grow
    path.write_bytes(LINE + newer + LINE)
    lines = journal.read(path)
    assert (len(lines.events), lines.offset, lines.torn, lines.newer) == (1, len(LINE), 0, True)
    assert journal.read(path, lines.offset) == journal.Lines((), len(LINE), 0, newer=True)
    monkeypatch.setattr(reading, "EVENT_VERSION", 2)
    monkeypatch.setitem(reading.EVENTS, "telepathy", Notice)
    lines = journal.read(path, lines.offset)
    assert (len(lines.events), lines.newer) == (2, False)


def test_a_long_line_is_read_whole_under_any_limit(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    path.write_bytes(b'{"type": "notice", "what": "' + b"x" * 50_000 + b'"}\n' + LINE + ROOM)
    offset, found = 0, []
    while True:
        lines = journal.read(path, offset, limit_bytes=100)
        if lines.offset == offset:
            break
        offset = lines.offset
        found += [event["type"] for event in lines.events]
    assert found == ["notice", "session_ended"]


def test_a_file_that_is_gone_is_an_error(tmp_path: Path) -> None:
    for look in (journal.read, journal.has_line, journal.new_lines):
        with pytest.raises(OSError, match=os.strerror(2)):
            look(tmp_path / "none.jsonl", 0)  # type: ignore[operator]
