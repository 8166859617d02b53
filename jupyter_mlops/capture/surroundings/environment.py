"""The working folder, Python, the platform and every distribution, found by listing folders.

``importlib.metadata`` would open hundreds of files; the names of the ``*.dist-info``
folders say the same in one listing a folder.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig

from jupyter_mlops.journal import canonical, sha256
from jupyter_mlops.records import Environment

_DISTRIBUTION = re.compile(r"(?P<name>.+?)(-(?P<version>[^-]+))?(-py\d[\d.]*)?\.(dist|egg)-info")
_SEPARATORS = re.compile(r"[-_.]+")


class Installed:
    """The environment, listed anew only when a folder of the path has changed.

    Attributes
    ----------
    packages
        The distributions, as they were listed last.
    outdated
        Those that were replaced while they were loaded, with the version that still is.
    """

    def __init__(self) -> None:
        self._stamp: tuple[tuple[str, int], ...] = ()
        self._digest = ""
        self.packages: dict[str, str] = {}
        self.outdated: dict[str, str] = {}

    def changed(self) -> Environment | None:
        """Return the environment at the first call and after every change, else ``None``."""
        stamp = self._folders()
        if stamp == self._stamp:
            return None
        environment = read([folder for folder, _ in stamp])
        self._stamp = stamp  # not before: an interrupt may come in between
        if environment.digest == self._digest:
            return None
        self._digest = environment.digest
        self._note_outdated(environment.packages)
        self.packages = environment.packages
        return environment

    @property
    def folders(self) -> dict[str, str]:
        """Folders in which distributions describe themselves, and the names of these."""
        found: dict[str, str] = {}
        for parent, _ in self._stamp:
            found.update(_described(parent))
        return found

    def _note_outdated(self, packages: dict[str, str]) -> None:
        if not self.packages:
            return
        # Loaded here and not above: most kernels change nothing, and all pay at their start.
        from jupyter_mlops.fingerprints.introspection import loaded

        for name, version in self.packages.items():
            if packages.get(name, version) != version:
                still = loaded(name.replace("-", "_"), "__version__")
                if type(still) is str and still == version:
                    self.outdated.setdefault(name, version)

    @staticmethod
    def _folders() -> tuple[tuple[str, int], ...]:
        stamps: list[tuple[str, int]] = []
        for entry in tuple(sys.path):
            # "" is the notebook's folder, where every written file would look like a change.
            if type(entry) is not str or not entry.endswith("-packages"):
                continue
            try:
                stamps.append((entry, os.stat(entry).st_mtime_ns))
            except OSError:  # a folder of the path need not exist
                continue
        return tuple(stamps)


def working_folder() -> str:
    """Return the process's working folder, an empty text if it is gone."""
    try:
        return os.getcwd()
    except OSError:  # what runs there is recorded all the same
        return ""


def read(folders: list[str]) -> Environment:
    """Return the environment with the distributions in `folders`, the first of a name wins."""
    packages: dict[str, str] = {}
    for folder in folders:
        for match, name in _matches(folder):
            packages.setdefault(name, match["version"] or "")
    python = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info.releaselevel != "final":
        python = sys.version.split()[0]
    platform = f"{sys.implementation.name}-{sysconfig.get_platform()}"
    packages = dict(sorted(packages.items()))
    content = canonical({"python": python, "platform": platform, "packages": packages})
    return Environment(python, platform, packages, sha256(content))


def _described(folder: str) -> dict[str, str]:
    return {os.path.join(folder, match[0]): name for match, name in _matches(folder)}


def _matches(folder: str) -> list[tuple[re.Match[str], str]]:
    try:
        entries = os.listdir(folder)
    except OSError:  # removed meanwhile
        return []
    found = filter(None, map(_DISTRIBUTION.fullmatch, entries))
    return [(match, _SEPARATORS.sub("-", match["name"]).lower()) for match in found]
