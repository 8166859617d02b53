"""What a line looks like, and what is refused before it becomes one."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_mlops import schema
from jupyter_mlops.events import EVENTS, CellFinished, CellStarted, Notice, SessionEnded
from jupyter_mlops.journal import canonical, compose, encode, now, sha256
from jupyter_mlops.records import Metric

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
    assert sha256(b"") == empty


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (SessionEnded, {}),
        (Notice, {"what": "é \ud800 \n \u2028 \0", "why": ""}),
        (
            CellFinished,
            {
                "execution": 3,
                "status": "ok",
                "duration_s": 0.5,
                "execution_count": None,
                "metrics": (Metric("accuracy", 0.5, None, None, "variable"),),
            },
        ),
    ],
)
def test_a_composed_line_is_the_event(kind: Any, fields: dict[str, Any]) -> None:
    line = json.loads(b'{"writer":"w","seq":7' + compose(kind, fields))
    event = kind(writer="w", seq=7, at=line["at"], **fields)
    assert line.items() <= json.loads(encode(event)).items()
    assert schema.decode_event(line) == schema.decode_event(json.loads(encode(event)))
    assert not set(b"\n\0") & set(compose(kind, fields))


@pytest.mark.parametrize("kind", EVENTS.values())
def test_no_line_lacks_a_field_or_has_another_one(kind: Any) -> None:
    fields = dict.fromkeys(kind.__dataclass_fields__, 0)
    for name in ("writer", "seq", "at", "type", "v"):
        del fields[name]
    compose(kind, fields)
    with pytest.raises(TypeError, match="telepathy"):
        compose(kind, {**fields, "telepathy": 1})
    with pytest.raises(TypeError, match="seq"):
        compose(kind, {**fields, "seq": 1})


def test_a_field_that_is_needed_is_missed() -> None:
    with pytest.raises(TypeError, match="source"):
        compose(
            CellStarted, {"execution": 0, "msg_id": None, "cell_id": None, "execution_count": 1}
        )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {(1, 2): 3}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        compose(Notice, {"what": value, "why": ""})


def test_the_wall_clock_is_told_in_utc_with_microseconds() -> None:
    before = datetime.now(timezone.utc)
    told = [now() for _ in range(1000)]
    after = datetime.now(timezone.utc)
    assert told == sorted(told)
    assert all(len(text) == len("2026-01-01T00:00:00.000000Z") and text[-1] == "Z" for text in told)
    times = [datetime.fromisoformat(text.replace("Z", "+00:00")) for text in told]
    assert before <= times[0] <= times[-1] <= after
