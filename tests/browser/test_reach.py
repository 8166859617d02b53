"""The front end by keyboard alone, in every theme, and at the width of a narrow sidebar."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab import Lab
from tests.browser.notebooks import write_training
from tests.browser.sidebar import choose, detail, open_sidebar, printed_accuracy, runs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# The contrast that WCAG 2.2 AA asks of text.
_CONTRAST = 4.5
# Text and the ground that is seen behind it, over all that is transparent.
_CONTRAST_OF_TEXTS = """root => {
  const parse = text => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = (top, ground) => [0, 1, 2].map(i => top[i] * top[3] + ground[i] * (1 - top[3]));
  const ground = node => {
    const layers = [];
    for (let n = node; n; n = n.parentElement) {
      const layer = parse(getComputedStyle(n).backgroundColor);
      layers.push(layer);
      if (layer[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
  };
  const light = color => {
    const [r, g, b] = color.map(c => c / 255).map(c =>
      c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const isSeen = texts.currentNode.data.trim() && node.checkVisibility() &&
      !node.closest(':disabled, svg, .jp-mlops-mod-hidden, .jp-mlops-Outputs');
    if (!isSeen) continue;
    const below = ground(node);
    const pair = [light(over(parse(getComputedStyle(node).color), below)), light(below)];
    const contrast = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    found.push([texts.currentNode.data.trim(), Math.round(contrast * 100) / 100]);
  }
  return found;
}"""


_IS_CUT_OFF = "node => node.scrollWidth > node.clientWidth"


@pytest.fixture
def sidebar(page: Page, lab: Lab) -> Locator:
    """Give the sidebar with one run in it."""
    notebook = write_training(lab.work, "reach.ipynb")
    page.goto(lab.page(notebook.name))
    open_sidebar(page)
    if runs(page).count() == 0:
        run_all = page.get_by_role("button", name="Run all cells", exact=True)
        expect(runs(page).first.or_(run_all)).to_be_visible()
        if run_all.is_visible():
            run_all.click()
            printed_accuracy(page)
    expect(detail(page).get_by_role("table", name="Parameters")).to_be_visible()
    # Until its kernel is there, JupyterLab moves the focus to the notebook.
    expect(page.get_by_text(re.compile(r"\| Idle$"))).to_be_visible()
    return page.locator(".jp-mlops-Sidebar")


def test_by_keyboard(page: Page, sidebar: Locator) -> None:
    page.keyboard.press("Control+Alt+M")
    row = runs(page).first
    expect(row).to_be_focused()
    page.keyboard.press("Space")
    expect(row).to_have_attribute("aria-selected", "true")
    expect(sidebar.get_by_role("toolbar", name="Selected runs")).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    expect(row).to_have_attribute("aria-selected", "false")
    page.keyboard.press("Enter")
    expect(row).to_have_attribute("aria-current", "true")
    # The next stop after the list is the detail, whose buttons have names.
    _tab_to(page, detail(page).get_by_role("button", name="Open executed notebook"))
    for keys in ("Escape", "Control+Alt+M"):
        detail(page).get_by_role("button", name="Reproduce", exact=True).focus()
        page.keyboard.press(keys)
        expect(row).to_be_focused()
    sidebar.get_by_role("heading", name="Runs Section").click()
    expect(row).to_be_hidden()
    page.keyboard.press("Control+Alt+M")
    expect(row).to_be_focused()
    detail(page).get_by_role("button", name="Open executed notebook").press("Enter")
    expect(page.locator(".jp-mlops-Executed")).to_contain_text("read only")


def test_the_palette_has_every_command(page: Page, sidebar: Locator) -> None:
    palette = page.locator(".jp-ModalCommandPalette")
    for label in ("Show Runs", "Reproduce Run", "Open Executed Notebook", "Refresh Runs"):
        _find_in_palette(page, palette, label)


def _find_in_palette(page: Page, palette: Locator, label: str) -> None:
    """Look `label` up; a page that still loads takes the focus, and the palette goes with it."""
    for _ in range(20):
        page.keyboard.press("Control+Shift+C")
        page.keyboard.type(label)
        item = palette.locator(".lm-CommandPalette-item").filter(has_text=label)
        try:
            expect(item.first).to_be_visible(timeout=2_000)
        except AssertionError:  # the page took the focus: once more
            continue
        page.keyboard.press("Escape")
        return
    pytest.fail(f"the palette has no {label!r}")


@pytest.mark.parametrize(
    ("theme", "is_light"),
    [("JupyterLab Light", "true"), ("JupyterLab Dark", "false")],
)
def test_themes(page: Page, sidebar: Locator, theme: str, is_light: str) -> None:
    choose(page, "Settings", "Theme", theme)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", is_light)
    # The stylesheet comes after the attribute.
    ink = re.compile(r"rgba?\(0, 0, 0" if is_light == "true" else r"rgba?\(255, 255, 255")
    expect(sidebar.locator(".jp-mlops-View").last).to_have_css("color", ink)
    # Colours that fade into each other are there a little later.
    for _ in range(100):
        contrasts = sidebar.evaluate(_CONTRAST_OF_TEXTS)
        poor = [found for found in contrasts if found[1] < _CONTRAST]
        if not poor:
            break
        page.wait_for_timeout(100)
    assert poor == []
    assert len(contrasts) > 20


def test_nothing_is_cut_off_at_250_px(page: Page, sidebar: Locator) -> None:
    _narrow(page)
    for part in sidebar.locator(".jp-mlops-Scroll").all():
        assert part.evaluate(_IS_CUT_OFF) is False
    # A name that has no room is broken, not cut.
    names = detail(page).locator(".jp-mlops-Facts [role=rowheader]:visible")
    assert names.count() > 2
    assert [name for name in names.all() if name.evaluate(_IS_CUT_OFF)] == []


def test_the_selection_bar_covers_no_row(page: Page, sidebar: Locator) -> None:
    runs(page).first.get_by_title("Select to compare").click()
    bar = sidebar.get_by_role("toolbar", name="Selected runs").bounding_box()
    row = runs(page).first.bounding_box()
    assert bar is not None
    assert row is not None
    assert row["y"] + row["height"] <= bar["y"]
    runs(page).first.get_by_title("Select to compare").click()


def _narrow(page: Page) -> None:
    handle = page.locator("#jp-main-split-panel > .lm-SplitPanel-handle").first
    box = handle.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 2, 400)
    page.mouse.down()
    page.mouse.move(33 + 250, 400, steps=5)
    page.mouse.up()
    # The panels get their widths with the next frame, and what is drawn to fit after that.
    page.wait_for_function("document.querySelector('.jp-mlops-Sidebar').clientWidth <= 250")
    page.evaluate("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")


def _tab_to(page: Page, target: Locator) -> None:
    for _ in range(20):
        page.keyboard.press("Tab")
        if target.evaluate("node => node === document.activeElement"):
            return
    pytest.fail(f"Tab does not reach {target}")
