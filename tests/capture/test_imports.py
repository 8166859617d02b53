"""What capture loads in a kernel, which is most of what it costs a kernel's start."""

from __future__ import annotations

import ast

from jupyter_mlops import frozen
from tests.capture.conftest import StartKernel

# Beside ourselves, and what IPython and the kernel load anyway. A module that is added here
# was measured: benchmarks/kernel_start.py tells what the whole start costs.
STANDARD = {"mmap", "pwd", "resource", "secrets"}

# Takes no part in the record: what it loads itself would count.
LOADED = "sorted(__import__('sys').modules)"
SHARED_INIT = (
    "[f'{cls.__module__}.{cls.__qualname__}' for name, module in __import__('sys').modules.items()"
    " if name.startswith('jupyter_mlops.') for cls in vars(module).values()"
    " if type(cls) is type and hasattr(cls, '__dataclass_fields__')"
    " and cls.__setattr__ is not object.__setattr__"
    f" and cls.__init__.__module__ != {frozen.__name__!r}]"
)


def test_capture_loads_little_more_than_itself(start_kernel: StartKernel) -> None:
    without, recording = start_kernel(JUPYTER_MLOPS="off"), start_kernel()
    loaded: list[set[str]] = []
    for kernel in (without, recording):
        kernel.run("x = 1\nprint(x)")
        loaded.append(set(ast.literal_eval(kernel.value(LOADED))))
    # Off, the startup file has loaded what it needs to know that it is off.
    off = {name for name in loaded[0] if name.startswith("jupyter_mlops")}
    more = {name for name in loaded[1] - loaded[0] if not name.startswith("jupyter_mlops")}
    assert more <= STANDARD
    assert off < loaded[1]
    # Fingerprints of a kind come with the first value of that kind, a store never.
    rooms = {".".join(name.split(".")[:2]) for name in loaded[1] if "jupyter_mlops." in name}
    assert rooms.isdisjoint(
        {f"jupyter_mlops.{room}" for room in ("store", "schema", "api", "server", "execution")}
    )
    later = {"jupyter_mlops.fingerprints.frames", "jupyter_mlops.records.judgements"}
    assert later.isdisjoint(loaded[1])
    assert recording.value(SHARED_INIT) == "[]"
