"""A line of a journal: how it is put together, and the forms that its digests count in."""

from __future__ import annotations

import hashlib
import json
import json.encoder
import time
from collections.abc import Callable, Iterable
from dataclasses import MISSING
from functools import cache, lru_cache
from typing import Any

from jupyter_mlops.events import EVENT_VERSION, Event

_ENCODER_IN_C: Any = getattr(json.encoder, "c_make_encoder", None)
_FORM: Any = {"ensure_ascii": False, "allow_nan": False, "separators": (",", ":")}
# Made once: `json.dumps` with options makes one a call. Nothing that is said contains itself.
_ENCODER = json.JSONEncoder(default=vars, check_circular=False, **_FORM)
# What `encode` would make anew each time, where the interpreter has it in C.
_PIECES: Callable[[object, int], Iterable[str]] | None = _ENCODER_IN_C and _ENCODER_IN_C(
    None, vars, json.encoder.encode_basestring, None, ":", ",", False, False, False
)
_ASCII = json.JSONEncoder(default=vars, check_circular=False, **{**_FORM, "ensure_ascii": True})
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
# What the journal itself fills in.
_FILLED_IN = frozenset({"writer", "seq", "at", "type", "v"})


def now() -> str:
    """Return the wall clock as RFC 3339 in UTC, with microseconds."""
    seconds, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
    return f"{_second(seconds)}.{nanoseconds // 1000:06d}Z"


@lru_cache(maxsize=2)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def canonical(value: object) -> bytes:
    """Return the canonical JSON of `value`: sorted keys, no spaces, UTF-8.

    Lone surrogates, which a cell may print, are kept by escaping them.
    """
    try:
        return _CANONICAL.encode(value).encode()
    except UnicodeEncodeError:
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    """Return the digest of `content` that addresses a blob."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def encode(event: Event | dict[str, Any]) -> bytes:
    """Return the JSON of an event, or of its fields, on one line without the newline."""
    try:
        return ("".join(_PIECES(event, 0)) if _PIECES else _ENCODER.encode(event)).encode()
    except UnicodeEncodeError:
        return _ASCII.encode(event).encode()


def compose(kind: type[Event], fields: dict[str, Any]) -> bytes:
    """Return what follows the sequence number in the line of an event, as of now.

    No event is made of it: a kernel would pay for that with each line.

    Raises
    ------
    TypeError
        If the event has no such field or needs another one, or a value is no JSON.
    ValueError
        If a number is not finite.
    """
    shape: Any = kind  # a union of classes is not hashable to mypy
    head, required, known = _shape(shape)
    if not required <= fields.keys() <= known:
        odd = ", ".join(sorted(required - fields.keys() or fields.keys() - known))
        raise TypeError(f"{kind.__name__} lacks, or does not have: {odd}")
    at = f'"at":"{now()}"'.encode()
    return b"%b%b%b%b" % (head, at, b"," if fields else b"", encode(fields)[1:])


@cache
def _shape(kind: type[Any]) -> tuple[bytes, frozenset[str], frozenset[str]]:
    """Return the constant part of an event's lines, the fields that it needs, and all."""
    fields = kind.__dataclass_fields__
    known = frozenset(fields) - _FILLED_IN
    required = frozenset(
        name
        for name in known
        if fields[name].default is MISSING and fields[name].default_factory is MISSING
    )
    head = f',"type":"{fields["type"].default}","v":{EVENT_VERSION},'
    return head.encode(), required, known
