"""The states of ``random``, read where they lie, are those that it tells."""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from jupyter_mlops.capture import randomness
from jupyter_mlops.capture.randomness import Generators
from jupyter_mlops.journal import sha256
from jupyter_mlops.records import RandomUse

assert ctypes  # a kernel has it loaded, and so has to be here

DRAWS: list[Callable[[], object]] = [
    random.random,
    lambda: random.gauss(0, 1),  # leaves a second number behind
    lambda: random.gauss(0, 1),
    lambda: random.seed(3),
    lambda: random.setstate(random.Random(8).getstate()),
    lambda: [random.random() for _ in range(700)],
]


@pytest.fixture(autouse=True)
def same_afterwards() -> Iterator[None]:
    state = random.getstate()
    yield
    random.setstate(state)


@pytest.fixture(params=["read", "asked for", "laid out otherwise"])
def generators(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generators:
    if request.param == "asked for":
        monkeypatch.setattr(randomness, "_in_memory", lambda own: None)
    elif request.param == "laid out otherwise":
        monkeypatch.setattr(randomness, "_in_memory", lambda own: bytes(2500))
    return Generators()


def told() -> str:
    return sha256(repr(random.getstate()).encode())


@pytest.mark.parametrize("draw", DRAWS)
def test_a_draw_is_noticed_with_the_digests_of_what_is_told(
    generators: Generators, draw: Callable[[], object]
) -> None:
    random.seed(1)
    before = told()
    generators.begin()
    draw()
    assert generators.take()[0] == (RandomUse(None, "random", False, before, told()),)


def test_what_draws_nothing_is_no_use(generators: Generators) -> None:
    generators.begin()
    random.Random(5).random()
    np.random.default_rng(5).random()
    assert generators.take()[0] == ()


def test_a_number_left_behind_alone_is_noticed(generators: Generators) -> None:
    random.gauss(0, 1)
    generators.begin()
    random.gauss(0, 1)  # hands out the second number, and moves nothing else
    assert len(generators.take()[0]) == 1


def test_a_kernel_reads_and_does_not_ask() -> None:
    generators = Generators()
    generators.begin()
    assert generators._is_readable is True


def test_another_seed_is_noticed_by_a_glance() -> None:
    # After a seed the position is always the same one.
    random.seed(1)
    np.random.seed(1)
    generators = Generators()
    for _ in range(3):
        generators.begin()
        assert generators.take()[0] == ()
    random.seed(2)
    generators.begin()
    np.random.seed(2)
    assert [use.generator for use in generators.take()[0]] == ["numpy.random"]
    generators.begin()
    random.seed(3)
    assert [use.generator for use in generators.take()[0]] == ["random"]
