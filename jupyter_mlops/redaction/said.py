"""Outputs in notebook format, and what a kernel says in its journal, without secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from jupyter_mlops.events import SeenOutput
from jupyter_mlops.outputs import seen
from jupyter_mlops.redaction.redactor import Redactor

# Bytes in base64, and what is nobody's text; pictures stay byte for byte.
_NO_TEXT = ("image/", "audio/", "video/", "font/", "application/pdf", "application/octet-stream")
_TEXT_IMAGE = "image/svg+xml"
_SHOWN = ("text/plain", "text/html")
# Of an output, words of the format and a number.
_WORDS = ("output_type", "name", "execution_count")
# Fields that hold ids, digests, numbers, words of ours and names of the language, and folders.
_AS_THEY_ARE = frozenset(
    {
        "by_notebook",
        "cell_id",
        "client",
        "cwd",
        "deleted",
        "duration_s",
        "entropy",
        "environment",
        "execution",
        "execution_count",
        "functions",
        "kernel_id",
        "minor",
        "msg_id",
        "notebook",
        "opaque",
        "overlapping",
        "process",
        "randomness",
        "reads",
        "self_time_s",
        "skipped",
        "states",
        "status",
        "user",
        "variables",
        "volatile",
        "writes",
    }
)
# Fields that hold a few names.
_NAMES = frozenset({"changed_before", "changed_beside", "unsettled"})


def fields(redactor: Redactor, said: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of an event as they may be written down."""
    changed: dict[str, Any] = {}
    sieve = redactor.sieve
    for name, value in said.items():
        if name in _AS_THEY_ARE or not value:
            continue
        if name == "source":
            if sieve.passes_source(value):
                continue
            new: Any = redactor.source(value)
        elif name == "sight":
            passes = sieve.passes_all(_texts_in_sight(value))
            new = value if passes else _without_secrets(redactor, value)
        elif name in ("metrics", "readings"):
            new = tuple(one for one in value if not redactor.is_secret(one.name, one.value))
            new = value if len(new) == len(value) else new
        elif name == "parameters":
            new = value if sieve.passes_parameters(value) else redactor.record(value)
        elif name in _NAMES:
            new = value if sieve.passes_all(value) else redactor.record(value)
        elif name == "outputs":
            new = outputs(redactor, value)
        elif name == "modules":
            new = {digest: redactor.source(text) for digest, text in value.items()}
        elif name == "data":
            new = tuple(_use(redactor, one) for one in value)
        else:
            new = redactor.record(value)
        if new is not value:
            changed[name] = new
    return {**said, **changed} if changed else said


def _texts_in_sight(sight: dict[str, Any]) -> list[str]:
    """Return the texts of a ``Sight`` that the source, which was found to be clean, lacks."""
    texts = [*sight.get("changed", ())]
    for name, value in sight.get("values", {}).items():
        texts.append(name)
        if type(value) is str:
            texts.append(value)
    return texts


def _without_secrets(redactor: Redactor, sight: dict[str, Any]) -> dict[str, Any]:
    """Return a ``Sight`` in which what is secret has no value; a mark would be none either."""
    values, types = sight.get("values", {}), sight.get("types", {})
    kept = {
        name: value
        for name, value in values.items()
        if not redactor.is_secret(name, value) and redactor.value(value) is value
    }
    if len(kept) == len(values):
        return sight
    return {
        **sight,
        "there": [*sight.get("there", ()), *(name for name in values if name not in kept)],
        "values": kept,
        "types": {name: kind for name, kind in types.items() if name in kept},
    }


def outputs(redactor: Redactor, seen_outputs: Iterable[SeenOutput]) -> tuple[SeenOutput, ...]:
    """Return what was seen of outputs, with the digests of what is kept of them."""
    passes = redactor.sieve.passes
    return tuple(
        [one if _stays(one.content, passes) else _output(redactor, one) for one in seen_outputs]
    )


def _stays(output: dict[str, Any] | None, passes: Callable[[str], bool]) -> bool:
    """Tell at once, of most outputs, that nothing in them is secret."""
    if output is None:
        return True
    for name, value in output.items():
        if name == "data" and type(value) is dict:
            for mime, shown in value.items():
                if mime not in _SHOWN or type(shown) is not str or not passes(shown):
                    return False
        elif name not in _WORDS and value and (type(value) is not str or not passes(value)):
            return False
    return True


def content(redactor: Redactor, output: dict[str, Any]) -> dict[str, Any]:
    """Return an output in notebook format, the very same object where nothing is secret."""
    changed: dict[str, Any] = {}
    for name, value in output.items():
        if name == "data" and type(value) is dict:
            new: Any = _data(redactor, value)
        elif name in _WORDS:
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
        for name in ("name", "path", "statement")
        if type(text := getattr(use, name)) is str and (new := redactor.text(text)) is not text
    }
    return replace(use, **changed) if changed else use
