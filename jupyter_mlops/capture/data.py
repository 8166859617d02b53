"""The frames, arrays and models that a cell made, known by their digests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_mlops import fingerprints
from jupyter_mlops.capture import models, names
from jupyter_mlops.records import DataUse, Fingerprint


class Data:
    """Remembers, of each name, the digest of what it held at the last look; no object.

    Attributes
    ----------
    digests
        Complete digests of frames, arrays and models by name.
    """

    def __init__(self) -> None:
        self.digests: dict[str, str] = {}

    def look(
        self,
        moved: names.Moved,
        namespace: Mapping[str, Any],
        found: list[DataUse],
        changed: dict[str, bool],
    ) -> None:
        """Fingerprint frames, arrays and models that the cell bound or may have changed.

        Parameters
        ----------
        moved
            The names that the cell read and wrote.
        namespace
            The user's.
        found
            Gets the frames and arrays.
        changed
            Gets, for each name looked at, whether its content is another than at the last
            look. Both hold what was seen until an exception ended the look.
        """
        prints: dict[int, Any] = {}
        for name in sorted(moved.bound | moved.changed):
            known = self.digests.pop(name, None)
            if name not in namespace or not name.strip("_"):
                continue
            value = namespace[name]
            kind = fingerprints.kind(value)
            if kind is None or (kind == "model" and not models.is_fitted(value)):
                continue
            if id(value) not in prints:
                prints[id(value)] = fingerprints.fingerprint(value)
            fingerprint = prints[id(value)]
            if fingerprint is None:
                continue
            if fingerprint.complete:
                self.digests[name] = fingerprint.digest
            # A partial digest never shows that nothing changed.
            changed[name] = not fingerprint.complete or fingerprint.digest != known
            if kind != "model" and (changed[name] or name in moved.bound):
                found.append(_made(name, kind, fingerprint))


def _made(name: str, kind: Any, fingerprint: Fingerprint) -> DataUse:
    return DataUse(
        kind=kind,
        name=name,
        path=None,
        access="made",
        cell=None,
        digest=fingerprint.digest,
        complete=fingerprint.complete,
        size_bytes=fingerprint.size_bytes,
        rows=fingerprint.shape[0] if fingerprint.shape else None,
        columns=fingerprint.columns,
    )
