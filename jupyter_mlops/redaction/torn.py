"""Secrets that a program puts together: ``"ghp_" + "…"``, ``("ghp_" "…")``.

Their shape stands in no single literal, but in the source without what is between two of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from jupyter_mlops.redaction import shapes
from jupyter_mlops.redaction.patterns import Pattern

Span = tuple[int, int]

_JOINT = Pattern(r"[\"'][\s\\()]*(?:\+[\s\\()]*|(?<=[\s\\()]))[rbufRBUF]{0,2}[\"']")
# What begins a token says which service it is for, and no more.
_SHORT = 8


def find(source: str) -> Iterator[Span]:
    """Yield where the pieces of secrets stand; a short one that begins a secret stays."""
    if _JOINT.search(source) is None:
        return
    starts, ends = [0], []
    for match in _JOINT.finditer(source):
        ends.append(match.start())
        starts.append(match.end())
    pieces = list(zip(starts, [*ends, len(source)], strict=True))
    whole = "".join([source[start:end] for start, end in pieces])
    plain = whole.encode("ascii", "replace")
    if shapes.NEEDLE not in plain.translate(shapes.CLASSES) or not shapes.may_hold(plain):
        return
    at, number = 0, 0
    for begin, stop in sorted(shapes.find(whole, plain)):
        if stop <= at:
            continue  # it stands in another one, which was told
        while at + pieces[number][1] - pieces[number][0] <= begin:
            at += pieces[number][1] - pieces[number][0]
            number += 1
        while at < stop:
            start, end = pieces[number]
            first, last = max(start, start + begin - at), min(end, start + stop - at)
            # What stands in one piece is found there.
            is_part = begin < at or stop > at + end - start
            if is_part and (begin < at or last - first >= _SHORT) and last > first:
                yield first, last
            if stop < at + end - start:
                break  # the next secret may begin in the same piece
            at += end - start
            number += 1
