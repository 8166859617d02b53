"""What a person does on the first day, from the first execution to the comparison."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Lab
from tests.browser.notebooks import PARAMETERS_CELL, change_table, write_training
from tests.browser.sidebar import choose, detail, open_sidebar, printed_accuracy, runs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_REPRODUCED_MS = 180_000


def test_from_the_first_execution_to_the_comparison(page: Page, lab: Lab) -> None:
    notebook = write_training(lab.work, "journey.ipynb")
    page.goto(lab.page(notebook.name))
    open_sidebar(page)
    page.get_by_role("button", name="Run all cells", exact=True).click()
    first = printed_accuracy(page)
    expect(runs(page)).to_have_count(1)
    second = _execute_with_another_parameter(page, first)
    expect(runs(page)).to_have_count(2)
    # Each row has the metric that its own parameter produced.
    expect(runs(page).nth(1)).to_contain_text(f"accuracy {first}lr 0.1")
    expect(runs(page).nth(0)).to_contain_text(f"accuracy {second}lr 0.00001")

    _scroll_to_the_parameters(page)
    _reproduce(page, "identical")
    change_table(lab.work)
    _reproduce(page, "differs")
    _see_why(page, first)
    _compare(page)
    _open_from_the_figure(page)
    _wait_for_the_layout(page, lab, notebook.name)
    page.reload()
    _see_both_tabs_again(page)


def _execute_with_another_parameter(page: Page, before: str) -> str:
    cell = page.locator(".jp-NotebookPanel .jp-Cell").nth(PARAMETERS_CELL)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("lr = 0.00001\nseed = 7")
    choose(page, "Run", "Run Selected Cell and All Below")
    return printed_accuracy(page, other_than=before)


def _scroll_to_the_parameters(page: Page) -> None:
    runs(page).nth(1).click()
    table = detail(page).get_by_role("table", name="Parameters")
    table.get_by_role("button", name=f"cell {PARAMETERS_CELL}").first.click()
    active = page.locator(".jp-NotebookPanel .jp-Cell.jp-mod-active")
    expect(active).to_contain_text("seed = 7")
    expect(page.get_by_text("was edited after that run")).to_be_visible()


def _verdict(page: Page) -> Locator:
    return detail(page).locator(".jp-mlops-Reproductions > .jp-mlops-Verdict")


def _reproduce(page: Page, verdict: str) -> None:
    detail(page).get_by_role("button", name=re.compile("^Reproduce")).click()
    progress = page.get_by_role("progressbar", name="Reproduction")
    expect(progress).to_be_visible()
    expect(progress).to_have_count(0, timeout=_REPRODUCED_MS)
    expect(_verdict(page)).to_have_attribute("data-verdict", verdict)


def _see_why(page: Page, recorded: str) -> None:
    causes = _verdict(page).get_by_role("list", name=re.compile("^Causes"))
    expect(causes.get_by_role("listitem").first).to_contain_text("cells.csv")
    expect(_verdict(page).get_by_role("figure")).to_have_count(2)
    detail(page).get_by_role("button", name="Open the verdict in a tab").click()
    tab = page.locator(".jp-mlops-Tab")
    expect(page.get_by_role("tab", name=re.compile(r"^≠ \w{8} differs · journey$"))).to_be_visible()
    metrics = tab.get_by_role("table", name="Metrics of both")
    accuracy = metrics.get_by_role("row", name=re.compile("^accuracy"))
    # Printed with five digits; the cell's title holds all of them.
    shown = accuracy.get_by_role("cell").first.inner_text()
    assert float(shown) == pytest.approx(float(recorded), abs=1e-5)
    expect(accuracy).to_contain_text("differs")
    last = tab.get_by_role("listitem").filter(has_text="cell 5").last
    last.locator("summary").click()
    sides = last.get_by_role("figure")
    expect(sides.nth(0)).to_contain_text(f"accuracy: {recorded}")
    expect(sides.nth(1)).to_contain_text("accuracy: ")
    expect(sides.nth(1)).not_to_contain_text(f"accuracy: {recorded}")
    # Only what differs of the line is marked.
    expect(sides.nth(0).locator("mark")).to_have_text(recorded)
    expect(sides.nth(1).locator("mark")).to_have_count(1)


def _interactive(page: Page) -> Locator:
    return runs(page).filter(has_not_text="reproduction")


def _compare(page: Page) -> None:
    for row in (0, 1):
        _interactive(page).nth(row).get_by_title("Select to compare").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("tab", name=re.compile(r"^\w{4} ↔ \w{4} · journey$"))).to_be_visible()
    table = page.get_by_role("table", name="What differs")
    expect(table.get_by_role("columnheader", name="Difference")).to_be_visible()
    expect(table.get_by_role("row", name=re.compile("^accuracy "))).to_contain_text(" %)")
    expect(table.get_by_role("row", name=re.compile("^lr "))).not_to_contain_text("%")
    # Of two runs dots are enough; a line each is drawn of more.
    expect(page.locator(".jp-mlops-Figure .parcoords")).to_have_count(0)
    _compare_three(page)


def _compare_three(page: Page) -> None:
    again = runs(page).filter(has_text="reproduction of").filter(has_text="differs")
    again.get_by_title("Select to compare").click()
    page.get_by_role("button", name="Compare", exact=True).click()
    tab = page.get_by_role("tab", name=re.compile(r"^3 runs \w{8}… · journey$"))
    expect(tab).to_have_attribute("aria-selected", "true")
    figure = page.locator(".jp-mlops-Figure[data-state=drawn]:visible").first
    expect(figure.locator(".axis-title", has_text="accuracy")).to_be_visible()
    expect(figure.locator(".axis-title", has_text="lr")).to_be_visible()
    _wait_for_lines(page, figure)
    table = page.get_by_role("table", name="What differs")
    expect(table.get_by_role("rowheader", name=re.compile("^lr"))).to_be_visible()
    expect(table).not_to_contain_text("seed = 7")
    expect(table.get_by_role("rowheader", name="seed")).to_have_count(0)
    legend = page.get_by_role("list", name="Colours of the runs").get_by_role("listitem")
    expect(legend).to_have_count(3)


def _wait_for_lines(page: Page, figure: Locator) -> None:
    """Wait until the lines are there: coloured pixels, which text and axes have not."""
    for _ in range(600):
        picture = Image.open(io.BytesIO(figure.screenshot())).convert("HSV")
        colourful = sum(picture.getchannel("S").histogram()[60:])
        if colourful > 400:
            return
        page.wait_for_timeout(100)
    pytest.fail(f"no lines are drawn, only {colourful} coloured pixels")


def _open_from_the_figure(page: Page) -> None:
    figure = page.locator(".jp-mlops-Figure[data-state=drawn]:visible").first
    tick = figure.locator(".y-axis").first.locator(".tick", has_text=re.compile(r"^0\.1$"))
    box = tick.locator("line").bounding_box()
    assert box is not None
    # A line leaves its axis at the height of the run's value; nobody hits its very pixel.
    page.mouse.click(box["x"] + box["width"] + 40, box["y"] + 4)
    _see_executed(page)


def _see_executed(page: Page) -> None:
    executed = page.locator(".jp-mlops-Executed")
    expect(executed).to_contain_text("read only")
    # Of the run itself or of its reproduction, which has no text beside the code and the same lr.
    expect(executed.locator(".jp-Cell", has_text="lr = 0.1").first).to_be_visible()
    expect(executed.locator(".jp-OutputArea", has_text="accuracy: ")).to_be_visible()


def _wait_for_the_layout(page: Page, lab: Lab, notebook: str) -> None:
    """Wait until JupyterLab has kept that both tabs are open, which it does a little later."""
    for _ in range(300):
        if all(f"mlops-{kind}:" in lab.workspace(notebook) for kind in ("comparison", "notebook")):
            return
        page.wait_for_timeout(100)
    pytest.fail("the layout was not kept")


def _see_both_tabs_again(page: Page) -> None:
    _see_executed(page)
    page.get_by_role("tab", name=re.compile(r"^3 runs \w{8}…")).click()
    expect(page.locator(".jp-mlops-Figure[data-state=drawn]:visible").first).to_be_visible()
