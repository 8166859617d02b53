"""From a kernel's IOPub messages to the outputs of one execution, as a notebook has them.

Streams of one name that follow each other are one output, ``update_display_data`` replaces
what it names, ``clear_output`` clears, now or before the next output. Memory stays bounded
whatever a cell prints: what exceeds the size that is kept goes on into its digest only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jupyter_mlops.events import SeenOutput
from jupyter_mlops.journal import canonical, sha256
from jupyter_mlops.settings import OUTPUT_LIMIT_BYTES

# All outputs of one execution together; what comes later keeps its digest and size alone.
EXECUTION_LIMIT_BYTES = 5 * OUTPUT_LIMIT_BYTES

# Characters that are copied at once, of a text of any length.
_PIECE = 2**20


class Stream:
    """The text of one stream, growing; above the limit only its digest and size grow on."""

    def __init__(self, name: str, limit_bytes: int) -> None:
        self.name = name
        head, self._end = _around_text(name)
        self.size_bytes = len(head)
        self._limit_bytes = limit_bytes
        self._text: list[str] = []
        # Made once the limit is passed; most streams stay far below it.
        self._digest: hashlib._Hash | None = None

    @property
    def kept_bytes(self) -> int:
        """How much is held in memory."""
        return 0 if self._digest is not None else self.size_bytes

    def add(self, text: str) -> None:
        """Append `text`."""
        if self._digest is None and self.size_bytes + len(text) <= self._limit_bytes:
            self._text.append(text)
            self.size_bytes += sum(map(len, pieces(text)))
            if self.size_bytes <= self._limit_bytes:
                return
            text = ""
        if self._digest is None:
            head, _ = _around_text(self.name)
            self._digest = hashlib.sha256(head)
            self.size_bytes = len(head)
            for earlier in self._text:
                self._feed(earlier)
            self._text.clear()
        self._feed(text)

    def seen(self) -> SeenOutput:
        """Return the output as it stands now."""
        if self._digest is None:
            output = {"output_type": "stream", "name": self.name, "text": "".join(self._text)}
            return seen(output, self._limit_bytes)
        digest = self._digest.copy()
        digest.update(self._end)
        return SeenOutput(
            type="stream",
            mime="text/plain",
            digest="sha256:" + digest.hexdigest(),
            size_bytes=self.size_bytes + len(self._end),
            content=None,
        )

    def _feed(self, text: str) -> None:
        assert self._digest is not None
        for piece in pieces(text):
            self._digest.update(piece)
            self.size_bytes += len(piece)


@cache
def _around_text(name: str) -> tuple[bytes, bytes]:
    """Return the canonical JSON of a stream before its text and behind it.

    The text is the last key, so that it can be digested in pieces.
    """
    empty = canonical({"name": name, "output_type": "stream", "text": ""})
    return empty[:-2], empty[-2:]


def pieces(text: str) -> Iterator[bytes]:
    """Yield the canonical JSON of `text`, without its quotes, in pieces of bounded size."""
    for start in range(0, len(text), _PIECE):
        piece = json.dumps(text[start : start + _PIECE], ensure_ascii=False)[1:-1]
        # A lone surrogate has no UTF-8; `canonical` would escape the whole document, which
        # can't be known before its end. Escaped by itself, it still gives one stable digest.
        yield piece.encode(errors="backslashreplace")


class Outputs:
    """The outputs of one execution, while its messages arrive."""

    def __init__(self) -> None:
        self._outputs: list[Stream | SeenOutput] = []
        self._displays: dict[str, list[int]] = {}
        self._clears_next = False
        self._kept_bytes = 0

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Take in one message of type `kind`; types that are no output are passed over."""
        if kind == "clear_output":
            if content.get("wait"):
                self._clears_next = True
            else:
                self._clear()
        elif kind == "update_display_data":
            for index in self._displays.get(_display_id(content), ()):
                self._update(index, content)
        elif kind in {"stream", "display_data", "execute_result", "error"}:
            self._add(kind, content)

    def seen(self) -> tuple[SeenOutput, ...]:
        """Return the outputs in order."""
        return tuple(
            output.seen() if isinstance(output, Stream) else output for output in self._outputs
        )

    def _add(self, kind: str, content: dict[str, Any]) -> None:
        if self._clears_next:
            self._clear()
        if kind == "stream":
            stream = self._stream(str(content.get("name", "stdout")))
            before = stream.kept_bytes
            stream.add(str(content.get("text", "")))
            self._kept_bytes += stream.kept_bytes - before
            return
        output = self._kept(kind, content)
        display = _display_id(content)
        if display:
            self._displays.setdefault(display, []).append(len(self._outputs))
        self._outputs.append(output)

    def _stream(self, name: str) -> Stream:
        last = self._outputs[-1] if self._outputs else None
        if isinstance(last, Stream) and last.name == name:
            return last
        stream = Stream(name, self._limit_bytes())
        self._outputs.append(stream)
        return stream

    def _kept(self, kind: str, content: dict[str, Any]) -> SeenOutput:
        output = seen(_output(kind, content), self._limit_bytes())
        if output.content is not None:
            self._kept_bytes += output.size_bytes
        return output

    def _update(self, index: int, content: dict[str, Any]) -> None:
        old = self._outputs[index]
        if not isinstance(old, SeenOutput):
            return
        if old.content is not None:
            self._kept_bytes -= old.size_bytes
        count = (old.content or {}).get("execution_count")
        self._outputs[index] = self._kept(old.type, content | {"execution_count": count})

    def _limit_bytes(self) -> int:
        return max(0, min(OUTPUT_LIMIT_BYTES, EXECUTION_LIMIT_BYTES - self._kept_bytes))

    def _clear(self) -> None:
        self._outputs.clear()
        self._displays.clear()
        self._clears_next = False
        self._kept_bytes = 0


def seen(output: dict[str, Any], limit_bytes: int = OUTPUT_LIMIT_BYTES) -> SeenOutput:
    """Return `output` (notebook format) with its digest; content above the limit is left out."""
    if _is_larger(output, limit_bytes):
        digest, size = hashlib.sha256(), 0
        for piece in _canonical_pieces(output):
            digest.update(piece)
            size += len(piece)
        return SeenOutput(
            type=output["output_type"],
            mime=_mime(output),
            digest="sha256:" + digest.hexdigest(),
            size_bytes=size,
            content=None,
        )
    content = canonical(output)
    keep = len(content) <= limit_bytes and _is_strict_json(content, output)
    return SeenOutput(
        type=output["output_type"],
        mime=_mime(output),
        digest=sha256(content),
        size_bytes=len(content),
        content=output if keep else None,
    )


def _is_larger(value: object, limit: int) -> bool:
    """Tell whether one text in a JSON value is longer than `limit` by itself."""
    if isinstance(value, str):
        return len(value) > limit
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and any(_is_larger(item, limit) for item in value)


def _canonical_pieces(value: Any) -> Iterator[bytes]:
    """Yield what `canonical` returns, long texts in pieces."""
    if isinstance(value, str):
        yield b'"'
        yield from pieces(value)
        yield b'"'
    elif isinstance(value, dict):
        for number, key in enumerate(sorted(value)):
            yield (b"," if number else b"{") + canonical(key) + b":"
            yield from _canonical_pieces(value[key])
        yield b"}" if value else b"{}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield b"," if number else b"["
            yield from _canonical_pieces(item)
        yield b"]" if value else b"[]"
    else:
        yield canonical(value)


def _output(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    if kind == "error":
        keys: tuple[str, ...] = ("ename", "evalue", "traceback")
    elif kind == "execute_result":
        keys = ("data", "metadata", "execution_count")
    else:
        keys = ("data", "metadata")
    return {"output_type": kind} | {key: content.get(key) for key in keys}


def _display_id(content: dict[str, Any]) -> str:
    return str((content.get("transient") or {}).get("display_id") or "")


def _mime(output: dict[str, Any]) -> str | None:
    if output["output_type"] in {"stream", "error"}:
        return "text/plain"
    # A display offers several forms of one thing, and plain text is the fallback of all others.
    mimes = list(output.get("data") or ())
    return next((mime for mime in mimes if mime != "text/plain"), mimes[0] if mimes else None)


def _is_strict_json(content: bytes, output: dict[str, Any]) -> bool:
    if b"NaN" not in content and b"Infinity" not in content:
        return True
    try:
        json.dumps(output, allow_nan=False)
    except ValueError:  # JSON has no NaN, Python's has; the digest still tells it apart
        return False
    return True
