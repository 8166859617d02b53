"""Every notebook run becomes an experiment: found again, repeated, judged, compared.

The public names are loaded on first use (PEP 562), so that ``import jupyter_mlops`` costs
a kernel nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "MlopsError",
    "compare",
    "doctor",
    "reproduce",
    "run",
    "runs",
    "show",
]

_HOME_OF_NAME = dict.fromkeys(__all__, "jupyter_mlops.api") | {
    "MlopsError": "jupyter_mlops.errors",
    # Found by JupyterLab and Jupyter Server under these fixed names.
    "_jupyter_labextension_paths": "jupyter_mlops.server.extension",
    "_jupyter_server_extension_points": "jupyter_mlops.server.extension",
    "_load_jupyter_server_extension": "jupyter_mlops.server.extension",
}


def __getattr__(name: str) -> Any:
    home = _HOME_OF_NAME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted(__all__)
