"""Functions executed as if they were cells, and what Reads says they used."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.files.contents import WaitingFile
from jupyter_mlops.capture.files.reads import Reads
from jupyter_mlops.events import NotSeen, Unread
from jupyter_mlops.fingerprints import of_file
from jupyter_mlops.records import DataUse

Result = tuple[tuple[DataUse, ...], tuple[NotSeen, ...]]


class Cells:
    """Executes functions as if they were cells."""

    def __init__(self, folder: Path, leaves: bool = False, *, is_fresh: bool = False) -> None:
        self.folder = folder
        self.reads = Reads(leaves)
        self.budget = Budget(0.0, batch=True)
        self.unread: list[Unread] = []
        self.waiting: list[WaitingFile] = []
        self.reads.install()
        if not is_fresh:
            # What other tests of this process have imported is no news to its first cell.
            self.reads._native.newly_imported(None)

    def __call__(self, cell: Callable[[], Any]) -> Result:
        # On many systems the clock of files stands still for some milliseconds, in which no
        # person executes two cells.
        time.sleep(0.01)
        self.reads.begin()
        try:
            cell()
        finally:
            result = self.take()
        return result

    def take(self) -> Result:
        """End the recording, by default with time enough to read everything."""
        return self.reads.take(self.budget, self.waiting, self.unread)

    def uses(self, cell: Callable[[], Any]) -> list[tuple[str, str | None]]:
        """Return access and path of what a cell used, all of which must have a digest."""
        uses, unseen = self(cell)
        assert unseen == ()
        for use in uses:
            assert use.digest and use.complete and use.path is not None
        return [(use.access, use.path) for use in uses]


def digest_of(path: Path | str) -> str:
    found = of_file(path)
    assert found is not None
    return found.digest


def use_of(path: str, access: Any) -> DataUse:
    return DataUse(
        kind="file",
        name=None,
        path=path,
        access=access,
        cell=None,
        digest=digest_of(path),
        size_bytes=os.path.getsize(path),
    )
