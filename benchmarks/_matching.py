"""What was found in a notebook, compared with its labels by the rule of tests/labels/README.md."""

from __future__ import annotations

import ast
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

KINDS = ("parameters", "metrics", "data", "models")
# Of a label or of a finding: its JSON object.
Entry = Mapping[str, Any]


@dataclass
class Score:
    """The labels of one kind that were found and missed, and the findings that match none.

    ``neither`` are findings that are optional, or repeat a label: they count in no figure.
    """

    found: list[Entry] = field(default_factory=list)
    missed: list[Entry] = field(default_factory=list)
    extra: list[Entry] = field(default_factory=list)
    neither: list[Entry] = field(default_factory=list)

    def __iadd__(self, other: Score) -> Score:
        self.found += other.found
        self.missed += other.missed
        self.extra += other.extra
        self.neither += other.neither
        return self

    @property
    def precision(self) -> float:
        """The share of what was found that is right; 1 if nothing was found."""
        told = len(self.found) + len(self.extra)
        return len(self.found) / told if told else 1.0

    @property
    def recall(self) -> float:
        """The share of the labels that were found; 1 if there are none."""
        labels = len(self.found) + len(self.missed)
        return len(self.found) / labels if labels else 1.0


def score(kind: str, labels: Sequence[Entry], findings: Sequence[Entry]) -> Score:
    """Compare the findings of one kind in one notebook with its labels."""
    matches = _MATCHES[kind]
    right: set[int] = set()
    optional: set[int] = set()
    made = Score()
    for label in labels:
        which = {place for place, one in enumerate(findings) if matches(label, one)}
        if not label.get("optional"):
            right |= which
            (made.found if which else made.missed).append(label)
        else:
            optional |= which
    neutral = _NEUTRAL.get(kind, _never)
    for place, one in enumerate(findings):
        if place not in right:
            is_extra = place not in optional and not neutral(one, labels)
            (made.extra if is_extra else made.neither).append(one)
    return made


def is_called(finding: str, label: str) -> bool:
    """Tell whether two names are the same but for case, marks, a prefix or a suffix."""
    told, asked = (f"_{re.sub('[^a-z0-9]+', '_', name.lower()).strip('_')}_" for name in
                   (finding, label))  # fmt: skip
    return asked in told or told.endswith(asked) or asked.endswith(told)


def is_value(finding: Any, label: Any) -> bool:
    """Tell whether two values are equal, with what is written as text read first."""
    if finding == label and type(finding) is type(label):
        return True
    finding, label = _read(finding), _read(label)
    if isinstance(finding, bool) or isinstance(label, bool) or None in (finding, label):
        return finding is label
    if isinstance(finding, (int, float)) and isinstance(label, (int, float)):
        return math.isclose(finding, label, rel_tol=1e-6, abs_tol=1e-12)
    if isinstance(finding, (list, tuple)) and isinstance(label, (list, tuple)):
        return len(finding) == len(label) and all(map(is_value, finding, label))
    if isinstance(finding, Mapping) and isinstance(label, Mapping):
        return finding.keys() == label.keys() and all(is_value(finding[k], label[k]) for k in label)
    return str(finding) == str(label)


def _read(value: Any) -> Any:
    if isinstance(value, Mapping) and len(value) == 1:
        # As notebooks' values without a form in JSON are kept: {"tuple": […]} and the like.
        ((name, inside),) = value.items()
        if name in ("tuple", "set", "frozenset"):
            return inside
    if not isinstance(value, str):
        return value
    for reader in (json.loads, ast.literal_eval):
        try:
            return reader(value)
        except (ValueError, SyntaxError, MemoryError):  # most text is no literal
            continue
    return value


def _is_cell(finding: Entry, label: Entry) -> bool:
    cells = label["cell"] if isinstance(label["cell"], list) else [label["cell"]]
    return finding.get("cell") is None or finding["cell"] in cells


def _is_parameter(label: Entry, finding: Entry) -> bool:
    return (
        _is_cell(finding, label)
        and is_called(finding["name"], label["name"])
        and is_value(finding["value"], label["value"])
    )


def _is_metric(label: Entry, finding: Entry) -> bool:
    if not _is_cell(finding, label):
        return False
    if label["names"] == ["*"]:
        return finding.get("cell") is not None
    if not any(is_called(finding["name"], name) for name in label["names"]):
        return False
    if label["steps"] is not None and finding["steps"] != label["steps"]:
        return False
    return label["value"] is None or is_value(finding["value"], label["value"])


def _is_file(label: Entry, finding: Entry) -> bool:
    same = (finding["path"], finding["access"]) == (label["path"], label["access"])
    return same and _is_cell(finding, label)


def _is_model(label: Entry, finding: Entry) -> bool:
    names = {name.rpartition(".")[2].lower() for name in finding["classes"]}
    named = "*" in names or not names.isdisjoint(map(str.lower, label["classes"]))
    return named and _is_cell(finding, label)


def _neutral_parameter(finding: Entry, labels: Iterable[Entry]) -> bool:
    """Tell whether it is an argument left out, or an entry of a labelled dictionary."""
    if finding.get("of"):
        return True
    return any(
        is_called(finding["name"], key) and is_value(finding["value"], value)
        for label in labels
        if isinstance(label["value"], dict)
        for key, value in label["value"].items()
    )


def _neutral_metric(finding: Entry, labels: Iterable[Entry]) -> bool:
    """Tell whether it is a labelled number in another guise, or one of the tool's own."""
    if finding.get("own"):
        return True
    for label in labels:
        if not _is_cell(finding, label) or label["names"] == ["*"]:
            continue
        if label["value"] is not None and _is_rounded(finding["value"], label["value"]):
            return True
        told = label["value"] is None and finding.get("cell") is not None
        if told and any(is_called(finding["name"], name) for name in label["names"]):
            return True
    return False


def _is_rounded(finding: Any, exact: float) -> bool:
    told = _read(finding)
    if isinstance(told, bool) or not isinstance(told, (int, float)):
        return False
    digits = len(repr(told).partition(".")[2])
    return is_value(told, exact) or (digits > 0 and round(exact, digits) == told)


def _never(_finding: Entry, _labels: Iterable[Entry]) -> bool:
    return False


_MATCHES: dict[str, Callable[[Entry, Entry], bool]] = {
    "parameters": _is_parameter,
    "metrics": _is_metric,
    "data": _is_file,
    "models": _is_model,
}
_NEUTRAL: dict[str, Callable[[Entry, Iterable[Entry]], bool]] = {
    "parameters": _neutral_parameter,
    "metrics": _neutral_metric,
}
