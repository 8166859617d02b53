from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import pytest

from jupyter_mlops.fingerprints import fingerprint
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.records import Fingerprint


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


def test_dtype_shape_and_every_element_are_content() -> None:
    values = jnp.arange(6.0).reshape(2, 3)
    others = [values.T, values.reshape(-1), values.at[1, 2].set(7), values[::-1]]
    others += [values.astype(dtype) for dtype in ("bfloat16", "float8_e4m3fn", "int4", "complex64")]
    found = [of(one) for one in (values, *others)]
    assert all(one.complete for one in found)
    assert len({one.digest for one in found}) == len(found)
    assert found[0].shape == (2, 3)
    assert found[0].dtype == "float32"
    for same in (
        values.copy(),
        values.T.T,
        jax.jit(lambda x: x + 0)(values),
        jax.device_put(values),
    ):
        assert of(same) == found[0]
    assert outline(values) is not None


def test_keys_are_their_numbers_and_how_they_are_used() -> None:
    keys = [jax.random.key(0), jax.random.key(1), jax.random.key(0, impl="rbg")]
    found = [of(one) for one in keys]
    assert all(one.complete for one in found)
    assert len({one.digest for one in found}) == 3
    assert of(jax.random.key(0)) == found[0]


def test_asking_for_a_digest_does_not_grow_the_users_memory() -> None:
    values = jnp.ones(3)
    of(values)
    assert values._npy_value is None


@pytest.mark.filterwarnings("ignore:Some donated buffers")
def test_what_was_handed_on_is_not_known() -> None:
    values = jnp.ones(3)
    values.delete()
    assert not of(values).complete
    assert outline(values) is not None
