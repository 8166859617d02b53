"""The surroundings of this very process."""

from __future__ import annotations

import math
import os
import platform
import sys
import types
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl

from jupyter_mlops.capture.surroundings import machine
from jupyter_mlops.capture.surroundings.environment import Installed
from jupyter_mlops.capture.surroundings.machine import Watch
from jupyter_mlops.records import Surroundings


def _seen() -> Surroundings:
    installed = Installed()
    installed.changed()
    found = Watch(lambda: installed).look(math.inf)
    assert found is not None
    return found


def test_the_machine_is_this_one() -> None:
    found = _seen()
    assert platform.python_version() in found.interpreter
    assert found.machine == platform.machine()
    assert found.cpus is not None and 1 <= found.cpus <= (os.cpu_count() or 1)
    assert found.memory_bytes is None or found.memory_bytes > 2**20


def test_libraries_are_told_with_their_threads_where_somebody_loaded_what_tells() -> None:
    assert np.dot([1.0], [1.0]) == 1
    with threadpoolctl.threadpool_limits(1):
        assert any(" 1 threads" in one for one in _seen().libraries)


def test_a_function_put_in_the_place_of_the_librarys_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called: list[int] = []
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: called.append(1))
    _seen()
    assert not called


def test_what_was_imported_is_told_by_its_distribution() -> None:
    import sklearn
    import yaml

    assert sklearn and yaml
    imported = set(_seen().imported)
    assert {"numpy", "scikit-learn", "pyyaml", "pytest"} <= imported
    assert not {"sklearn", "yaml", "", "sys"} & imported


def test_only_variables_that_change_results_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.setenv("OMP_SECRET_TOKEN", "hunter2")
    monkeypatch.setenv("MKL_API_KEY", "hunter2")
    told = _seen().variables or {}
    assert told["OMP_NUM_THREADS"] == "3"
    assert "hunter2" not in told.values()


def test_a_module_that_was_replaced_while_it_was_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packages = tmp_path / "site-packages"
    (packages / "stale_one-1.0.dist-info").mkdir(parents=True)
    (packages / "fresh_one-1.0.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", [str(packages)])
    installed = Installed()
    assert installed.changed() is not None
    for name, version in (("stale_one", "1.0"), ("fresh_one", "2.0")):
        module = types.ModuleType(name)
        module.__dict__["__version__"] = version
        monkeypatch.setitem(sys.modules, name, module)
        (packages / f"{name}-1.0.dist-info").rename(packages / f"{name}-2.0.dist-info")
    os.utime(packages, (1, 1))
    assert installed.changed() is not None
    assert installed.outdated == {"stale-one": "1.0"}


def test_a_look_takes_no_longer_than_it_may() -> None:
    installed = Installed()
    installed.changed()
    watch = Watch(lambda: installed)
    looks = 1
    while watch.look(0) is None:
        looks += 1
    assert looks > 3


def test_what_one_look_can_not_tell_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> tuple[str, ...]:
        raise OSError

    monkeypatch.setattr(machine, "_libraries", fail)
    found = _seen()
    assert found.libraries == () and found.machine
