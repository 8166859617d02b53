"""What the sidebar says while a notebook runs, when it fails, and where the focus goes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Lab
from tests.browser.notebooks import write_cells
from tests.browser.sidebar import choose, detail, open_sidebar, runs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# Executes until the test says that it has seen enough.
_WAIT = "import pathlib, time\nwhile not pathlib.Path({gate!r}).exists():\n    time.sleep(0.05)"


def _seconds(row: Locator) -> int:
    return int(row.locator(".jp-mlops-Run-duration").inner_text().removesuffix(" s"))


def _open(page: Page, lab: Lab, notebook: Path) -> None:
    page.goto(lab.page(notebook.name))
    open_sidebar(page)
    # Until its kernel is there, JupyterLab moves the focus to the notebook.
    expect(page.get_by_text(re.compile(r"\| Idle$"))).to_be_visible()


def _run_all(page: Page) -> None:
    choose(page, "Run", "Run All Cells")


def test_a_long_cell_is_seen_while_it_runs(page: Page, lab: Lab) -> None:
    first, second = (lab.work / name for name in ("first", "second"))
    notebook = write_cells(
        lab.work,
        "long.ipynb",
        _WAIT.format(gate=str(first)),
        "score = 0.5",
        _WAIT.format(gate=str(second)),
    )
    _open(page, lab, notebook)
    _run_all(page)
    row = runs(page)
    expect(row).to_have_count(1)
    expect(row).to_contain_text("running")
    expect(row).to_contain_text("cell 1 is executing")
    expect(detail(page).get_by_text("Executing", exact=True)).to_be_visible()
    before = _seconds(row)
    page.wait_for_function(
        "before => Number(document.querySelector('.jp-mlops-Run .jp-mlops-Run-duration')"
        ".textContent.split(' ')[0]) > before",
        arg=before,
    )
    first.touch()
    # It has a result by now, and the cell after it is no part of the record yet.
    expect(row).to_contain_text("cell 3 is executing")
    expect(row).to_contain_text("score 0.5")
    second.touch()
    expect(row).to_contain_text("open")
    expect(row).not_to_contain_text("is executing")


def test_a_failure_is_in_view(page: Page, lab: Lab) -> None:
    failing = "def deep():\n    raise ValueError('no such column')\ndeep()"
    notebook = write_cells(lab.work, "fail.ipynb", "score = 0.5", failing, "print('never')")
    _open(page, lab, notebook)
    _run_all(page)
    expect(runs(page)).to_contain_text("ValueError in cell 2: no such column")
    told = detail(page).get_by_role("region", name="Error")
    expect(told).to_contain_text("no such column")
    expect(told.locator("pre")).to_be_hidden()
    told.get_by_text("Traceback", exact=True).click()
    expect(told.locator("pre")).to_contain_text("in deep()")
    told.get_by_role("button", name="cell 2").click()
    active = page.locator(".jp-NotebookPanel .jp-Cell.jp-mod-active")
    expect(active).to_contain_text("no such column")


def test_only_the_rows_scroll(page: Page, lab: Lab) -> None:
    notebook = write_cells(lab.work, "many.ipynb", "import random\nscore = random.random()")
    _open(page, lab, notebook)
    page.set_viewport_size({"width": 1280, "height": 600})
    for count in range(1, 6):
        _run_all(page)
        expect(runs(page)).to_have_count(count)
    runs(page).first.get_by_title("Select to compare").click()
    scrolling = page.locator(".jp-mlops-Runs, .jp-mlops-Runs *").evaluate_all(
        "all => all.filter(one => one.scrollHeight > one.clientHeight + 1"
        " && /auto|scroll/.test(getComputedStyle(one).overflowY)).map(one => one.className)"
    )
    assert scrolling == ["jp-mlops-Scroll"]
    section, bar = page.locator(".jp-mlops-Runs"), page.locator(".jp-mlops-SelectionBar")
    assert section.evaluate("one => one.scrollHeight - one.clientHeight") == 0
    runs(page).last.scroll_into_view_if_needed()
    expect(bar).to_be_in_viewport(ratio=1)


def test_the_focus_goes_into_the_panel_and_stays_there(page: Page, lab: Lab) -> None:
    notebook = write_cells(lab.work, "focus.ipynb", "score = 0.5")
    _open(page, lab, notebook)
    _run_all(page)
    row = runs(page)
    expect(row).to_contain_text("score 0.5")
    editor = page.locator(".jp-NotebookPanel .jp-CodeCell .cm-content")
    editor.click()
    page.keyboard.press("Control+Alt+M")
    expect(row).to_be_focused()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(row).to_have_attribute("aria-selected", "false")
    expect(row).to_be_focused()
    editor.click()
    page.get_by_role("button", name=re.compile("^MLOps: ")).click()
    expect(row).to_be_focused()


def test_a_reproduction_names_its_original_and_the_verdict(page: Page, lab: Lab) -> None:
    notebook = write_cells(lab.work, "again.ipynb", "score = 0.5\nprint(score)")
    _open(page, lab, notebook)
    _run_all(page)
    original = runs(page).filter(has_not_text="reproduction")
    expect(original).to_contain_text("score 0.5")
    identifier = original.get_attribute("data-run") or ""
    detail(page).get_by_role("button", name="Reproduce", exact=True).click()
    again = runs(page).filter(has_text=f"reproduction of {identifier[:8]}")
    expect(again.locator("[data-state=identical]")).to_be_visible(timeout=180_000)
    again.get_by_text(re.compile(r"\d:\d\d:\d\d")).click()
    told = detail(page).get_by_role("region", name="What this reproduces")
    expect(told).to_contain_text("identical")
    told.get_by_role("button", name=f"run {identifier[:8]}").click()
    expect(original).to_have_attribute("aria-current", "true")


def test_the_notebook_as_it_is_now_is_what_is_on_the_screen(page: Page, lab: Lab) -> None:
    notebook = write_cells(lab.work, "unsaved.ipynb", "rate = 0.5", "score = rate\nscore")
    _open(page, lab, notebook)
    _run_all(page)
    expect(runs(page)).to_contain_text("score 0.5")
    page.locator(".jp-NotebookPanel .jp-CodeCell .cm-content").first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("rate = 0.9")
    assert "rate = 0.9" not in notebook.read_text()
    detail(page).get_by_label("the notebook as it is now").check()
    detail(page).get_by_role("button", name="Reproduce", exact=True).click()
    told = detail(page).locator(".jp-mlops-Reproductions > .jp-mlops-Verdict")
    expect(told).to_have_attribute("data-verdict", "differs", timeout=180_000)
    expect(told.get_by_role("list", name=re.compile("^Causes"))).to_contain_text("0.5 → 0.9")
    assert "rate = 0.9" in notebook.read_text()
