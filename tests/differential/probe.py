"""What a kernel's process looks like at its end; executed inside of it, by its path.

Everything that capture adds on purpose is left out here, by name, and nothing else is.
"""

from __future__ import annotations

import atexit
import builtins
import codecs
import contextvars
import decimal
import faulthandler
import fcntl
import gc
import hashlib
import json
import locale
import logging
import os
import random
import signal
import socket
import sys
import threading
import warnings
from types import ModuleType
from typing import Any

from IPython import get_ipython

PLAIN = (int, float, bool, str, bytes, type(None), complex)
# Of the process that starts the kernel, and different for each.
STARTERS = ("JPY_", "JUPYTER_MLOPS", "PYTHONPATH", "IPYTHONDIR", "PYTEST_")

OURS = {"jupyter_mlops", "xxhash", "__mp_main__"}
FOLDERS = os.environ.get("PYTHONPATH", "").split(os.pathsep)


def digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "replace")).hexdigest()[:16]


def kind(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def shown(value: object) -> str:
    return f"{kind(value)} {value!r}" if type(value) in PLAIN else kind(value)


def is_ours(value: object) -> bool:
    return str(getattr(value, "__module__", "")).startswith("jupyter_mlops")


def names(shell: Any) -> dict[str, Any]:
    ns = shell.user_ns
    return {
        "names": {str(name): shown(ns[name]) for name in list(ns)},
        "dir": sorted(map(str, ns)),
        "hidden": sorted(map(str, shell.user_ns_hidden)),
        "Out": {str(key): shown(value) for key, value in shell.user_ns.get("_oh", {}).items()},
        "In": list(map(str, shell.user_ns.get("_ih", []))),
        "execution_count": shell.execution_count,
        "history": list(map(str, shell.history_manager.input_hist_raw)),
        "builtins": sorted(dir(builtins)),
        "builtin open": kind(builtins.open),
    }


def of_shell(shell: Any) -> dict[str, Any]:
    callbacks = {
        event: [kind(one) for one in found if not is_ours(one)]
        for event, found in shell.events.callbacks.items()
    }
    return {
        "callbacks": callbacks,
        "ast_transformers": [kind(one) for one in shell.ast_transformers],
        "transformers": [kind(one) for one in shell.input_transformers_post],
        "cleanup": [kind(one) for one in shell.input_transformers_cleanup if not is_ours(one)],
        "custom exceptions": [one.__name__ for one in shell.custom_exceptions],
        "mode": shell.xmode if hasattr(shell, "xmode") else None,
        "last exception": kind(getattr(sys, "last_value", None)),
    }


def current_umask() -> int:
    mask = os.umask(0o22)
    os.umask(mask)
    return mask


def of_process() -> dict[str, Any]:
    environ = {name: text for name, text in os.environ.items() if not name.startswith(STARTERS)}
    return {
        "cwd": os.getcwd(),
        "umask": current_umask(),
        "files": sorted(os.listdir(".")),
        "environ": environ,
        "path": [str(one) for one in sys.path if str(one) not in FOLDERS],
        "argv": [os.path.basename(str(one)) for one in sys.argv[:1]],
        "threads": sorted(kind(one) + f" {one.daemon}" for one in threading.enumerate()),
        "signals": {str(one): shown(signal.getsignal(one)) for one in signal.valid_signals()},
        "faulthandler": faulthandler.is_enabled(),
        "timeout": socket.getdefaulttimeout(),
        "locale": locale.setlocale(locale.LC_ALL),
        "callbacks at exit": atexit._ncallbacks() - ("jupyter_mlops.capture.hooks" in sys.modules),
    }


def of_interpreter() -> dict[str, Any]:
    return {
        "gc": [gc.isenabled(), list(gc.get_threshold()), gc.get_debug(), len(gc.callbacks)],
        "frozen": gc.get_freeze_count(),
        "recursion": sys.getrecursionlimit(),
        "switch": sys.getswitchinterval(),
        "trace": [kind(sys.gettrace()), kind(sys.getprofile())],
        "excepthook": [kind(sys.excepthook), kind(threading.excepthook), kind(sys.unraisablehook)],
        "displayhook": kind(sys.displayhook),
        "streams": [kind(one) for one in (sys.stdout, sys.stderr, sys.stdin, sys.__stdout__)],
        "echo": [getattr(sys.stdout, "name", None), getattr(sys.stderr, "name", None)],
        "warnings": [str(one) for one in warnings.filters],
        "meta path": [str(getattr(one, "__name__", kind(one))) for one in sys.meta_path],
        "path hooks": len(sys.path_hooks),
        "decimal": repr(decimal.getcontext()),
        "context": sorted(one.name for one in contextvars.copy_context()),
        "codec": codecs.lookup_error("strict").__name__,
        "hooks of breakpoint": kind(sys.breakpointhook),
        "root logger": [logging.root.level, [kind(one) for one in logging.root.handlers]],
        "loggers": sorted(one for one in logging.root.manager.loggerDict if "mlops" not in one),
    }


def of_libraries() -> dict[str, Any]:
    found: dict[str, Any] = {"random": digest(random.getstate())}
    loaded = {name: one for name, one in list(sys.modules.items()) if type(one) is ModuleType}
    if "numpy.random" in loaded:
        state = loaded["numpy.random"].get_state()
        found["numpy.random"] = digest((state[0], state[1].tobytes(), state[2:]))
        found["numpy errors"] = repr(loaded["numpy"].geterr())
        found["numpy print"] = repr(loaded["numpy"].get_printoptions())
    if "matplotlib.pyplot" in loaded:
        found["figures"] = loaded["matplotlib.pyplot"].get_fignums()
        found["matplotlib"] = digest(sorted(map(str, loaded["matplotlib"].rcParams.items())))
    if "pandas" in loaded:
        found["pandas"] = digest(repr(loaded["pandas"].get_option("display.max_rows")))
    # Of the standard library, capture loads what it needs; of others the faster hash alone.
    found["third-party modules"] = sorted(
        name
        for name in list(loaded)
        if name.partition(".")[0] not in {*sys.stdlib_module_names, *OURS}
    )
    return found


def descriptors() -> dict[str, Any]:
    kinds: list[str] = []
    journals: list[bool] = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
            closes = bool(fcntl.fcntl(int(name), fcntl.F_GETFD) & fcntl.FD_CLOEXEC)
        except OSError:  # that of the listing itself
            continue
        if "/journals/" in target:
            journals.append(closes)
        elif not target.startswith("/proc/"):
            kinds.append(target.partition(":")[0] if ":" in target else target)
    return {"open": sorted(kinds), "journals": journals}


def look() -> str:
    shell = get_ipython()
    open_ones = descriptors()
    journals = open_ones.pop("journals")
    found = {
        "shell": of_shell(shell),
        "process": of_process(),
        "interpreter": of_interpreter(),
        "libraries": of_libraries(),
        "descriptors": open_ones,
        "names": names(shell),
    }
    modules = sorted(one for one in list(sys.modules) if not one.startswith("jupyter_mlops"))
    return json.dumps({"state": found, "journals": journals, "modules": modules})


found = look()
