"""The one reader of environment variables, configuration and default folders.

=========================== ==========================================================
``JUPYTER_MLOPS_HOME``      where everything is kept; else ``mlops/`` in Jupyter's data
                            folder
``JUPYTER_MLOPS_STORE``     the store's database URL; else ``store.db`` in that folder
``JUPYTER_MLOPS``           ``off`` switches capture off
``JUPYTER_MLOPS_STARTER``   set by our engine and server for a kernel that they start,
                            and removed there before the user's first line runs
=========================== ==========================================================

Configuration files are read by the skins (with traitlets) and handed in as a mapping;
nothing is ever read from a notebook's own folder. Standard library only: kernels import
this module.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jupyter_mlops.frozen import dataclass

HOME_VARIABLE = "JUPYTER_MLOPS_HOME"
STORE_VARIABLE = "JUPYTER_MLOPS_STORE"
SWITCH_VARIABLE = "JUPYTER_MLOPS"
STARTER_VARIABLE = "JUPYTER_MLOPS_STARTER"

# Outputs above this size keep their digest and size, not their content.
OUTPUT_LIMIT_BYTES = 10 * 2**20
# A notebook's folder above this size is not copied for a reproduction.
SANDBOX_LIMIT_BYTES = 2 * 2**30
# What blobs and journals may take together, before `gc` drops the content of the oldest runs.
QUOTA = "10 GB"

_UNITS = {"b": 1} | {
    f"{prefix}{kind}": base ** (power + 1)
    for power, prefix in enumerate("kmgt")
    for kind, base in (("b", 1000), ("ib", 1024))
}


@dataclass(frozen=True)
class Settings:
    """Where things live, how much of it there may be, and whether capture is on.

    ``store_url`` is an SQLAlchemy database URL.
    """

    home: Path
    store_url: str
    capture: bool = True
    quota_bytes: int = 10 * 10**9

    @property
    def journals(self) -> Path:
        """Folder of the journals, one file a writer."""
        return self.home / "journals"

    @property
    def blobs(self) -> Path:
        """Folder of the content-addressed blobs."""
        return self.home / "blobs"


@dataclass(frozen=True)
class Starter:
    """What the process that starts a kernel tells it about itself.

    ``pid`` is the starter's own: a kernel believes the message only from its parent, since
    environment variables are inherited by everything that a terminal or a cell starts.
    """

    pid: int
    listens: bool
    trigger: str = "interactive"
    notebook: str | None = None
    run: str | None = None
    user: str | None = None

    def environment(self) -> dict[str, str]:
        """Return the variable to start the kernel with."""
        return {STARTER_VARIABLE: json.dumps(asdict(self))}


def read(
    config: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Read the settings: environment first, then configuration, then defaults.

    Parameters
    ----------
    config
        A traitlets configuration (any mapping); its section ``MLOps`` is used.
    environ
        Defaults to ``os.environ``.

    Raises
    ------
    BadValueError
        If the quota is no size.
    """
    environ = os.environ if environ is None else environ
    section = dict((config or {}).get("MLOps", {}))
    home_text = environ.get(HOME_VARIABLE) or str(section.get("home") or "")
    home = Path(home_text).expanduser() if home_text else _jupyter_data_dir(environ) / "mlops"
    home = Path(os.path.abspath(home))
    store = environ.get(STORE_VARIABLE) or str(section.get("store_url") or "")
    return Settings(
        home=home,
        store_url=store or f"sqlite:///{home / 'store.db'}",
        capture=_is_on(environ) and bool(section.get("capture", True)),
        quota_bytes=size("MLOps.quota", section.get("quota") or QUOTA),
    )


def size(name: str, told: str | int) -> int:
    """Read a size that was given as `name`: bytes, or text such as ``10 GB`` or ``512 MiB``.

    Raises
    ------
    BadValueError
        If it is none.
    """
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-zA-Z]*)\s*", str(told))
    unit = _UNITS.get(found[2].lower() or "b") if found else None
    if found is None or unit is None:
        from jupyter_mlops.errors import BadValueError

        raise BadValueError(name=name, value=told, expected="a size, such as 10 GB or 500000")
    return int(float(found[1]) * unit)


def take_starter(environ: MutableMapping[str, str], parent: int) -> Starter | None:
    """Remove the starter's message from `environ` and return it if `parent` wrote it."""
    text = environ.pop(STARTER_VARIABLE, None)
    if not text:
        return None
    try:
        starter = Starter(**json.loads(text))
    except (ValueError, TypeError):
        # Whatever stands there was not written by us; a kernel has to start all the same.
        return None
    return starter if starter.pid == parent else None


def make_private(folder: Path) -> Path:
    """Create `folder` readable by its owner only, under any umask, and return it."""
    # mkdir(parents=True) would give the folders on the way the umask's permissions.
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
        # The umask may have taken the owner's own permissions.
        missing.chmod(0o700)
    folder.mkdir(mode=0o700, exist_ok=True)  # refuses a file in its place
    return folder


def system_user() -> str:
    """Return the operating system's name of the user, which no environment variable forges."""
    try:
        import pwd

        return pwd.getpwuid(os.getuid()).pw_name
    except (ImportError, KeyError):
        # Windows has no pwd, and a container may run under an unknown uid.
        return os.environ.get("USERNAME") or f"uid {getattr(os, 'getuid', lambda: '?')()}"


def tool_folders(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """Return the folders in which tools keep settings and caches, never a user's data."""
    environ = os.environ if environ is None else environ
    home = Path(environ.get("HOME") or Path.home())
    names = (".cache", ".conda", ".config", ".ipython", ".jupyter", ".local", ".matplotlib")
    variables = (
        "IPYTHONDIR",
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_RUNTIME_DIR",
        "MPLCONFIGDIR",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
    )
    told = (Path(environ[name]) for name in variables if environ.get(name))
    return (*(home / name for name in names), *told, _jupyter_data_dir(environ), read().home)


def _is_on(environ: Mapping[str, str]) -> bool:
    return environ.get(SWITCH_VARIABLE, "").strip().lower() not in {"off", "0", "false", "no"}


def _jupyter_data_dir(environ: Mapping[str, str]) -> Path:
    # The rule of jupyter_core.paths.jupyter_data_dir, whose import a kernel in another
    # environment may not afford; a test compares the two.
    if environ.get("JUPYTER_DATA_DIR"):
        return Path(environ["JUPYTER_DATA_DIR"])
    home = Path(environ.get("HOME") or Path.home())
    if sys.platform == "darwin":
        return home / "Library" / "Jupyter"
    if os.name == "nt":
        roaming = environ.get("APPDATA")
        return Path(roaming) / "jupyter" if roaming else home / ".jupyter" / "data"
    shared = environ.get("XDG_DATA_HOME")
    return (Path(shared) if shared else home / ".local" / "share") / "jupyter"
