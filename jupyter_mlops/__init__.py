"""Every notebook run becomes an experiment: found again, repeated, judged, compared.

``run(notebook, parameters)`` executes a notebook and records it, ``runs()`` lists what was
recorded, ``show(run)`` gives one record whole, ``reproduce(run)`` executes a run again and
judges it, ``compare(run, run)`` says what differs, ``doctor()`` checks the installation.
``param(name, default)`` and ``log(name, value)`` stand in a notebook, for what it says of itself. A
run is named by its id, the beginning of one, or ``@1`` for the newest.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

__all__ = [
    "MlopsError",
    "compare",
    "doctor",
    "forget",
    "gc",
    "keep_data",
    "log",
    "param",
    "reproduce",
    "restore",
    "run",
    "runs",
    "show",
]

# Loaded on first use (PEP 562), so that `import jupyter_mlops` costs a kernel nothing.
_HOME_OF_NAME = dict.fromkeys(__all__, "jupyter_mlops.api") | {
    "MlopsError": "jupyter_mlops.errors",
    "log": "jupyter_mlops.capture.declared",
    "param": "jupyter_mlops.capture.declared",
    # Found by JupyterLab and Jupyter Server under these fixed names.
    "_jupyter_labextension_paths": "jupyter_mlops.server.extension",
    "_jupyter_server_extension_points": "jupyter_mlops.server.extension",
    "_load_jupyter_server_extension": "jupyter_mlops.server.extension",
}


# How the start file of kernels marks us where it has loaded us from another environment.
GUEST = "guest"
# What a guest has: the rooms that a kernel loads.
_OF_GUEST = ("jupyter_mlops.errors", "jupyter_mlops.capture.declared")


def __getattr__(name: str) -> Any:
    home = _HOME_OF_NAME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if __spec__.loader_state == GUEST and home not in _OF_GUEST:
        raise ModuleNotFoundError(
            f"{__name__} is not installed in this environment, whose notebooks are recorded all "
            f"the same; {__name__}.{name} needs it: {sys.executable} -m pip install jupyter-mlops",
            name=__name__,
        )
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
