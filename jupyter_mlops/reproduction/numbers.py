"""Numbers compared: exactly first, then by their largest relative difference."""

from __future__ import annotations

import math
import re

# A number as Python, numpy and pandas print it; signs belong to it unless they subtract.
NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]*\w)|(?<!\w)-?(?:nan|inf)\b",
    re.IGNORECASE,
)


def difference(before: float, after: float) -> float:
    """Return the relative difference; 0 for equal numbers, two NaN included.

    Relative to the larger magnitude, so that neither side is preferred and 0 against
    anything else is 1.
    """
    if before == after or (math.isnan(before) and math.isnan(after)):
        return 0.0
    scale = max(abs(before), abs(after))
    if not math.isfinite(scale) or math.isnan(before) or math.isnan(after):
        return math.inf
    return abs(before - after) / scale


def text_difference(before: str, after: str) -> float | None:
    """Return the largest relative difference of the numbers in two texts.

    Returns
    -------
    float or None
        ``None`` if the texts differ in more than numbers and the width of blanks.
    """
    if _frame(before) != _frame(after):
        return None
    pairs = zip(NUMBER.findall(before), NUMBER.findall(after), strict=True)
    return max((difference(float(a), float(b)) for a, b in pairs), default=0.0)


def _frame(text: str) -> list[str]:
    # Columns grow and shrink with their numbers, and so do the rules drawn under them.
    return re.sub(r"-{3,}|={3,}", "--", NUMBER.sub(" # ", text)).split()
