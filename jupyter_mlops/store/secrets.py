"""Keeps secrets out of what comes into the store by another way than a kernel's journal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from jupyter_mlops.errors import StoreError
from jupyter_mlops.metadata import secret_names, section
from jupyter_mlops.records import Batch, BatchOutcome
from jupyter_mlops.redaction import Redactor, key_of
from jupyter_mlops.redaction.documents import notebook_of, outcome_of, redacted
from jupyter_mlops.redaction.names import from_environment

T = TypeVar("T")


class StoreSecrets:
    """The rules with the key of the store in `home`; each call has a memory of its own.

    Only what :meth:`learn` was told stays in all of them.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._key: bytes | None = None
        self._given: list[str] = []

    def learn(self, values: Iterable[str]) -> None:
        """Keep these values out of everything that comes from now on, by whatever name."""
        self._given = list(dict.fromkeys([*self._given, *values]))

    def redactor(self, metadata: object = None) -> Redactor:
        """Return the rules, with what a notebook's metadata adds to them.

        Raises
        ------
        StoreError
            If the key can neither be read nor made: nothing is kept without it.
        """
        if self._key is None:
            try:
                self._key = key_of(self._home)
            except OSError as error:
                raise StoreError(message=f"can't redact secrets: {error}") from error
        found = Redactor(self._key, from_environment().adding(*secret_names(metadata)))
        found.learn_environment(os.environ)
        found.learn(self._given)
        return found

    def batch(self, batch: Batch) -> Batch:
        """Return a batch execution as it may be kept."""
        redactor = self.redactor(_metadata(batch.given))
        given, values = redacted(redactor, batch.given), redactor.record(batch.values)
        return replace(batch, given=given, values=values)

    def document(self, notebook: dict[str, Any]) -> dict[str, Any]:
        """Return a notebook's JSON as it may be kept."""
        kept = notebook_of(self.redactor(section(notebook, "metadata")), notebook)
        return dict(kept)

    def outcome(self, outcome: BatchOutcome) -> BatchOutcome:
        """Return how an execution ended as it may be kept."""
        return outcome_of(self.redactor(_metadata(outcome.executed or b"")), outcome)

    def record(self, record: T) -> T:
        """Return a record as it may be kept."""
        return self.redactor().record(record)


def _metadata(content: bytes) -> dict[str, Any]:
    try:
        return section(json.loads(content), "metadata")
    except (ValueError, RecursionError):  # no notebook: it says nothing of names
        return {}
