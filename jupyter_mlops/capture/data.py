"""The frames, arrays and models that a cell made, known by their digests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from jupyter_mlops import fingerprints
from jupyter_mlops.capture import models
from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.dataflow.accounts import Effects
from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import DataUse, Fingerprint

_PLAN = "a lazy frame is a plan, not data: its rows are known when it is collected"


@dataclass
class Waiting:
    """A value whose fingerprint has to wait, found again by any of its names and its id."""

    data: Data
    kind: fingerprints.Kind
    identity: int
    names: list[str]
    doubtful: frozenset[str]
    needs_quiet = True

    def begin(self, namespace: Mapping[str, Any]) -> Steps[Fingerprint | None] | None:
        """Begin to fingerprint it, if it is still there."""
        for name in self.names:
            value = namespace.get(name)
            if id(value) == self.identity:
                return fingerprints.begin(value)
        return None

    def is_there(self, namespace: Mapping[str, Any]) -> bool:
        """Tell whether any of its names still holds it."""
        return any(id(namespace.get(name)) == self.identity for name in self.names)

    def told(self, found: Fingerprint) -> dict[str, Any]:
        """Return what is to be told of it."""
        return self.data.complete(self, found)


@dataclass
class Seen:
    """What a look at the data found, also if it was broken off.

    Attributes
    ----------
    uses
        The frames and arrays.
    changed
        For each name looked at, whether its content is another than at the last look;
        ``None`` if that has to wait.
    waiting
        What is left for later.
    holders
        Names of lists, tuples and dictionaries that hold data.
    unseen
        What has no content that could be looked at.
    """

    uses: list[DataUse] = field(default_factory=list)
    changed: dict[str, bool | None] = field(default_factory=dict)
    waiting: list[Any] = field(default_factory=list)
    holders: set[str] = field(default_factory=set)
    unseen: list[NotSeen] = field(default_factory=list)


class Data:
    """Remembers, of each name, the digest of what it held at the last look; no object.

    Attributes
    ----------
    digests
        Complete digests of what frames, arrays and models hold now, by name.
    """

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}
        # Those of the last complete look, which may have been some cells ago.
        self._last: dict[str, str] = {}

    def knows(self, names: Iterable[str]) -> bool:
        """Tell whether any of `names` held data at the last look."""
        return not (self.digests.keys() | self._last.keys()).isdisjoint(names)

    def look(
        self,
        done: Effects,
        doubtful: frozenset[str],
        namespace: Mapping[str, Any],
        budget: Budget,
        found: Seen,
    ) -> None:
        """Fingerprint frames, arrays and models that the cell bound or may have changed.

        Parameters
        ----------
        done
            What the cell did to its names.
        doubtful
            Those of them that were perhaps not written at all.
        namespace
            The user's.
        budget
            The time that it may take.
        found
            Gets what was seen.
        """
        prints: dict[int, Fingerprint | None] = {}
        waiting: dict[int, Waiting] = {}
        for name in sorted(done.writes):
            self.digests.pop(name, None)
            if name not in namespace or not name.strip("_"):
                self._last.pop(name, None)
                continue
            value = namespace[name]
            kind = fingerprints.kind(value)
            if kind == "plan" and name in done.bound:
                found.unseen.append(NotSeen(f"rows of {name}", _PLAN))
            if kind in (None, "plan") or (kind == "model" and not models.is_fitted(value)):
                self._last.pop(name, None)
                continue
            if type(value) is list or type(value) is tuple or type(value) is dict:
                found.holders.add(name)
            key = id(value)
            if key not in prints:
                prints[key], waits = _taken(value, budget)
                if waits:
                    waiting[key] = Waiting(self, kind, key, [], doubtful)
            if key in waiting:
                waiting[key].names.append(name)
                found.changed[name] = None
            fingerprint = prints[key]
            if fingerprint is None:
                continue
            if key not in waiting:
                # A partial digest never shows that nothing changed.
                found.changed[name] = self._is_news(name, fingerprint)
            if kind != "model" and (found.changed[name] is not False or name in done.bound):
                found.uses.append(_made(name, kind, fingerprint))
        found.waiting += waiting.values()

    def complete(self, waiting: Waiting, fingerprint: Fingerprint) -> dict[str, Any]:
        """Take in a fingerprint that had to wait; return what is to be told of it."""
        data: list[DataUse] = []
        digests: dict[str, str] = {}
        settled: dict[bool, list[str]] = {True: [], False: []}
        for name in waiting.names:
            news = self._is_news(name, fingerprint)
            if name in waiting.doubtful:
                settled[news].append(name)
            if name in waiting.doubtful and not news:
                continue
            if waiting.kind != "model":
                data.append(_made(name, waiting.kind, fingerprint))
            elif fingerprint.complete:
                digests[name] = fingerprint.digest
        return {
            "data": tuple(data),
            "models": digests or None,
            "unchanged": tuple(settled[False]),
            "changed": tuple(settled[True]),
        }

    def _is_news(self, name: str, fingerprint: Fingerprint) -> bool:
        last = self._last.pop(name, None)
        if not fingerprint.complete:
            return True
        self.digests[name] = self._last[name] = fingerprint.digest
        return fingerprint.digest != last


def _taken(value: Any, budget: Budget) -> tuple[Fingerprint | None, bool]:
    """Fingerprint a value now, or return its outline and that the rest has to wait."""
    from jupyter_mlops.fingerprints.outline import outline

    first = outline(value)
    if first is None or first.seconds <= budget.left:
        begun = fingerprints.begin(value, whole=True)
        try:
            return (None if begun is None else budget.spend(begun)), False
        except TimeoutError:  # it took longer than its size told; the outline stands for it
            pass
    return (None if first is None else first.fingerprint), True


def _made(name: str, kind: Any, fingerprint: Fingerprint) -> DataUse:
    shape = fingerprint.shape or ()
    width = shape[1] if kind == "frame" and len(shape) == 2 else len(fingerprint.columns)
    return DataUse(
        kind=kind,
        name=name,
        path=None,
        access="made",
        cell=None,
        digest=fingerprint.digest,
        complete=fingerprint.complete,
        size_bytes=fingerprint.size_bytes,
        rows=shape[0] if shape else None,
        columns=fingerprint.columns,
        column_count=width if width > len(fingerprint.columns) else None,
        form=fingerprint.form,
    )
