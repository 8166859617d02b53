from __future__ import annotations

from jupyter_mlops.records import RandomUse
from jupyter_mlops.reproduction.randomness import unseeded, was_put_back
from tests.reproduction.builders import run, step

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
    assert was_put_back(_use(2), [_use(1), _use(2)])
    assert not was_put_back(_use(2), [_use(3)])
    assert not was_put_back(
        RandomUse(2, "g", False, None, None), [RandomUse(2, "g", False, None, None)]
    )
