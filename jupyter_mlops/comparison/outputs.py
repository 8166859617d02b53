"""How the outputs of two runs differ, cell by cell.

This shows people where to look; it judges nothing. A verdict, with its masks and
tolerances, is the business of a reproduction.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from jupyter_mlops import displays
from jupyter_mlops.comparison.alignment import Alignment
from jupyter_mlops.comparison.found import Found
from jupyter_mlops.records import CellDetail, Difference

# Characters of an output's text that are kept to show it.
EXCERPT = 2000

# The default repr of an object; its address differs at each execution and says nothing.
_ADDRESS = re.compile(r"\bat 0x[0-9a-f]+")


def differences(alignment: Alignment, runs: int) -> list[Found]:
    """List the cells that every run executed and whose outputs differ."""
    found = []
    for place, row in enumerate(alignment.rows):
        details = [row.members.get(number) for number in range(runs)]
        present = [detail for detail in details if detail is not None]
        if len(present) < runs or len({_identity(detail) for detail in present}) == 1:
            continue
        values = tuple(excerpt(detail) for detail in present)
        # Nobody's metric is made of what another cell displayed.
        found.append(Found("output", place, Difference("output", row.cell, values), cause=False))
    return found


def excerpt(detail: CellDetail) -> str:
    """Return what the cell showed as text, images by their kind and size."""
    text = whole(detail)
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


def whole(detail: CellDetail, *, with_images: bool = True) -> str:
    """Return the same to its end, on request without the lines that stand for images."""
    shown = _joined(detail.outputs)
    texts = [_text(output) for output in shown if with_images or _image(output) is None]
    return "\n".join(text for text in texts if text)


def images(detail: CellDetail) -> list[str]:
    """Return the images that the cell showed, as data URLs, which a page may show safely."""
    found = []
    for output in detail.outputs:
        mime = _image(output)
        if mime is None:
            continue
        content = "".join(output["data"][mime])
        if mime == "image/svg+xml":
            content = b64encode(content.encode("utf-8", "replace")).decode()
        found.append(f"data:{mime};base64,{''.join(content.split())}")
    return found


def _image(output: Mapping[str, Any]) -> str | None:
    """Return the MIME type under which an output holds an image, if it does."""
    bundle = output.get("data") or {}
    return next((mime for mime in displays.IMAGES if mime in bundle), None)


def _identity(detail: CellDetail) -> str:
    recorded = [output.digest for output in detail.execution.outputs]
    if any(map(_is_missing, detail.outputs)) or len(detail.outputs) != len(recorded):
        # Some content was too large to keep; its digest was not.
        return json.dumps(recorded)
    return json.dumps([_judged(output) for output in _joined(detail.outputs)], sort_keys=True)


def _is_missing(output: Mapping[str, Any]) -> bool:
    ours = (output.get("metadata") or {}).get("jupyter_mlops")
    return isinstance(ours, dict) and "missing" in ours


def _joined(outputs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Join streams, which arrive in pieces of no meaning, and leave stderr out."""
    joined: list[Mapping[str, Any]] = []
    for output in outputs:
        if output.get("output_type") != "stream":
            joined.append(output)
        elif output.get("name") == "stdout":
            last = joined[-1] if joined else {}
            if last.get("output_type") == "stream":
                joined[-1] = {**last, "text": _plain(last["text"]) + _plain(output.get("text"))}
            else:
                joined.append(output)
    return joined


def _judged(output: Mapping[str, Any]) -> Any:
    """Return what of an output is worth comparing: its best kind, without counters."""
    kind = output.get("output_type")
    if kind == "stream":
        return _plain(output.get("text"))
    if kind == "error":
        return [output.get("ename"), output.get("evalue")]
    bundle = output.get("data") or {}
    mime = displays.compared(bundle)
    if mime is None:
        return displays.telling(bundle)
    content = displays.text(bundle, mime)
    if mime in ("text/html", "image/svg+xml"):
        content = displays.numbered_ids(content)
    return [mime, _plain(content)]


def _plain(text: Any) -> str:
    whole = "".join(text) if isinstance(text, list) else str(text or "")
    return _ADDRESS.sub("at 0x…", whole)


def _text(output: Mapping[str, Any]) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return _plain(output.get("text")).rstrip("\n")
    if kind == "error":
        return f"{output.get('ename')}: {output.get('evalue')}"
    if _is_missing(output):
        return "[too large to be kept]"
    bundle = output.get("data") or {}
    image = _image(output)
    if image is not None:
        content = bundle[image]
        length = len("".join(content) if isinstance(content, list) else str(content))
        # Images but SVG are base64: four characters for three bytes.
        size = length if image == "image/svg+xml" else length * 3 // 4
        return f"[{image}, {size} bytes]"
    mime = displays.compared(bundle)
    if mime == "text/html":
        text = displays.words(displays.text(bundle, mime))
    elif mime is None or displays.FIGURE.fullmatch(mime):
        text = displays.text(bundle, "text/plain")
    else:
        text = displays.text(bundle, mime)
    return _plain(text) or ("[" + ", ".join(sorted(bundle)) + "]" if bundle else "")
