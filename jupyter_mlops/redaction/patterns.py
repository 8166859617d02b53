"""Expressions that are compiled when they are first needed, and those for many words at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

# From the commonest letters of programs and outputs to the rarest; all others are rarer.
_COMMONEST = b"0123456789etaoinsrlhdcm_-.:=ufpgyb/vwxkjqz"


class Pattern:
    """A regular expression like :func:`re.compile`'s, compiled at its first use.

    Most kernels need few of them.
    """

    match: Callable[..., re.Match[str] | None]
    search: Callable[..., re.Match[str] | None]
    fullmatch: Callable[..., re.Match[str] | None]
    finditer: Callable[..., Iterator[re.Match[str]]]
    groups: int

    def __init__(self, text: str, flags: int = 0) -> None:
        self._text = text
        self._flags = flags

    def __getattr__(self, name: str) -> object:
        compiled = re.compile(self._text, self._flags)
        self.match, self.search = compiled.match, compiled.search
        self.fullmatch, self.finditer = compiled.fullmatch, compiled.finditer
        self.groups = compiled.groups
        return object.__getattribute__(self, name)


def any_of(words: Iterable[bytes], others: Iterable[bytes] = ()) -> bytes:
    """Return an expression for any of many words, each looked for from its rarest letter.

    It is searched three times as fast as one of the words as they are: most places in a text
    are left at once.

    Parameters
    ----------
    others
        Further expressions, each of which begins with a letter as it is.
    """
    by_letter: dict[bytes, list[bytes]] = {}
    for word in words:
        at = max(range(len(word)), key=lambda i: (_COMMONEST.find(word[i]) % 256, -i))
        rest = re.escape(word[at + 1 :]) + (b"(?<=%b)" % re.escape(word) if at else b"")
        by_letter.setdefault(re.escape(word[at : at + 1]), []).append(rest)
    for other in others:
        length = 2 if other.startswith(b"\\") else 1
        by_letter.setdefault(other[:length], []).append(other[length:])
    branches = (b"%b(?:%b)" % (letter, b"|".join(rest)) for letter, rest in by_letter.items())
    return b"|".join(branches)
