"""Aligned plain text: tables, numbers, times and sizes as people read them.

No colour, no control characters: what a notebook printed or was called may hold escape
sequences, and none of them reaches the terminal.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

GAP = "  "
NOTHING = "—"
# As wide as a value is in a list; `show` and the JSON have all of it.
_VALUE_SHOWN = 60
# What stands for a secret, with as much of its digest as tells whether two are the same. In
# JSON a text that looks like a redacted value has its quotes escaped.
_DIGEST = r"[a-z0-9-]+:([0-9a-f]{8})[0-9a-f]*"
_MARK = re.compile(rf"\[redacted {_DIGEST}\]")
_REDACTED = re.compile(rf'\{{"redacted": "{_DIGEST}"\}}')


def clean(text: object) -> str:
    """Return `text` on one line for people, with the digests of secrets cut."""
    return printable(_short_marks(str(text)))


def printable(shown: str) -> str:
    """Return a text on one line, without control characters."""
    if shown.isprintable():
        return shown
    shown = shown.replace("\r\n", "↵").replace("\n", "↵").replace("\t", " ")
    return "".join(c if c.isprintable() else "�" for c in shown)


def _short_marks(text: str) -> str:
    return _MARK.sub(r"[redacted \1]", text) if "[redacted " in text else text


def width(text: str) -> int:
    """Return the columns that `text` takes on a terminal; Hangul and the like take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def cut(text: str, columns: int) -> str:
    """Return `text` shortened to at most `columns`, ending in an ellipsis if it was longer."""
    if width(text) <= columns:
        return text
    kept = ""
    for char in text:
        if width(kept + char) > columns - 1:
            break
        kept += char
    return kept + "…"


def pad(text: str, columns: int) -> str:
    """Return `text` followed by as many spaces as make it `columns` wide."""
    return text + " " * (columns - width(text))


def table(
    rows: Iterable[Sequence[object]],
    header: Sequence[str] | None = None,
    *,
    indent: str = "",
    columns: int | None = None,
) -> str:
    """Align `rows` under `header`; the last column is cut where a line exceeds `columns`.

    Parameters
    ----------
    rows
        Each as long as the header; ``None`` is shown as a dash.
    columns
        Width of the terminal; ``None`` cuts nothing.
    """
    cells = [[clean(NOTHING if item is None else item) for item in row] for row in rows]
    if header is not None:
        cells.insert(0, list(header))
    if not cells:
        return ""
    widths = [max(width(row[i]) for row in cells) for i in range(len(cells[0]))]
    lines = []
    for row in cells:
        line = indent + GAP.join(pad(item, wide) for item, wide in zip(row, widths, strict=True))
        line = line.rstrip()
        lines.append(line if columns is None else cut(line, columns))
    return "\n".join(lines)


def terminal_columns(stream: Any) -> int | None:
    """Return the width of the terminal behind `stream`; ``None`` if it is not a terminal."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError, AttributeError):  # a pipe, a file, closed, or a stand-in
        return None


def number(value: Any) -> str:
    """Return a number with at most six significant digits, anything else as JSON."""
    if isinstance(value, bool) or not isinstance(value, float | int):
        return value_text(value)
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def same(values: Sequence[Any]) -> bool:
    """Tell whether all JSON `values` are the same; 1 is 1.0, but true is not 1."""
    return len(set(map(_identity, values))) <= 1


def _identity(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True, default=str)


def told_apart(values: Sequence[Any]) -> list[str]:
    """Return what :func:`number` says of each, with as many digits as tell apart those that differ.

    ``None`` is a dash.
    """
    distinct = set(map(_identity, values))
    texts: list[str] = []
    for digits in range(6, 18):  # no two doubles have the same 17
        texts = [_rounded(value, digits) for value in values]
        if len(set(texts)) >= len(distinct):
            break
    return texts


def _rounded(value: Any, digits: int) -> str:
    if value is None:
        return NOTHING
    return f"{value:.{digits}g}" if isinstance(value, float) else number(value)


def change(before: Any, after: Any) -> str:
    """Return how far a number moved, with its sign; a dash for what is no pair of numbers."""
    for value in (before, after):
        if isinstance(value, bool) or not isinstance(value, int | float):
            return NOTHING
    return f"{after - before:+.3g}"


def value_text(value: Any) -> str:
    """Return a parameter's value as a person would write it."""
    if isinstance(value, str):
        return _short_marks(value)
    text = json.dumps(value, ensure_ascii=False, default=str)
    return _short_marks(_REDACTED.sub(r"(redacted \1)", text))


def listed_value(value: Any) -> str:
    """Return a value as a list shows it: on one line, and cut if it is long."""
    return cut(clean(value_text(value)), _VALUE_SHOWN)


def setting_texts(values: Sequence[Any], missing: Collection[int]) -> list[str]:
    """Return a parameter's value in each run; a run at a `missing` place does not have it.

    Its notebook may assign the name all the same: what no result came from is no parameter.
    """
    return [
        "not a parameter" if place in missing else value_text(value)
        for place, value in enumerate(values)
    ]


def duration(seconds: float | None) -> str:
    """Return `seconds` in the unit that suits it."""
    if seconds is None:
        return NOTHING
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 100:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def size(count: int | None) -> str:
    """Return a number of bytes in the decimal unit that suits it."""
    if count is None:
        return NOTHING
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5:
            return (
                f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
            )
        amount /= 1000
    return f"{amount:.1f} TB"


def local_time(moment: str) -> str:
    """Return an RFC 3339 time in the local time zone, to the second."""
    try:
        at = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    except ValueError:
        return moment
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def plural(count: int, noun: str) -> str:
    """Return `count` with its noun: ``1 cell``, ``2 cells``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def listed(names: Iterable[object], limit: int = 5) -> str:
    """Return names for a sentence, the first `limit` of them and how many more."""
    shown = [str(name) for name in names]
    more = len(shown) - limit
    return ", ".join(shown[:limit]) + (f" and {more} more" if more > 0 else "")


def cells_text(cells: Sequence[int | None]) -> str:
    """Return cells by position: ``cell 3``, ``cells 3, 5``, ``no cell``."""
    shown = ["without a position" if cell is None else cell for cell in cells]
    return f"cell{'' if len(cells) == 1 else 's'} {listed(shown, 12)}" if cells else "no cell"


def columns_text(names: Sequence[str]) -> str:
    """Return the columns of a frame by name: ``column age``, ``columns age, fare``."""
    return f"column{'' if len(names) == 1 else 's'} {listed(names)}"


def column_changes(
    changed: Sequence[str], gone: Sequence[str] = (), come: Sequence[str] = ()
) -> list[str]:
    """Return in words what became of the columns of a frame."""
    kinds = (("", changed), ("without ", gone), ("with ", come))
    return [word + columns_text(names) for word, names in kinds if names]


def unified(before: str, after: str, context: int = 2) -> list[str]:
    """Return the lines of the unified diff of two texts, without its file header."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=context)
    return list(lines)[2:]
