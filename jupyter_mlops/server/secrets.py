"""Keeps secrets out of what the server writes down of the kernels that it hears."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_mlops import temporary
from jupyter_mlops.events import SeenOutput
from jupyter_mlops.redaction import Redactor, key_of
from jupyter_mlops.redaction.keys import for_a_while
from jupyter_mlops.redaction.said import outputs
from jupyter_mlops.redaction.told import Hearer


class ServerSecrets:
    """What is secret in each kernel: by the rules, by its code, and by what it tells itself.

    Parameters
    ----------
    home
        Where the key lies; it is read at the first use.

    Attributes
    ----------
    problem
        Why the store's key can't be used, if it can't.
    """

    def __init__(self, home: Path) -> None:
        self.problem: str | None = None
        self._home = home
        self._folder = temporary.Folder("secrets")
        self._hearer = Hearer(self._folder.path)
        self._redactors: dict[str, Redactor] = {}
        self._own: bytes | None = None

    @property
    def path(self) -> str | None:
        """Where kernels tell values, if this system has such a place."""
        return self._hearer.path

    def kept(
        self, kernel_id: str, code: str, shown: tuple[SeenOutput, ...]
    ) -> tuple[SeenOutput, ...]:
        """Return what a kernel showed for `code` as it may be written down.

        A kernel tells of a cell's values before it says that the cell has ended.
        """
        for one in self._hearer.hear():
            if one.kernel_id is None:
                continue
            if one.kind == "value":
                self._of(one.kernel_id).learn([one.text])
            else:
                names = ([one.text], []) if one.kind == "secret name" else ([], [one.text])
                self._of(one.kernel_id).add_names(*names)
        redactor = self._of(kernel_id)
        redactor.source(code)  # for the literals in it
        return outputs(redactor, shown)

    def forget(self, kernel_id: str) -> None:
        """Let go of a kernel that is gone."""
        self._redactors.pop(kernel_id, None)

    def close(self) -> None:
        """Remove the pipe."""
        self._hearer.close()
        self._folder.remove()

    def _of(self, kernel_id: str) -> Redactor:
        found = self._redactors.get(kernel_id)
        if found is None:
            found = Redactor(self._key())
            found.learn_environment(os.environ)
            self._redactors[kernel_id] = found
        return found

    def _key(self) -> bytes:
        """Return the store's key, or one of our own as long as that can't be had.

        What kernels show is written down either way: it can't be heard again.
        """
        try:
            key = key_of(self._home)
        except OSError as error:
            self.problem = f"what kernels show is redacted with a key for now: {error}"
            self._own = self._own or for_a_while()
            return self._own
        self.problem = None
        return key
