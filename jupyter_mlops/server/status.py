"""``status``: whether capture is on, and what needs a person."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_mlops.errors import MlopsError
from jupyter_mlops.records import Status
from jupyter_mlops.schema import encode
from jupyter_mlops.server.base import MlopsHandler
from jupyter_mlops.settings import SWITCH_VARIABLE, Settings, read

if TYPE_CHECKING:
    from jupyter_mlops.server.extension import MLOps

_STARTUP_FILE = "50-jupyter-mlops.py"
_STARTUP_FOLDERS = (os.path.join(sys.prefix, "etc"), "/usr/local/etc", "/etc")


class StatusHandler(MlopsHandler):
    """Answers also when the store can't be opened, since it is asked why."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """Send the status."""
        self.finish(encode(await _status(self.mlops)))


def capture_off(kept: Settings, reaches_all: bool) -> str | None:
    """Return why kernels that this server starts do not record, ``None`` if they do.

    `reaches_all` tells that our provisioner starts them, so that they need no start-up file.
    """
    if not read().capture:
        return f"switched off by {SWITCH_VARIABLE} in the server's environment"
    if not kept.capture:
        return "switched off by MLOps.capture in the server's configuration"
    folders = (Path(folder, "ipython", "startup") for folder in _STARTUP_FOLDERS)
    if not reaches_all and not any((folder / _STARTUP_FILE).is_file() for folder in folders):
        return (
            "the start-up file that kernels of this environment load is missing; "
            "mend it with: pip install --force-reinstall --no-deps jupyter-mlops"
        )
    return None


async def _status(mlops: MLOps) -> Status:
    problems = mlops.problems()
    sequence, unsynced = 0, 0
    try:
        sequence, unsynced, kept = await mlops.calls(
            lambda store: (store.sequence, store.unsynced(), store.problems())
        )
        problems += kept
    except MlopsError as error:
        problems.append(str(error))
    return Status(
        version=_version(),
        capture=mlops.capture_off is None,
        capture_reason=mlops.capture_off or "kernels that this server starts are recorded",
        home=str(mlops.kept.home),
        unsynced=unsynced,
        sequence=sequence,
        root=None if mlops.root is None else str(mlops.root),
        kernels=mlops.kernels.recording(),
        problems=tuple(dict.fromkeys(problems)),
    )


def _version() -> str:
    try:
        return version("jupyter-mlops")
    except PackageNotFoundError:  # run from a checkout that is not installed
        return "0"
