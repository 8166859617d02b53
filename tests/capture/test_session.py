"""The session's lines, in order, whatever one of them holds."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import pytest

from jupyter_mlops import journal
from jupyter_mlops.capture import session as session_module
from jupyter_mlops.capture.session import Session
from jupyter_mlops.events import Notice
from jupyter_mlops.journal import segments
from jupyter_mlops.settings import Settings
from tests.interrupting import interrupt


@pytest.mark.parametrize("unwritable", [object(), float("nan"), {(1, 2): 3}])
def test_a_line_that_can_not_be_written_holds_up_no_other(
    home: Settings, unwritable: object
) -> None:
    session = Session(home, None, "")
    session.open({})
    with pytest.raises((TypeError, ValueError)):
        session.say(Notice, what=unwritable, why="it is no JSON")
    session.say(Notice, what="the next one", why="it is")
    session.close()
    (path,) = home.journals.iterdir()
    events = journal.read(path).events
    assert [event["type"] for event in events] == ["session_started", "notice", "session_ended"]
    assert [event["seq"] for event in events] == [0, 1, 2]


def said(home: Settings) -> list[str]:
    (path,) = home.journals.iterdir()
    lines = journal.read(path)
    assert lines.torn == 0
    assert [event["seq"] for event in lines.events] == list(range(len(lines.events)))
    path.unlink()
    return [event["what"] for event in lines.events if event["type"] == "notice"]


def test_what_is_said_while_a_line_is_written_comes_after_it(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = Session(home, None, "")
    session.open({})
    for segment in (segments.Mapped, segments.Plain):
        put: Any = segment.put

        def while_putting(self: Any, line: bytes, at: int, put: Any = put) -> None:
            if b"outer" in line:
                # A finalizer or a signal handler of the user's executes a cell.
                session.say(Notice, what="inner", why="a test")
            put(self, line, at)

        monkeypatch.setattr(segment, "put", while_putting)
    session.say(Notice, what="outer", why="a test")
    session.close()
    assert said(home) == ["outer", "inner"]


def test_any_interrupt_leaves_the_session_as_able_as_before(home: Settings) -> None:
    """A KeyboardInterrupt at the Nth instruction of a line, N = 1, 2, … to its last."""
    own = (os.path.dirname(journal.__file__), session_module.__file__)
    found = set()
    for nth in range(1, 10_000):
        session = Session(home, None, "")
        session.open({})
        session.say(Notice, what="first", why="a test")
        say = partial(session.say, Notice, what="cut off", why="a test")
        was_reached = interrupt(say, nth, own)
        session.say(Notice, what="last", why="a test")
        session.close()
        texts = tuple(said(home))
        # Before it was put into the queue nobody knows of it; never is it there twice.
        assert texts in (("first", "last"), ("first", "cut off", "last")), nth
        found.add(texts)
        if not was_reached:
            break
    assert len(found) == 2 and nth > 100


def test_an_interrupt_while_the_session_opens_costs_it_nothing(home: Settings) -> None:
    """A KeyboardInterrupt at the Nth instruction of ours, and the next cell opens it."""
    for nth in range(1, 10_000):
        session = Session(home, None, "")
        session.say(Notice, what="too early", why="a test")
        was_reached = interrupt(partial(session.open, {}), nth, session_module.__file__)
        if not session.is_open:
            session.open({})
        session.close()
        (path,) = home.journals.iterdir()
        events = journal.read(path).events
        path.unlink()
        assert [event["type"] for event in events] == ["session_started", "notice", "session_ended"]
        assert events[0]["environment"]["packages"], nth
        if not was_reached:
            break
    assert nth > 100
