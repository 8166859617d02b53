"""Where things are on the page."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


def open_sidebar(page: Page) -> None:
    """Open the sidebar from the status bar."""
    page.get_by_role("button", name=re.compile("^MLOps: ")).click()
    expect(page.locator(".jp-mlops-PanelHead")).to_be_visible()


def runs(page: Page) -> Locator:
    """Return the rows of the list of runs."""
    return page.get_by_role("listbox", name=re.compile("^Runs of")).get_by_role("option")


def detail(page: Page) -> Locator:
    """Return the detail of the run that is shown."""
    return page.locator("article.jp-mlops-Detail")


def choose(page: Page, *entries: str) -> None:
    """Choose an entry of the main menu, by the names on the way to it."""
    menu, *submenus, item = entries
    page.locator("#jp-MainMenu").get_by_role("menuitem", name=menu, exact=True).click()
    for name in submenus:
        page.locator(".lm-Menu").get_by_text(name, exact=True).hover()
    page.locator(".lm-Menu").get_by_text(item, exact=True).click()


def printed_accuracy(page: Page, other_than: str = "") -> str:
    """Wait for the notebook to print its accuracy, and return it."""
    output = page.locator(".jp-NotebookPanel .jp-OutputArea-output", has_text="accuracy: ")
    expect(output).to_have_count(1)
    if other_than:
        expect(output).not_to_contain_text(other_than)
    return output.inner_text().split()[1]
