"""Secrets among the words of a command: ``["mysql", "--password", "…"]``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from jupyter_mlops.redaction.composed import text_of
from jupyter_mlops.redaction.names import Names, Strength
from jupyter_mlops.redaction.patterns import Pattern

_OPTION = Pattern(r"--?[A-Za-z][\w-]{1,80}")


def secret_words(
    given: Sequence[ast.expr], names: Names
) -> Iterator[tuple[ast.expr, str, Strength]]:
    """Yield the words that are values of options whose names mean a secret, with the names.

    An option that stands together with its value in one word (``--password=…``) is found in
    that word's text.
    """
    for before, after in pairwise(given):
        option = text_of(before)
        if option is None or _OPTION.fullmatch(option) is None:
            continue
        name = option.strip("-")
        strength = names.strength(name)
        if strength is not None and not _is_option(after):
            yield after, name, strength


def _is_option(word: ast.expr) -> bool:
    return (text_of(word) or "").startswith("-")
