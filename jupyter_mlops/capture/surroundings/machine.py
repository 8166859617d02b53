"""The machine, its libraries and settings, and what was imported: looked at in idle moments.

No program is started, no graphics processor is woken, and no library is loaded for it.
"""

from __future__ import annotations

import locale
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar

from jupyter_mlops.capture.surroundings import repository
from jupyter_mlops.capture.surroundings.environment import Installed, working_folder
from jupyter_mlops.fingerprints.introspection import loaded
from jupyter_mlops.records.surroundings import Surroundings

T = TypeVar("T")

# Variables that change what is computed, or in how many threads; no others, which may be secret.
_VARIABLES = re.compile(
    r"PYTHONHASHSEED|PYTHONOPTIMIZE|TZ|LANG|LC_ALL|LC_NUMERIC"
    r"|(OMP|OPENBLAS|GOTO|BLIS|MKL|NUMEXPR|NUMBA)_NUM_THREADS|VECLIB_MAXIMUM_THREADS"
    r"|OMP_SCHEDULE|OMP_DYNAMIC|OPENBLAS_CORETYPE|NPY_DISABLE_CPU_FEATURES"
    r"|MKL_(CBWR|DYNAMIC|THREADING_LAYER|ENABLE_INSTRUCTIONS)"
    r"|KMP_AFFINITY|KMP_DETERMINISTIC_REDUCTION"
    r"|CUBLAS_WORKSPACE_CONFIG|CUDA_VISIBLE_DEVICES|CUDA_LAUNCH_BLOCKING"
    r"|NVIDIA_TF32_OVERRIDE|TORCH_ALLOW_TF32_CUBLAS_OVERRIDE"
    r"|TF_(DETERMINISTIC_OPS|CUDNN_DETERMINISTIC|ENABLE_ONEDNN_OPTS)"
    r"|XLA_FLAGS|JAX_ENABLE_X64|JAX_PLATFORMS|JAX_DEFAULT_PRNG_IMPL"
)
_VALUE_LIMIT = 200
_ENVIRON = type(os.environ)
_LIBRARIES = re.compile(
    r"/lib((?:scipy_)?openblas|mkl_rt|blis|atlas|gomp|iomp5|omp|tbb)[^/]*\.so[^/]*$"
)
_PIECE = 2**20
_GROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
_CPU_LIMIT = "/sys/fs/cgroup/cpu.max"


class Watch:
    """Looks at the surroundings of a kernel.

    Parameters
    ----------
    installed
        Knows the distributions, and which of them were replaced while they were loaded.

    Attributes
    ----------
    modules
        How many were loaded when the latest look took them in.
    """

    def __init__(self, installed: Callable[[], Installed]) -> None:
        self._installed = installed
        # Which distribution a module is of; the empty text where none says so.
        self._owners: dict[str, str] = {}
        self._machine: dict[str, Any] | None = None
        self._steps: Generator[None, None, Surroundings] | None = None
        self.modules = 0

    def look(self, seconds: float) -> Surroundings | None:
        """Look for so many seconds, and return what was found once nothing is left to look at."""
        until = time.perf_counter() + seconds
        self._steps = self._steps or self._look()
        try:
            while True:
                next(self._steps)
                if time.perf_counter() > until:
                    return None
        except StopIteration as ended:
            self._steps = None
            found: Surroundings = ended.value
            return found

    def _look(self) -> Generator[None, None, Surroundings]:
        if self._machine is None:
            self._machine = {**_system(), **_processors()}
            yield
        found = {**self._machine, **_settings(), **_nvidia()}
        found["libraries"] = _part(_libraries, None) or ()
        yield
        found["repository"] = _part(lambda: repository.of_folder(working_folder()), None)
        yield
        self.modules = len(sys.modules)
        modules = _top_level()
        yield from self._find_owners(modules)
        imported = {self._owners[name] for name in modules} - {""}
        return Surroundings(
            **found,
            imported=tuple(sorted(imported)),
            outdated=dict(sorted(self._installed().outdated.items())) or None,
        )

    def _find_owners(self, modules: set[str]) -> Generator[None, None, None]:
        installed = self._installed()
        unknown = {name for name in modules if name not in self._owners}
        for name in list(unknown):
            as_named = name.replace("_", "-").lower()
            if as_named in installed.packages:
                self._owners[name] = as_named
                unknown.discard(name)
        # Where a distribution is called otherwise than what is imported, its list of files tells.
        for folder, package in installed.folders.items() if unknown else ():
            content = _read(folder, "RECORD") or _read(folder, "top_level.txt")
            for name in [one for one in unknown if _holds(content, one)]:
                self._owners[name] = package
                unknown.discard(name)
            if not unknown:
                break
            yield
        self._owners.update(dict.fromkeys(unknown, ""))


def _top_level() -> set[str]:
    """Return the modules that lie in folders of distributions themselves, not below others."""
    found = set()
    for name, module in list(sys.modules.items()):
        if type(name) is not str or "." in name or type(module) is not ModuleType:
            continue
        origin = module.__dict__.get("__file__")
        if type(origin) is not str:
            continue
        folder, file = os.path.split(origin)
        if file.startswith("__init__."):
            folder = os.path.dirname(folder)
        if folder.endswith("-packages"):
            found.add(name)
    return found


def _holds(record: bytes, module: str) -> bool:
    # As a package, a module, an extension module, or a line of `top_level.txt`.
    name = b"\n" + module.encode()
    return any(name + end in record for end in (b"/__init__.py,", b".py,", b".cpython", b"\n"))


def _read(folder: str, name: str) -> bytes:
    try:
        return b"\n" + _content(os.path.join(folder, name))
    except OSError:  # an egg has no such file
        return b""


def _content(path: str | Path) -> bytes:
    # Not by `open`, in whose place a user may have put a function of theirs.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
    try:
        pieces = []
        while piece := os.read(descriptor, _PIECE):
            pieces.append(piece)
        return b"".join(pieces)
    finally:
        os.close(descriptor)


def _text(path: str | Path) -> str:
    """Return the text of a file of the system's, an empty one if it can't be read."""
    try:
        return _content(path).decode("utf-8", "replace")
    except OSError:  # not this system, or not allowed
        return ""


def _part(look: Callable[[], T], otherwise: T) -> T:
    """Return what `look` finds, or `otherwise` where it fails."""
    try:
        return look()
    except Exception:  # noqa: BLE001 - what one look can't tell must not cost the others
        return otherwise


def _system() -> dict[str, Any]:
    kind = "in a virtual environment" if sys.prefix != sys.base_prefix else "of the system"
    if os.path.isdir(os.path.join(sys.prefix, "conda-meta")):
        kind = "of conda"
    name = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, "Python")
    system = f"{platform.system()} {platform.release()}"
    pretty = re.search(r'^PRETTY_NAME="?([^"\n]+)', _text("/etc/os-release"), re.MULTILINE)
    told = pretty[1] if pretty else ""
    return {
        "interpreter": f"{name} {platform.python_version()}, {kind}",
        "system": f"{told}, {system}" if told else system,
        "machine": platform.machine(),
    }


def _processors() -> dict[str, Any]:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limit = _text(_CPU_LIMIT).split()
    if usable and limit and limit[0].isdecimal():
        usable = min(usable, max(1, -(-int(limit[0]) // int(limit[1]))))
    model = re.search(r"model name\s*:\s*(.+)", _text("/proc/cpuinfo"))
    return {
        "cpu": model[1] if model else None,
        "cpus": usable,
        "memory_bytes": _part(_memory, None),
    }


def _memory() -> int:
    found = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    for path in _GROUP_LIMITS:
        limit = _text(path).strip()
        found += [int(limit)] if limit.isdecimal() else []
    return min(found)


def _settings() -> dict[str, Any]:
    # What a user puts in the environment's place is not asked for anything.
    environ = os.environ if type(os.environ) is _ENVIRON else {}
    variables = {
        name: value[:_VALUE_LIMIT]
        for name, value in sorted(environ.items())
        if _VARIABLES.fullmatch(name)
    }
    return {
        "locale": _part(lambda: locale.setlocale(locale.LC_ALL), None),
        "timezone": "/".join(dict.fromkeys(time.tzname)),
        "variables": variables or None,
    }


def _libraries() -> tuple[str, ...]:
    told = loaded("threadpoolctl", "threadpool_info")
    module: Any = sys.modules.get("threadpoolctl")
    # scikit-learn has loaded it; a user may have put another function in its place.
    if type(told) is FunctionType and told.__globals__ is module.__dict__:
        return tuple(sorted({_pool(one) for one in told()}))
    lines = _text("/proc/self/maps").splitlines()
    paths = {line.rpartition(" ")[2] for line in lines if ".so" in line}
    found = (_LIBRARIES.search(path) for path in paths)
    return tuple(sorted({one[1] for one in found if one is not None}))


def _pool(told: Mapping[str, Any]) -> str:
    parts = [told["internal_api"], told.get("version"), told.get("architecture")]
    return f"{' '.join(filter(None, parts))}, {told['num_threads']} threads"


def _nvidia() -> dict[str, Any]:
    folder = Path("/proc/driver/nvidia")
    told = _text(folder / "version")
    version = re.search(r"Kernel Module\s+(?:for \S+\s+)?([\d.]+)", told)
    models = [
        re.search(r"Model:\s*(.+)", _text(path))
        for path in sorted(folder.glob("gpus/*/information"))
    ]
    return {
        "gpus": tuple(one[1] for one in models if one is not None),
        "driver": version[1] if version else None,
    }
