"""What people write for a parameter's value: YAML 1.2, core schema, and nothing beyond it.

A reader of YAML 1.1 takes ``no`` for false and ``1e-3`` for a string. This one knows the
core schema of YAML 1.2 (chapter 10.3): null, booleans, integers, floats, strings, sequences
and mappings. A date stays a string, and so does ``1_000``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.resolver import BaseResolver

from jupyter_mlops.errors import BadValueError

_EXPECTED = "a YAML 1.2 value"
_TAG = "tag:yaml.org,2002:"
# (tag, pattern, possible first characters), as table 10.3 of the specification has them.
_CORE_SCHEMA: tuple[tuple[str, str, str], ...] = (
    ("null", r"null|Null|NULL|~|", "nN~"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
        r"|[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN",
        "-+.0123456789",
    ),
)


class _CoreResolver(BaseResolver):
    """Resolves plain scalars by the core schema alone."""

    def __init__(self, version: Any = None, loader: Any = None) -> None:
        super().__init__(loader)

    @property
    def processing_version(self) -> tuple[int, int]:
        return (1, 2)


for _name, _pattern, _first in _CORE_SCHEMA:
    # "" stands for the empty scalar, which is null.
    _CoreResolver.add_implicit_resolver_base(
        _TAG + _name, re.compile(f"(?:{_pattern})$"), [*_first, *([""] if _name == "null" else [])]
    )


def parse(name: str, text: str) -> Any:
    """Read the value that was given for `name`.

    Returns
    -------
    None, bool, int, float, str, list or dict

    Raises
    ------
    BadValueError
        If `text` is not YAML, or holds what JSON has no word for.
    """
    value = _load(name, text)
    try:
        return _plain(value)
    except (TypeError, RecursionError) as error:
        raise BadValueError(name=name, value=_cut(text), expected=_EXPECTED) from error


def parse_file(path: str | Path) -> dict[str, Any]:
    """Read a YAML file that maps parameters' names to their values.

    Raises
    ------
    BadValueError
        If it can't be read, or is not such a mapping.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        expected = f"a readable file ({error.strerror})"
        raise BadValueError(name="-f", value=str(path), expected=expected) from error
    except UnicodeDecodeError as error:
        raise BadValueError(name="-f", value=str(path), expected="a file in UTF-8") from error
    value = _load("-f", text, shown=str(path))
    if value is None:
        return {}
    try:
        plain = _plain(value)
    except (TypeError, RecursionError) as error:
        raise BadValueError(name="-f", value=str(path), expected=_EXPECTED) from error
    if not isinstance(plain, dict):
        expected = "a YAML file that maps names to values"
        raise BadValueError(name="-f", value=str(path), expected=expected)
    return plain


def _load(name: str, text: str, shown: str | None = None) -> Any:
    yaml = YAML(typ="safe", pure=True)
    yaml.Resolver = _CoreResolver
    try:
        return yaml.load(text)
    except YAMLError as error:
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}: " if mark is not None and shown else ""
        expected = f"{_EXPECTED} ({where}{problem})"
        raise BadValueError(name=name, value=shown or _cut(text), expected=expected) from error
    except (ValueError, RecursionError) as error:
        # An integer of thousands of digits, or brackets nested as deep.
        raise BadValueError(name=name, value=shown or _cut(text), expected=_EXPECTED) from error


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: _plain(item) for key, item in value.items()}
    raise TypeError(type(value).__name__)
