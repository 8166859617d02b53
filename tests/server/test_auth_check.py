"""The check of JupyterLab's extension template: no method of ours without a decorator."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import JupyterServerAuthWarning
from traitlets.config import Config

from jupyter_mlops.server import extension


class Undecorated(APIHandler):
    """What the check is there to find."""

    def get(self) -> None:
        """Answer anyone."""


def _warnings(start: Callable[..., Any], config: Config) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        app = start(config=config)
    assert app.web_app.settings["allow_unauthenticated_access"] is False
    assert "mlops" in app.web_app.settings
    return [str(item.message) for item in caught if item.category is JupyterServerAuthWarning]


def test_all_our_methods_are_decorated(
    jp_configurable_serverapp: Callable[..., Any], jp_server_config: Config
) -> None:
    assert _warnings(jp_configurable_serverapp, jp_server_config) == []


def test_the_check_can_fail(
    jp_configurable_serverapp: Callable[..., Any],
    jp_server_config: Config,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    routes = [*extension.ROUTES, (r"/mlops/open", Undecorated)]
    monkeypatch.setattr(extension.MLOps, "handlers", routes)
    (message,) = _warnings(jp_configurable_serverapp, jp_server_config)
    assert "GET of Undecorated" in message
