"""Libraries that open files outside Python, where no audit event tells of it.

Many turn every path that they are given into text with a private function of theirs before they
open anything. These are wrapped (the table stands in
:mod:`jupyter_mlops.capture.files.seams`), which no user calls, pickles or sees in a traceback,
since they have returned by the time that a file is opened. Of the others, folders tell what they
open, and that is said once in a session.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import update_wrapper
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints.introspection import is_a, loaded

if TYPE_CHECKING:
    from jupyter_mlops.capture.files.outside import Outside
    from jupyter_mlops.capture.files.seams import Seam

# Whether a path is about to be read or written, is known to be so only when the cell is over, or
# is for a later `collect`.
PathUse = Literal["read", "write", "unknown", "scan", "collect"]
# Once imported, each opens files by itself and does not tell of it.
UNSEEN = frozenset(
    {
        "catboost",
        "cv2",
        "datatable",
        "deltalake",
        "duckdb",
        "fiona",
        "lance",
        "netCDF4",
        "osgeo",
        "pyogrio",
        "pyreadstat",
        "rasterio",
        "tables",
        "tensorflow",
        "torchaudio",
        "torchvision",
    }
)
# Those whose private functions are wrapped.
SEEN = frozenset({"h5py", "lightgbm", "polars", "pyarrow", "torch", "xgboost"})


class NativeReaders:
    """Tells of the paths that libraries are given, and names those that tell nothing.

    Parameters
    ----------
    note
        Called with a path and how it is about to be used; must not raise.
    """

    def __init__(self, note: Callable[[Any, PathUse], None]) -> None:
        self._note = note
        self._replaced: list[tuple[Seam, Any, Any]] = []
        self._missing = set(SEEN)
        self._unnamed = set(UNSEEN)
        # Those of them whose import began in the cell under way.
        self._met: set[str] = set()
        self._modules = 0

    def newly_imported(self, outside: Outside | None) -> list[NotSeen]:
        """Say, once for each library, that not all the files it opens are seen.

        From then on `outside` tells of those in its folders.
        """
        # Most cells import nothing, and are not asked for twenty names.
        if len(sys.modules) == self._modules:
            return []
        self._modules = len(sys.modules)
        self._met.clear()
        names = sorted(name for name in self._unnamed if name in sys.modules)
        if not names:
            return []
        self._unnamed.difference_update(names)
        where = ""
        if outside is not None and outside.listen() and not outside.is_partial:
            outside.stays = True
            where = " outside the notebook's folder"
        return [
            NotSeen(
                f"files that {name} opens{where}, from here on", f"{name} opens them outside Python"
            )
            for name in names
        ]

    def on_import(self, module: str, listen: Callable[[], bool]) -> None:
        """Take in that a module is about to be imported."""
        library = module.partition(".")[0]
        if library in self._missing:
            self._install(library)
        elif library in self._unnamed and library not in self._met:
            self._met.add(library)
            listen()  # the same cell may go on to use it

    def look(self, outside: Outside) -> None:
        """Look for libraries that were loaded before a cell could be asked."""
        for library in [name for name in self._missing if name in sys.modules]:
            self._install(library)
        if not outside.is_listening and any(name in sys.modules for name in self._unnamed):
            outside.listen()

    def _install(self, library: str) -> None:
        from jupyter_mlops.capture.files.seams import SEAMS

        ready = True
        for seam in SEAMS[library]:
            if any(seam is done for done, _, _ in self._replaced):
                continue
            original = loaded(seam.home, seam.name)
            if original is None:
                ready = False
                continue
            wrapper = _wrapped(original, seam, self._note)
            self._replaced.append((seam, original, wrapper))
            _replace(library, seam.name, original, wrapper)
        if ready:
            self._missing.discard(library)

    def remove(self) -> None:
        """Put the originals back."""
        for seam, original, wrapper in self._replaced:
            _replace(seam.home.partition(".")[0], seam.name, wrapper, original)
        self._replaced.clear()
        self._missing = set(SEEN)


def _wrapped(original: Any, seam: Seam, note: Callable[[Any, PathUse], None]) -> Any:
    def take_path(*given: Any, **named: Any) -> Any:
        try:
            found = original(*given, **named)
        except BaseException as error:
            # Raised again by itself, an exception doesn't get our frame a second time.
            trace = error.__traceback__
            error.__traceback__ = trace and trace.tb_next
            raise
        told = seam.tell(given, named, _frame())
        if told is not None:
            note(*told)
        return found

    return update_wrapper(take_path, original)


def _frame() -> FrameType:
    return sys._getframe(2)


def _replace(library: str, name: str, old: Any, new: Any) -> None:
    prefix = library + "."
    for module_name, module in list(sys.modules.items()):
        if module_name != library and not module_name.startswith(prefix):
            continue
        if is_a(module, ModuleType) and module.__dict__.get(name) is old:
            setattr(module, name, new)
