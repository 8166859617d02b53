from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from jupyter_mlops import events, journal, schema


def test_every_event_type_is_in_the_union_under_its_own_name() -> None:
    assert set(events.EVENTS.values()) == set(events.Event.__args__)  # type: ignore[attr-defined]
    assert all(kind.__dataclass_fields__["v"].default == 1 for kind in events.EVENTS.values())


def test_an_event_comes_back_from_a_journal_as_it_was(tmp_path: Path) -> None:
    writer = journal.Journal(tmp_path / "journals", "w")
    writer.append(events.Notice, what="capture", why="a lone surrogate \ud800 and a \n newline")
    writer.append(events.SessionEnded)
    writer.close()
    lines = journal.read(writer.path)
    notice, ended = (schema.decode_event(line) for line in lines.events)
    assert isinstance(notice, events.Notice) and notice.why.endswith("newline")
    assert isinstance(ended, events.SessionEnded)
    assert [notice.seq, ended.seq] == [0, 1] and lines.torn == 0


@pytest.mark.parametrize("line", [{"type": "no such"}, {"type": "notice", "seq": "x"}, {}])
def test_what_is_no_event_is_refused(line: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        schema.decode_event(line)
