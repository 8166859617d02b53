"""The file that PYTHONSTARTUP names in a kernel: what it undoes, leaves and survives."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

import jupyter_mlops
from jupyter_mlops import settings
from jupyter_mlops.events import CellFinished, Notice, SessionStarted
from jupyter_mlops.settings import Settings, Starter
from tests.capture.conftest import Kernel
from tests.environments import install_kernelspec

# The installed one may be an older copy of it.
STARTUP = Path(__file__).parents[2] / "ipython-config/startup/50-jupyter-mlops.py"
LIMIT_S = 60
LOOK = "sorted(dir()), list(sys.path), len(sys.argv), __file__, dict(os.environ)"
# What a user may have, in the order in which IPython executes it; the last one is a cell's.
STEPS = ["python startup", "startup folder", "exec_lines", "exec_files", "cell"]
NOTE = "import builtins, os, sys\nbuiltins.__dict__.setdefault('seen', []).append(({!r}, ({})))\n"
CONFIGURATION = """
c = get_config()
c.InteractiveShellApp.extensions = []
c.InteractiveShellApp.exec_lines = [{lines!r}]
c.InteractiveShellApp.exec_files = [{file!r}]
"""
CELL = """
import json, sys, os
seen.append(("cell", (sorted(dir()), sys.path, len(sys.argv), None, dict(os.environ))))
kinds = lambda found: [getattr(one, "__qualname__", type(one).__name__) for one in found]
places = kinds(sys.meta_path), kinds(sys.path_hooks)
below = __import__("subprocess").check_output(["env"], text=True)
open("seen.json", "w").write(json.dumps([seen, places, below, sorted(sys.modules), __doc__]))
"""

StartCopy = Callable[..., Kernel]


@pytest.fixture
def profile(home: Settings, tmp_path: Path) -> str:
    """Fill a profile and a start-up file of the user's; return the path of the latter."""
    folder = Path(os.environ["IPYTHONDIR"]) / "profile_default"
    (folder / "startup").mkdir(parents=True)
    (folder / "startup" / "10-mine.py").write_text(NOTE.format(STEPS[1], LOOK))
    file = tmp_path / "file.py"
    file.write_text(NOTE.format(STEPS[3], LOOK))
    # Names of a statement in exec_lines are looked up without a file.
    lines = NOTE.format(STEPS[2], LOOK.replace("__file__", "None")).replace("\n", ";")
    (folder / "ipython_kernel_config.py").write_text(
        CONFIGURATION.format(lines=lines, file=str(file))
    )
    mine = tmp_path / "mine.py"
    mine.write_text(NOTE.format(STEPS[0], LOOK) + "mine = 1\n")
    return str(mine)


def start_and_look(python: str, folder: Path, environment: dict[str, str]) -> tuple[Any, str]:
    """Start a kernel, execute CELL in it; return what was seen and the kernel's error stream."""
    name = install_kernelspec("elsewhere", python, "-m", "ipykernel_launcher")
    manager = KernelManager(kernel_name=name)
    environment = {**environment, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # it tells the time
    with (folder / "stderr").open("wb") as stderr:
        manager.start_kernel(env=environment, cwd=str(folder), stderr=stderr, stdout=stderr)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=LIMIT_S)
        client.execute(CELL, reply=True, timeout=LIMIT_S)
        said = (folder / "stderr").read_text()  # before the shutdown, which may tell of itself
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
        manager.context.destroy()
    return json.loads((folder / "seen.json").read_text()), said


def test_nothing_is_different_but_our_modules(
    elsewhere: str, data_folder: None, profile: str, tmp_path: Path, home: Settings
) -> None:
    plain = {**os.environ, "PYTHONSTARTUP": profile}
    reached = dict(plain)
    Starter(pid=os.getpid(), listens=False).reach(reached)
    assert reached["PYTHONSTARTUP"] == settings.START_FILE
    without, quiet = start_and_look(elsewhere, tmp_path, plain)
    assert not home.journals.exists()
    found, said = start_and_look(elsewhere, tmp_path, reached)
    assert len(list(home.journals.iterdir())) == 1
    assert [step for step, _ in found[0]] == STEPS
    assert found[:3] == without[:3]
    assert found[4] == without[4]
    added = {name.partition(".")[0] for name in set(found[3]) - set(without[3])}
    assert "jupyter_mlops" in added
    assert added <= {"jupyter_mlops", *sys.stdlib_module_names}
    assert set(without[3]) <= set(found[3])
    assert said == quiet


def test_a_start_up_file_that_fails_is_told_as_without_us(
    elsewhere: str, data_folder: None, home: Settings, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("def fail():\n    raise LookupError('mine')\nseen = []\nfail()\n")
    plain = {**os.environ, "PYTHONSTARTUP": str(mine)}
    reached = dict(plain)
    Starter(pid=os.getpid(), listens=False).reach(reached)
    told = [start_and_look(elsewhere, tmp_path, one)[1] for one in (plain, reached)]
    assert str(mine) in told[0]
    assert told[0] == told[1]
    assert len(list(home.journals.iterdir())) == 1


def test_where_ipython_is_told_to_execute_no_such_file(
    elsewhere: str, data_folder: None, home: Settings, tmp_path: Path
) -> None:
    folder = Path(os.environ["IPYTHONDIR"]) / "profile_default"
    folder.mkdir(parents=True)
    (folder / "ipython_kernel_config.json").write_text(
        '{"InteractiveShellApp": {"exec_PYTHONSTARTUP": false}}'
    )
    (tmp_path / "mine.py").write_text("seen = []\n")
    reached = {**os.environ, "PYTHONSTARTUP": str(tmp_path / "mine.py")}
    Starter(pid=os.getpid(), listens=False).reach(reached)
    name = install_kernelspec("elsewhere", elsewhere, "-m", "ipykernel_launcher")
    kernel = Kernel(home, reached, tmp_path, name)
    try:
        assert kernel.run("print('seen' in globals())")[0]["text"] == "False\n"
        # A Python below it is as it would have been: our file does nothing but hand on.
        inner = (
            "import subprocess, sys\n"
            "done = subprocess.run([sys.executable, '-i'], input='print(seen)\\n',"
            " capture_output=True, text=True)\n"
            "print(done.stdout)"
        )
        (tmp_path / "mine.py").write_text("import os, sys\nseen = os.environ['PYTHONSTARTUP']\n")
        assert kernel.run(inner)[0]["text"] == f"{tmp_path / 'mine.py'}\n\n"
    finally:
        kernel.stop()
    assert not home.journals.exists()


@pytest.fixture
def copied(home: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the package, and have kernels started with the copy, which may be harmed."""
    source, target = Path(jupyter_mlops.__file__).parent, tmp_path / "site" / "jupyter_mlops"
    leave = shutil.ignore_patterns("__pycache__", "labextension", "server", "store")
    shutil.copytree(source, target, ignore=leave)
    file = target / Path(settings.START_FILE).relative_to(source)
    monkeypatch.setattr(settings, "START_FILE", str(file))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    return target


@pytest.fixture
def start_copy(
    copied: Path, elsewhere: str, data_folder: None, home: Settings, tmp_path: Path
) -> Iterator[StartCopy]:
    """Give a function that starts kernels of another environment with the copy."""
    name = install_kernelspec("elsewhere", elsewhere, "-m", "ipykernel_launcher")
    kernels: list[Kernel] = []

    def start(spoil: Callable[[], object] = lambda: None) -> Kernel:
        environment = dict(os.environ)
        Starter(pid=os.getpid(), listens=False).reach(environment)
        spoil()
        kernels.append(Kernel(home, environment, tmp_path, name))
        return kernels[-1]

    yield start
    for kernel in kernels:
        kernel.stop()


def test_uninstalling_breaks_no_kernel_and_no_bytecode_is_left(
    start_copy: StartCopy, copied: Path
) -> None:
    running = start_copy()
    assert running.run("lr = 0.1\nprint(lr)")[0]["text"] == "0.1\n"
    assert len(running.of(CellFinished)) == 1
    left = [path.name for path in copied.rglob("*.pyc")]
    shutil.rmtree(copied)
    assert left == []
    # Its fingerprints are loaded with the first frame; now they can't be.
    shown = running.run("import pandas as pd\nframe = pd.DataFrame({'a': [1]})\nlen(frame)")
    assert [one["output_type"] for one in shown] == ["execute_result"]
    assert running.run("print(2)") == [{"output_type": "stream", "name": "stdout", "text": "2\n"}]
    assert running.of(Notice) or running.of(CellFinished)[1:]
    sessions = len(running.of(SessionStarted))
    later = start_copy()
    assert later.run("import os\nprint('PYTHONSTARTUP' in os.environ)")[0]["text"] == "False\n"
    assert len(later.of(SessionStarted)) == sessions


@pytest.mark.parametrize("harm", ["file gone", "package gone", "package broken", "package exits"])
def test_whatever_happens_between_start_and_execution_a_kernel_starts(
    start_copy: StartCopy, copied: Path, harm: str
) -> None:
    def spoil() -> None:
        if harm == "file gone":
            shutil.rmtree(copied)
        elif harm == "package gone":
            (copied / "__init__.py").unlink()
        elif harm == "package broken":
            (copied / "capture" / "extension.py").write_text("def autoload(:")
        else:
            (copied / "__init__.py").write_text("raise SystemExit(3)")

    kernel = start_copy(spoil)
    assert kernel.run("print(sorted(n for n in dir() if 'mlops' in n))")[0]["text"] == "[]\n"
    assert kernel.of(SessionStarted) == []


@pytest.mark.parametrize("planted", ["jupyter_mlops.py", "jupyter_mlops/__init__.py"])
def test_what_lies_beside_the_notebook_is_never_taken_for_us(
    start_copy: StartCopy, tmp_path: Path, planted: str
) -> None:
    file = tmp_path / planted
    file.parent.mkdir(exist_ok=True)
    file.write_text("open('executed', 'w')\n")
    kernel = start_copy()
    kernel.run("x = 1")
    assert not (tmp_path / "executed").exists()
    assert len(kernel.of(CellFinished)) == 1


# --- in our own environment, where IPython's start-up folder has a file of ours as well ----------


def test_an_environment_that_has_us_loads_its_own_once(home: Settings, tmp_path: Path) -> None:
    environment = dict(os.environ)
    Starter(pid=os.getpid(), listens=True, notebook="/n.ipynb").reach(environment)
    kernel = Kernel(home, environment, tmp_path)
    try:
        kernel.run("x = 1")
        (begun,) = kernel.of(SessionStarted)
        assert (begun.listens, begun.notebook) == (True, "/n.ipynb")
        hooks = (
            "len([h for h in get_ipython().events.callbacks['pre_run_cell'] if 'mlops' in repr(h)])"
        )
        assert kernel.value(hooks) == "1"
        assert kernel.value("__import__('sys').modules['jupyter_mlops'].__spec__.loader_state") in (
            "None",
            "",
        )
        assert kernel.value("'PYTHONSTARTUP' in __import__('os').environ") == "False"
    finally:
        kernel.stop()


def test_without_it_our_other_start_up_file_puts_the_variable_back(
    home: Settings, tmp_path: Path
) -> None:
    folder = Path(os.environ["IPYTHONDIR"]) / "profile_default"
    folder.mkdir(parents=True)
    (folder / "ipython_kernel_config.json").write_text(
        '{"InteractiveShellApp": {"exec_PYTHONSTARTUP": false}}'
    )
    environment = {**os.environ, "PYTHONSTARTUP": "/mine.py"}
    Starter(pid=os.getpid(), listens=False).reach(environment)
    kernel = Kernel(home, environment, tmp_path)
    try:
        kernel.run("x = 1")
        assert len(kernel.of(SessionStarted)) == 1
        assert kernel.value("__import__('os').environ['PYTHONSTARTUP']") == "'/mine.py'"
    finally:
        kernel.stop()


@pytest.mark.parametrize("planted", ["jupyter_mlops.py", "jupyter_mlops/__init__.py"])
@pytest.mark.parametrize("start_file", [settings.START_FILE, str(STARTUP)], ids=["ours", "folder"])
def test_with_us_installed_it_is_not_taken_for_us_either(
    home: Settings, tmp_path: Path, planted: str, start_file: str
) -> None:
    file = tmp_path / "work" / planted
    file.parent.mkdir(parents=True)
    file.write_text("open('executed', 'w')\n")
    environment = {**os.environ, "PYTHONSTARTUP": start_file}
    kernel = Kernel(home, environment, tmp_path / "work")
    try:
        kernel.run("x = 1")
        assert not (tmp_path / "work" / "executed").exists()
        assert len(kernel.of(CellFinished)) == 1
    finally:
        kernel.stop()


@pytest.mark.parametrize("command", [["-i"], ["-m", "IPython", "--no-banner", "--simple-prompt"]])
def test_a_terminal_is_none_of_our_business(
    home: Settings, tmp_path: Path, command: list[str]
) -> None:
    mine = tmp_path / "mine.py"
    mine.write_text("import os, sys\nfound = os.environ['PYTHONSTARTUP']\n")
    environment = {**os.environ, "PYTHONSTARTUP": str(mine)}
    Starter(pid=os.getpid(), listens=False).reach(environment)
    look = "print(found, 'jupyter_mlops' in sys.modules, 'JUPYTER_MLOPS_STARTER' in os.environ)\n"
    done = subprocess.run(
        [sys.executable, *command],
        input=look + "exit()\n",
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert f"{mine} False False" in done.stdout
    assert not home.journals.exists()


def execute(monkeypatch: pytest.MonkeyPatch, **given: Any) -> dict[str, Any]:
    """Execute the start file in this process as if in a kernel; return the namespace after it."""

    class Shell:
        kernel = object()

    ipython = type(sys)("IPython")
    ipython.__dict__["get_ipython"] = Shell
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    namespace: dict[str, Any] = dict(given)
    source = Path(settings.START_FILE).read_text()
    exec(compile(source, settings.START_FILE, "exec"), namespace)
    namespace.pop("__builtins__")
    return namespace


def test_a_python_too_old_for_us_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    ast.parse(Path(settings.START_FILE).read_text(), feature_version=(3, 4))
    loaded: list[str] = []
    module = type(sys)("jupyter_mlops.capture.extension")
    module.__dict__["autoload"] = lambda: loaded.append("autoload")
    monkeypatch.setitem(sys.modules, "jupyter_mlops.capture.extension", module)
    for version, expected in (((3, 9, 18), []), ((3, 10, 0), ["autoload"])):
        monkeypatch.setattr(sys, "version_info", version)
        environ: dict[str, str] = {}
        Starter(pid=1, listens=False).reach(environ)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        assert execute(monkeypatch, mine=1) == {"mine": 1}
        assert loaded == expected
        assert not set(environ) & set(os.environ)
