"""Lines find room, mapped where that is safe; a file without room for one stays whole."""

from __future__ import annotations

import contextlib
import mmap
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_mlops import journal
from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import Notice
from jupyter_mlops.journal import Journal, segments
from tests.journal.conftest import OpenJournal, descriptors, notice, said


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
