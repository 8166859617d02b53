"""How long the end of one cell may look at content; what takes longer has to wait."""

from __future__ import annotations

import time

from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

# Seconds: always allowed; at most, where somebody waits for the cell; and in a batch run.
_LEAST, _MOST, _BATCH = 0.003, 0.015, 5.0
_SHARE = 0.02


class Budget:
    """The time that is left for one cell's data and files.

    Where somebody waits it is a share of what the cell itself took, within bounds. In a
    batch run nobody does, cells follow each other at once, and a later judgement of data
    needs whole digests: there it is as much as the cell took, or 5 s.

    Parameters
    ----------
    duration
        Seconds that the cell took.
    batch
        Whether the cell belongs to a batch run.
    """

    def __init__(self, duration: float, *, batch: bool) -> None:
        share = min(_MOST, max(_LEAST, _SHARE * duration))
        self.batch = batch
        self._until = time.perf_counter() + (max(_BATCH, duration) if batch else share)

    @property
    def left(self) -> float:
        """Seconds left."""
        return self._until - time.perf_counter()

    def spend(self, steps: Steps[Fingerprint | None]) -> Fingerprint | None:
        """Run to the end as long as time is left.

        Raises
        ------
        TimeoutError
            When it is over.
        """
        while True:
            try:
                next(steps)
            except StopIteration as ended:
                found: Fingerprint | None = ended.value
                return found
            if self.left < 0:
                steps.close()
                raise TimeoutError
