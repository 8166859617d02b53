"""Keeps secrets out of what an execution leaves behind."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlops.metadata import secret_names, section
from jupyter_mlops.redaction import Redactor
from jupyter_mlops.redaction.documents import outcome_of
from jupyter_mlops.redaction.names import from_environment
from jupyter_mlops.redaction.told import Hearer

if TYPE_CHECKING:
    from jupyter_mlops.execution.process import Job
    from jupyter_mlops.records import BatchOutcome


class JobSecrets:
    """What is secret in one execution: by the rules, and by what its kernel tells.

    Parameters
    ----------
    home
        Where the store's key lies.
    folder
        The execution's own, which nobody else can enter.

    Raises
    ------
    OSError
        If the key can neither be read nor made; then nothing may be executed for a record.
    """

    def __init__(self, home: Path, job: Job, folder: Path) -> None:
        added = secret_names(section(json.loads(job.notebook), "metadata"))
        names = from_environment().adding(*added)
        self._redactor = Redactor.of_home(home, names)
        self._redactor.learn_environment(os.environ)
        self._redactor.learn_environment(job.variables)
        for name, value in job.parameters.items():
            self._redactor.learn_value(name, value)
        self._redactor.learn(job.secrets)
        self._hearer = Hearer(folder)

    @property
    def path(self) -> str | None:
        """Where the kernel tells values, if this system has such a place."""
        return self._hearer.path

    def kept(self, outcome: BatchOutcome) -> BatchOutcome:
        """Return an outcome as it may be kept."""
        self._redactor.learn(one.text for one in self._hearer.hear() if one.kind == "value")
        return outcome_of(self._redactor, outcome)

    def close(self) -> None:
        """Remove the pipe."""
        self._hearer.close()
