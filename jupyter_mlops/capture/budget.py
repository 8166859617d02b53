"""How long the end of one cell may look at content; what takes longer has to wait."""

from __future__ import annotations

import time

from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

# Seconds: always allowed; at most, where somebody waits for the cell; and in a batch run.
_LEAST, _MOST, _BATCH = 0.003, 0.01, 5.0
_SHARE = 0.02
# What has begun may overrun by this: to stop a moment before the end would be a waste.
_GRACE = 0.004


class Budget:
    """The time that is left for one cell's data and files.

    Where somebody waits it is a share of what the cell itself took, within bounds. In a
    batch run nobody does, cells follow each other at once, and a later judgement of data
    needs whole digests: there it is as much as the cell took, or 5 s. It is counted in
    processor time, so that a busy machine does not decide what is recorded.

    Parameters
    ----------
    duration
        Seconds that the cell took.
    batch
        Whether the cell belongs to a batch run.

    Attributes
    ----------
    left
        Seconds left.
    """

    def __init__(self, duration: float, *, batch: bool) -> None:
        share = min(_MOST, max(_LEAST, _SHARE * duration))
        self.left = max(_BATCH, duration) if batch else share

    def spend(self, steps: Steps[Fingerprint | None]) -> Fingerprint | None:
        """Run to the end as long as time is left.

        Raises
        ------
        TimeoutError
            When it is over.
        """
        until = time.thread_time() + self.left + _GRACE
        try:
            while True:
                next(steps)
                if time.thread_time() > until:
                    steps.close()
                    raise TimeoutError
        except StopIteration as ended:
            found: Fingerprint | None = ended.value
            return found
        finally:
            self.left = until - _GRACE - time.thread_time()
