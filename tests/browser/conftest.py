"""JupyterLab in Debian's Chromium, with a real server, real kernels and a token."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from tests.browser import lab as labs
from tests.browser.lab import Lab
from tests.ports import free_port

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Kernels start and notebooks train while the browser draws, on two cores.
_PATIENCE_MS = 60_000

StartLab = Callable[..., Lab]


@pytest.fixture(autouse=True)
def jp_asyncio_loop() -> None:
    """Keep pytest-jupyter from making an event loop: Playwright has its own running."""


@pytest.fixture(autouse=True)
def jp_server_cleanup() -> None:
    """Keep pytest-jupyter from clearing up a server that no test here starts in-process."""


# Ends with the module, and so does its event loop, which tests of other kinds could not bear.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give Debian's Chromium without a window."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed: make chromium")
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium, args=list(_FLAGS), timeout=2 * _PATIENCE_MS
        )
        yield started
        started.close()


@pytest.fixture(scope="module")
def start_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartLab]:
    """Give a function that starts a JupyterLab; all are stopped in the end."""
    running: list[Lab] = []

    def start(*options: str, **keywords: Any) -> Lab:
        started = labs.start(tmp_path_factory.mktemp("lab"), free_port(), *options, **keywords)
        running.append(started)
        return started

    yield start
    for lab in running:
        lab.stop()


@pytest.fixture(scope="module")
def lab(start_lab: StartLab) -> Lab:
    """Give the JupyterLab as people have it after the installation."""
    return start_lab()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """Give a page of a browser that knows nothing; an error of our code fails the test."""
    thrown: list[str] = []

    def on_console(message: ConsoleMessage) -> None:
        # A script that the page's policy or a missing file stops would go unnoticed else.
        if message.type == "error" and "jupyter-mlops" in (message.location or {}).get("url", ""):
            thrown.append(message.text)

    def on_error(error: Error) -> None:
        if "jupyter-mlops" in (error.stack or ""):
            thrown.append(f"{error.message}\n{error.stack}")

    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.set_default_timeout(_PATIENCE_MS)
    opened = context.new_page()
    opened.on("console", on_console)
    opened.on("pageerror", on_error)
    yield opened
    # What a failed test saw last, kept as long as pytest keeps its folder.
    opened.screenshot(path=tmp_path / "page.png")
    context.close()
    assert thrown == []
