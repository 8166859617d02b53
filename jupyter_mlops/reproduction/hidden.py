"""Values that were in the kernel's memory, and that no recorded execution gave. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jupyter_mlops.records import (
    CHANGED_BESIDE,
    CHANGED_OUTSIDE,
    WHOLE_CELL,
    Cause,
    CellError,
    Run,
    Step,
)
from jupyter_mlops.reproduction.flows import flows


def hidden_state(before: Run, steps: Sequence[Step], error: CellError | None) -> Iterator[Cause]:
    """Tell what the last of these steps, or one before it, may have had from nowhere.

    Parameters
    ----------
    before
        The record of the run that was repeated.
    steps
        What was repeated, up to the step that diverges first.
    error
        The exception that ended the repetition there.
    """
    changed = list(_changed_unseen(before, steps))
    missing = _missing(before, error)
    told = {one.what for one in changed}
    if missing is not None and missing not in told:
        detail = "was in the kernel's memory, and no recorded execution of this run made it"
        for one in before.unseen:
            if one.what == WHOLE_CELL and one.cell is not None:
                detail += f"; cell {one.cell} may have: {one.why}"
        yield Cause("hidden state", missing, steps[-1].cell if steps else None, detail)
    yield from changed


def _missing(before: Run, error: CellError | None) -> str | None:
    if error is None or error.type != "NameError" or before.trigger != "interactive":
        return None
    return error.message.partition("'")[2].partition("'")[0]


def _changed_unseen(before: Run, steps: Sequence[Step]) -> Iterator[Cause]:
    """Tell which names that changed unseen were read, with nothing in between to set them."""
    noticed = {
        one.what: one for one in before.unseen if one.why in (CHANGED_OUTSIDE, CHANGED_BESIDE)
    }
    if not noticed:
        return
    analysed = flows(steps)
    for name, one in noticed.items():
        cells = [step.cell for step in steps]
        begin = cells.index(one.cell) if one.cell in cells else 0
        for step, flow in list(zip(steps, analysed, strict=True))[begin:]:
            if name in flow.reads:
                detail = f"was {one.why}, and no recorded execution of this run did that"
                yield Cause("hidden state", name, step.cell, detail)
            if name in flow.reads or name in flow.binds:
                break
