"""What people call: the verbs as functions.

Every heavy import stands inside the function that needs it, so that naming one of these in
a kernel, or asking the command line for help, costs nothing. Each function opens the store
that :func:`jupyter_mlops.settings.read` tells, unless it is given one.

RUN is everywhere an id, a unique prefix of one, or ``@1`` for the newest run, ``@2`` for the
one before.
"""

from __future__ import annotations

from jupyter_mlops.api.execution import parameters, reproduce, run
from jupyter_mlops.api.opening import OnProgress, PathLike, open_store
from jupyter_mlops.api.record import compare, restore, runs, show
from jupyter_mlops.api.upkeep import doctor, forget, gc, keep_data

__all__ = [
    "OnProgress",
    "PathLike",
    "compare",
    "doctor",
    "forget",
    "gc",
    "keep_data",
    "open_store",
    "parameters",
    "reproduce",
    "restore",
    "run",
    "runs",
    "show",
]
