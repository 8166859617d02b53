"""Numbers compared: by their digits first, then by their largest relative difference."""

from __future__ import annotations

import math
import re
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal

# A number as Python, numpy and pandas print it; signs belong to it unless they subtract.
NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?!\.*\w)|(?<!\w)-?(?:nan|inf)\b",
    re.IGNORECASE,
)
# Stands for a number in a frame: a character that is not printed.
_MARK = "\0"
_RULES = re.compile(r"-{3,}|={3,}|─{3,}|━{3,}")
_BLANKS = re.compile(r"[^\S\n]+")
_BLANKS_BESIDE_NUMBERS = re.compile(rf"(?<={_MARK})[^\S\n]+|(?<![^\S\n])[^\S\n]+(?={_MARK})")
# Where libraries break the lines of an array or a list, which depends on its numbers' widths.
_WRAPS = re.compile(rf"(?<={_MARK})(,?)\s+(?={_MARK})")
# Integers have any length and texts any exponent: nothing here may round, overflow or raise
# before the difference is known. 20 digits are more than a float can tell of that.
_EXACT = Context(prec=20, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])


def difference(before: float | str, after: float | str) -> float:
    """Return the relative difference; 0 for equal numbers only, two NaN included.

    Relative to the larger magnitude, so that neither side is preferred and 0 against
    anything else is 1. Numbers may be given as they are written.
    """
    if before == after:
        return 0.0
    first, second = Decimal(before, _EXACT), Decimal(after, _EXACT)
    if first == second or (first.is_nan() and second.is_nan()):
        return 0.0
    if not (first.is_finite() and second.is_finite()):
        return math.inf
    scale = max(first.copy_abs(), second.copy_abs())
    relative = _EXACT.divide(_EXACT.subtract(first, second).copy_abs(), scale)
    return max(float(relative), math.ulp(0.0))


def same_digits(before: str, after: str, *, masked: bool = False) -> bool:
    """Tell whether two texts are the same but for the blanks beside their numbers.

    With ``masked``, pieces of unknown width were replaced in them, so that the columns
    around these may have shifted.
    """
    if before == after:
        return True
    if NUMBER.findall(before) != NUMBER.findall(after):
        return False
    return _frame(before, shifted=masked) == _frame(after, shifted=masked)


def text_difference(before: str, after: str, *, masked: bool = False) -> float | None:
    """Return the largest relative difference of the numbers in two texts.

    Columns may shift where a number is written wider, and an array's lines break elsewhere.

    Returns
    -------
    float or None
        ``None`` if the texts differ in more than numbers and the width of blanks.
    """
    first, second = NUMBER.findall(before), NUMBER.findall(after)
    if len(first) != len(second):
        return None
    wider = list(map(len, first)) != list(map(len, second))
    shifted = masked or wider
    if _frame(before, shifted=shifted, wrapped=wider) != _frame(
        after, shifted=shifted, wrapped=wider
    ):
        return None
    return max(map(difference, first, second), default=0.0)


def _frame(text: str, *, shifted: bool, wrapped: bool = False) -> str:
    """Return a text without its numbers and without what depends on their widths."""
    frame = NUMBER.sub(_MARK, text)
    if wrapped:
        frame = _WRAPS.sub(r"\1 ", frame)
    if shifted:
        # Columns grow and shrink with their numbers, and so do the rules drawn under them.
        frame = _BLANKS.sub(" ", _RULES.sub("--", frame))
        frame = "\n".join(line.strip() for line in frame.split("\n"))
    return _BLANKS_BESIDE_NUMBERS.sub("", frame)
