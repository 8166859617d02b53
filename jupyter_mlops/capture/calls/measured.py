"""The numbers in what a measurement returned: one, several by name, or one for each step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from jupyter_mlops.capture.calls.sites import Site
from jupyter_mlops.capture.metrics import number
from jupyter_mlops.fingerprints.introspection import belongs_to, is_a, loaded
from jupyter_mlops.records import NOT_FINITE

Number = float | int | str
# Scores of folds are steps; one for each class has a name of its own, up to so many.
_STEPS, _CLASSES = 1000, 20
_DEPTH = 3
_REPORT = "precision    recall  f1-score   support"
_ROW = re.compile(r"^\s*(?P<label>\S(?:.*?\S)??)\s{2,}(?P<numbers>[\d.]+(?:\s+[\d.]+)*)\s*$")
_COLUMNS = ("precision", "recall", "f1-score", "support")
_FOLDED = ("cross_val_score", "cross_validate")
_CLOCKS = ("fit_time", "score_time")


def numbers(site: Site, value: object) -> Iterator[tuple[str, Number]]:
    """Return the numbers of a value, each with its name, in order.

    A name that is given more than once has as many steps.
    """
    names = site.names
    if len(names) > 1:
        items: Any = value if type(value) is tuple or type(value) is list else ()
        if len(items) == len(names):
            for name, item in zip(names, items, strict=True):
                if name:
                    yield from _of(name, item, site)
        return
    if type(value) is str:
        if _REPORT in value:
            yield from _report(names[0], value)
        return
    yield from _of(names[0], value, site)


def _of(name: str, value: object, site: Site, depth: int = 0) -> Iterator[tuple[str, Number]]:
    found = shown(value)
    if found is not None:
        yield name, found
        return
    if depth >= _DEPTH:
        return
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is str and key not in _CLOCKS:
                # What the functions of cross validation call their scores says it all.
                inner = key if site.call.endswith(_FOLDED) else f"{name}.{key}"
                yield from _of(inner, item, site, depth + 1)
    elif type(value) is list or type(value) is tuple:
        items: Any = value
        if 0 < len(items) <= _CLASSES and all(shown(one) is not None for one in items):
            for place, item in enumerate(items):
                yield from _of(f"{name}[{place}]", item, site, depth + 1)
    elif is_a(value, loaded("numpy", "ndarray")):
        yield from _array(name, value, site)


def _array(name: str, value: Any, site: Site) -> Iterator[tuple[str, Number]]:
    if not belongs_to(type(value), "numpy") or value.ndim != 1 or value.dtype.kind not in "fiu":
        return
    folded = site.call.endswith(_FOLDED)
    if len(value) > (_STEPS if folded else _CLASSES):
        return
    for place, item in enumerate(value.tolist()):
        found = shown(item)
        if found is not None:
            yield (name if folded else f"{name}[{place}]"), found


def shown(value: object) -> Number | None:
    """Return a number as a record has it, ``None`` if it is none."""
    found = number(value)
    if found is None and belongs_to(type(value), "torch"):
        found = _tensor(value)
    return None if found is None else NOT_FINITE.get(repr(found), found)


def _tensor(value: Any) -> float | int | None:
    # One number on the processor; to fetch it from elsewhere would wait for all that is under way.
    if type(value) is not loaded("torch", "Tensor") or value.numel() != 1 or value.ndim:
        return None
    return number(value.item()) if str(value.device) == "cpu" else None


def _report(name: str, text: str) -> Iterator[tuple[str, Number]]:
    """Return the numbers of a classification report as text, as those of one as a dictionary."""
    prefix = "" if name == "classification_report" else f"{name}."
    for line in text.splitlines():
        match = _ROW.match(line)
        if match is None:
            continue
        values = [float(one) for one in match["numbers"].split()]
        if match["label"] == "accuracy" and len(values) == 2:
            yield f"{prefix}accuracy", values[0]
        elif len(values) == len(_COLUMNS):
            for column, one in zip(_COLUMNS[:-1], values, strict=False):
                yield f"{prefix}{match['label']}.{column}", one
