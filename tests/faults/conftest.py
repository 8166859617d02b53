"""Kernels and disks that things go wrong with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest

from jupyter_mlops.settings import Settings
from tests.capture.conftest import Kernel
from tests.execution.documents import document
from tests.faults.disks import Disk, small_disk


@pytest.fixture
def start_kernel(home: Settings, tmp_path: Path) -> Iterator[Callable[[], Kernel]]:
    """Start kernels that record into `home`."""
    kernels: list[Kernel] = []

    def start() -> Kernel:
        kernels.append(Kernel(home, {}, tmp_path))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()


@pytest.fixture
def disk(home: Settings) -> Iterator[Disk]:
    """Give a small disk for the journals alone, so that the store is not what fails."""
    with small_disk(home.journals) as mounted:
        yield mounted


@pytest.fixture
def small_home(home: Settings) -> Iterator[Disk]:
    """Give a small disk for the whole home."""
    with small_disk(home.home, "4m") as mounted:
        yield mounted


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """Write a notebook with a parameter, an output and a metric."""
    path = tmp_path / "train.ipynb"
    nbformat.write(document("lr = 0.1", "print('seen')\nscore = lr * 2"), path)
    return path
