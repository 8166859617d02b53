from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_mlops.dataflow import analyse
from jupyter_mlops.dataflow.accounts import random_uses, with_origins
from jupyter_mlops.records import RandomUse, Run
from jupyter_mlops.reproduction.randomness import unseeded, was_put_back, what_became
from tests.reproduction.builders import execution, run, step

STEPS = (
    step(0, "import numpy as np, random"),
    step(1, "np.random.seed(0)"),
    step(2, "a = np.random.rand()"),
    step(3, "b = random.random()"),
)


def _use(cell: int, generator: str = "numpy.random", seeded: bool = False) -> RandomUse:
    return RandomUse(cell, generator, seeded, "x:1", "x:2")


def _cells(*uses: RandomUse) -> list[int | None]:
    return [one.cell for one in unseeded(run(randomness=uses), STEPS)]


def test_a_seed_in_an_earlier_cell_covers_later_draws_of_its_generator() -> None:
    assert _cells(_use(1, seeded=True), _use(2)) == []
    # A cell that seeds and draws nothing leaves no trace in the recorded states.
    assert _cells(_use(2)) == []
    assert _cells(_use(2), _use(3, "random")) == [3]


def test_a_draw_before_the_seed_is_unseeded() -> None:
    assert _cells(_use(0), _use(1, seeded=True), _use(2)) == [0]


def test_fresh_entropy_is_never_covered_by_a_seed() -> None:
    fresh = RandomUse(2, "numpy.random", False, None, None)
    assert _cells(_use(1, seeded=True), fresh) == [2]


def test_a_draw_from_the_same_state_was_put_back() -> None:
    def is_put_back(use: RandomUse, *others: RandomUse) -> bool:
        return was_put_back(use, run(randomness=(use,)), run(randomness=others), STEPS)

    assert is_put_back(_use(2), _use(1), _use(2))
    assert not is_put_back(_use(2), _use(3))
    fresh = RandomUse(2, "g", False, None, None)
    assert not is_put_back(fresh, fresh)


@pytest.mark.parametrize(
    ("source", "generator", "is_kept"),
    [
        ("np.random.default_rng()", "numpy.random.Generator", True),
        ("np.random.seed()", "numpy.random", True),
        ("random.seed()", "random", False),
        ("import uuid; uuid.uuid4()", "uuid.uuid4", False),
    ],
)
def test_what_the_system_gave_counts_as_put_back_only_if_numpy_drew_it(
    source: str, generator: str, is_kept: bool
) -> None:
    steps = (STEPS[0], step(1, source))
    use = _use(1, generator) if "seed" in source else RandomUse(1, generator, False, None, None)

    def ran(*entropy: str) -> Run:
        return run(cells=(replace(execution(1, ""), entropy=entropy),), randomness=(use,))

    assert was_put_back(use, ran("128:1"), ran("128:1"), steps) is is_kept
    assert not was_put_back(use, ran("128:1"), ran("128:2"), steps)
    assert not was_put_back(use, ran(), ran(), steps)
    assert what_became(ran("128:1"), ran("128:1"), steps) == ("restored" if is_kept else "fresh")


def test_with_seeds_alone_there_is_nothing_to_put_back() -> None:
    seeded = run(randomness=(_use(1, seeded=True),))
    assert what_became(seeded, seeded, STEPS) == "fresh"
    assert what_became(run(), run(), STEPS) == "none used"


def _named(cell: int, before: str | None, *, seeded: bool) -> RandomUse:
    return RandomUse(cell, "numpy.random.Generator", seeded, before, f"after {cell}", "rng")


def test_a_draw_from_a_seeded_generator_with_a_name_is_not_unseeded() -> None:
    made = _named(0, None, seeded=True)
    drawn = with_origins([made, _named(1, "x", seeded=False)])
    assert _cells(*drawn) == []


def test_a_draw_from_an_unseeded_generator_with_a_name_is_unseeded() -> None:
    made = _named(0, None, seeded=False)
    drawn = with_origins([made, _named(1, "x", seeded=False)])
    assert _cells(*drawn) == [0, 1]


def test_a_name_is_seeded_by_the_source_that_binds_it() -> None:
    flow = analyse("import numpy as np\nrng = np.random.default_rng(4)\nold.random()")
    new, old = _named(0, None, seeded=False), replace(_named(0, "x", seeded=False), name="old")
    uses = random_uses(flow, [new, old], loaded=False)
    assert [(use.name, use.seeded) for use in uses] == [("rng", True), ("old", False)]


def test_a_generator_that_was_fed_by_the_system_is_told_once_if_it_has_a_name() -> None:
    flow = analyse("import numpy as np\nrng = np.random.default_rng()")
    made = _named(0, None, seeded=False)
    assert random_uses(flow, [made], loaded=False, entropy=["128:a"]) == (made,)
