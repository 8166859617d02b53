"""The sdist, the wheel and what an installation has; the build runs once, with real tools."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The first of them builds the front end.
pytestmark = pytest.mark.timeout(1200)

STARTUP = ROOT / "ipython-config/startup/50-jupyter-mlops.py"
LABEXTENSION = "share/jupyter/labextensions/jupyter-mlops"
VERSION = json.loads((ROOT / "package.json").read_bytes())["version"]


def run(*command: object, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=600,
        **options,
    )


def passed(*command: object, **options: Any) -> str:
    done = run(*command, **options)
    assert done.returncode == 0, done.stdout
    return done.stdout


def copy_checkout(target: Path) -> Path:
    """Copy what a clone of the working tree would hold: nothing that was built or installed."""
    listed = passed("git", "ls-files", "-co", "--exclude-standard", "-z", cwd=ROOT)
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)
    return target


@pytest.fixture(scope="session")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Give an environment in which only Python's own programs are found."""
    empty = tmp_path_factory.mktemp("no-node")
    return {**os.environ, "PATH": f"{empty}{os.pathsep}{Path(sys.executable).parent}"}


def build_wheel(source: Path, target: Path, environment: Mapping[str, str]) -> Any:
    # The tools are at hand in this environment; fetching them again for each try proves nothing.
    return run(
        *(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"),
        *("--wheel-dir", target, source),
        env=environment,
    )


# --- the front end cannot be missing or stale ---------------------------------------------------


@pytest.mark.parametrize("trap", [{}, {"SKIP_JUPYTER_BUILDER": "1"}], ids=["plain", "skip"])
def test_a_checkout_without_node_fails_with_one_clear_line(
    tmp_path: Path, without_node: Mapping[str, str], trap: Mapping[str, str]
) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    done = build_wheel(checkout, tmp_path / "wheel", {**without_node, **trap})
    assert done.returncode != 0
    said = [line.strip() for line in done.stdout.splitlines() if "Node.js" in line]
    assert said == [
        "jupyter-mlops: the front end is not built, and Node.js 20 or newer, which builds it, "
        "was not found: install Node.js and try again"
    ]
    assert "Traceback" not in done.stdout
    assert not (tmp_path / "wheel").exists() or not list((tmp_path / "wheel").iterdir())


def test_an_old_node_is_refused_by_name(tmp_path: Path, without_node: Mapping[str, str]) -> None:
    checkout = copy_checkout(tmp_path / "checkout")
    node = tmp_path / "bin/node"
    node.parent.mkdir()
    node.write_text("#!/bin/sh\necho v18.20.4\n")
    node.chmod(0o755)
    path = f"{node.parent}{os.pathsep}{without_node['PATH']}"
    done = build_wheel(checkout, tmp_path / "wheel", {**without_node, "PATH": path})
    assert done.returncode != 0
    assert f"is needed; {node} is v18.20.4" in done.stdout


@dataclass(frozen=True)
class Built:
    checkout: Path
    sdist: Path
    wheel: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, without_node: Mapping[str, str]) -> Built:
    """Build the sdist from a clean checkout, and the wheel from that sdist, without Node.js."""
    checkout = copy_checkout(tmp_path_factory.mktemp("checkout"))
    passed(sys.executable, "-m", "build", "--sdist", "--outdir", checkout / "dist", checkout)
    (sdist,) = (checkout / "dist").iterdir()
    wheels = tmp_path_factory.mktemp("wheel")
    done = build_wheel(sdist, wheels, without_node)
    assert done.returncode == 0, done.stdout
    (wheel,) = wheels.iterdir()
    return Built(checkout, sdist, wheel)


@pytest.mark.slow
def test_sdist_holds_sources_and_built_front_end(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "hatch_build.py",
        "jupyter_mlops/labextension/package.json",
        "jupyter_mlops/records/runs.py",
        "labextension/src/index.ts",
        "yarn.lock",
    } <= names
    assert not [name for name in names if "node_modules" in name or name.startswith(".venv")]


@pytest.mark.slow
def test_wheel_holds_all_that_makes_it_work(built: Built) -> None:
    data = f"jupyter_mlops-{VERSION}.data/data"
    meta = f"jupyter_mlops-{VERSION}.dist-info"
    with zipfile.ZipFile(built.wheel) as archive:
        names = set(archive.namelist())
        package = json.loads(archive.read(f"{data}/{LABEXTENSION}/package.json"))
        entry_points = archive.read(f"{meta}/entry_points.txt").decode()
    assert {
        f"{data}/{LABEXTENSION}/install.json",
        f"{data}/{LABEXTENSION}/schemas/jupyter-mlops/plugin.json",
        f"{data}/{LABEXTENSION}/static/style.js",
        f"{data}/{LABEXTENSION}/{package['jupyterlab']['_build']['load']}",
        f"{data}/etc/ipython/startup/{STARTUP.name}",
        f"{data}/etc/jupyter/jupyter_server_config.d/jupyter_mlops.json",
        f"{meta}/licenses/LICENSE",
        "jupyter_mlops/capture/start/start_file.py",
        "jupyter_mlops/py.typed",
    } <= names
    assert not [name for name in names if name.startswith("jupyter_mlops/labextension")]
    assert package["version"] == VERSION
    assert "jupyter-mlops = jupyter_mlops.cli:main" in entry_points
    assert "jupyter_mlops = jupyter_mlops.execution.engine:Engine" in entry_points
    assert "provisioner = jupyter_mlops.server.provisioner:Provisioner" in entry_points


@pytest.mark.slow
def test_a_stale_front_end_is_not_packaged(
    built: Built, tmp_path: Path, without_node: Mapping[str, str]
) -> None:
    style = built.checkout / "labextension/style/base.css"
    before = style.read_text()
    style.write_text(before + "\n.jp-MLOps-stale {\n  color: inherit;\n}\n")
    try:
        refused = build_wheel(built.checkout, tmp_path, without_node)
        assert refused.returncode != 0
        assert "the built front end does not match its sources" in refused.stdout
        done = build_wheel(built.checkout, tmp_path, os.environ)
        assert done.returncode == 0, done.stdout
    finally:
        style.write_text(before)
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        static = [archive.read(name) for name in archive.namelist() if "/static/" in name]
    assert any(b"jp-MLOps-stale" in content for content in static)


@pytest.mark.slow
@pytest.mark.parametrize("harm", ["removed", "emptied", "added"])
@pytest.mark.parametrize("part", ["static/remoteEntry*.js", "static/[0-9]*.js", "schemas/*/*"])
def test_a_broken_front_end_is_not_packaged(
    built: Built, tmp_path: Path, without_node: Mapping[str, str], part: str, harm: str
) -> None:
    shutil.unpack_archive(built.sdist, tmp_path, filter="data")
    (checkout,) = tmp_path.iterdir()
    output = checkout / "jupyter_mlops/labextension"
    harmed = min(output.glob(part))
    if harm == "removed":
        harmed.unlink()
    elif harm == "emptied":
        harmed.write_bytes(b"")
    else:
        harmed = harmed.with_name("stray.js")
        harmed.write_text("left by another build")
    refused = build_wheel(checkout, tmp_path / "wheel", without_node)
    assert refused.returncode != 0
    name = harmed.relative_to(output).as_posix()
    assert f"{name}, and Node.js" in refused.stdout


# --- an installation ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Installed:
    prefix: Path
    environment: Mapping[str, str]

    @property
    def python(self) -> Path:
        return self.prefix / "bin/python"

    def says(self, *arguments: str) -> str:
        # Not from the checkout: Python would find the package in the working folder.
        return passed(self.python, *arguments, cwd=self.prefix, env=self.environment)


@pytest.fixture
def installed(built: Built, tmp_path: Path) -> Installed:
    """Install the wheel into an environment of its own, which borrows the dependencies of this."""
    prefix = tmp_path / "env"
    passed(sys.executable, "-m", "venv", "--without-pip", prefix)
    (packages,) = prefix.glob("lib/python*/site-packages")
    # A plain path: the editable installation of the borrowed packages is not followed.
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    pip = (sys.executable, "-m", "pip", "--python", prefix / "bin/python")
    passed(*pip, "install", "--no-deps", built.wheel)
    places = {
        name: str(tmp_path / name.lower())
        for name in ("HOME", "IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")
    }
    environment = {**os.environ, **places, "JUPYTER_MLOPS_HOME": str(tmp_path / "mlops")}
    environment.pop("JUPYTER_MLOPS", None)
    return Installed(prefix, environment)


@pytest.mark.slow
def test_installing_enables_both_parts(installed: Installed) -> None:
    def listed(module: str) -> list[str]:
        said = installed.says("-m", module, "list")
        return [line for line in said.splitlines() if "mlops" in line]

    (line,) = listed("jupyterlab.labextensions")
    assert f"jupyter-mlops v{VERSION}" in line
    assert "enabled" in line
    assert "OK" in line
    lines = listed("jupyter_server.extension.serverextension")
    assert "enabled" in lines[0]
    assert "OK" in lines[-1]


PROBE = """
import json, sys
from jupyter_client.manager import start_new_kernel

code = '''
import json as _json, sys as _sys
print(_json.dumps({
    "capture": "jupyter_mlops.capture.extension" in _sys.modules,
    "names": sorted(name for name in globals() if "mlops" in name or name == "autoload"),
    "doc": __doc__,
}))
'''
manager, client = start_new_kernel()
try:
    said = []
    client.execute_interactive(code, output_hook=lambda message: said.append(message))
    texts = [m["content"]["text"] for m in said if m["msg_type"] == "stream"]
    errors = [m["content"] for m in said if m["msg_type"] == "error"]
    print(json.dumps({"texts": texts, "errors": errors}))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
"""


def probe_kernel(installed: Installed) -> dict[str, Any]:
    """Start a kernel of the installation; say what one cell in it sees, and check it is quiet."""
    said = json.loads(installed.says("-c", PROBE).splitlines()[-1])
    assert not said["errors"]
    (text,) = said["texts"]
    seen: dict[str, Any] = json.loads(text)
    assert seen.pop("names") == []
    assert seen.pop("doc").startswith("Automatically created module for IPython")
    return seen


@pytest.mark.slow
def test_kernels_capture_until_the_package_is_gone(installed: Installed) -> None:
    assert probe_kernel(installed) == {"capture": True}
    (package,) = installed.prefix.glob("lib/python*/site-packages/jupyter_mlops")
    shutil.rmtree(package)
    assert probe_kernel(installed) == {"capture": False}


# A server's way to start kernels, and what they do before and after the package is uninstalled.
UNINSTALL = """
import json, os, subprocess, sys
from jupyter_client.multikernelmanager import MultiKernelManager
from jupyter_mlops.server import provisioner
from jupyter_mlops.settings import Starter
manager = MultiKernelManager()
assert provisioner.become_default(manager)
os.environ.update(Starter(pid=os.getpid(), listens=True).environment())
LOOK = "import os, sys; print('jupyter_mlops' in sys.modules, 'PYTHONSTARTUP' in os.environ)"
FRAME = "import pandas as pd; frame = pd.DataFrame({'a': [1]}); print(len(frame))"
said = []
def start(name):
    ident = manager.start_kernel(kernel_name="python3", stderr=open(name, "wb"))
    client = manager.get_kernel(ident).client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    return client
def run(client, code):
    heard = []
    client.execute_interactive(code, output_hook=heard.append, timeout=60)
    kept = [m["content"] for m in heard if m["msg_type"] != "status" and "code" not in m["content"]]
    said.append("".join(one.get("text", json.dumps(one)) for one in kept))
running = start("running.txt")
run(running, LOOK)
pip = [sys.argv[1], "-m", "pip", "--python", sys.executable, "uninstall", "--yes", "jupyter-mlops"]
subprocess.run(pip, check=True, stdout=subprocess.DEVNULL)
run(running, FRAME)
later = start("later.txt")
run(later, LOOK)
run(later, FRAME)
warnings = "".join(open(name).read() for name in ("running.txt", "later.txt"))
for client in (running, later):
    client.stop_channels()
manager.shutdown_all(now=True)
told = [one for one in warnings.splitlines() if "mlops" in one or "not found" in one]
print(json.dumps([said, told]))
"""


@pytest.mark.slow
def test_uninstalling_leaves_nothing_and_no_kernel_notices(installed: Installed) -> None:
    said, warnings = json.loads(installed.says("-c", UNINSTALL, sys.executable).splitlines()[-1])
    assert said == ["True False\n", "1\n", "False False\n", "1\n"]
    assert warnings == []
    assert list(installed.prefix.rglob("*mlops*")) == []
