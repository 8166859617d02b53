"""Which cells of a run drew random numbers that no seed had fixed, and what is put back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from jupyter_mlops.errors import MissingBlobError
from jupyter_mlops.execution.evidence import MARK
from jupyter_mlops.metadata import section
from jupyter_mlops.records import CellExecution, RandomnessUse, RandomUse, Run, Step
from jupyter_mlops.reproduction.flows import flows
from jupyter_mlops.reproduction.replay import Replay
from jupyter_mlops.store import Store

# Whose draws from the system's entropy are kept.
_NUMPYS = "numpy.random"


def unseeded(run: Run, steps: Sequence[Step]) -> tuple[RandomUse, ...]:
    """Return the random draws of a run that neither their cell nor an earlier one seeded."""
    seeded: set[str] = set()
    found: dict[tuple[int | None, str, str | None], RandomUse] = {}
    for step, flow in zip(steps, flows(steps), strict=True):
        seeds = flow.seeds
        for use in run.randomness:
            if use.cell != step.cell:
                continue
            if use.name is not None:  # whatever else the cell seeds, this one was made before it
                if not use.seeded:
                    found.setdefault((use.cell, use.generator, use.name), use)
                continue
            # Without a state it was made of fresh entropy, which no earlier seed reaches.
            is_fresh = use.before is None and use.after is None
            if use.seeded or use.generator in seeds or (use.generator in seeded and not is_fresh):
                continue
            found.setdefault((use.cell, use.generator, None), use)
        its = [use for use in run.randomness if use.cell == step.cell and use.name is None]
        seeded |= seeds | {use.generator for use in its if use.seeded}
    return tuple(found.values())


def give_recorded(replay: Replay, store: Store) -> None:
    """Note at each cell of a replay what it is to find of random generators.

    What the store does not hold any more is left out: the cell draws afresh.
    """
    for position, index in replay.step_of.items():
        step = replay.steps[index]
        states = dict(_kept(step, store))
        if states or step.entropy:
            metadata = replay.prepared.notebook.cells[position].metadata
            randomness = {"states": states, "entropy": list(step.entropy)}
            metadata[MARK] = {**section(metadata, MARK), "randomness": randomness}


def _kept(step: Step, store: Store) -> Iterator[tuple[str, str]]:
    for generator, digest in (step.states or {}).items():
        try:
            yield generator, store.blob(digest).decode()
        except MissingBlobError:  # dropped for room; the verdict says that it was not put back
            continue


def was_put_back(use: RandomUse, before: Run, after: Run, steps: Sequence[Step] = ()) -> bool:
    """Tell whether a draw of `before` began from the very same state in `after`.

    With `steps` also whether it was the system that fed the generator, in between.
    """
    fed = {
        name
        for step, flow in zip(steps, flows(steps), strict=True)
        if step.cell == use.cell
        for name in flow.entropy
    }
    is_numpys = use.generator.startswith(_NUMPYS)
    if use.before is None or (use.name is None and use.generator in fed):
        then, now = _entropy(before.cells, use.cell), _entropy(after.cells, use.cell)
        return is_numpys and bool(then) and then == now
    return any(
        (one.cell, str(one), one.before) == (use.cell, str(use), use.before)
        for one in after.randomness
    )


def _entropy(cells: Sequence[CellExecution], cell: int | None) -> list[str]:
    return [number for one in cells if one.cell == cell for number in one.entropy]


def what_became(before: Run, after: Run, steps: Sequence[Step]) -> RandomnessUse:
    """Say what became of the recorded randomness."""
    if not before.randomness and not after.randomness:
        return "none used"
    uses = unseeded(before, steps)
    if uses and all(was_put_back(use, before, after, steps) for use in uses):
        return "restored"
    return "fresh"
