"""Which executions are a console's on a notebook's kernel, and so stand in no notebook. Pure.

JupyterLab's notebook says with each request which cells were deleted, its console does not:
where some client of a kernel says so, the others are consoles. Of other front ends that is
inferred: a notebook's requests have cell ids, those of a console in a terminal have none.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from jupyter_mlops.events import CellStarted

Console = Literal["told", "inferred"]


def consoles(cells: Collection[CellStarted]) -> dict[str, Console]:
    """Return the clients of a session that are consoles, and how that is known.

    A client that asked once as a notebook does is the notebook's, whatever else it asks for.
    """
    clients = {one.client for one in cells if one.client is not None}
    notebooks = {one.client for one in cells if one.by_notebook}
    known: Console = "told"
    if not notebooks:
        notebooks = {one.client for one in cells if one.cell_id is not None}
        known = "inferred"
    return dict.fromkeys(clients - notebooks, known) if notebooks else {}
