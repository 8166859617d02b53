"""The startup file by itself, executed as IPython does it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

STARTUP = Path(__file__).resolve().parent.parent / "ipython-config/startup/50-jupyter-mlops.py"


class Shell:
    def __init__(self, kernel: object) -> None:
        self.kernel = kernel


def start(shell: Shell) -> dict[str, Any]:
    """Execute the startup file as IPython does, in the user's namespace."""
    namespace: dict[str, Any] = {"get_ipython": lambda: shell, "mine": 1}
    exec(compile(STARTUP.read_text(), str(STARTUP), "exec"), namespace)
    namespace.pop("__builtins__")
    return namespace


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Put a stand-in where capture is, and give the list of its calls."""
    calls: list[str] = []
    module = type(sys)("jupyter_mlops.capture.extension")
    module.__dict__["autoload"] = lambda: calls.append("autoload")
    monkeypatch.setitem(sys.modules, "jupyter_mlops.capture", type(sys)("jupyter_mlops.capture"))
    monkeypatch.setitem(sys.modules, "jupyter_mlops.capture.extension", module)
    return calls


def test_startup_loads_capture_in_a_kernel_and_leaves_no_name(loads: list[str]) -> None:
    assert set(start(Shell(kernel=object()))) == {"get_ipython", "mine"}
    assert loads == ["autoload"]


def test_startup_does_nothing_in_a_terminal(loads: list[str]) -> None:
    assert set(start(Shell(kernel=None))) == {"get_ipython", "mine"}
    assert loads == []


@pytest.mark.parametrize("trouble", [RuntimeError, SystemExit, KeyboardInterrupt])
def test_startup_keeps_trouble_to_itself(
    loads: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    trouble: type[BaseException],
) -> None:
    def autoload() -> None:
        raise trouble

    monkeypatch.setattr(sys.modules["jupyter_mlops.capture.extension"], "autoload", autoload)
    assert set(start(Shell(kernel=object()))) == {"get_ipython", "mine"}
    assert capfd.readouterr() == ("", "")


def test_startup_survives_a_removed_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "jupyter_mlops"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jupyter_mlops", None)
    assert set(start(Shell(kernel=object()))) == {"get_ipython", "mine"}
