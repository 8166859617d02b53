"""``comparisons``: what differs between runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import tornado.web
from jupyter_server.auth.decorator import authorized

from jupyter_mlops.errors import BadValueError
from jupyter_mlops.records import Comparison
from jupyter_mlops.server.base import MlopsHandler, Refusal, checked

if TYPE_CHECKING:
    from jupyter_mlops.store import Store

RUNS_LIMIT = 100


class ComparisonsHandler(MlopsHandler):
    """A comparison is computed, not kept; its address is the runs it compares."""

    @tornado.web.authenticated
    @authorized
    async def get(self) -> None:
        """Send the comparison of all runs that are given as ``run=``."""
        refs = list(dict.fromkeys(checked(run) for run in self.get_query_arguments("run")))
        if not 2 <= len(refs) <= RUNS_LIMIT:
            expected = f"from 2 to {RUNS_LIMIT} different runs"
            raise Refusal(BadValueError(name="run", value=len(refs), expected=expected))
        await self.answer(lambda store: _compared(store, refs))


def _compared(store: Store, refs: list[str]) -> Comparison:
    # Imported in this thread, where it holds nobody up.
    from jupyter_mlops.comparison import diff

    # Not api.compare, which brings the store up to date first: a GET changes nothing.
    runs = [store.find(ref) for ref in refs]
    return diff.compare([store.run(run) for run in runs], [store.cells(run) for run in runs])
