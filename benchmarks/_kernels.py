"""Kernels with and without the product, alike in everything else.

IPython reads startup files from the interpreter's prefix, so each variant has a prefix of
its own: a virtual environment that borrows the packages of this one. They differ in one
file, the startup file, which ``absent`` lacks; ``off`` has it and the switch that turns
capture off.
"""

from __future__ import annotations

import os
import shutil
import site
import subprocess
import time
import venv
from pathlib import Path
from typing import Any

import psutil
from jupyter_client.manager import KernelManager

STARTUP = Path(__file__).parent.parent / "ipython-config" / "startup"
VARIANTS = ("absent", "off", "on")


class Variant:
    """One kind of kernel, and a folder of its own for all that it writes."""

    def __init__(self, name: str, folder: Path) -> None:
        self.folder = folder / name
        self.home = self.folder / "mlops"
        venv.create(self.folder / "venv", symlinks=True)
        self.python = self.folder / "venv" / "bin" / "python"
        packages = next((self.folder / "venv" / "lib").glob("*/site-packages"))
        lines = (f"import site; site.addsitedir({path!r})\n" for path in site.getsitepackages())
        (packages / "borrowed.pth").write_text("".join(lines))
        if name != "absent":
            shutil.copytree(STARTUP, self.folder / "venv" / "etc" / "ipython" / "startup")
        self.environment = {
            **os.environ,
            "IPYTHONDIR": str(self.folder / "ipython"),
            "JUPYTER_MLOPS_HOME": str(self.home),
            "JUPYTER_MLOPS": "off" if name == "off" else "on",
        }

    def start(self) -> Kernel:
        """Start a kernel."""
        return Kernel(self)


class Kernel:
    """A running kernel; seconds and processor time count from before it was started."""

    def __init__(self, variant: Variant) -> None:
        self.began = time.perf_counter()
        self.manager = KernelManager(transport="ipc", ip=str(variant.folder / "socket"))
        spec: Any = self.manager.kernel_spec
        spec.argv = [str(variant.python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager.start_kernel(
            env=variant.environment, cwd=str(variant.folder), stderr=subprocess.DEVNULL
        )
        self.client = self.manager.blocking_client()
        self.client.start_channels()

    def execute(self, source: str) -> None:
        """Execute a cell and wait for its reply."""
        reply = self.client.execute(source, reply=True, timeout=60)
        if reply["content"]["status"] != "ok":
            raise RuntimeError(reply["content"])

    def processor_seconds(self) -> float:
        """Return the processor time that the kernel has used."""
        provisioner: Any = self.manager.provisioner
        times = psutil.Process(provisioner.pid).cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        """Shut the kernel down in order."""
        self.client.shutdown(reply=True, timeout=60)
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
