"""What authors ask for, in whatever shape and spelling."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_mlops import metadata

NO_MAPPINGS: list[Any] = [True, 1, None, "text", [], ["capture"], {}, {"jupyter_mlops": True}]


@pytest.mark.parametrize("found", NO_MAPPINGS)
def test_what_is_no_mapping_asks_for_nothing(found: Any) -> None:
    assert metadata.section(found, "papermill") == {}
    assert metadata.section({"papermill": found}, "papermill") in ({}, found)
    assert not metadata.switches_capture_off(found)
    assert not metadata.switches_capture_off({"jupyter_mlops": found})


def test_only_false_switches_capture_off() -> None:
    said = [metadata.switches_capture_off({"jupyter_mlops": {"capture": x}}) for x in (False, 0, 1)]
    assert said == [True, False, False]


@pytest.mark.parametrize(
    ("found", "tags"),
    [
        (["a", "b c"], ("a", "b c")),
        (["a", 1, None, ["b"]], ("a",)),
        ("mlops-skip", ("mlops-skip",)),
        ("a, mlops-skip", ("a", "mlops-skip")),
        (None, ()),
        (5, ()),
        (True, ()),
        ({"a": 1}, ()),
    ],
)
def test_tags_of_any_shape(found: Any, tags: tuple[str, ...]) -> None:
    assert metadata.tags({"tags": found}) == tags


def test_metadata_that_is_no_mapping_has_no_tags() -> None:
    assert [metadata.tags(one) for one in (None, True, [], "tags", {})] == [()] * 5


@pytest.mark.parametrize(
    "source",
    [
        "",
        "skip = 1",
        "# %%mlops skip\nx = 1",
        "%mlops show skip\nx = 1",
        "%pip install mlops-skip",
        "%%mlops skipped\nx = 1",
        "x = 'mlops-skip'",
        "%%time\nskip()",
    ],
)
def test_what_asks_for_nothing_is_recorded(source: str) -> None:
    assert not metadata.asks_to_be_left_out(source, ("mlops", "skip"))


def test_the_tag_alone_is_enough() -> None:
    assert metadata.asks_to_be_left_out("x = 1", ("other", "mlops-skip"))
