"""The session's lines, in order, whatever one of them holds."""

from __future__ import annotations

import pytest

from jupyter_mlops import journal
from jupyter_mlops.capture.session import Session
from jupyter_mlops.events import Notice
from jupyter_mlops.settings import Settings


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
