"""Numbers that a cell printed beside a name: the last resort, and always marked as inferred.

Only fractions count, written ``name: 0.93`` or ``name = 0.93``, or after a word that is a
measure's (``loss 0.21``). Integers count things, and what has a unit is a time or a size.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from jupyter_mlops.events import CellFinished
from jupyter_mlops.records import Metric

# Names of one cell and values of one name; what prints more is a table.
_NAMES, _STEPS = 50, 1000
_CHARACTERS = 1_000_000
# Nobody writes a measure into a longer line; to look for one takes the square of its length.
_LINE = 500
_NUMBER = re.compile(
    r"(?<![\w.])(?P<number>[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?|[-+]?\d+(?=\s?%))"
    r"(?P<percent>\s?%)?"
    r"(?![\w.:/-]|\s?(?:s|ms|us|min|secs?|seconds|minutes|hours|[KMG]i?B|it)\b)"
)
# How far before a number its name is looked for: from there backwards, a few steps each.
_BEFORE = 70
_BESIDE = re.compile(r"\s*(?::|=|->|\bis)\s*$")
_NAME = re.compile(r"[A-Za-z][\w²^()@./%' -]*$")
_MEASURE = re.compile(
    r"(?:[A-Za-z][\w-]*\s+){0,2}[\w-]*(?:acc|accuracy|loss|error|mse|rmse|mae|mape|auc"
    r"|precision|recall|score|f1|r2|perplexity|kappa)\s+$",
    re.IGNORECASE,
)
_NO_METRIC = re.compile(
    r"\b(?:time|elapsed|took|duration|seconds?|version|eta|lr|learning rate|epochs?|steps?|shape"
    r"|min|max|std|alpha|seed|p-?value|size|memory|threshold|wall|cpu)\b",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+")


def inferred(outputs: Iterable[Mapping[str, Any] | None]) -> tuple[Metric, ...]:
    """Return the numbers that outputs show beside a name.

    Parameters
    ----------
    outputs
        In notebook format; ``None`` for one whose content is not kept.
    """
    values: dict[str, list[float]] = {}
    for text in _texts(outputs):
        for name, value in _numbers(text):
            series = values.setdefault(name, []) if len(values) < _NAMES else values.get(name)
            if series is not None and len(series) < _STEPS:
                series.append(value)
    return _metrics(values)


def with_inferred(finished: CellFinished, found: Iterable[Metric]) -> CellFinished:
    """Return what an execution produced, with the numbers that it printed beside a name.

    What only shows again a metric that was seen itself is left out, rounded or in per cent as
    it may be. The others open no run of their own: nobody knows what they are.
    """
    known = finished.metrics
    names = {_plain(one.name) for one in known}
    # Some value of a long series is near to any number.
    single = {one.name: one for one in known if one.step is None or one.source == "history"}
    numbers = [one.value for one in single.values() if isinstance(one.value, (int, float))]
    values: dict[str, list[float]] = {}
    for one in found:
        assert isinstance(one.value, (int, float))
        if _plain(one.name) not in names and not _is_known(one.value, numbers):
            values.setdefault(one.name, []).append(one.value)
    series = _series(known)
    new = _metrics({name: shown for name, shown in values.items() if not _is_told(shown, series)})
    if not new:
        return finished
    added = dict.fromkeys(one.name for one in new)
    return replace(finished, metrics=(*known, *new), minor=(*finished.minor, *added))


def _series(known: Iterable[Metric]) -> list[list[float]]:
    found: dict[str, list[float]] = {}
    for one in known:
        if one.step is not None and isinstance(one.value, (int, float)):
            found.setdefault(one.name, []).append(one.value)
    return list(found.values())


def _is_told(shown: Sequence[float], series: Iterable[Sequence[float]]) -> bool:
    """Tell whether several numbers are some of the steps of one known series."""
    return len(shown) > 1 and any(all(_is_known(one, steps) for one in shown) for steps in series)


def _metrics(values: Mapping[str, Sequence[float]]) -> tuple[Metric, ...]:
    return tuple(
        Metric(name, value, step if len(series) > 1 else None, None, "output")
        for name, series in values.items()
        for step, value in enumerate(series)
    )


def _texts(outputs: Iterable[Mapping[str, Any] | None]) -> Iterator[str]:
    for output in outputs:
        if output is not None and output.get("output_type") == "stream":
            text = output.get("text")
            whole = "".join(text) if isinstance(text, list) else text
            if output.get("name") == "stdout" and isinstance(whole, str):
                yield whole[:_CHARACTERS]


def _numbers(text: str) -> Iterator[tuple[str, float]]:
    for line in text.split("\n"):
        # Of a line that was written over again and again the last state counts.
        shown = line.rstrip("\r").rpartition("\r")[2]
        if len(shown) > _LINE:
            continue
        end = 0
        for match in _NUMBER.finditer(shown):
            before = shown[max(end, match.start() - _BEFORE) : match.start()]
            end = match.end()
            name = _SPACES.sub(" ", _name(before)).strip(" -.()/'")
            if not name or len(name.split()) > 5 or _NO_METRIC.search(name):
                continue
            if match["percent"] and "%" not in name:
                name = f"{name} %"
            yield name, float(match["number"])


def _name(before: str) -> str:
    """Return the name at the end of what stands before a number, empty if there is none."""
    beside = _BESIDE.search(before)
    named = None if beside is None else _NAME.search(before[: beside.start()])
    found = _MEASURE.search(before) if beside is None else named
    return "" if found is None else found[0]


def _is_known(shown: float, numbers: Sequence[float]) -> bool:
    decimals = len(repr(shown).partition(".")[2].partition("e")[0])
    near = 0.51 * 10.0**-decimals
    return any(abs(shown - factor * one) <= near for one in numbers for factor in (1, 100))


def _plain(name: str) -> str:
    return re.sub(r"\W|_", "", name).lower()
