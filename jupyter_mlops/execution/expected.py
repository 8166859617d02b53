"""Whether a value that somebody gives is what a parameter of the notebook can be."""

from __future__ import annotations

from typing import Any

from jupyter_mlops.dataflow.notation import NotPlainError, as_json, type_name
from jupyter_mlops.errors import BadValueError
from jupyter_mlops.execution.code import TYPED
from jupyter_mlops.records import NOT_FINITE, NotebookParameter
from jupyter_mlops.redaction.names import from_environment

_EXPECTED = {
    "str": "text (to pass digits as text, quote them: '\"1\"')",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozenset": "a list",
    "dict": "a mapping",
}
_SETS = ("set", "frozenset")


def checked(name: str, value: Any, offered: NotebookParameter) -> Any:
    """Return a value as it is set in the place of what the notebook offers.

    Raises
    ------
    BadValueError
        If it is of another type.
    """
    kind = offered.type
    if kind in TYPED and value is not None:
        return _typed(name, value, kind)
    if not _is_plain(value):
        raise BadValueError(
            name=name, value=value_of(name, value), expected="made of plain values (JSON)"
        )
    # None stands for "no value" wherever Python code takes one (max_depth=None).
    if value is None or kind in ("NoneType", "expression"):
        return value
    given = type(value).__name__
    if kind == "float" and given == "int":
        return float(value)
    if kind == given or (kind in ("list", "tuple") and given in ("list", "tuple")):
        return value
    if (
        kind in ("set", "frozenset")
        and given in ("list", "tuple")
        and not any(map(_is_nested, value))
    ):
        return value
    if kind == "float" and value in NOT_FINITE.values():
        return float(value)
    expected = _EXPECTED.get(kind, kind)
    if kind == "int" and given == "float":
        write = f"{offered.name} = {offered.value}.0"
        expected += f", as the notebook has it (write {write} there to allow others)"
    raise BadValueError(name=name, value=value_of(name, value), expected=expected)


def _typed(name: str, value: Any, kind: str) -> Any:
    """Return a value of a type that JSON lacks, as which it may be given, or as a text."""
    read, expected = TYPED[kind]
    try:
        given = as_json(value) if type_name(value) == kind else value
        if type(given) is str or (kind == "complex" and type(given) in (int, float)):
            return read(given)
    except (NotPlainError, ValueError):  # said below
        pass
    raise BadValueError(name=name, value=value_of(name, value), expected=expected)


def value_of(name: str, value: Any) -> Any:
    """Return a value as a message may say it, which may end in somebody's log."""
    return "(a secret)" if from_environment().strength(name.partition("@")[0]) else value


def _is_plain(value: Any) -> bool:
    if type(value) in (list, tuple):
        return all(_is_plain(item) for item in value)
    if type(value) is dict:
        return all(type(key) is str and _is_plain(item) for key, item in value.items())
    return value is None or type(value) in (str, int, float, bool)


def _is_nested(value: Any) -> bool:
    return isinstance(value, (list, tuple, dict))
