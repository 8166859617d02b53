"""Where capture starts, where it must not, and what it tells of the session."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from jupyter_mlops.capture.session import switched_off
from jupyter_mlops.events import EnvironmentChanged, SessionEnded, SessionStarted
from jupyter_mlops.execution.notebook import is_recorded
from jupyter_mlops.journal import is_alive
from jupyter_mlops.settings import Settings, Starter, system_user
from tests.capture.conftest import Kernel, StartKernel


def test_a_plain_kernel_records_from_its_first_cell_to_its_shutdown(kernel: Kernel) -> None:
    assert kernel.events() == []
    kernel.run("x = 1")
    (begun,) = kernel.of(SessionStarted)
    assert is_alive(begun.process) is True
    assert (begun.notebook, begun.notebook_source, begun.trigger) == (None, None, "interactive")
    assert begun.user == system_user()
    assert begun.listens is False
    assert begun.environment.python == ".".join(map(str, sys.version_info[:3]))
    assert "ipykernel" in begun.environment.packages
    assert kernel.of(SessionEnded) == []
    kernel.stop()
    events = kernel.events()
    assert isinstance(events[-1], SessionEnded) and events[-1].shut_down
    assert [event.seq for event in events] == list(range(len(events)))
    assert {event.writer for event in events} == {begun.writer}
    assert is_alive(begun.process) is False


def test_startup_imports_nothing_heavy_and_leaves_no_name(kernel: Kernel) -> None:
    heavy = "sqlalchemy pandas numpy plotly nbformat jsonschema jupyter_server msgspec"
    kernel.run("x = 1")
    loaded = f"sorted(set({heavy.split()!r}) & set(__import__('sys').modules))"
    assert kernel.value(loaded) == "[]"
    assert kernel.value("[n for n in globals() if 'mlops' in n]") == "[]"
    assert kernel.value("'jupyter_mlops.capture.recorder' in __import__('sys').modules") == "True"


@pytest.mark.parametrize("word", ["off", "OFF", "0", "false", "no"])
def test_switched_off_by_the_environment(start_kernel: StartKernel, word: str) -> None:
    kernel = start_kernel(JUPYTER_MLOPS=word)
    assert kernel.run("%%mlops skip\nprint(1)")[0]["text"] == "1\n"
    assert kernel.events() == []
    assert kernel.value("get_ipython().events.callbacks['pre_run_cell']") == "[]"


# First lines that ask for the cell to be left out, and whether the cell then runs.
SKIPS = {
    "%%mlops skip\n": True,
    "%%mlops  skip  \t\n": True,
    "%%mlops\tskip\n": True,
    "%%mlops skip\r\n": True,
    "%%mlops skip\r": True,
    "%%mlops skip\x0c": True,
    "%%mlops skip\u2028": True,
    "%%mlops\u00a0skip\n": True,
    "\u00a0%%mlops skip\n": True,
    "%%mlops skip\u00a0\n": True,
    "\n \t\r\n\n%%mlops skip\n": True,
    "  %%mlops skip\n  ": True,
    "\t%%mlops skip\n\t": True,
    ">>> %%mlops skip\n>>> ": True,
    "In [3]: %%mlops skip\n   ...: ": True,
    "%%mlops skip # as agreed\n": True,
    "%%mlops skip, please\n": True,
    "%%time\n%%mlops skip\n": True,
    # IPython runs none of these, and the record says nothing of them all the same.
    "%%MLOPS SKIP\n": False,
    "%% mlops skip\n": False,
    "%mlops skip\n": False,
    "%%mlops\x0bskip\n": False,
    "%%mlops\u200bskip\n": False,
    "%%mlops-skip\n": False,
    "\ufeff%%mlops skip\n": False,
    "# mine\n%%mlops skip\n": False,
    "x = 1\r%%mlops skip\n": False,
}


def test_a_cell_that_asks_to_be_left_out_is_in_whatever_spelling(kernel: Kernel) -> None:
    for number, first in enumerate(SKIPS):
        source = f"{first}hush{number} = 'SECRET'"
        kernel.run(source)
        assert not is_recorded(nbformat.v4.new_code_cell(source)), first  # type: ignore[no-untyped-call]
    kernel.run("get_ipython().run_cell('%%mlops skip\\ninner = \"SECRET\"');")
    ran = [kernel.value(f"'hush{number}' in globals()") == "True" for number in range(len(SKIPS))]
    assert dict(zip(SKIPS, ran, strict=True)) == SKIPS
    assert [one.source for one in kernel.started() if not one.skipped] == []
    assert "SECRET" not in repr(kernel.events())
    assert kernel.value("inner") == "'SECRET'"


def test_switched_off_by_the_notebook(start_kernel: StartKernel, tmp_path: Path) -> None:
    path = tmp_path / "off.ipynb"
    document = {
        "cells": [],
        "metadata": {"jupyter_mlops": {"capture": False}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document))
    starter = Starter(pid=os.getpid(), listens=False, notebook=str(path))
    kernel = start_kernel(**starter.environment())
    kernel.run("x = 1")
    assert kernel.events() == []


@pytest.mark.parametrize(
    "content",
    [
        '{"metadata": {"jupyter_mlops": true}}',
        '{"metadata": {"jupyter_mlops": ["capture"]}}',
        '{"metadata": ["jupyter_mlops"]}',
        '["jupyter_mlops"]',
        '{"jupyter_mlops"',
        '"jupyter_mlops"' + "[" * 100_000,
        "[" * 100_000 + '"jupyter_mlops"',
    ],
    ids=range(7),
)
def test_metadata_of_another_shape_switches_nothing_off(content: str, tmp_path: Path) -> None:
    path = tmp_path / "odd.ipynb"
    path.write_text(content)
    assert not switched_off(str(path))


def test_the_starter_is_believed_and_leaves_no_trace(start_kernel: StartKernel) -> None:
    starter = Starter(
        pid=os.getpid(), listens=True, trigger="run", notebook="/n.ipynb", run="r", user="ada"
    )
    kernel = start_kernel(**starter.environment())
    kernel.run("print(1)")
    (begun,) = kernel.of(SessionStarted)
    assert (begun.notebook, begun.notebook_source) == ("/n.ipynb", "told")
    assert (begun.trigger, begun.run, begun.user) == ("run", "r", "ada")
    assert begun.listens is True
    assert kernel.finished()[0].outputs is None
    assert kernel.value("'JUPYTER_MLOPS_STARTER' in __import__('os').environ") == "False"


def test_a_starter_that_is_not_the_parent_is_not_believed(start_kernel: StartKernel) -> None:
    kernel = start_kernel(**Starter(pid=1, listens=True, user="eve").environment())
    kernel.run("x = 1")
    (begun,) = kernel.of(SessionStarted)
    assert (begun.user, begun.listens) == (system_user(), False)
    assert kernel.value("'JUPYTER_MLOPS_STARTER' in __import__('os').environ") == "False"


def test_the_session_name_is_inferred_unless_inherited(
    start_kernel: StartKernel, tmp_path: Path
) -> None:
    path = str(tmp_path / "a.ipynb")
    kernel = start_kernel(JPY_SESSION_NAME=path)
    kernel.run("x = 1")
    (begun,) = kernel.of(SessionStarted)
    assert (begun.notebook, begun.notebook_source) == (path, "inferred")
    # A kernel that a cell starts has the same variable, and no right to the name.
    inner = (
        "from jupyter_client.manager import start_new_kernel\n"
        "m, c = start_new_kernel(kernel_name='python3'); c.execute('x = 2', reply=True)\n"
        "c.stop_channels(); m.shutdown_kernel()"
    )
    assert kernel.run(inner) == []
    notebooks = [event.notebook for event in kernel.of(SessionStarted)]
    assert sorted(notebooks, key=str) == [path, None]


def test_a_console_has_a_name_but_no_notebook(start_kernel: StartKernel) -> None:
    kernel = start_kernel(JPY_SESSION_NAME="/tmp/Console 1")
    kernel.run("x = 1")
    assert kernel.of(SessionStarted)[0].notebook is None


def test_restart_begins_a_session_of_its_own(kernel: Kernel) -> None:
    kernel.run("x = 1")
    kernel.manager.restart_kernel()
    kernel.client.wait_for_ready(timeout=60)
    kernel.run("y = 1")
    begun = kernel.of(SessionStarted)
    assert len({event.writer for event in begun}) == 2
    assert len({event.kernel_id for event in begun}) == 1
    assert len(kernel.of(SessionEnded)) == 1


def test_installed_packages_are_noticed(kernel: Kernel, tmp_path: Path) -> None:
    packages = tmp_path / "late" / "site-packages"
    packages.mkdir(parents=True)
    kernel.run(f"import sys; sys.path.append({str(packages)!r})")
    (packages / "Brand_New.Thing-1.2.dist-info").mkdir()
    kernel.run("# install")
    (changed,) = kernel.of(EnvironmentChanged)
    assert changed.environment.packages["brand-new-thing"] == "1.2"
    assert changed.environment.digest != kernel.of(SessionStarted)[0].environment.digest


def test_a_terminal_and_plain_python_record_nothing(home: Settings) -> None:
    for command in (
        [sys.executable, "-m", "IPython", "--no-banner", "-c", "x = 1"],
        [sys.executable, "-c", "from jupyter_mlops.capture import extension as e; e.autoload()"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")
    assert not home.journals.exists()


def test_files_are_private(kernel: Kernel, home: Settings) -> None:
    kernel.run("x = 1")
    assert home.journals.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in home.journals.iterdir()} == {0o600}
