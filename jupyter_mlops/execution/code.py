"""Values that people give, as the Python that stands for them in a copy of a notebook."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from jupyter_mlops.dataflow.notation import Foreign

_SPAN = re.compile(
    r"(?:(?P<days>-?\d+) days?)?(?:, )?"
    r"(?:(?P<hours>\d+):(?P<minutes>\d\d):(?P<seconds>\d\d(?:\.\d{1,6})?))?"
)
_ZONE = "a zone would need further code"
# What builds a value, where the notebook itself does not say it.
_CALLEES = {
    "date": "datetime.date",
    "datetime": "datetime.datetime",
    "time": "datetime.time",
    "timedelta": "datetime.timedelta",
}


def as_code(value: Any, callee: str = "") -> str:
    """Write a plain value as a Python literal, or as a call of `callee` where there is none."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"float({str(value)!r})"
    if type(value) is dict:
        return "{" + ", ".join(f"{key!r}: {as_code(item)}" for key, item in value.items()) + "}"
    if type(value) is list:
        return "[" + ", ".join(map(as_code, value)) + "]"
    if type(value) is tuple:
        return "(" + ", ".join(map(as_code, value)) + ("," if len(value) == 1 else "") + ")"
    if type(value) is set:
        return "{" + ", ".join(sorted(map(as_code, value))) + "}" if value else "set()"
    if type(value) is frozenset:
        return f"frozenset({as_code(set(value)) if value else ''})"
    if type(value) is Foreign:
        return f"{callee or value.type}({value.text!r})"
    if isinstance(value, PurePath):
        return f"{callee or 'pathlib.Path'}({value.as_posix()!r})"
    if type(value) is datetime.timedelta:
        parts = {name: getattr(value, name) for name in ("days", "seconds", "microseconds")}
        given = ", ".join(f"{name}={number}" for name, number in parts.items() if number)
        return f"{callee or 'datetime.timedelta'}({given or 'days=0'})"
    if type(value).__name__ in _CALLEES:
        arguments = repr(value).partition("(")[2]
        return f"{callee or _CALLEES[type(value).__name__]}({arguments}"
    return repr(value)


def _date(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def _moment(text: str) -> datetime.datetime:
    moment = datetime.datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(_ZONE)
    return moment


def _time(text: str) -> datetime.time:
    time = datetime.time.fromisoformat(text)
    if time.tzinfo is not None:
        raise ValueError(_ZONE)
    return time


def _span(text: str) -> datetime.timedelta:
    match = _SPAN.fullmatch(text.strip())
    if match is None or not match[0]:
        raise ValueError(text)
    return datetime.timedelta(**{name: float(one) for name, one in match.groupdict("0").items()})


def _timestamp(text: str) -> Foreign:
    return Foreign("pandas.Timestamp", _moment(text).isoformat())


def _datetime64(text: str) -> Foreign:
    return Foreign(
        "numpy.datetime64", _moment(text).isoformat() if "T" in text else str(_date(text))
    )


# How a value of a type that JSON lacks is read, and what is expected in its place.
TYPED: dict[str, tuple[Callable[[str], Any], str]] = {
    "datetime.date": (_date, "a date, such as 2024-01-31"),
    "datetime.datetime": (_moment, "a date and a time, such as 2024-01-31T08:30:00"),
    "datetime.time": (_time, "a time, such as 08:30:00"),
    "datetime.timedelta": (_span, "a span of time, such as '7 days' or 1:30:00"),
    "pandas.Timestamp": (_timestamp, "a date and a time, such as 2024-01-31T08:30:00"),
    "numpy.datetime64": (_datetime64, "a date, such as 2024-01-31"),
    "pathlib.Path": (Path, "a path"),
    "pathlib.PurePosixPath": (PurePath, "a path"),
    "complex": (complex, "a number, such as 1+2j"),
}
