"""What every text is made of: sections, ids and names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jupyter_mlops.layout import NOTHING, listed_value, plural, table
from jupyter_mlops.records import DisorderKind

INDENT = "  "
# Characters of an id that people see; more where that fits several runs.
ID_SHOWN = 8
DIGEST_SHOWN = 12

_KINDS: dict[DisorderKind, str] = {
    "stale": "stale",
    "out of order": "out of order",
    "hidden state": "of hidden state",
    "unknown": "of unknown order",
}

Section = tuple[str, Sequence[str] | None, Sequence[Sequence[object]]]


def section(
    title: str,
    header: Sequence[str] | None,
    rows: Iterable[Sequence[object]],
    columns: int | None,
) -> str:
    """Return a titled table, or nothing where there are no rows."""
    rows = list(rows)
    if not rows:
        return ""
    return title + "\n" + table(rows, header, indent=INDENT, columns=columns)


def named(values: dict[str, Any], shown: Callable[[Any], str] = listed_value) -> str:
    """Return ``name=value`` pairs on one line."""
    return " ".join(f"{name}={shown(value)}" for name, value in values.items()) or NOTHING


def inherited(is_inherited: bool) -> str:
    """Return the mark of what an earlier run produced."""
    return " (inherited)" if is_inherited else ""


def in_words(disorder: Mapping[DisorderKind, int]) -> str:
    """Return how many cells are what: ``2 cells stale, 1 out of order``."""
    counts = list(disorder.items())
    first = f"{plural(counts[0][1], 'cell')} {_KINDS[counts[0][0]]}"
    return ", ".join([first, *(f"{count} {_KINDS[kind]}" for kind, count in counts[1:])])


def file_name(path: str | None) -> str:
    """Return the last part of a path."""
    return NOTHING if path is None else path.replace("\\", "/").rpartition("/")[2]


def short(digest: str) -> str:
    """Return a digest's algorithm and first characters; the records have the whole of it."""
    algorithm, colon, code = digest.partition(":")
    return algorithm + colon + code[:DIGEST_SHOWN]


def id_length(ids: Sequence[str]) -> int:
    """Return how many characters of these ids tell them apart."""
    length = ID_SHOWN
    while len({name[:length] for name in ids}) < len(set(ids)):
        length += 1
    return length


def ranges(numbers: Iterable[int]) -> str:
    """Return whole numbers in order, neighbours joined: ``3, 5-9``."""
    spans: list[list[int]] = []
    for number in sorted(set(numbers)):
        if spans and spans[-1][-1] == number - 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    return ", ".join("-".join(map(str, span)) for span in spans)
