"""Which cells of a run drew random numbers that no seed had fixed."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlops.records import RandomUse, Run, Step
from jupyter_mlops.reproduction.flows import flows


def unseeded(run: Run, steps: Sequence[Step]) -> tuple[RandomUse, ...]:
    """Return the random draws of a run that neither their cell nor an earlier one seeded."""
    seeded: set[str] = set()
    found: dict[tuple[int | None, str], RandomUse] = {}
    for step, flow in zip(steps, flows(steps), strict=True):
        seeds = flow.seeds
        for use in run.randomness:
            if use.cell != step.cell:
                continue
            # Without a state it was made of fresh entropy, which no earlier seed reaches.
            is_fresh = use.before is None and use.after is None
            if use.seeded or use.generator in seeds or (use.generator in seeded and not is_fresh):
                continue
            found.setdefault((use.cell, use.generator), use)
        seeded |= seeds | {u.generator for u in run.randomness if u.cell == step.cell and u.seeded}
    return tuple(found.values())


def was_put_back(before: RandomUse, others: Sequence[RandomUse]) -> bool:
    """Tell whether the other run's draw began from the very same state."""
    return before.before is not None and any(
        (one.cell, one.generator, one.before) == (before.cell, before.generator, before.before)
        for one in others
    )
