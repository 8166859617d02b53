"""Libraries that open files outside Python, where no audit event tells of it.

pyarrow turns every path it is given into text with one private function before it opens
anything. That function is wrapped, which no user calls, pickles or sees in a traceback,
since it has returned by the time that a file is opened. Of the others it is said, once in
a session, that what they open is not seen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import wraps
from types import ModuleType
from typing import Any

from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.introspection import is_a

# Imported first by this name, each opens files by itself from then on.
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
_NAME = "_stringify_path"
# How far above the wrapped function pyarrow says whether it is about to write.
_FRAMES = 6


def not_seen(module: str) -> NotSeen:
    """Say that the files which a library opens are not seen."""
    return NotSeen(
        f"files that {module} opens, from here on", f"{module} opens them outside Python"
    )


class PyarrowPaths:
    """Tells of the paths that pyarrow is given.

    Parameters
    ----------
    note
        Called with a path and whether it is about to be written, as far as that is known;
        must not raise.
    """

    def __init__(self, note: Callable[[str, bool], None]) -> None:
        self._note = note
        self._original: Any = None
        self._wrapper: Any = None

    def install(self) -> None:
        """Wrap the function wherever pyarrow holds it; modules loaded later copy it."""
        original = getattr(sys.modules.get("pyarrow.util"), _NAME, None)
        if self._wrapper is not None or original is None or "pyarrow.lib" not in sys.modules:
            return
        self._original, self._wrapper = original, _wrapped(original, self._note)
        _replace(original, self._wrapper)

    def remove(self) -> None:
        """Put the original back."""
        if self._wrapper is not None:
            _replace(self._wrapper, self._original)
            self._wrapper = None


def _wrapped(original: Any, note: Callable[[str, bool], None]) -> Any:
    @wraps(original)
    def stringify_path(path: Any) -> Any:
        text = original(path)
        note(text, _is_about_to_write())
        return text

    return stringify_path


def _replace(old: Any, new: Any) -> None:
    for module in _pyarrow_modules():
        if module.__dict__.get(_NAME) is old:
            setattr(module, _NAME, new)


def _pyarrow_modules() -> Iterator[ModuleType]:
    for name, module in list(sys.modules.items()):
        if name.startswith("pyarrow") and is_a(module, ModuleType):
            yield module


def _is_about_to_write() -> bool:
    frame = sys._getframe(2)
    for _ in range(_FRAMES):
        if frame is None or not str(frame.f_globals.get("__name__")).startswith("pyarrow"):
            return False
        if "write" in frame.f_code.co_name:
            return True
        frame = frame.f_back  # type: ignore[assignment]
    return False
