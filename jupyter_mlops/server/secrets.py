"""Keeps secrets out of what the server writes down of the kernels that it hears."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from jupyter_mlops.events import SeenOutput
from jupyter_mlops.redaction import Redactor
from jupyter_mlops.redaction.said import outputs
from jupyter_mlops.redaction.told import Hearer


class Secrets:
    """What is secret in each kernel: by the rules, by its code, and by what it tells itself.

    Parameters
    ----------
    home
        Where the key lies; it is read at the first use.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._folder = Path(tempfile.mkdtemp(prefix="mlops-secrets-"))
        self._hearer = Hearer(self._folder)
        self._redactors: dict[str, Redactor] = {}

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
        for told_by, value in self._hearer.hear():
            if told_by is not None:
                self._of(told_by).learn([value])
        redactor = self._of(kernel_id)
        redactor.source(code)  # for the literals in it
        return outputs(redactor, shown)

    def forget(self, kernel_id: str) -> None:
        """Let go of a kernel that is gone."""
        self._redactors.pop(kernel_id, None)

    def close(self) -> None:
        """Remove the pipe."""
        self._hearer.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _of(self, kernel_id: str) -> Redactor:
        found = self._redactors.get(kernel_id)
        if found is None:
            found = Redactor.of_home(self._home)
            found.learn_environment(os.environ)
            self._redactors[kernel_id] = found
        return found
