"""Which files are a user's data or modules, told by where they are.

Files of the interpreter, of installed packages, of the system and of tools are not: what
they hold is recorded as versions of packages, or does not matter.
"""

from __future__ import annotations

import os
import site
import sys
import tempfile
from collections.abc import Iterable, Iterator

from jupyter_mlops import settings

_SYSTEM = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/run/user", "/sys")
_SYSTEM_USER = ("/usr", "/var/cache", "/var/lib")
_ANYWHERE = (
    "/site-packages/",
    "/dist-packages/",
    "/__pycache__/",
    "/.ipynb_checkpoints/",
    "/.git/",
    "/joblib_memmapping_folder_",
)
# Folders of an interpreter's prefix, where the prefix itself holds the notebook as well.
_OF_PREFIX = ("bin", "etc", "include", "lib", "lib64", "share")


class Places:
    """Tells data from other files, and writes paths as records have them.

    Parameters
    ----------
    root
        The notebook's working folder, absolute.

    Attributes
    ----------
    root
        As given.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self._root = os.path.join(root, "")
        folders = {*_SYSTEM, *_SYSTEM_USER, *map(str, settings.tool_folders()), *_libraries()}
        for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix}:
            folders.update(self._of_interpreter(prefix))
        folders |= {os.path.realpath(folder) for folder in folders}
        kernel_files = os.path.join(tempfile.gettempdir(), "ipykernel_")
        self._foreign = (*sorted(map(_as_prefix, folders - {os.sep})), kernel_files)

    def is_foreign(self, path: str) -> bool:
        """Tell quickly that an absolute path is not the user's; False may be wrong."""
        return path.startswith(self._foreign)

    def is_data(self, path: str) -> bool:
        """Tell whether the file at an absolute path is the user's."""
        if self.is_foreign(path):
            return False
        path = path.replace(os.sep, "/")
        return not any(part in path for part in _ANYWHERE)

    def shown(self, path: str) -> str:
        """Write a path relative to the notebook's folder if it is inside, else absolute."""
        return path.removeprefix(self._root).replace(os.sep, "/")

    def _of_interpreter(self, prefix: str) -> Iterable[str]:
        if self._root.startswith(_as_prefix(prefix)):
            return [os.path.join(prefix, name) for name in _OF_PREFIX]
        return [prefix]


def _as_prefix(folder: str) -> str:
    return os.path.join(folder, "")


def _libraries() -> Iterator[str]:
    yield os.path.dirname(os.__file__)
    # Ourselves: an editable installation lies outside site-packages.
    yield os.path.dirname(settings.__file__)
    yield from site.getsitepackages()
    yield site.getusersitepackages()
