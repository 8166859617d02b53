"""The states of ``random``, read where they lie, are those that it tells."""

from __future__ import annotations

import ctypes
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch

from jupyter_mlops.capture.randomness import entropy, moved
from jupyter_mlops.capture.randomness.moved import Generators, Moved
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
    state, bits, torchs = random.getstate(), np.random.get_bit_generator(), torch.get_rng_state()
    numpys = np.random.get_state()
    yield
    random.setstate(state)
    np.random.set_bit_generator(bits)
    np.random.set_state(numpys)
    torch.set_rng_state(torchs)
    entropy.leave()


@pytest.fixture(params=["read", "asked for", "laid out otherwise"])
def generators(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Generators:
    if request.param == "asked for":
        monkeypatch.setattr(moved, "_in_memory", lambda own: None)
    elif request.param == "laid out otherwise":
        monkeypatch.setattr(moved, "_in_memory", lambda own: bytes(2500))
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
    assert generators.take().uses == (RandomUse(None, "random", False, before, told()),)


def test_what_draws_nothing_is_no_use(generators: Generators) -> None:
    generators.begin()
    random.Random(5).random()
    np.random.default_rng(5).random()
    assert generators.take().uses == ()


def test_a_number_left_behind_alone_is_noticed(generators: Generators) -> None:
    random.gauss(0, 1)
    generators.begin()
    random.gauss(0, 1)  # hands out the second number, and moves nothing else
    assert len(generators.take().uses) == 1


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
        assert generators.take().uses == ()
    random.seed(2)
    generators.begin()
    np.random.seed(2)
    assert [use.generator for use in generators.take().uses] == ["numpy.random"]
    generators.begin()
    random.seed(3)
    assert [use.generator for use in generators.take().uses] == ["random"]


def _of_other_bits(kind: type) -> Callable[[], object]:
    def draw() -> object:
        if type(np.random.get_bit_generator()) is not kind:
            np.random.set_bit_generator(kind(5))
        return np.random.rand()

    return draw


REPEATABLE = {
    "random": random.random,
    "random's second number": lambda: random.gauss(0, 1),
    "numpy.random": lambda: np.random.rand(3).tolist(),
    "numpy.random's second number": np.random.randn,
    "torch": lambda: torch.randn(3).tolist(),
    **{
        f"numpy.random of {kind.__name__}": _of_other_bits(kind)
        for kind in (np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64)
    },
}


@pytest.mark.parametrize("name", REPEATABLE)
def test_a_state_that_was_kept_gives_the_same_numbers_again(name: str) -> None:
    generators, draw = Generators(), REPEATABLE[name]
    draw()  # of two numbers that are made together, the second one is left
    generators.begin()
    drawn = draw()
    moved = generators.take()
    (use,) = moved.uses
    assert name.startswith(use.generator)
    draw()
    generators.begin({"states": moved.states})
    assert draw() == drawn
    assert generators.take().uses == (use,)


UNSEEDED: dict[str, Callable[[], object]] = {
    "default_rng": lambda: np.random.default_rng().random(),
    "RandomState": lambda: np.random.RandomState().rand(),
    "seed": lambda: (np.random.seed(), np.random.rand()),
    "spawn": lambda: [one.generate_state(1)[0] for one in np.random.SeedSequence().spawn(2)],
}


@pytest.mark.parametrize("name", UNSEEDED)
def test_what_the_system_gave_numpy_is_given_again(name: str) -> None:
    generators, draw = Generators(), UNSEEDED[name]
    generators.begin()
    drawn = draw()
    moved = generators.take()
    assert len(moved.entropy) == moved.drawn == 1
    # `seed()` leaves the generator at the position where it stood.
    generators.begin({"states": moved.states or {}, "entropy": moved.entropy})
    assert draw() == drawn
    assert draw() != drawn, "what follows is new"
    assert generators.take().entropy[:1] == moved.entropy
    generators.begin()
    assert draw() != drawn


def test_a_forked_child_draws_its_own() -> None:
    generators = Generators()
    generators.begin({"entropy": ["128:2a"]})
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, str(np.random.SeedSequence().entropy).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(read, 100) != b"42"
    os.close(read), os.close(write)
    assert np.random.SeedSequence().entropy == 42


def test_looking_for_the_second_number_draws_nothing() -> None:
    generators = Generators()
    generators.begin({"entropy": ["128:2a"]})
    assert np.random.SeedSequence().entropy == 42
    assert generators.take().drawn == 1


def test_above_a_limit_entropy_is_counted_and_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entropy, "LIMIT", 3)
    generators = Generators()
    generators.begin()
    for _ in range(5):
        np.random.SeedSequence()
    moved = generators.take()
    assert (len(moved.entropy), moved.drawn) == (3, 5)


def test_numpy_gets_its_own_function_back() -> None:
    module = np.random.bit_generator
    own = module.randbits
    Generators().begin()
    assert module.randbits is entropy.randbits
    entropy.leave()
    assert module.randbits == own


@pytest.mark.parametrize("text", ["", "[]", "null", '["torch", "AA"]', '["python", 3, "AA", null]'])
def test_a_text_that_is_no_state_is_left(text: str) -> None:
    generators = Generators()
    state = random.getstate()
    generators.begin({"states": {"random": text}})
    assert random.getstate() == state


def _namespace_kinds() -> dict[str, Callable[[], Any]]:
    return {
        "random.Random": lambda: random.Random(5),
        "numpy.random.Generator": lambda: np.random.default_rng(5),
        "numpy.random.RandomState": lambda: np.random.RandomState(5),
    }


@pytest.mark.parametrize("kind", _namespace_kinds())
def test_a_generator_with_a_name_is_told_when_it_was_made_and_drawn_from(kind: str) -> None:
    generators, namespace = Generators(), {"other": 1}
    generators.begin(None, namespace)
    namespace["rng"] = rng = _namespace_kinds()[kind]()
    namespace["also"] = rng
    made = generators.take(namespace, ("also", "rng")).uses
    assert [(use.generator, use.before) for use in made] == [(kind, None)]
    generators.begin(None, namespace)
    assert generators.take(namespace).uses == ()
    generators.begin(None, namespace)
    then = rng.normalvariate(0, 1) if kind == "random.Random" else rng.standard_normal()
    moved = generators.take(namespace)
    assert [(use.generator, use.before, use.name) for use in moved.uses] == [
        (kind, made[0].after, made[0].name)
    ]
    assert moved.states is not None
    generators.begin({"states": moved.states}, namespace)
    again = rng.normalvariate(0, 1) if kind == "random.Random" else rng.standard_normal()
    assert again == then
    assert generators.take(namespace).uses == moved.uses
    namespace["rng"] = namespace["also"] = 3
    generators.begin(None, namespace)
    assert generators.take(namespace, ("also", "rng")) == Moved()


def test_entropy_that_a_given_seed_makes_useless_is_no_use() -> None:
    check_random_state = pytest.importorskip("sklearn.utils").check_random_state
    generators = Generators()
    generators.begin()
    generators.take()
    generators.begin()
    check_random_state(42)
    assert generators.take().entropy == ()
    generators.begin()
    np.random.default_rng()
    assert len(generators.take().entropy) == 1
