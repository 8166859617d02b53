from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from jupyter_mlops.displays import compared, numbered_ids, words


@pytest.mark.parametrize(
    "plain",
    [
        "<IPython.core.display.HTML object>",
        "<pandas.io.formats.style.Styler at 0x7f0000000001>",
        "<__main__.f.<locals>.Report object at 0x7f0000000001>",
        "alt.Chart(...)",
    ],
)
def test_a_text_that_only_names_a_class_says_least(plain: str) -> None:
    assert compared({"text/plain": plain, "text/html": ""}) == "text/html"
    everything: dict[str, Any] = {"text/html": "", "application/json": {}, "text/latex": ""}
    assert compared({"text/plain": plain, **everything}) == "text/latex"
    assert compared({"text/plain": plain, "audio/wav": ""}) is None
    assert compared({"text/plain": plain}) == "text/plain"


@pytest.mark.parametrize(
    "plain",
    ["Ridge()", "   a\n0  1", "<xarray.Dataset> Size: 8B\nx  1", "<Quantity 1.5 m>", "<b>1</b>"],
)
def test_any_other_text_says_most(plain: str) -> None:
    assert compared({"text/html": "", "text/plain": plain}) == "text/plain"


@pytest.mark.parametrize(
    "page",
    [
        '<div id="altair-viz-{hex}"></div><script>draw("#altair-viz-{hex}")</script>',
        '<div id="map_{hex}"></div><script>var map_{hex} = L.map("map_{hex}");</script>',
        '<iframe srcdoc="&lt;div id=&quot;map_{hex}&quot;&gt;"></iframe>',
        '<div id="{uuid}"></div><script>document.getElementById("{uuid}")</script>',
        "<div id='i{hex}'></div><script>document.getElementById('i{hex}')</script>",
    ],
)
def test_ids_of_drawing_libraries_are_numbered(page: str) -> None:
    def drawn() -> str:
        one = uuid4()
        return page.replace("{hex}", one.hex).replace("{uuid}", str(one))

    assert numbered_ids(drawn()) == numbered_ids(drawn())


def test_what_is_no_id_stays() -> None:
    page = f'<p style="color: #abcdef">a1 <a href="#x">{uuid4().hex}</a></p>'
    assert numbered_ids(page) == page
    assert numbered_ids('<i id="i">a1</i>') == '<i id="id0">a1</i>'


def test_words_are_what_people_read() -> None:
    hidden = "<style>p { a }</style><SCRIPT>x</SCRIPT>"
    assert words(f"{hidden}<p>a &amp;\n  <b>b</b></p>") == "a & b"
    assert words("<tr>\n<td>1</td>\n<td>2</td></tr>\n<tr><td>3</td></tr>") == "1 2\n3"
    assert words("a<br>b<script>never closed") == "a\nb"
    assert words("<" * 100_000).count("<") == 100_000
