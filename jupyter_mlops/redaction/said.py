"""Outputs in notebook format, and what a kernel says in its journal, without secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from jupyter_mlops.events import SeenOutput
from jupyter_mlops.outputs import seen
from jupyter_mlops.redaction.redactor import Redactor

# Bytes in base64, and what is nobody's text; pictures stay byte for byte.
_NO_TEXT = ("image/", "audio/", "video/", "font/", "application/pdf", "application/octet-stream")
_TEXT_IMAGE = "image/svg+xml"
# Fields that hold ids, digests, numbers and names of the language, and folders, which stay.
_AS_THEY_ARE = frozenset(
    {
        "cell_id",
        "client",
        "cwd",
        "environment",
        "functions",
        "kernel_id",
        "metrics",
        "minor",
        "msg_id",
        "notebook",
        "process",
        "randomness",
        "reads",
        "user",
        "volatile",
        "writes",
    }
)


def fields(redactor: Redactor, said: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an event as they may be written down."""
    changed: dict[str, Any] = {}
    for name, value in said.items():
        if not value or name in _AS_THEY_ARE or type(value) in (int, float, bool):
            continue
        if name == "source":
            new: Any = redactor.source(value)
        elif name == "outputs":
            new = outputs(redactor, value)
        elif name == "data":
            new = tuple(_use(redactor, one) for one in value)
        else:
            new = redactor.record(value)
        if new is not value:
            changed[name] = new
    return {**said, **changed} if changed else said


def outputs(redactor: Redactor, seen_outputs: Iterable[SeenOutput]) -> tuple[SeenOutput, ...]:
    """Return what was seen of outputs, with the digests of what is kept of them."""
    return tuple(_output(redactor, one) for one in seen_outputs)


def content(redactor: Redactor, output: dict[str, Any]) -> dict[str, Any]:
    """Return an output in notebook format, the very same object where nothing is secret."""
    changed: dict[str, Any] = {}
    for name, value in output.items():
        if name == "data" and type(value) is dict:
            new: Any = _data(redactor, value)
        elif name in ("output_type", "name", "execution_count"):
            continue
        else:
            new = _text(redactor, value)
        if new is not value:
            changed[name] = new
    return {**output, **changed} if changed else output


def _data(redactor: Redactor, data: dict[str, Any]) -> dict[str, Any]:
    changed = {
        mime: new
        for mime, value in data.items()
        if mime == _TEXT_IMAGE or not str(mime).startswith(_NO_TEXT)
        if (new := _text(redactor, value)) is not value
    }
    return {**data, **changed} if changed else data


def _text(redactor: Redactor, value: Any) -> Any:
    if type(value) is str:
        return redactor.text(value)
    if type(value) is list and value and all(type(line) is str for line in value):
        # A file may hold a text as its lines; a key may stand on several.
        whole = "".join(value)
        text = redactor.text(whole)
        return value if text is whole else text.splitlines(keepends=True)
    return redactor.value(value)


def _output(redactor: Redactor, output: SeenOutput) -> SeenOutput:
    if output.content is None:
        return output
    kept = content(redactor, output.content)
    return output if kept is output.content else seen(kept, limit_bytes=2**62)


def _use(redactor: Redactor, use: Any) -> Any:
    """Return a use of data; the names of its columns stay, of which there may be thousands."""
    changed = {
        name: new
        for name in ("name", "path")
        if type(text := getattr(use, name)) is str and (new := redactor.text(text)) is not text
    }
    return replace(use, **changed) if changed else use
