"""Secrets among the words of a command: ``["mysql", "--password", "…"]``, ``-p…``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise

from jupyter_mlops.redaction.composed import text_of
from jupyter_mlops.redaction.names import Names, Strength
from jupyter_mlops.redaction.patterns import Pattern

_OPTION = Pattern(r"--?[A-Za-z][\w-]{1,80}")
# What programs call their password in one letter.
_SHORT = {
    "mysql": "-p",
    "mysqldump": "-p",
    "mysqladmin": "-p",
    "mariadb": "-p",
    "sshpass": "-p",
    "redis-cli": "-a",
    "mongo": "-p",
    "mongosh": "-p",
    "sqlcmd": "-P",
    "bcp": "-P",
}


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
    yield from _of_programs(given)


def _of_programs(given: Sequence[ast.expr]) -> Iterator[tuple[ast.expr, str, Strength]]:
    program = (text_of(given[0]) if given else None) or ""
    short = _SHORT.get(program.rpartition("/")[2].removesuffix(".exe"))
    if short is None:
        return
    for before, after in pairwise(given):
        text = text_of(after) or ""
        is_joined = text.startswith(short) and len(text) > len(short)
        if is_joined or (text_of(before) == short and not _is_option(after)):
            yield after, "password", "strong"


def _is_option(word: ast.expr) -> bool:
    return (text_of(word) or "").startswith("-")
