"""Why a cell execution is not what its notebook, executed from the top, would give."""

from __future__ import annotations

from typing import Literal

from jupyter_mlops.frozen import dataclass

DisorderKind = Literal["stale", "out of order", "hidden state", "unknown"]


@dataclass(frozen=True)
class Disorder:
    """Why an execution is not known to be what the notebook, executed from its top, gives.

    ``what`` is the name, file or generator that it took, ``why`` goes on from there; ``cell`` is
    that of the execution that ``why`` tells of.
    """

    kind: DisorderKind
    what: str | None
    why: str
    cell: int | None = None
