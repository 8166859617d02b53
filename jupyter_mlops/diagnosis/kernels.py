"""Whether the kernels of each kernelspec record, who has to start them for that, and why not.

A kernel of an environment that has us loads capture by a start-up file of IPython's, whoever
starts it. Any other Python kernel loads it if our server or our engine starts it, because they
put the path of a file into ``PYTHONSTARTUP``; if its IPython executes that.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from typing import Any, Literal

from jupyter_mlops import settings as reader
from jupyter_mlops.records import Check

DISTRIBUTION = "jupyter-mlops"
STARTUP = "50-jupyter-mlops.py"
OLDEST = (3, 10)
_PROVISIONERS = "jupyter_client.kernel_provisioners"
_PROVISIONER = "jupyter-mlops-provisioner"
_PROBE_TIMEOUT_S = 30.0

# Runs in a kernel's interpreter, with its own packages alone, and imports nothing of ours: it
# asks what is installed there, and whether IPython will execute a file of ours. The profile of
# a user who has none yet is asked about in an empty folder, since asking creates it.
_PROBE = """
import base64, hashlib, json, os, sys, tempfile
from importlib import metadata
answer = {"python": sys.version_info[:2]}
for key, name in (("version", "jupyter-mlops"), ("ipykernel", "ipykernel")):
    try:
        answer[key] = metadata.version(name)
    except metadata.PackageNotFoundError:
        answer[key] = None
answer.update(startup=None, intact=None, executes=None)
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
elif answer["ipykernel"]:
    from IPython.core.application import BaseIPythonApplication
    from ipykernel.kernelapp import IPKernelApp
    with tempfile.TemporaryDirectory() as empty:
        folder = os.environ.get("IPYTHONDIR") or os.path.join("~", ".ipython")
        if not os.path.isdir(os.path.join(os.path.expanduser(folder), "profile_default")):
            os.environ["IPYTHONDIR"] = empty
        application = IPKernelApp()
        BaseIPythonApplication.initialize(application, ARGUMENTS)
        answer["executes"] = application.exec_PYTHONSTARTUP
print(json.dumps(answer))
"""


def own_version() -> str:
    """Return the version of the package that is installed here."""
    try:
        return metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:  # told as the answer
        return "not installed"


def every_kernel() -> Iterator[Check]:
    """Look at each kernelspec that Jupyter finds."""
    from jupyter_client.kernelspec import KernelSpecManager

    for name, found in sorted(KernelSpecManager().get_all_specs().items()):
        yield kernel(f"kernel {name}", found["spec"])


def kernel(what: str, spec: Mapping[str, Any]) -> Check:
    """Look at one kernelspec, which is called `what`."""
    language = str(spec.get("language", "")).lower()
    argv = spec.get("argv") or [""]
    provisioner = spec.get("metadata", {}).get("kernel_provisioner", {}).get("provisioner_name")
    unseen = None
    if language != "python":
        unseen = (
            f"{language or 'another language'}; it is executed and judged by its outputs, its "
            "inside is not seen"
        )
    elif provisioner not in (None, "local-provisioner", _PROVISIONER):
        unseen = f"started by {provisioner}, perhaps elsewhere"
    elif not os.path.basename(argv[0]).lower().startswith("python"):
        unseen = (
            f"started through {argv[0]}, which hides its Python; it records if that has "
            f"{DISTRIBUTION}, or if {_starters()} starts it and IPython is given the environment"
        )
    if unseen is not None:
        return Check("kernels", "unseen", f"{what}: {unseen}")
    python = _interpreter(argv[0])
    if python is None:
        return Check(
            "kernels",
            "finding",
            f"{what}: no {argv[0]} is there",
            f"jupyter kernelspec remove {what.removeprefix('kernel ')}",
        )
    return reached(what, python, spec.get("env") or {}, argv[1:])


def reached(
    what: str, python: str, environment: Mapping[str, str], arguments: Sequence[str] = ()
) -> Check:
    """Tell whether a kernel of this interpreter, with these arguments, will record."""
    area: Literal["kernels", "capture"] = "kernels" if what.startswith("kernel ") else "capture"

    def found(says: str, way_out: str) -> Check:
        return Check(area, "finding", f"{what}: {says}", way_out)

    if not reader.read(environ={**os.environ, **environment}).capture and environment:
        return found(
            "its kernelspec switches capture off", f"remove {reader.SWITCH_VARIABLE} from its env"
        )
    try:
        answer = probed(python, environment, arguments)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        first = (str(error).splitlines() or [type(error).__name__])[0]
        return found(
            f"{python} can't be asked ({first})",
            "reinstall that environment, or remove its kernelspec",
        )
    if answer["version"] is None:
        return _elsewhere(area, what, python, answer, arguments)
    install = f"{python} -m pip install --force-reinstall --no-deps {DISTRIBUTION}"
    if answer["startup"] is None:
        return found(
            "IPython has no startup file of ours (a --user installation puts it where IPython "
            f"does not look), so that it records only if {_starters()} starts it",
            install,
        )
    if answer["intact"] is False:
        return found(f"{answer['startup']} is not that of version {answer['version']}", install)
    if answer["version"] != own_version():
        return found(
            f"has version {answer['version']}, here is {own_version()}",
            f"{python} -m pip install {DISTRIBUTION}=={own_version()}",
        )
    return Check(area, "ok", f"{what}: records ({answer['startup']})")


def _elsewhere(
    area: Literal["kernels", "capture"],
    what: str,
    python: str,
    answer: Mapping[str, Any],
    arguments: Sequence[str],
) -> Check:
    """Tell whether a kernel of an environment without us loads capture from here."""
    install = f"{python} -m pip install {DISTRIBUTION}"
    version = ".".join(map(str, answer["python"]))
    if tuple(answer["python"]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        return Check(area, "unseen", f"{what}: Python {version}; kernels record from {oldest} on")
    if area == "capture" or answer["ipykernel"] is None:
        says = f"records nothing, {DISTRIBUTION} is not installed for {python}"
        return Check(area, "finding", f"{what}: {says}", install)
    module = arguments[arguments.index("-m") + 1] if "-m" in arguments[:-1] else "ipykernel"
    if not module.startswith("ipykernel"):
        return Check(
            area, "unseen", f"{what}: {module} need not execute what PYTHONSTARTUP names, as ours"
        )
    if not answer["executes"]:
        return Check(
            area,
            "finding",
            f"{what}: records nothing, {DISTRIBUTION} is not installed for {python}, and "
            "exec_PYTHONSTARTUP = False in IPython's configuration keeps it from being lent",
            install,
        )
    return Check(
        area,
        "ok",
        f"{what}: records if {_starters()} starts it; for other programs, {install}",
    )


def _starters() -> str:
    """Name what starts kernels of other environments with capture."""
    chosen = os.environ.get("JUPYTER_DEFAULT_PROVISIONER_NAME", "local-provisioner")
    ours = metadata.entry_points(group=_PROVISIONERS, name=_PROVISIONER)
    if ours and chosen == "local-provisioner" and not os.environ.get("JUPYTER_GATEWAY_URL"):
        return "JupyterLab with our server part or jupyter mlops run"
    return "jupyter mlops run, and not JupyterLab as it is set up,"


def _interpreter(program: str) -> str | None:
    # jupyter_client starts the bare names with its own interpreter.
    if program in {
        "python",
        f"python{sys.version_info[0]}",
        "python{}.{}".format(*sys.version_info),
    }:
        return sys.executable
    return shutil.which(program)


def probed(
    python: str, environment: Mapping[str, str], arguments: Sequence[str] = ()
) -> dict[str, Any]:
    """Ask an interpreter what is installed for it; `arguments` are those of the kernelspec."""
    # IPython's own, without the module and the connection file.
    given = [part for part in arguments if part.startswith("--")]
    done = subprocess.run(
        [python, "-c", f"STARTUP = {STARTUP!r}\nARGUMENTS = {given!r}\n{_PROBE}"],
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
