"""What a good guest says and asks: not recording, a folder's data, secrets, and forgetting."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import Lab
from tests.browser.notebooks import write_cells
from tests.browser.sidebar import choose, detail, open_sidebar, runs

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _open(page: Page, lab: Lab, notebook: Path) -> None:
    page.goto(lab.page(notebook.name))
    expect(page.get_by_text(re.compile(r"\| Idle$"))).to_be_visible()
    open_sidebar(page)


def test_a_kernel_that_can_not_write_is_said_until_it_can(page: Page, lab: Lab) -> None:
    notebook = write_cells(lab.work, "faults.ipynb", "score = 0.5")
    _open(page, lab, notebook)
    choose(page, "Run", "Run All Cells")
    expect(runs(page)).to_have_count(1)
    journals = Path(lab.environ["JUPYTER_MLOPS_HOME"], "journals")
    aside = journals.with_name("aside")
    journals.rename(aside)
    journals.touch()
    state = page.get_by_role("button", name=re.compile("^MLOps: "))
    said = page.locator(".jp-mlops-PanelHead").get_by_text("can't be written (")
    told = page.locator(".Toastify__toast", has_text="Not recording faults.ipynb")
    try:
        _execute_until(page, "MLOps: not recording")
        expect(said).to_be_visible()
        expect(told).to_have_count(1)
        assert "recorded once it can" in (state.get_attribute("title") or "")
    finally:
        journals.unlink()
        aside.rename(journals)
    _execute_until(page, "MLOps: recording")
    expect(said).to_have_count(0)
    expect(told).to_have_count(0)
    expect(page.get_by_text("Recording faults.ipynb again.")).to_be_visible()


def _execute_until(page: Page, name: str) -> None:
    """Execute until the status bar says so: a kernel looks for its journal once a second."""
    state = page.get_by_role("button", name=name)
    for _ in range(20):
        choose(page, "Run", "Run All Cells")
        try:
            expect(state).to_be_visible(timeout=2_000)
            return
        except AssertionError:  # what was executed in that second was not looked at
            continue
    expect(state).to_be_visible()


def test_a_folder_is_asked_about_once_and_a_run_forgotten(page: Page, lab: Lab) -> None:
    folder = lab.work / "asked"
    folder.mkdir()
    (folder / "table.csv").write_text("a,b\n1,2\n")
    notebook = write_cells(folder, "asked.ipynb", "text = open('table.csv').read()\nscore = 0.5")
    page.goto(lab.page(f"asked/{notebook.name}"))
    expect(page.get_by_text(re.compile(r"\| Idle$"))).to_be_visible()
    open_sidebar(page)
    choose(page, "Run", "Run All Cells")
    head = page.locator(".jp-mlops-PanelHead")
    question = head.get_by_role("region", name=re.compile("^Keep a copy of the data"))
    expect(question).to_contain_text("1 file, 8 B.")
    expect(question).to_be_in_viewport(ratio=1)
    question.get_by_role("button", name="Keep copies").click()
    expect(question).to_have_count(0)
    page.reload()
    expect(detail(page)).to_contain_text("table.csv")
    expect(question).to_have_count(0)
    detail(page).get_by_role("button", name="Restore…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Restore").click()
    expect(page.get_by_text(re.compile(r"table-\w{8}\.csv was written\."))).to_be_visible()
    (restored,) = lab.work.rglob("table-????????.csv")
    assert restored.read_bytes() == restored.with_name("table.csv").read_bytes()

    # As long as its kernel lives it stays; that can be ended on the way.
    runs(page).first.focus()
    page.keyboard.press("Delete")
    expect(dialog).to_contain_text("Its kernel still runs")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Shut Down Kernel").click()
    expect(dialog).to_contain_text("be undone.")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Forget", exact=True).click()
    expect(page.get_by_role("heading", name="No runs yet")).to_be_visible()
    expect(page.get_by_role("heading", name="No run to show")).to_be_visible()


def test_a_secret_is_shown_as_one_and_asked_for(page: Page, lab: Lab) -> None:
    secret = "correct-horse-9"
    sources = f"DB_PASSWORD = {secret!r}\nscore = 0.5", "print(len(DB_PASSWORD))"
    notebook = write_cells(lab.work, "secret.ipynb", *sources)
    _open(page, lab, notebook)
    choose(page, "Run", "Run All Cells")
    table = detail(page).get_by_role("table", name="Parameters")
    expect(table.get_by_role("row", name=re.compile("^DB_PASSWORD"))).to_contain_text("redacted")
    # Else it would be taken from there.
    write_cells(lab.work, notebook.name, "DB_PASSWORD = ''")
    detail(page).get_by_role("button", name="Reproduce", exact=True).click()
    dialog = page.get_by_role("dialog")
    start = dialog.get_by_role("button", name="Reproduce")
    expect(start).to_be_disabled()
    dialog.get_by_label("DB_PASSWORD").fill(secret)
    start.click()
    verdict = detail(page).locator(".jp-mlops-Reproductions > .jp-mlops-Verdict")
    expect(verdict).to_have_attribute("data-verdict", "identical")
    assert secret not in page.locator("#jp-mlops-sidebar").inner_text()
    assert secret not in lab.log.read_text()
