"""The private functions by which libraries tell of the paths that they are about to open.

Each has returned before the file is opened. What is to be done with the file is told by the
functions of the library under way above it, by their names and their arguments.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_mlops.capture.files.native_readers import PathUse

Told = tuple[Any, "PathUse"]
# How far above a function its library says what it is about to do.
_FRAMES = 12


@dataclass(frozen=True, eq=False)
class Seam:
    """A private function: the module that defines it, its name, and what a call of it tells.

    ``tell`` is given the arguments and the frame that called it.
    """

    home: str
    name: str
    tell: Callable[[tuple[Any, ...], dict[str, Any], FrameType], Told | None]


def _above(frame: FrameType | None, libraries: tuple[str, ...]) -> Iterator[FrameType]:
    for _ in range(_FRAMES):
        if frame is None or not str(frame.f_globals.get("__name__")).startswith(libraries):
            return
        yield frame
        frame = frame.f_back


def _pyarrow(given: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> Told | None:
    use: PathUse = "unknown"
    for one in _above(frame, ("pyarrow", "pandas.io")):
        mode = one.f_locals.get("mode")
        if "write" in one.f_code.co_name or (type(mode) is str and mode.startswith("w")):
            return given[0], "write"
        use = "read"
    return (given[0], use) if given else None


def _polars(given: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> Told | None:
    doing = [one.f_code.co_name.partition("_")[0] for one in _above(frame, ("polars",))]
    if not {"write", "sink", "serialize"}.isdisjoint(doing):
        return given[0], "write"
    return given[0], "scan" if "scan" in doing and "read" not in doing else "read"


def _collect(given: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> Told | None:
    return None, "collect"


def _h5py(given: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> Told | None:
    if frame.f_code.co_name != "__init__" or "mode" not in frame.f_locals:
        return None  # the name of a group or of a data set
    mode = frame.f_locals["mode"]
    # What is opened to be changed is read as well, if it is there.
    return given[0], "write" if type(mode) is str and mode in ("w", "w-", "x") else "read"


def _torch(given: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> Told | None:
    return (given[0], "write") if given else None


def _torch_jit(given: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> Told | None:
    use: PathUse | None = {"load": "read", "save": "write"}.get(frame.f_code.co_name)  # type: ignore[assignment]
    return (frame.f_locals.get("f"), use) if use else None


def _boosters(given: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> Told | None:
    """Tell of texts that are given to a library in C, most of which are no paths."""
    text, doing = given[0] if given else None, frame.f_code.co_name
    if doing in ("save_model", "save_binary", "_dump_text"):
        return text, "write"
    names_file = type(text) is str and os.path.isfile(text)
    return (text, "read") if names_file else None


def _uri(given: tuple[Any, ...], named: dict[str, Any], frame: FrameType) -> Told | None:
    uri = named.get("uri")
    return (uri.partition("?")[0], "read") if type(uri) is str else None


SEAMS: dict[str, tuple[Seam, ...]] = {
    "h5py": (Seam("h5py._hl.compat", "filename_encode", _h5py),),
    "lightgbm": (Seam("lightgbm.basic", "_c_str", _boosters),),
    "polars": (
        Seam("polars._utils.various", "normalize_filepath", _polars),
        Seam("polars.lazyframe.engine_config", "_select_engine", _collect),
    ),
    "pyarrow": (
        Seam("pyarrow.util", "_stringify_path", _pyarrow),
        Seam("pyarrow.lib", "encode_file_path", _pyarrow),
    ),
    "torch": (
        Seam("torch.serialization", "_check_save_filelike", _torch),
        Seam("torch.jit._serialization", "validate_map_location", _torch_jit),
        Seam("torch.jit._serialization", "_get_model_id", _torch_jit),
    ),
    "xgboost": (
        Seam("xgboost.core", "c_str", _boosters),
        Seam("xgboost.core", "make_jcargs", _uri),
    ),
}
