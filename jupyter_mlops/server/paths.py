"""Paths in URLs, relative to the server's root, and the files that they name.

Nothing outside the root is reached: both are compared part by part after every symbolic link
was followed, since a comparison of strings takes ``/t/mlops-evil`` for a part of ``/t/mlops``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from jupyter_server.utils import ApiPath, to_os_path

from jupyter_mlops.errors import BadValueError

_LENGTH_LIMIT = 1024
_SUFFIX = ".ipynb"


def root_of(contents_manager: Any) -> Path | None:
    """Return the folder that the server shows, ``None`` if its contents are no local files."""
    root = getattr(contents_manager, "root_dir", None)
    return Path(os.path.abspath(root)) if root else None


def notebook_path(contents_manager: Any, path: str) -> Path:
    """Return the file that `path`, as the server's URLs have it, names.

    It need not exist: runs outlive their notebook. For threads, never for the event loop: it
    asks the disk, and a network's may hang.

    Raises
    ------
    BadValueError
        If it is no path of a notebook inside the server's root.
    """
    target = _inside(contents_manager, path) if path.endswith(_SUFFIX) else None
    if target is not None:
        return target
    raise BadValueError(
        name="path", value=path[:80], expected="the path of a notebook inside the server's root"
    )


def folder_path(contents_manager: Any, path: str) -> Path:
    """Return the folder that `path` names, the root itself if it is empty; else as a notebook's.

    Raises
    ------
    BadValueError
        If it is no path of a folder inside the server's root.
    """
    target = root_of(contents_manager) if not path else _inside(contents_manager, path)
    if target is not None:
        return target
    raise BadValueError(
        name="path", value=path[:80], expected="the path of a folder inside the server's root"
    )


def _inside(contents_manager: Any, path: str) -> Path | None:
    root = root_of(contents_manager)
    parts = path.strip("/").split("/")
    plain = (
        root is not None
        and len(path) <= _LENGTH_LIMIT
        and path.isprintable()
        and "\\" not in path
        and ":" not in path
        and not path.startswith("/")
        and not any(part in {"", ".", ".."} for part in parts)
        and (contents_manager.allow_hidden or not any(part[0] == "." for part in parts))
    )
    if plain and root is not None:
        target = Path(to_os_path(ApiPath(path), str(root)))
        if Path(os.path.realpath(target)).is_relative_to(os.path.realpath(root)):
            return target
    return None
