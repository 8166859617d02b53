"""Kernels and disks that things go wrong with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jupyter_mlops.settings import Settings
from tests.capture.conftest import Kernel
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
