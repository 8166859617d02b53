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
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jupyter_mlops import settings as reader
from jupyter_mlops.errors import MlopsError
from jupyter_mlops.journal import obstacle
from jupyter_mlops.layout import size
from jupyter_mlops.records import Check, Diagnosis
from jupyter_mlops.settings import Settings

if TYPE_CHECKING:
    from jupyter_mlops.store import Store

DISTRIBUTION = "jupyter-mlops"
STARTUP = "50-jupyter-mlops.py"
# Below this much free space, outputs and journals soon find none.
FREE_BYTES = 2**30
_PROBE_TIMEOUT_S = 30.0
_REPORT = "if it is said again, report it"

# Runs in a kernel's interpreter, with its standard library alone, and imports nothing of
# ours: it asks what is installed there, and whether IPython will execute our startup file.
_PROBE = """
import hashlib, base64, json, os, sys
from importlib import metadata
answer = {"version": None, "ipython": None, "startup": None, "intact": None}
for key, name in (("version", "jupyter-mlops"), ("ipython", "ipython")):
    try:
        answer[key] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
if answer["version"]:
    folders = [os.path.join(sys.prefix, "etc", "ipython")]
    if os.name != "nt":
        folders += ["/usr/local/etc/ipython", "/etc/ipython"]
    for folder in folders:
        path = os.path.join(folder, "startup", STARTUP)
        if answer["startup"] is None and os.path.isfile(path):
            answer["startup"] = path
    for file in metadata.files("jupyter-mlops") or ():
        if file.name == STARTUP and file.hash and answer["startup"]:
            with open(answer["startup"], "rb") as opened:
                digest = hashlib.new(file.hash.mode, opened.read()).digest()
            found = base64.urlsafe_b64encode(digest).decode().rstrip("=")
            answer["intact"] = found == file.hash.value
print(json.dumps(answer))
"""


def diagnose(settings: Settings) -> Diagnosis:
    """Look at everything that has to be in place for runs to be recorded.

    Parameters
    ----------
    settings
        As the configuration and the environment give them.
    """
    checks = [
        *_capture(settings),
        *_kernels(),
        *_server(),
        *_front_end(),
        *_store(settings),
    ]
    return Diagnosis(version=_version(), home=str(settings.home), checks=tuple(checks))


def _version() -> str:
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return "not installed"


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
    yield _reached("this environment", sys.executable, {})


def _kernels() -> Iterator[Check]:
    from jupyter_client.kernelspec import KernelSpecManager

    for name, found in sorted(KernelSpecManager().get_all_specs().items()):
        yield _kernel(f"kernel {name}", found["spec"])


def _kernel(what: str, spec: Mapping[str, Any]) -> Check:
    language = str(spec.get("language", "")).lower()
    argv = spec.get("argv") or [""]
    provisioner = spec.get("metadata", {}).get("kernel_provisioner", {}).get("provisioner_name")
    if language != "python":
        return Check(
            "kernels",
            "unseen",
            f"{what}: {language or 'another language'}; it is "
            "executed and judged by its outputs, its inside is not seen",
        )
    if provisioner not in (None, "local-provisioner"):
        return Check("kernels", "unseen", f"{what}: started by {provisioner}, perhaps elsewhere")
    if not os.path.basename(argv[0]).lower().startswith("python"):
        return Check(
            "kernels", "unseen", f"{what}: started through {argv[0]}, which hides its Python"
        )
    python = _interpreter(argv[0])
    if python is None:
        return Check(
            "kernels",
            "finding",
            f"{what}: no {argv[0]} is there",
            f"jupyter kernelspec remove {what.removeprefix('kernel ')}",
        )
    return _reached(what, python, spec.get("env") or {})


def _interpreter(program: str) -> str | None:
    # jupyter_client starts the bare names with its own interpreter.
    if program in {
        "python",
        f"python{sys.version_info[0]}",
        "python{}.{}".format(*sys.version_info),
    }:
        return sys.executable
    return shutil.which(program)


def _reached(what: str, python: str, environment: Mapping[str, str]) -> Check:
    """Tell whether a kernel of this interpreter will record."""
    area: Literal["kernels", "capture"] = "kernels" if what.startswith("kernel ") else "capture"
    install = f"{python} -m pip install --force-reinstall --no-deps {DISTRIBUTION}"
    if not reader.read(environ={**os.environ, **environment}).capture and environment:
        return Check(
            area,
            "finding",
            f"{what}: its kernelspec switches capture off",
            f"remove {reader.SWITCH_VARIABLE} from its env",
        )
    try:
        answer = _probed(python, environment)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return Check(
            area,
            "finding",
            f"{what}: {python} can't be asked ({first})",
            "reinstall that environment, or remove its kernelspec",
        )
    if answer["version"] is None:
        return Check(
            area,
            "finding",
            f"{what}: records nothing, {DISTRIBUTION} is not installed for {python}",
            f"{python} -m pip install {DISTRIBUTION}",
        )
    if answer["startup"] is None:
        return Check(
            area,
            "finding",
            f"{what}: IPython has no startup file of ours (a --user "
            "installation puts it where IPython does not look)",
            install,
        )
    if answer["intact"] is False:
        return Check(
            area,
            "finding",
            f"{what}: {answer['startup']} is not that of version {answer['version']}",
            install,
        )
    if answer["version"] != _version():
        return Check(
            area,
            "finding",
            f"{what}: has version {answer['version']}, here is {_version()}",
            f"{python} -m pip install {DISTRIBUTION}=={_version()}",
        )
    return Check(area, "ok", f"{what}: records ({answer['startup']})")


def _probed(python: str, environment: Mapping[str, str]) -> dict[str, Any]:
    done = subprocess.run(
        [python, "-c", f"STARTUP = {STARTUP!r}\n{_PROBE}"],
        env={**os.environ, **environment},
        # Not here: a json.py in the working folder would be imported first.
        cwd=os.path.dirname(os.path.abspath(python)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_PROBE_TIMEOUT_S,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1] if done.stdout else "")
    return answer


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
    elif version != _version():
        yield Check(
            "front end",
            "finding",
            f"the front end is of version {version}, the package of {_version()}",
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
    except MlopsError as error:
        what, _, way_out = str(error).rpartition("; ")
        yield Check("store", "finding", what or way_out, way_out)
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
    except FileNotFoundError:
        return False  # removed since it was listed
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
