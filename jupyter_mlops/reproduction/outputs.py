"""One output of a cell against its counterpart, by kind."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jupyter_mlops import displays
from jupyter_mlops.records import OutputJudgement, OutputKind, OutputVerdict
from jupyter_mlops.reproduction import numbers
from jupyter_mlops.reproduction.figures import figure_difference
from jupyter_mlops.reproduction.images import changed_share
from jupyter_mlops.reproduction.masks import Side, mask


@dataclass(frozen=True)
class Standard:
    """By what outputs are judged.

    Attributes
    ----------
    before, after
        Where and when the two executions ran.
    tolerance
        Relative difference of numbers up to which they count as *within tolerance*; 0 asks
        for the same digits.
    same_rendering
        Whether both drew with the same libraries: then equal pictures have equal bytes, and
        otherwise no picture can be judged.
    """

    before: Side
    after: Side
    tolerance: float
    same_rendering: bool


@dataclass(frozen=True)
class Shown:
    """One output that is judged: its kind and what of it is compared."""

    kind: OutputKind
    mime: str
    content: Any


def shown(outputs: Sequence[Mapping[str, Any]]) -> list[Shown]:
    """Reduce a cell's outputs to what is judged.

    All that was printed is one text, since its division and its place among the displays
    are matters of timing. What went to stderr (warnings, progress) is not judged.
    """
    printed = ""
    rest: list[Shown] = []
    for output in outputs:
        kind = output.get("output_type")
        if kind == "stream":
            printed += displays.text(output, "text") if output.get("name") == "stdout" else ""
        elif kind == "error":
            rest.append(Shown("error", "error", (output.get("ename"), output.get("evalue"))))
        elif kind in ("display_data", "execute_result"):
            rest.append(_bundle(output.get("data") or {}))
    return [Shown("text", "text/plain", printed), *rest] if printed else rest


def judge(before: Shown, after: Shown, standard: Standard) -> OutputJudgement:
    """Judge one output against its counterpart."""
    if before.kind == "error" or after.kind == "error":
        return _judge_errors(before, after, standard)
    if before.mime == after.mime and before.content == after.content:
        return OutputJudgement(before.kind, "identical")
    if before.mime != after.mime:
        return OutputJudgement(before.kind, "differs")
    if before.kind == "image":
        return _judge_images(before, after, standard)
    if before.kind == "figure":
        difference = figure_difference(before.content, after.content)
        verdict = "identical" if difference == 0 else _by_number(difference, standard)
        return OutputJudgement("figure", verdict, difference)
    if not isinstance(before.content, str) or not isinstance(after.content, str):
        return OutputJudgement(before.kind, "unverifiable")
    return _judge_texts(before, after, standard)


def _bundle(data: Mapping[str, Any]) -> Shown:
    mime = displays.compared(data)
    if mime is None:
        # Scripts, sounds, documents with a creation date: nothing here can be judged but bytes.
        rest = displays.telling(data)
        content = json.dumps(rest, sort_keys=True, default=str)
        return Shown("html", min(rest, default=""), (content,))
    if displays.FIGURE.fullmatch(mime):
        return Shown("figure", "figure", data[mime])
    text = displays.text(data, mime)
    if mime in displays.IMAGES:
        return Shown("image", mime, text)
    if mime == "text/html":
        return Shown("html", mime, text)
    if mime == "text/plain" and _is_table(displays.text(data, "text/html")):
        return Shown("table", mime, text)
    return Shown("number" if _is_number(text) else "text", mime, text)


def _is_table(html: str) -> bool:
    # A scikit-learn estimator's diagram has tables of parameters, and is none itself.
    return "<table" in html and "sk-container-id" not in html


def _is_number(text: str) -> bool:
    try:
        float(re.sub(r"^np\.\w+\((.*)\)$", r"\1", text.strip()))
    except ValueError:  # no number
        return False
    return True


def _by_number(difference: float | None, standard: Standard) -> OutputVerdict:
    within = difference is not None and difference <= standard.tolerance
    return "within tolerance" if within else "differs"


def _judge_texts(before: Shown, after: Shown, standard: Standard) -> OutputJudgement:
    texts = [before.content, after.content]
    drawn = False
    if before.kind == "html":
        texts = [displays.numbered_ids(text) for text in texts]
        drawn = texts != [before.content, after.content]
    first, second = mask(texts[0], standard.before), mask(texts[1], standard.after)
    masks = tuple(dict.fromkeys((*("drawn id",) * drawn, *first.masks, *second.masks)))
    masked = bool(masks)
    if numbers.same_digits(first.text, second.text, masked=masked):
        return OutputJudgement(before.kind, "identical", masks=masks)
    difference = numbers.text_difference(first.text, second.text, masked=masked)
    if difference == 0 and standard.tolerance == 0:
        # 1.10 is no other number than 1.1, but not what was printed.
        difference = None
    return OutputJudgement(before.kind, _by_number(difference, standard), difference, masks)


def _judge_errors(before: Shown, after: Shown, standard: Standard) -> OutputJudgement:
    if before.kind != after.kind or before.content[0] != after.content[0]:
        return OutputJudgement("error", "differs")
    texts = [Shown("error", "error", str(one.content[1] or "")) for one in (before, after)]
    if texts[0] == texts[1]:
        return OutputJudgement("error", "identical")
    return _judge_texts(texts[0], texts[1], standard)


def _judge_images(before: Shown, after: Shown, standard: Standard) -> OutputJudgement:
    if before.mime == "image/svg+xml":
        texts = [Shown("html", "image", one.content) for one in (before, after)]
        drawn = _judge_texts(texts[0], texts[1], standard)
        verdict = drawn.verdict
        share = None
    else:
        share = changed_share(_decoded(before.content), _decoded(after.content))
        verdict = "identical" if share == 0 else "differs"
    if verdict == "differs" and not standard.same_rendering:
        # Between versions of the drawing libraries hardly any equal picture has equal pixels.
        verdict = "unverifiable"
    return OutputJudgement("image", verdict, share)


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content)
    except ValueError:  # no picture, which equals none
        return b""
