"""Changes that MLflow's dataset digest does not see are changes to a fingerprint."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.fingerprints import fingerprint

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MUTATIONS: dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]] = runpy.run_path(
    str(BENCHMARKS / "_mutations.py")
)["MUTATIONS"]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_change_that_others_miss_is_noticed(name: str) -> None:
    make, change = MUTATIONS[name]
    before, again, after = fingerprint(make()), fingerprint(make()), fingerprint(change(make()))
    assert before is not None and after is not None
    assert before == again
    assert before.complete and after.complete
    assert before.digest != after.digest
