"""The one reader of environment variables, configuration and default folders.

=========================== ==========================================================
``JUPYTER_MLOPS_HOME``      where everything is kept; else ``mlops/`` in Jupyter's data
                            folder
``JUPYTER_MLOPS_STORE``     the store's database URL; else ``store.db`` in that folder
``JUPYTER_MLOPS``           ``off`` switches capture off
``JUPYTER_MLOPS_STARTER``   set by our engine and server for a kernel that they start,
                            and removed there before the user's first line runs, like
                            the ``PYTHONSTARTUP`` that makes the kernel load capture
=========================== ==========================================================

``JUPYTER_MLOPS_SECRET_NAMES`` and ``JUPYTER_MLOPS_NOT_SECRET_NAMES`` hold further names, divided
by commas, that mean a secret, and names that mean none.

Configuration files are read by the skins (with traitlets) and handed in as a mapping;
nothing is ever read from a notebook's own folder. Standard library only: kernels import
this module.
"""

from __future__ import annotations

import errno
import json
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from jupyter_mlops.frozen import dataclass

HOME_VARIABLE = "JUPYTER_MLOPS_HOME"
STORE_VARIABLE = "JUPYTER_MLOPS_STORE"
SWITCH_VARIABLE = "JUPYTER_MLOPS"
STARTER_VARIABLE = "JUPYTER_MLOPS_STARTER"
STARTUP_VARIABLE = "PYTHONSTARTUP"
SECRET_NAMES_VARIABLE = "JUPYTER_MLOPS_SECRET_NAMES"
NOT_SECRET_NAMES_VARIABLE = "JUPYTER_MLOPS_NOT_SECRET_NAMES"

# What makes a Python kernel of any environment load capture; in a folder of its own, since
# IPython puts the folder at the head of `sys.path` meanwhile.
START_FILE = os.path.join(os.path.dirname(__file__), "capture", "start", "start_file.py")

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

    ``store_url`` is an SQLAlchemy database URL; ``secret_names`` and ``not_secret_names`` are
    the configuration's, which :meth:`named` puts into the environment of all that is started.
    """

    home: Path
    store_url: str
    capture: bool = True
    secret_names: tuple[str, ...] = ()
    not_secret_names: tuple[str, ...] = ()
    quota_bytes: int = 10 * 10**9

    @property
    def journals(self) -> Path:
        """Folder of the journals, one file a writer."""
        return self.home / "journals"

    @property
    def blobs(self) -> Path:
        """Folder of the content-addressed blobs."""
        return self.home / "blobs"

    def named(self) -> dict[str, str]:
        """Return as variables what the configuration says of names that mean a secret."""
        said = {
            SECRET_NAMES_VARIABLE: self.secret_names,
            NOT_SECRET_NAMES_VARIABLE: self.not_secret_names,
        }
        return {variable: ",".join(names) for variable, names in said.items() if names}


@dataclass(frozen=True)
class Starter:
    """What the process that starts a kernel tells it about itself.

    ``pid`` is the starter's own, ``kernel`` the id in the name of the connection file, where
    it is known: a kernel believes the message only if one of them fits, since environment
    variables are inherited by everything that a terminal or a cell starts. ``startup`` is
    what stood in ``PYTHONSTARTUP`` before :meth:`reach` took its place.
    ``python`` is the version of the starter's own, up to which it can read a cell's source.
    ``secrets`` is the path of the pipe through which the kernel tells which values are secret,
    ``known_secrets`` are those that the starter knows and no name in the kernel may tell of.
    """

    pid: int
    listens: bool
    trigger: str = "interactive"
    notebook: str | None = None
    run: str | None = None
    user: str | None = None
    kernel: str | None = None
    startup: str | None = None
    python: tuple[int, ...] = sys.version_info[:2]
    secrets: str | None = None
    known_secrets: tuple[str, ...] = ()

    def environment(self) -> dict[str, str]:
        """Return the variable to start the kernel with."""
        return {STARTER_VARIABLE: json.dumps(asdict(self))}

    def reach(self, environ: MutableMapping[str, str]) -> None:
        """Make the Python kernel that is started with `environ` load capture, and tell it.

        Without our file, which is so once the package was uninstalled, nothing is changed.
        """
        if not os.path.isfile(START_FILE):
            environ.pop(STARTER_VARIABLE, None)
            return
        startup = environ.get(STARTUP_VARIABLE)
        if startup == START_FILE:  # inherited from a kernel whose IPython did not execute it
            inherited = starter_in(environ)
            startup = None if inherited is None else inherited.startup
        environ[STARTUP_VARIABLE] = START_FILE
        environ.update(replace(self, startup=startup).environment())


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
        secret_names=tuple(map(str, section.get("secret_names") or ())),
        not_secret_names=tuple(map(str, section.get("not_secret_names") or ())),
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


_TUPLES = ("known_secrets", "python")


def starter_in(environ: Mapping[str, str]) -> Starter | None:
    """Return the starter's message in `environ`, ``None`` if there is none."""
    try:
        told = json.loads(environ.get(STARTER_VARIABLE) or "null")
        known = {one.name for one in fields(Starter)}
        values = {name: value for name, value in told.items() if name in known}
        lists = {name: tuple(values[name] or ()) for name in _TUPLES if name in values}
        return Starter(**{**values, **lists})
    except (ValueError, TypeError, AttributeError):  # not written by us; a kernel has to start
        return None


def take_starter(
    environ: MutableMapping[str, str], parent: int, connection_file: str = ""
) -> Starter | None:
    """Remove the starter's message from `environ` and return it if it is meant for us.

    Parameters
    ----------
    environ
        The environment; ``PYTHONSTARTUP`` is put back in it, if that was not done yet.
    parent
        Id of the kernel's parent process.
    connection_file
        Path of the kernel's connection file.
    """
    starter = starter_in(environ)
    environ.pop(STARTER_VARIABLE, None)
    if environ.get(STARTUP_VARIABLE) == START_FILE:
        if starter is None or starter.startup is None:
            del environ[STARTUP_VARIABLE]
        else:
            environ[STARTUP_VARIABLE] = starter.startup
    if starter is None:
        return None
    # The parent is another process where a kernel is started through a script, as by conda.
    named = starter.kernel and os.path.basename(connection_file) == f"kernel-{starter.kernel}.json"
    return starter if named or starter.pid == parent else None


def make_private(folder: Path) -> Path:
    """Create `folder` readable by its owner only, under any umask, and return it.

    Raises
    ------
    OSError
        If it can't be created, or what stands there, be it a link, is another user's: who put
        it there could read what is kept, or change it.
    """
    for missing in reversed([folder, *(one for one in folder.parents if not one.exists())]):
        # mkdir(parents=True) would give the folders on the way the umask's permissions.
        with suppress(FileExistsError):  # checked below
            missing.mkdir(mode=0o700)
            missing.chmod(0o700)
    if hasattr(os, "geteuid"):
        owners = {os.lstat(folder).st_uid, os.stat(folder).st_uid}
        if not owners <= {os.geteuid(), 0}:
            said = f"it belongs to another user; set {HOME_VARIABLE} to a folder of your own"
            raise PermissionError(errno.EPERM, said, str(folder))
    if not folder.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder))
    return folder


def make_file_private(descriptor: int) -> None:
    """Let its owner alone read and write an open file, whatever the umask made of its mode."""
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)


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
