"""What ``doctor`` looks at: capture, kernels, server part, front end and store.

A room of its own because it alone looks across all the others, at how they are installed
and not at what they do; and not named after the verb, since the package's attribute
``doctor`` is the function.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_mlops import settings as reader
from jupyter_mlops.diagnosis.kernels import DISTRIBUTION, every_kernel, own_version, reached
from jupyter_mlops.errors import MlopsError, UnwritableStoreError
from jupyter_mlops.journal import obstacle
from jupyter_mlops.layout import size
from jupyter_mlops.records import Check, Diagnosis
from jupyter_mlops.settings import Settings

if TYPE_CHECKING:
    from jupyter_mlops.store import Store

# Below this much free space, outputs and journals soon find none.
FREE_BYTES = 2**30
_REPORT = "if it is said again, report it"


def diagnose(settings: Settings) -> Diagnosis:
    """Look at everything that has to be in place for runs to be recorded.

    Parameters
    ----------
    settings
        As the configuration and the environment give them.
    """
    checks = [
        *_capture(settings),
        *every_kernel(),
        *_server(),
        *_front_end(),
        *_key(settings.home),
        *_store(settings),
    ]
    return Diagnosis(version=own_version(), home=str(settings.home), checks=tuple(checks))


def _capture(settings: Settings) -> Iterator[Check]:
    switch = os.environ.get(reader.SWITCH_VARIABLE)
    if settings.capture:
        yield Check("capture", "ok", "capture is switched on")
    elif reader.read().capture:
        yield Check(
            "capture",
            "finding",
            "capture is switched off by MLOps.capture",
            "set it to True in the file that jupyter --paths leads to",
        )
    else:
        yield Check(
            "capture",
            "finding",
            f"capture is switched off by {reader.SWITCH_VARIABLE}={switch}",
            f"unset {reader.SWITCH_VARIABLE}",
        )
    elsewhere = reader.read().home
    if elsewhere != settings.home:
        yield Check(
            "capture",
            "finding",
            f"kernels that other programs start record in {elsewhere}, since they don't read "
            "MLOps.home",
            f"set {reader.HOME_VARIABLE}={settings.home} in the environment instead",
        )
    yield reached("this environment", sys.executable, {})


def _server() -> Iterator[Check]:
    from jupyter_core.paths import jupyter_config_path
    from jupyter_server.extension.config import ExtensionConfigManager

    manager: Any = ExtensionConfigManager(read_config_path=jupyter_config_path())
    if manager.enabled("jupyter_mlops"):
        yield Check("server", "ok", "the server part is enabled")
    else:
        yield Check(
            "server",
            "finding",
            "the server part is disabled, so that JupyterLab shows no runs",
            "jupyter server extension enable jupyter_mlops",
        )


def _front_end() -> Iterator[Check]:
    from jupyter_core.paths import jupyter_path
    from jupyterlab_server.config import get_page_config

    folders = jupyter_path("labextensions")
    found = next(
        (p for f in folders if (p := Path(f, DISTRIBUTION, "package.json")).is_file()), None
    )
    reinstall = f"{sys.executable} -m pip install --force-reinstall --no-deps {DISTRIBUTION}"
    if found is None:
        yield Check("front end", "finding", "JupyterLab has no extension of ours", reinstall)
        return
    try:
        package = json.loads(found.read_bytes())
        entry, version = package["jupyterlab"]["_build"]["load"], package["version"]
    except (OSError, ValueError, KeyError, TypeError):
        yield Check("front end", "finding", f"{found} is damaged", reinstall)
        return
    if not (found.parent / entry).is_file():
        yield Check("front end", "finding", f"{found.parent / entry} is missing", reinstall)
    elif version != own_version():
        yield Check(
            "front end",
            "finding",
            f"the front end is of version {version}, the package of {own_version()}",
            reinstall,
        )
    elif DISTRIBUTION in get_page_config(folders).get("disabledExtensions", []):
        yield Check(
            "front end",
            "finding",
            "the front end is disabled",
            f"jupyter labextension enable {DISTRIBUTION}",
        )
    else:
        yield Check("front end", "ok", f"JupyterLab has the front end, version {version}")


def _store(settings: Settings) -> Iterator[Check]:
    from jupyter_mlops.store import Store

    try:
        with Store.open(settings) as store:
            waiting = store.unsynced()
            fault = _refreshed(store)
            left = store.unsynced()
            problems = store.problems()
            damage = store.damage()
    except UnwritableStoreError as error:
        what, _, way_out = str(error).rpartition("; ")
        nothing = "nothing new is recorded, and what kernels say waits in their memory"
        yield Check("store", "finding", f"{what}: {nothing}", way_out)
        return
    except MlopsError as error:
        what, _, way_out = str(error).rpartition("; ")
        yield Check("store", "finding", what or way_out, way_out if what else _REPORT)
        yield from _journals(settings.journals)
        return
    if fault is not None:
        yield Check("store", "finding", f"the store can't be brought up to date: {fault}", _REPORT)
    for one in damage:
        yield Check(
            "store",
            "finding",
            one,
            "move it aside with its -wal and -shm files; it is built again from the journals",
        )
    took = f", {waiting - left} journals taken in now" if waiting > left else ""
    if not damage and fault is None:
        yield Check("store", "ok", f"the store is sound{took}")
    if left:
        yield Check(
            "store",
            "finding",
            f"{left} journals hold lines that could not be taken in",
            "the lines below say why" if problems else "ask again when their kernels rest",
        )
    for problem in problems:
        what, *command = re.split("; (?:upgrade|see what can go) with: ", problem)
        yield Check("store", "finding", what, *(command or [f"restart that kernel; {_REPORT}"]))
    yield from _folder(settings.home)
    yield from _journals(settings.journals)


def _key(home: Path) -> Iterator[Check]:
    from jupyter_mlops.redaction.keys import FILE, fault

    found = fault(home)
    if found is not None:
        yield Check(
            "store",
            "finding",
            f"{found.partition(';')[0]}: secrets are redacted all the same, and compare as unknown",
            f"put back {home / FILE} from a copy, or move it away: the next kernel makes a new "
            "one, and secrets recorded before compare as unknown with those recorded then",
        )


def _refreshed(store: Store) -> str | None:
    """Bring the store up to date, or say why that is impossible."""
    try:
        store.refresh()
    except MlopsError:
        raise
    except Exception as error:  # noqa: BLE001 - who asks what is wrong has to be told
        return f"{type(error).__name__}: {''.join(str(error).splitlines()[:1])}"
    return None


def _is_open(path: Path) -> bool:
    try:
        status = path.lstat()
    except FileNotFoundError:  # removed since it was listed
        return False
    return not stat.S_ISLNK(status.st_mode) and bool(status.st_mode & 0o077)


def _folder(home: Path) -> Iterator[Check]:
    mode = stat.S_IMODE(home.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        yield Check(
            "store", "finding", f"{home} can be read by others (mode {mode:o})", f"chmod 700 {home}"
        )
    too_open = [path for path in home.rglob("*") if os.name == "posix" and _is_open(path)]
    if too_open:
        others = f" and {len(too_open) - 1} more" if len(too_open) > 1 else ""
        what = f"{too_open[0]}{others} can be read by others"
        yield Check("store", "finding", what, f"chmod -R go= {home}")
    free = shutil.disk_usage(home).free
    if free < FREE_BYTES:
        yield Check(
            "store",
            "finding",
            f"only {size(free)} are free in {home}",
            f"free some, or set {reader.HOME_VARIABLE} to a folder with room",
        )
    else:
        yield Check("store", "ok", f"{size(free)} are free")


def _journals(journals: Path) -> Iterator[Check]:
    error = obstacle(journals)
    if error is not None:
        yield Check(
            "capture",
            "finding",
            f"{journals} can't be written ({error.strerror or error}): kernels are not recording, "
            "and keep in memory what they will write there",
            f"make room or mend its permissions, or set {reader.HOME_VARIABLE} to another folder",
        )
