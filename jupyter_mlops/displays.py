"""By what of it a display is compared, here and wherever two outputs are.

A display is a bundle of forms of the same thing. The plain text says most of it with the
least that depends on libraries, unless it does no more than name a class. Standard library
only.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

FIGURE = re.compile(r"application/vnd\.(plotly|vega|vegalite)\.v\d+(\.\d+)?\+json")
IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")
_TEXTS = (
    *("text/plain", "text/markdown", "text/latex"),
    *("application/json", "application/geo+json", "text/html"),
)
# <IPython.core.display.HTML object>, <__main__.f.<locals>.Report at 0x7f…>, and altair's
# alt.Chart(...): nothing in them is of the object's content.
_NAMES_A_CLASS = re.compile(
    r"\s*(?:<(?:[\w.]|<locals>)+(?: object)?(?: at 0x[0-9a-fA-F]+)?>|[\w.]+\(\.{3}\))\s*"
)

_ATTRIBUTE = r"""\bid=\\?["']([^"'\\]+)"""
# Where ids stand in a page or a picture. What follows # may be a colour or an anchor too.
_ID_OR_NOT = re.compile(rf"""{_ATTRIBUTE}|\bfor=["']([^"']+)|#([\w-]+)|ById\(["']([^"']+)""")
_ATTRIBUTES = re.compile(_ATTRIBUTE)
# Names made of a uuid, which scripts give to variables too: map_… of folium, bokeh's roots.
_HEX = "[0-9a-f]"
_UUID = re.compile(rf"(?<=[_-]){_HEX}{{32}}\b|\b{_HEX}{{8}}-(?:{_HEX}{{4}}-){{3}}{_HEX}{{12}}\b")

# When a picture was drawn, as it says itself.
_DATE = re.compile(r"<dc:date>[^<]*")

_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_LINE_END = re.compile(r"<(?:br|/(?:p|div|tr|li|h\d|pre|table|caption))\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def telling(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out a plain text that only names a class, if anything else is there."""
    if len(data) < 2 or not _NAMES_A_CLASS.fullmatch(text(data, "text/plain")):
        return data
    return {mime: value for mime, value in data.items() if mime != "text/plain"}


def compared(data: Mapping[str, Any]) -> str | None:
    """Return the MIME type by which a display is compared; ``None`` if only by its bytes."""
    rest = telling(data)
    figures = (mime for mime in rest if FIGURE.fullmatch(mime))
    return next(figures, next((mime for mime in (*IMAGES, *_TEXTS) if mime in rest), None))


def text(data: Mapping[str, Any], mime: str) -> str:
    """Return one form of a display as text; the empty one if it isn't there."""
    value = data.get(mime)
    if mime.endswith("json"):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    return "".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")


def numbered_ids(page: str) -> str:
    """Replace the ids in HTML or SVG, which libraries draw by lot, by their order.

    Which part an id belongs to stays: the style of one row of a table is not that of another.
    """
    known = set(_ATTRIBUTES.findall(page))
    order: dict[str, str] = {}

    def numbered(drawn: str) -> str:
        return order.setdefault(drawn, f"id{len(order)}")

    def replaced(match: re.Match[str]) -> str:
        drawn = match[match.lastindex or 0]
        return match[0][: -len(drawn)] + numbered(drawn) if drawn in known else match[0]

    page = _ID_OR_NOT.sub(replaced, _DATE.sub("", page))
    return _UUID.sub(lambda match: numbered(match[0]), page)


def words(page: str) -> str:
    """Return the text that people read in HTML, a line for each row or paragraph."""
    page = _LINE_END.sub("\n", " ".join(_HIDDEN.sub("", page).split()))
    lines = html.unescape(_TAG.sub(" ", page)).split("\n")
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())
