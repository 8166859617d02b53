"""The page holds everything, loads nothing, and no text of a notebook's becomes markup."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from jupyter_mlops.comparison import html
from tests.comparison.made import Made, cell, compare, file, made, metric, printed, shown

HOSTILE = (
    "</script><script>document.title='pwned'</script><img src=x onerror=\"document.title='pwned'\">"
    "<!-- {{ 7*7 }} \u2028 \x1b[31m \ud800"
)


@pytest.fixture
def pair() -> tuple[Made, Made]:
    """Give two runs that differ in everything, with hostile text wherever there is text."""

    def one(name: str, lr: float, score: float) -> Made:
        return made(
            name,
            [f"lr = {lr}", f"kind = {HOSTILE + name!r}", cell(2, f"f(lr)  # {name}\ng{name}()"),
             cell(3, "acc = h()", [printed(HOSTILE + name)])],
            [metric("acc", score, 3), metric("<b>m</b>" + HOSTILE, score, 3)],
            data=(file(HOSTILE, "xxh3:" + name, 2), file("partial", None, 2)),
            user=HOSTILE,
            notebook="/work/" + HOSTILE + ".ipynb",
        )  # fmt: skip

    return one("a", 0.1, 0.9), one("b", 0.2, 0.8)


def render(*runs: Made) -> str:
    return html.render(compare(*runs), [run for run, _ in runs], [cells for _, cells in runs])


def test_everything_is_on_the_page(pair: tuple[Made, Made]) -> None:
    page = render(*pair)
    for title in ("Runs", "Metrics", "Figures", "Parameters", "Code", "Data", "Outputs",
                  "What can have made a metric differ", "Could not be compared"):  # fmt: skip
        assert re.search(f"<h2[^>]*>{title}</h2>", page), title


def test_how_far_a_metric_moved_between_two_runs() -> None:
    def one(name: str, score: float) -> Made:
        return made(name, [f"seed = {score}", "acc = f(seed)"], [metric("acc", score, 1)])

    runs = [one("a", 4.0), one("b", 3.0), one("c", 2.0)]
    page = render(*runs[:2])
    assert page.count('scope="col">Difference</th>') == 1
    assert page.count('<td class="value">-1</td>') == 1, "of a parameter it says nothing"
    assert 'scope="col">Difference' not in render(*runs)


def test_hostile_text_stays_text(pair: tuple[Made, Made]) -> None:
    page = render(*pair)
    own, _, _ = page.partition('<script type="application/json"')
    assert "<script" not in own
    assert "<img" not in own
    assert "{{ 7*7 }}" in own
    # Ours are three: the data, plotly.js and what draws the figures.
    tail = page[len(own) :]
    assert len(re.findall(r"<script", tail.replace(html._plotly_js(), ""))) == 3


def test_images_stand_side_by_side_as_data() -> None:
    def one(name: str, content: str) -> Made:
        svg = shown(**{"image__svg+xml": [f"<svg>{content}", "<script>1</script></svg>"]})
        return made(name, [cell(0, "draw()", [shown(image__png="iVBO\nRw0K" + content), svg])])

    page = render(one("a", "AAAA"), one("b", "BBBB"))
    for content in ("AAAA", "BBBB"):
        assert f'src="data:image/png;base64,iVBORw0K{content}"' in page
    assert page.count('src="data:image/svg+xml;base64,') == 2
    assert "<svg>" not in page


def test_a_long_output_is_folded_and_not_cut() -> None:
    def one(name: str) -> Made:
        lines = "".join(f"{name} line {n}\n" for n in range(500))
        return made(name, [cell(0, "f()", [printed(lines)])])

    page = render(one("a"), one("b"))
    assert page.count("460 more lines: show all") == 2
    assert page.count("a line 38\n") == 2
    assert page.count("a line 499<") == 1


def test_runs_too_many_for_colours_of_their_own_have_no_dots() -> None:
    def page(count: int) -> str:
        return render(*(made(f"{n:x}", [f"n = {n}"]) for n in range(count)))

    assert 'class="dot"' in page(7)
    assert 'class="dot"' not in page(8)


def test_equal_runs_say_so_and_bring_no_figures() -> None:
    page = render(made("a", ["f()"]), made("b", ["f()"]))
    assert "Nothing that was recorded differs" in page
    assert len(page) < 20_000


@pytest.mark.browser
def test_a_browser_draws_it_without_the_network(pair: tuple[Made, Made], tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    path = tmp_path / "page.html"
    path.write_bytes(render(*pair).encode("utf-8", "replace"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            timeout=120_000,
        )
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.set_default_timeout(120_000)
        requested: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.on(
            "console",
            lambda message: said.append(message.text) if message.type == "error" else None,
        )
        page.goto(path.as_uri())
        page.wait_for_selector("#figure-parallel_coordinates .parcoords")
        page.wait_for_selector("#figure-metrics .scatterlayer .points path")
        assert page.title() == "Comparison of 2 runs"
        assert [url for url in requested if not url.startswith(("file:", "blob:", "data:"))] == []
        assert said == []
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.emulate_media(color_scheme="dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        browser.close()
