"""Tells at once, of most texts, that nothing in them can be secret: a few calls into C.

It may take a harmless text for one to be looked at, and never the other way round: what
:mod:`~jupyter_mlops.redaction.assigned` and :mod:`~jupyter_mlops.redaction.shapes` would find
has one of these words in it, or a run of letters and digits that is long enough for a token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from jupyter_mlops.redaction import torn
from jupyter_mlops.redaction.learned import Learned
from jupyter_mlops.redaction.names import KOREAN_STEMS, Names
from jupyter_mlops.redaction.patterns import any_of
from jupyter_mlops.redaction.shapes import CLASSES, NEEDLE, RUN_LENGTH, TORN, find, may_hold

if TYPE_CHECKING:
    from jupyter_mlops.records import Parameter

# The two stems that ordinary code is full of: `for key in`,
# `d.keys()` and `pass` alone on its line say nothing, as in `assigned.places`.
_BARE = {
    b"key": rb"key(?:(?<=[a-z0-9_-]key)|(?<=private key))",
    b"pass": rb"pass(?!\n)",
}
_NUMBERS = frozenset({int, float, bool, type(None)})
# Parameters with more of them, or nested more deeply, are looked at one by one.
_MANY = 50


class Sieve:
    """Lets texts pass that hold nothing to redact, by a user's names and what was learned."""

    def __init__(self, names: Names, learned: Learned) -> None:
        self._learned = learned
        own = frozenset(one.encode() for one in names.secret if one.isascii())
        self._search = _expression((*names.quiet_words, *TORN), own).search
        # What a user calls secret in another alphabet is looked for in the long way.
        self._knows_all = all(one.isascii() for one in names.secret)

    def passes(self, text: str) -> bool:
        """Tell that a text that was shown has nothing to redact in it.

        One function that calls next to nothing in Python: every cell pays for it, and what is
        not warm in the processor costs by the pieces that it consists of.
        """
        plain = text.encode("ascii", "replace")
        if self._search(plain.lower()) is not None:
            return False
        if len(plain) >= RUN_LENGTH and (
            NEEDLE in plain.translate(CLASSES)
            and may_hold(plain)
            and next(find(text, plain), None) is not None
        ):
            return False
        if not text.isascii() and (
            not self._knows_all or any(stem in text for stem in KOREAN_STEMS)
        ):
            return False
        return not self._learned.forms or not self._learned.may_be_in(text, plain)

    def passes_source(self, source: str) -> bool:
        """Tell the same of a source, whose literals may be put together."""
        return self.passes(source) and next(torn.find(source), None) is None

    def passes_all(self, texts: Iterable[str]) -> bool:
        """Tell the same of several texts at once; none that may hold a shape passes."""
        text = "\0".join(texts)
        plain = text.encode("ascii", "replace")
        return (
            self._search(plain.lower()) is None
            and (NEEDLE not in plain.translate(CLASSES) or not may_hold(plain))
            and text.isascii()
            and (not self._learned.forms or not self._learned.may_be_in(text, plain))
        )

    def passes_parameters(self, parameters: Iterable[Parameter]) -> bool:
        """Tell that neither names nor values of parameters have anything to redact."""
        pending = [(one.name, one.value) for one in parameters]
        texts = []
        for name, value in pending:
            if type(name) is not str or not name.isidentifier():
                return False  # of several words, which mean more than each of them
            texts.append(name)
            if type(value) is str:
                texts.append(value)
            elif type(value) is dict:
                pending += value.items()
                if len(pending) > _MANY:
                    return False
            elif type(value) is list:
                kinds = set(map(type, value))
                if kinds == {str}:
                    texts += value
                elif not kinds <= _NUMBERS:
                    return False
            elif type(value) not in _NUMBERS:
                return False
        return self.passes_all(texts)


@cache
def _expression(words: tuple[bytes, ...], own: frozenset[bytes]) -> re.Pattern[bytes]:
    bare = {word: rest for word, rest in _BARE.items() if word not in own}
    return re.compile(any_of(sorted({*words, *own}.difference(bare)), bare.values()))
