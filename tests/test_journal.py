"""The journal: what is appended is read back whole, whatever happens in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops import journal, schema
from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import CellStarted, Notice, SessionEnded
from jupyter_mlops.journal import Journal, canonical, is_alive, this_process


def notice(text: str) -> dict[str, str]:
    return {"what": text, "why": "a test"}


def test_what_is_appended_is_read_back(tmp_path: Path) -> None:
    one = Journal(tmp_path / "journals", "w")
    one.append(Notice, **notice("é \ud800 \n \u2028"))
    one.append(CellStarted, execution=0, msg_id=None, cell_id=None, source="", execution_count=1)
    one.append(SessionEnded)
    one.close()
    one.close()
    lines = journal.read(one.path)
    assert lines.torn == 0
    assert lines.offset == one.path.stat().st_size
    assert [(event["type"], event["seq"], event["writer"]) for event in lines.events] == [
        ("notice", 0, "w"),
        ("cell_started", 1, "w"),
        ("session_ended", 2, "w"),
    ]
    assert lines.events[0]["what"] == "é \ud800 \n \u2028"
    assert schema.decode_event(lines.events[1]).type == "cell_started"


def test_reading_goes_on_where_it_ended(tmp_path: Path) -> None:
    one = Journal(tmp_path, "w")
    offset = 0
    for number in range(3):
        one.append(Notice, **notice(str(number)))
        lines = journal.read(one.path, offset)
        assert [event["what"] for event in lines.events] == [str(number)]
        offset = lines.offset
    assert journal.read(one.path, offset) == journal.Lines((), offset, 0)


def test_a_line_that_still_grows_is_left_for_later(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    line = b'{"type": "session_ended", "v": 1}\n'
    for cut in range(len(line)):
        path.write_bytes(line + line[:cut])
        lines = journal.read(path)
        assert (len(lines.events), lines.offset, lines.torn) == (1, len(line), 0)


def test_lines_that_are_no_events_are_counted_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "w.jsonl"
    good = b'{"type": "session_ended"}\n'
    deep = b"[" * 100_000 + b"\n"
    path.write_bytes(good + b"{torn\n" + b'{"type": 1}\n' + b"[]\n\n" + b"\xff\n" + deep + good)
    lines = journal.read(path)
    assert (len(lines.events), lines.torn) == (2, 5)
    assert lines.offset == path.stat().st_size


@pytest.mark.parametrize("newer", [b'{"type": "telepathy"}\n', b'{"type": "notice", "v": 2}\n'])
def test_a_line_of_a_newer_version_and_all_after_it_are_left_for_that_version(
    newer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.jsonl"
    line = b'{"type": "session_ended", "v": 1}\n'
    path.write_bytes(line + newer[:-1])
    assert not journal.read(path).newer  # it may still grow
    path.write_bytes(line + newer + line)
    lines = journal.read(path)
    assert (len(lines.events), lines.offset, lines.torn, lines.newer) == (1, len(line), 0, True)
    assert journal.read(path, lines.offset) == journal.Lines((), len(line), 0, newer=True)
    monkeypatch.setattr(journal, "EVENT_VERSION", 2)
    monkeypatch.setitem(journal.EVENTS, "telepathy", Notice)
    lines = journal.read(path, lines.offset)
    assert (len(lines.events), lines.newer) == (2, False)


def test_a_long_line_is_read_whole_under_any_limit(tmp_path: Path) -> None:
    one = Journal(tmp_path, "w")
    one.append(Notice, **notice("x" * 5000))
    one.append(Notice, **notice("y"))
    offset, found = 0, []
    while True:
        lines = journal.read(one.path, offset, limit_bytes=100)
        if lines.offset == offset:
            break
        offset = lines.offset
        found += [event["what"][0] for event in lines.events]
    assert found == ["x", "y"]


def test_a_full_disk_tears_a_line_and_the_next_one_is_whole(tmp_path: Path) -> None:
    code = """
import resource, signal, sys
from pathlib import Path
from jupyter_mlops.errors import JournalError
from jupyter_mlops.events import Notice
from jupyter_mlops.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
one = Journal(Path(sys.argv[1]), "w")
one.append(Notice, what="first", why="")
size = one.path.stat().st_size
for room in (50, 0):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 50, resource.RLIM_INFINITY))
    try:
        one.append(Notice, what="second", why="")
    except JournalError as error:
        print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
one.append(Notice, what="third", why="")
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 2
    lines = journal.read(tmp_path / "w.jsonl")
    assert [(event["seq"], event["what"]) for event in lines.events] == [(0, "first"), (1, "third")]
    assert lines.torn == 1


def test_a_forked_child_and_a_foreign_file(tmp_path: Path) -> None:
    one = Journal(tmp_path, "w")
    child = os.fork()
    if child == 0:
        one.append(Notice, **notice("child"))
        one.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    one.append(Notice, **notice("parent"))
    assert [event["what"] for event in journal.read(one.path).events] == ["parent"]
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match=r"link\.jsonl"):
        Journal(tmp_path, "link")
    assert not (tmp_path / "elsewhere").exists()


def test_a_reader_beside_a_writer_sees_whole_events_in_order(tmp_path: Path) -> None:
    one = Journal(tmp_path, "w")
    writer = threading.Thread(
        target=lambda: [one.append(Notice, **notice("x" * (n % 3000))) for n in range(500)]
    )
    writer.start()
    offset, seen = 0, []
    while len(seen) < 500:
        lines = journal.read(one.path, offset)
        assert lines.torn == 0
        seen += [event["seq"] for event in lines.events]
        offset = lines.offset
    writer.join()
    assert seen == list(range(500))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON)
def test_canonical_json_is_json_and_has_one_form(value: Any) -> None:
    content = canonical(value)
    assert json.loads(content) == value
    assert canonical(json.loads(content)) == content
    assert b"\n" not in content


def test_digests_of_equal_content_are_equal() -> None:
    assert canonical({"b": 1, "a": "é"}) == '{"a":"é","b":1}'.encode()
    empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert journal.sha256(b"") == empty


def test_a_process_lives_until_it_ends() -> None:
    code = "import sys, json; from dataclasses import asdict; from jupyter_mlops import journal\n"
    code += "print(json.dumps(asdict(journal.this_process())), flush=True); sys.stdin.read()"
    child = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None and child.stdin is not None
    with child:
        process = replace(this_process(), **json.loads(child.stdout.readline()))
        assert process.pid == child.pid
        assert is_alive(process) is True
        child.stdin.close()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        # Ended, and its parent has not asked how: a zombie does not live.
        assert is_alive(process) is False
    assert is_alive(process) is False


def test_only_what_can_be_known_is_said_of_a_process() -> None:
    here = this_process()
    assert is_alive(here) is True
    assert is_alive(replace(here, host="elsewhere")) is None
    assert is_alive(replace(here, boot_id="before the last restart")) is False
    assert here.started_ticks is not None
    # The number is in use, by a process that started at another time.
    assert is_alive(replace(here, started_ticks=here.started_ticks + 1)) is False
