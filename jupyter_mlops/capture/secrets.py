"""Keeps secrets out of what the kernel writes down, and remembers those that it meets."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from jupyter_mlops.capture.files.reads import process
from jupyter_mlops.events import NotSeen
from jupyter_mlops.metadata import secret_names_in
from jupyter_mlops.redaction import Redactor, key_of
from jupyter_mlops.redaction.keys import for_a_while
from jupyter_mlops.redaction.learned import LIMIT
from jupyter_mlops.redaction.names import from_environment
from jupyter_mlops.redaction.said import fields
from jupyter_mlops.redaction.told import Teller
from jupyter_mlops.settings import Starter

_ENVIRON = type(os.environ)
_FULL = (
    NotSeen(
        "secrets",
        f"{LIMIT} of their values are remembered, and no more: another one is redacted where its "
        "name or its shape tells, and not wherever it is shown",
    ),
)


class KernelSecrets:
    """What is secret in one session, by the rules and by what its cells say and hold.

    Parameters
    ----------
    home
        Where the key lies; it is made there if it is missing.
    notebook
        Path of the notebook, whose metadata may add to the rules.
    starter
        Says where the values are to be told that only the kernel can know.

    Attributes
    ----------
    beyond_sieve
        Variables that hold a secret under a name that means none: a source that has such a name
        may pass.
    """

    def __init__(
        self, home: Path, notebook: str | None, starter: Starter | None, kernel_id: str | None
    ) -> None:
        try:
            key = key_of(home)
        except OSError:  # `doctor` says it
            key = for_a_while()
        secret, not_secret = secret_names_in(notebook)
        self._redactor = Redactor(key, from_environment().adding(secret, not_secret))
        self._environment: dict[Any, Any] = {}
        # How often variables had been set at the last look, and once no more looks are needed.
        self._variables_set = self._settled = -1
        # What the next end of a cell says of a memory that is full, once.
        self._full: tuple[NotSeen, ...] | None = None
        self._learn_environment()
        # Variables that the kernel was started with: their digests, by name.
        self._given = dict(self._secret_variables())
        means_secret = self._redactor.names.strength
        self.beyond_sieve = tuple(name for name in self._given if means_secret(name) is None)
        if starter is not None:
            self._redactor.learn(one for one in starter.known_secrets if type(one) is str)
        self._teller = Teller(None if starter is None else starter.secrets, kernel_id)
        self._teller.tell(secret, "secret name")
        self._teller.tell(not_secret, "not secret name")

    def kept(self, said: dict[str, Any]) -> dict[str, Any]:
        """Return the fields of an event as they may be written down."""
        if self._settled != process.variables_set:
            self._learn_environment()
        redacted = fields(self._redactor, said)
        if self._redactor.learned.fresh or self._teller.waiting:
            self._tell()
        if self._full and "status" in said:
            redacted = {**redacted, "unseen": (*redacted.get("unseen", ()), *self._full)}
            self._full = ()
        return redacted

    def passes(self, source: str) -> bool:
        """Tell whether nothing in a source means a secret, by a look at its words."""
        if self._settled != process.variables_set:
            self._learn_environment()
            self._tell()
        return self._redactor.sieve.passes_source(source)

    def variables(self, source: str) -> dict[str, str]:
        """Return the digests of secret variables that a source names, if they are as at the start.

        What a cell has set a cell will set again; these only the environment can give.
        """
        named = {name: digest for name, digest in self._given.items() if name in source}
        if not named:
            return named
        now = dict(self._secret_variables(named))
        return {name: digest for name, digest in named.items() if now.get(name) == digest}

    def _secret_variables(self, among: Iterable[str] | None = None) -> Iterator[tuple[str, str]]:
        if type(os.environ) is not _ENVIRON:
            return  # the user's, which is not asked for anything
        for name in list(os.environ if among is None else among):
            value = os.environ.get(name)
            if value and self._redactor.holds_secret(name, value):
                yield name, self._redactor.digest(value)

    def _tell(self) -> None:
        learned = self._redactor.learned
        self._teller.tell(learned.take_fresh())
        if self._full is None and learned.is_full:
            self._full = _FULL

    def _learn_environment(self) -> None:
        """Remember what the environment holds, if it was set anew (as by a ``.env`` file)."""
        # Python tells of a variable just before it is there: the next line looks once more. Read
        # once: a thread may set another one meanwhile, which is to be looked for as well.
        count = process.variables_set
        is_last_look = self._variables_set == count and process.hooked
        self._variables_set = count
        self._settled = count if is_last_look else -1
        # Its encoded values: those that are the very same objects are compared in no time. What
        # a user puts in the environment's place is not asked for anything.
        values = vars(os.environ).get("_data") if type(os.environ) is _ENVIRON else None
        if type(values) is not dict or values == self._environment:
            return
        with suppress(KeyError, RuntimeError):  # a thread sets one; the next line looks again
            now = values.copy()
            self._redactor.learn_environment(os.environ)
            self._environment = now

    def learn(self, names: Iterable[str], namespace: Mapping[str, Any]) -> None:
        """Remember what these names hold, of those that mean a secret.

        Also what a dictionary of theirs has under such a key.
        """
        means_secret = self._redactor.names.strength
        for name in names:
            value = namespace.get(name)
            kind = type(value)
            if kind is dict or ((kind is str or kind is bytes) and means_secret(name)):
                self._redactor.learn_value(name, value)
