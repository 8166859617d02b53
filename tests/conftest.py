"""Fixtures shared by all tests: every test has a store of its own."""

from __future__ import annotations

from pathlib import Path

import hypothesis
import pytest

from jupyter_mlops import settings
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import deaths

pytest_plugins = ("pytest_jupyter.jupyter_server", "tests.environments")

# How fast an example is says nothing on a machine that does other things as well; and a change
# must be judged by what it changed, not by examples that nobody else gets to see.
hypothesis.settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Give the settings of an empty home, seen by this process and all that it starts."""
    monkeypatch.setenv(settings.HOME_VARIABLE, str(tmp_path / "mlops"))
    for variable in (settings.STORE_VARIABLE, settings.SWITCH_VARIABLE, settings.STARTER_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    # Tests name their runs alike.
    monkeypatch.setattr(deaths, "_LEFT", set())
    return settings.read()
