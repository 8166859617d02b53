"""Messages of one execution become outputs as a notebook has them."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from jupyter_mlops import journal, outputs
from jupyter_mlops.outputs import Outputs, Stream
from jupyter_mlops.settings import OUTPUT_LIMIT_BYTES


def _stream(text: str, name: str = "stdout") -> tuple[str, dict[str, Any]]:
    return "stream", {"name": name, "text": text}


def _display(text: str, ident: str | None = None) -> tuple[str, dict[str, Any]]:
    content: dict[str, Any] = {"data": {"text/plain": text}, "metadata": {}}
    return "display_data", content | ({"transient": {"display_id": ident}} if ident else {})


def _taken(*messages: tuple[str, dict[str, Any]]) -> list[str]:
    taken = Outputs()
    for kind, content in messages:
        taken.take(kind, content)
    contents = [output.content or {} for output in taken.seen()]
    return [
        content.get("text") or content.get("ename") or content["data"]["text/plain"]
        for content in contents
    ]


CLEAR = ("clear_output", {"wait": False})
CLEAR_LATER = ("clear_output", {"wait": True})
UPDATE = ("update_display_data", _display("new", "a")[1])


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ([], []),
        ([_stream("a"), _stream("b")], ["ab"]),
        ([_stream("a"), _stream("b", "stderr"), _stream("c")], ["a", "b", "c"]),
        ([_stream("a"), _display("x"), _stream("c")], ["a", "x", "c"]),
        ([_stream("a"), CLEAR, _stream("b")], ["b"]),
        ([_stream("a"), CLEAR], []),
        ([_stream("a"), CLEAR_LATER], ["a"]),
        ([_stream("a"), CLEAR_LATER, _stream("b")], ["b"]),
        ([_display("x", "a"), _display("y", "a"), UPDATE], ["new", "new"]),
        ([_display("x", "b"), UPDATE], ["x"]),
        ([_display("x", "a"), CLEAR, _display("y"), UPDATE], ["y"]),
        ([UPDATE], []),
        ([("error", {"ename": "E", "evalue": "", "traceback": []})], ["E"]),
        ([("execute_input", {"code": "1"}), ("status", {})], []),
    ],
)
def test_consolidation(messages: list[Any], expected: list[str]) -> None:
    assert _taken(*messages) == expected


def test_what_is_only_the_message_s_is_left_out() -> None:
    taken = Outputs()
    taken.take(*_display("x", "a"))
    assert taken.seen()[0].content == {
        "output_type": "display_data",
        "data": {"text/plain": "x"},
        "metadata": {},
    }


def test_an_updated_result_stays_a_result() -> None:
    taken = Outputs()
    taken.take("execute_result", _display("x", "a")[1] | {"execution_count": 3})
    taken.take(*UPDATE)
    content = taken.seen()[0].content or {}
    assert content["output_type"] == "execute_result"
    assert content["execution_count"] == 3
    assert content["data"] == {"text/plain": "new"}


@pytest.mark.parametrize("text", ["plain", 'quote " and \\', "한글 🙂\x00\x1b[31m", "\ud800 alone"])
def test_the_digest_is_the_same_above_the_limit(text: str) -> None:
    whole = {"output_type": "stream", "name": "stdout", "text": text * 3}
    kept, cut = Stream("stdout", 10**6), Stream("stdout", 8)
    for stream in (kept, cut):
        for _ in range(3):
            stream.add(text)
    assert kept.seen().content == whole
    assert cut.seen().content is None
    assert kept.seen().digest == journal.sha256(journal.canonical(whole))
    if "\ud800" not in text or text.isascii():
        assert cut.seen().digest == kept.seen().digest
        assert cut.seen().size_bytes == kept.seen().size_bytes


@pytest.mark.parametrize("text", ["plain", 'quote " and \\', "한글 🙂\x00\x1b[31m", ""])
def test_the_digest_of_a_large_display_is_that_of_its_canonical_form(text: str) -> None:
    data = {"text/plain": "long" * 50, "text/html": text * 30, "a/json": {"k": [1, 2.5, None, []]}}
    output = {"output_type": "display_data", "data": data, "metadata": {text: {}, "b": True}}
    large, whole = outputs.seen(output, limit_bytes=100), outputs.seen(output)
    assert large.content is None and whole.content == output
    assert (large.digest, large.size_bytes) == (whole.digest, whole.size_bytes)
    assert whole.digest == journal.sha256(journal.canonical(output))


def test_a_flood_is_not_held_in_memory() -> None:
    taken = Outputs()
    block = "x" * 2**20
    tracemalloc.start()
    try:
        for _ in range(100):
            taken.take(*_stream(block))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    (output,) = taken.seen()
    assert output.content is None
    assert output.size_bytes > 100 * 2**20
    assert peak < 4 * OUTPUT_LIMIT_BYTES


def test_many_outputs_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "EXECUTION_LIMIT_BYTES", 250)
    taken = Outputs()
    for number in range(6):
        taken.take(*_display(f"{number}" * 10))
    kept = [output.content is not None for output in taken.seen()]
    assert kept[0] is True and kept[-1] is False
    assert all(output.digest for output in taken.seen())


def test_a_progress_bar_does_not_use_the_room_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "EXECUTION_LIMIT_BYTES", 250)
    taken = Outputs()
    taken.take(*_display("0 %", "a"))
    for _ in range(100):
        taken.take(*UPDATE)
    assert taken.seen()[0].content is not None


def test_nan_in_an_output_keeps_its_digest_only() -> None:
    taken = Outputs()
    taken.take("display_data", {"data": {"application/json": {"loss": float("nan")}}})
    (output,) = taken.seen()
    assert output.content is None
    assert output.digest.startswith("sha256:")
    taken.take(*_display("NaN in a text is harmless"))
    assert taken.seen()[1].content is not None


@pytest.mark.parametrize(
    ("mimes", "expected"),
    [
        (["text/plain"], "text/plain"),
        (["text/plain", "image/png"], "image/png"),
        (["text/html", "text/plain"], "text/html"),
        ([], None),
    ],
)
def test_mime(mimes: list[str], expected: str | None) -> None:
    taken = Outputs()
    taken.take("display_data", {"data": dict.fromkeys(mimes, "x"), "metadata": {}})
    assert taken.seen()[0].mime == expected
