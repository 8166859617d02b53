"""Kernels with and without the product, alike in everything else.

IPython reads startup files from the interpreter's prefix, so each variant has a prefix of
its own: a virtual environment that borrows the packages of this one. They differ in one
file, the startup file, which ``absent`` lacks; ``off`` has it and the switch that turns
capture off.
"""

from __future__ import annotations

import json
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

from jupyter_mlops.settings import Starter

STARTUP = Path(__file__).parent.parent / "ipython-config" / "startup"
VARIANTS = ("absent", "off", "on")
_WITHOUT = ("absent", "least")
_NO_BYTECODE = ("PYTHONDONTWRITEBYTECODE",)
_CLOCK_FILE = Path(__file__).with_name("_clock.py")
# Startup files run in the user's namespace, where neither may leave a name.
_BEGIN = "get_ipython().bench_began = __import__('time').process_time()\n"
_CLOCK = f"__import__('runpy').run_path({str(_CLOCK_FILE)!r})\n"


class Variant:
    """One kind of kernel, and a folder of its own for all that it writes.

    With a `clock`, what the product does in the kernel is timed in there (``_clock.py``), and
    with `processor` by the processor's time too. Of one that is `heard` the kernel is told, as
    our server and our engine do it, that somebody hears its outputs and takes in its journal.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        clock: bool = False,
        processor: bool = False,
        heard: bool = False,
    ) -> None:
        self.folder = folder / name
        self.home = self.folder / "mlops"
        venv.create(self.folder / "venv", symlinks=True)
        self.python = self.folder / "venv" / "bin" / "python"
        packages = next((self.folder / "venv" / "lib").glob("*/site-packages"))
        lines = (f"import site; site.addsitedir({path!r})\n" for path in site.getsitepackages())
        (packages / "borrowed.pth").write_text("".join(lines))
        if name not in _WITHOUT:
            startup = self.folder / "venv" / "etc" / "ipython" / "startup"
            shutil.copytree(STARTUP, startup)
            if clock:
                (startup / "00-clock.py").write_text(_BEGIN)
                (startup / "99-clock.py").write_text(_CLOCK)
        self.clock = self.folder / "clock.json"
        self.environment = {
            # Without bytecode each start would compile us, which no installation does.
            **{key: value for key, value in os.environ.items() if key not in _NO_BYTECODE},
            "PYTHONPYCACHEPREFIX": str(folder / "bytecode"),
            "BENCH_CLOCK": str(self.clock),
            "IPYTHONDIR": str(self.folder / "ipython"),
            "JUPYTER_MLOPS_HOME": str(self.home),
            "JUPYTER_MLOPS": "off" if name == "off" else "on",
            "BENCH_PROCESSOR": "1" if processor else "",
        }
        if heard:
            self.environment |= Starter(pid=os.getpid(), listens=True).environment()

    def start(self) -> Kernel:
        """Start a kernel."""
        return Kernel(self)


class Kernel:
    """A running kernel; seconds and processor time count from before it was started."""

    def __init__(self, variant: Variant) -> None:
        self._variant = variant
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

    def timed(self) -> dict[str, list[float]]:
        """Return what the clock in the kernel counted: ``cells`` and ``start``, in seconds."""
        self.execute("get_ipython().bench_write()")
        found: dict[str, list[float]] = json.loads(self._variant.clock.read_text())
        return found

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
