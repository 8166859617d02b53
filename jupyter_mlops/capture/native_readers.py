"""Libraries that open files outside Python, where no audit event tells of it.

pyarrow turns every path it is given into text or bytes with one of two private functions
before it opens anything. These are wrapped, which no user calls, pickles or sees in a
traceback, since they have returned by the time that a file is opened. Of the others it is
said, once in a session, that what they open is not seen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import update_wrapper
from types import FrameType, ModuleType
from typing import Any

from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.introspection import is_a, loaded

# Once imported, each opens files by itself.
UNSEEN = frozenset(
    {
        "catboost",
        "cv2",
        "datatable",
        "deltalake",
        "duckdb",
        "fiona",
        "h5py",
        "lance",
        "lightgbm",
        "netCDF4",
        "osgeo",
        "polars",
        "pyogrio",
        "pyreadstat",
        "rasterio",
        "tables",
        "tensorflow",
        "torch",
        "xgboost",
    }
)
# pyarrow's functions that take a path, and the module that defines each.
_FUNCTIONS = {"_stringify_path": "pyarrow.util", "encode_file_path": "pyarrow.lib"}
# How far above them pyarrow or pandas says what it is about to do.
_FRAMES = 8


class NativeReaders:
    """Tells of the paths that pyarrow is given, and names the libraries that tell nothing.

    Parameters
    ----------
    note
        Called with a path and whether it is about to be written, ``None`` if that is not
        known; must not raise.
    """

    def __init__(self, note: Callable[[Any, bool | None], None]) -> None:
        self._note = note
        self._replaced: list[tuple[str, Any, Any]] = []
        # Whether pyarrow's functions are wrapped.
        self.is_installed = False
        self._unnamed = set(UNSEEN)
        self._modules = 0

    def newly_imported(self) -> list[NotSeen]:
        """Say, once for each library, that the files it opens are not seen."""
        # Most cells import nothing, and are not asked for twenty names.
        if len(sys.modules) == self._modules:
            return []
        self._modules = len(sys.modules)
        names = sorted(name for name in self._unnamed if name in sys.modules)
        self._unnamed.difference_update(names)
        return [
            NotSeen(f"files that {name} opens, from here on", f"{name} opens them outside Python")
            for name in names
        ]

    def install(self) -> None:
        """Wrap pyarrow's functions wherever it holds them; modules loaded later copy them."""
        if self._replaced or "pyarrow.lib" not in sys.modules:
            return
        found = [(name, loaded(home, name)) for name, home in _FUNCTIONS.items()]
        if all(original is not None for _, original in found):
            for name, original in found:
                wrapper = _wrapped(original, self._note)
                self.is_installed = True
                self._replaced.append((name, original, wrapper))
                _replace(name, original, wrapper)

    def remove(self) -> None:
        """Put the originals back."""
        for name, original, wrapper in self._replaced:
            _replace(name, wrapper, original)
        self._replaced.clear()
        self.is_installed = False


def _wrapped(original: Any, note: Callable[[Any, bool | None], None]) -> Any:
    def take_path(path: Any) -> Any:
        found = original(path)
        note(found, _intent())
        return found

    return update_wrapper(take_path, original)


def _replace(name: str, old: Any, new: Any) -> None:
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith("pyarrow") or not is_a(module, ModuleType):
            continue
        if module.__dict__.get(name) is old:
            setattr(module, name, new)


def _intent() -> bool | None:
    """Tell from the functions of libraries under way whether a file is to be written."""
    frame: FrameType | None = sys._getframe(2)
    known = None
    for _ in range(_FRAMES):
        module = frame.f_globals.get("__name__") if frame is not None else None
        if frame is None or not str(module).startswith(("pyarrow", "pandas.io")):
            break
        mode = frame.f_locals.get("mode")
        if "write" in frame.f_code.co_name or (type(mode) is str and mode.startswith("w")):
            return True
        known, frame = False, frame.f_back
    return known
