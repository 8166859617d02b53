"""Records and events as JSON: encode, decode with validation, and the JSON Schema.

Everything is derived from the dataclasses of :mod:`jupyter_mlops.records` and
:mod:`jupyter_mlops.events` by msgspec; ``python -m jupyter_mlops.schema`` prints the
JSON Schema from which the front end's ``schema.ts`` is generated. Not for kernels:
msgspec may be missing there, and capture needs the standard library alone.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from jupyter_mlops import records
from jupyter_mlops.events import EVENTS, Event

T = TypeVar("T")

# A JSON key that Python reserves, and the field that carries it.
_FIELD_OF_KEY = {"class": "class_"}
_KEY_OF_FIELD = {field: key for key, field in _FIELD_OF_KEY.items()}

DOCUMENTS: tuple[type, ...] = (
    records.Run,
    records.RunPage,
    records.CellDetail,
    records.Artifact,
    records.Verdict,
    records.Reproduction,
    records.Comparison,
    records.NotebookParameter,
    records.Status,
    records.Diagnosis,
    records.Folder,
    records.Collection,
    records.Forgetting,
)


def to_builtins(record: object) -> Any:
    """Return `record` as JSON-ready dictionaries and lists, keys as the contract has them."""
    return _renamed(msgspec.to_builtins(record), _KEY_OF_FIELD)


def encode(record: object) -> bytes:
    """Return `record` as JSON in UTF-8."""
    return msgspec.json.encode(to_builtins(record))


def decode(content: bytes | str, kind: type[T]) -> T:
    """Read a record of class `kind` from JSON.

    Raises
    ------
    msgspec.ValidationError
        If the document is not of that form.
    """
    return from_builtins(msgspec.json.decode(content), kind)


def from_builtins(value: Any, kind: type[T]) -> T:
    """Read a record of class `kind` from decoded JSON; raises as :func:`decode` does."""
    return msgspec.convert(_renamed(value, _FIELD_OF_KEY), kind)


def decode_event(line: Mapping[str, Any]) -> Event:
    """Read one line of a journal.

    Raises
    ------
    msgspec.ValidationError
        If it is not an event of a known type and form.
    """
    kind = EVENTS.get(str(line.get("type")))
    if kind is None:
        raise msgspec.ValidationError(f"unknown event type {line.get('type')!r}")
    event: Event = msgspec.convert(line, kind)
    return event


def json_schema() -> dict[str, Any]:
    """Return one JSON Schema whose definitions are all documents of the contract."""
    _, components = msgspec.json.schema_components(DOCUMENTS, ref_template="#/definitions/{name}")
    definitions = {name: _described(schema) for name, schema in sorted(components.items())}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Documents",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            kind.__name__: {"$ref": f"#/definitions/{kind.__name__}"} for kind in DOCUMENTS
        },
        "definitions": definitions,
    }


def _described(schema: dict[str, Any]) -> dict[str, Any]:
    properties = schema.get("properties", {})
    renamed = {_KEY_OF_FIELD.get(name, name): value for name, value in properties.items()}
    # What we send always carries every key, so a reader need not expect a missing one.
    return {
        **schema,
        "properties": renamed,
        "required": sorted(renamed),
        "additionalProperties": False,
    }


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    # Only a model's own keys are renamed: a parameter of the user's may be called "class_".
    if not isinstance(value, dict) or not value.get("models"):
        return value
    models = [
        {names.get(key, key): item for key, item in model.items()} for model in value["models"]
    ]
    return {**value, "models": models}


if __name__ == "__main__":
    json.dump(json_schema(), sys.stdout, indent=2, sort_keys=True)
    sys.stdout.write("\n")
