"""What is appended is read back whole, whatever happens in between."""

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops import journal, schema
from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import CellStarted, Notice, SessionEnded
from jupyter_mlops.journal import Journal, compose, segments, writing
from tests.journal.conftest import OpenJournal


def notice(text: str) -> dict[str, str]:
    return {"what": text, "why": "a test"}


def said(path: Path) -> list[str]:
    """Return what the notices of a journal say; fails if one is torn or numbered wrongly."""
    lines = journal.read(path)
    assert lines.torn == 0
    assert [event["seq"] for event in lines.events] == list(range(len(lines.events)))
    return [event["what"] for event in lines.events]


def descriptors(path: Path) -> list[int]:
    """Return the numbers of this process's open descriptors of a file."""
    status, found = path.stat(), []
    for number in map(int, os.listdir("/proc/self/fd")):
        try:
            if os.path.samestat(os.fstat(number), status):
                found.append(number)
        except OSError:
            continue  # that of the listing itself
    return found


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


def test_lines_of_any_length_find_room(open_journal: OpenJournal, way: str) -> None:
    one = open_journal()
    room = segments.ROOM_BYTES
    sizes = [10, room - 200, 1, room, 3 * room + 7, 5, room // 2, room // 2, room // 2]
    for size in sizes:
        one.append(Notice, **notice("x" * size))
        status = one.path.stat()
        if way == "mapped":
            assert status.st_size % room == 0
            assert status.st_blocks * 512 >= status.st_size, "nothing mapped is ever sparse"
    assert [len(text) for text in said(one.path)] == sizes


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


def test_where_mapping_is_refused_lines_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Journal(tmp_path, "w")
    one.append(Notice, **notice("mapped"))

    def refused(*_: object) -> None:
        raise OSError(12, os.strerror(12))

    monkeypatch.setattr(segments.mmap, "mmap", refused)
    one.append(Notice, **notice("x" * segments.ROOM_BYTES))
    one.append(Notice, **notice("written"))
    assert isinstance(one._segment, segments.Plain)
    assert said(one.path)[::2] == ["mapped", "written"]
    assert journal.read(one.path).offset == one.path.stat().st_size
    (number,) = descriptors(one.path)
    assert not os.get_inheritable(number)
    one.close()


def test_a_file_whose_room_is_not_there_is_not_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As a file system that compresses, or only pretends to allocate.
    monkeypatch.setattr(os, "posix_fallocate", lambda number, _, size: os.truncate(number, size))
    one = Journal(tmp_path, "w")
    one.append(Notice, **notice("written"))
    assert isinstance(one._segment, segments.Plain)
    assert said(one.path) == ["written"]
    one.close()


@pytest.mark.parametrize("kind", ["nfs4", "fuse.sshfs", "btrfs", "zfs", "cifs"])
def test_nothing_is_mapped_on_a_network_or_where_blocks_move(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    table = tmp_path / "mounts"
    table.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/home {tmp_path}/home {kind} rw 0 0\n")
    monkeypatch.setattr("jupyter_mlops.journal.mounts._MOUNTS", table)
    monkeypatch.setattr(mmap, "mmap", None)
    one = Journal(tmp_path / "home", "w")
    one.append(Notice, **notice("written"))
    one.close()
    assert said(one.path) == ["written"]


@contextlib.contextmanager
def limited_files(size: int) -> Iterator[None]:
    """Limit the size of files that this process may write.

    Around single calls only: the file that pytest's own lines go to may be longer already.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_what_finds_no_room_is_refused_and_the_next_line_is_whole(
    open_journal: OpenJournal,
) -> None:
    one = open_journal()
    one.append(Notice, **notice("first"))
    size = one.path.stat().st_size
    for _ in range(2):
        with pytest.raises(JournalError, match="too large"), limited_files(size + 50):
            one.append(Notice, **notice("x" * segments.ROOM_BYTES))
    one.append(Notice, **notice("second"))
    assert said(one.path) == ["first", "second"]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import Notice
from jupyter_mlops.journal import Journal, segments
if sys.argv[2] == "plain":
    segments._KEEPS_ROOM = frozenset()
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
one = Journal(Path(sys.argv[1]), "w")
one.append(Notice, what="first", why="")
resource.setrlimit(resource.RLIMIT_FSIZE, (one.path.stat().st_size + 50, -1))
for size in (10**6, 10**6):
    try:
        one.append(Notice, what="x" * size, why="")
    except JournalError as error:
        print(error)
"""


def test_a_limit_of_file_size_kills_nobody(tmp_path: Path, way: str) -> None:
    # Python ignores the signal, but a library or the user may have asked for it again.
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), way],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("File too large") == 2
    assert said(tmp_path / "w.jsonl") == ["first"]


def test_a_small_rest_of_the_disk_is_used_too(tmp_path: Path) -> None:
    with limited_files(segments._PAGE_BYTES * 2):
        one = Journal(tmp_path, "w")
        one.append(Notice, **notice("x" * (segments._PAGE_BYTES + 1)))
    assert one.path.stat().st_size == segments._PAGE_BYTES * 2
    one.close()


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

    def interrupting(nth: int) -> Callable[..., Any]:
        left = [nth]

        def trace(frame: Any, event: str, _: object) -> Any:
            if not frame.f_code.co_filename.startswith(home):
                return None
            frame.f_trace_opcodes = True
            if event == "opcode":
                left[0] -= 1
                if left[0] == 0:
                    raise KeyboardInterrupt
            return trace

        return trace

    for size in (10, segments.ROOM_BYTES):
        step, interrupts = (1, 0) if size == 10 else (7, 0)
        nth = 0
        while True:
            nth += step
            one = open_journal(tmp_path, f"w{size}-{nth}")
            one.append(Notice, **notice("first"))
            line = compose(Notice, notice("x" * size))
            sys.settrace(interrupting(nth))
            try:
                one.write(line)
                is_over = True
            except KeyboardInterrupt:
                is_over = False
            finally:
                sys.settrace(None)
            one.write(line)
            one.append(Notice, **notice("last"))
            one.close()
            assert said(one.path) == ["first", "x" * size, "last"], f"interrupt {nth}"
            one.path.unlink()
            if is_over:
                break
            interrupts += 1
        assert interrupts > 20


def test_others_can_tell_whether_a_writer_holds_it(open_journal: OpenJournal) -> None:
    one = open_journal()
    assert journal.is_held(one.path)
    one.append(Notice, **notice("x" * 2 * segments.ROOM_BYTES))
    assert journal.is_held(one.path), "also where its room was enlarged"
    one.close()
    assert not journal.is_held(one.path)
    assert not journal.is_held(one.path.with_name("nothing.jsonl"))


def test_a_killed_writer_holds_nothing(tmp_path: Path, way: str) -> None:
    code = (
        "import sys, os, signal, pathlib; from jupyter_mlops.journal import Journal, segments\n"
        f"segments._KEEPS_ROOM = {segments._KEEPS_ROOM!r}\n"
        "one = Journal(pathlib.Path(sys.argv[1]), 'w'); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert journal.is_held(tmp_path / "w.jsonl")
        process.kill()
    assert not journal.is_held(tmp_path / "w.jsonl")
