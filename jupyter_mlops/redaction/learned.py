"""Values that are known to be secret because something said so by name, wherever they occur.

Held in the memory of one process only. A value that is short, common or a plain word is
redacted where its name stands beside it, but not remembered: it would shred every text in
which it means something else.

However many there are, a text is gone through once. It is cut into pieces of four bytes; of
each form that is looked for the pieces are known that stand in it wherever its text is cut,
and only where one of them stands the form itself is compared.
"""

from __future__ import annotations

import base64
import html
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from urllib.parse import quote, unquote

from jupyter_mlops.redaction.names import without_scheme, words

Span = tuple[int, int]

_SHORTEST = 6
_PLAIN_WORD = 10
_LONGEST = 3000
# Memory is all that more would cost: some kilobytes each.
LIMIT = 10_000
# So few forms are found sooner one by one.
_FEW = 16
# Where in a form pieces are chosen that are rare.
_TRIED = 16
_PIECE = 4
# What many people choose, and what documents say in its place.
_COMMON = words(
    "password passwort passw0rd password1 password123 changeme changeit secret default postgres "
    "administrator minioadmin localhost example testing testtest qwerty qwertyuiop iloveyou "
    "letmein welcome anonymous guest123 admin123 root123 123456 1234567 12345678 123456789 "
    "1234567890 abcdef abc123 abcd1234 test123 test1234 111111 000000"
)


class Learned:
    """Remembers values, and finds them again in any form in which texts hold them.

    Any number of threads may use one, and a finalizer or a signal handler of the user's in the
    midst of any of them: what is shared only grows, each time by one step that nothing divides.

    Attributes
    ----------
    forms
        What is looked for, with the value of which it is a form.
    fresh
        The values that :meth:`take_fresh` will return.
    """

    def __init__(self) -> None:
        self.forms: dict[str, str] = {}
        self.fresh: list[str] = []
        self._values: list[str] = []
        # The first forms, and one more once they are not few any more.
        self._few: list[str] = []
        # Which forms have a piece, and where: pieces of a text that is cut at every fourth
        # byte, and of one that is cut at every second, for forms that are too short for those.
        self._pieces: dict[int, list[tuple[str, int]]] = {}
        self._short: dict[int, list[tuple[str, int]]] = {}

    @property
    def is_full(self) -> bool:
        """Tell whether no value is remembered any more."""
        return len(self._values) >= LIMIT

    def add(self, value: str) -> bool:
        """Remember a value, if it can be told from other words; tell whether it is new."""
        bare = without_scheme(value)
        value = value if " " in bare else bare  # `Basic …`: a sentence may begin with "token"
        if value in self.forms or self.is_full or not is_memorable(value):
            return False
        for form in _forms(value):
            # In this order: whoever finds a piece looks up whose form it is.
            if self.forms.setdefault(form, value) is value:
                self._index(form)
                if len(self._few) <= _FEW:
                    self._few.append(form)
        self.forms[value] = value
        self._values.append(value)
        self.fresh.append(value)
        return True

    def take_fresh(self) -> list[str]:
        """Return the values remembered since the last call."""
        taken = []
        with suppress(IndexError):  # none is left, or another thread has taken it
            while self.fresh:
                taken.append(self.fresh.pop(0))
        return taken

    def may_be_in(self, text: str, plain: bytes) -> bool:
        """Tell whether a value may stand in `text`, in any form.

        Parameters
        ----------
        plain
            The text in one byte a character (`assigned.plain`).
        """
        if len(self._few) <= _FEW:
            for form in self._few:  # noqa: SIM110 - half the time of any()
                if form in text:
                    return True
            return False
        return any(not known.keys().isdisjoint(_cut(plain, at)) for known, at in self._cuts())

    def find(self, text: str, plain: bytes) -> Iterator[tuple[Span, str]]:
        """Yield where values stand in `text`, with each value itself."""
        if not self.may_be_in(text, plain):
            return
        found: list[tuple[int, int, str]] = []
        for known, first in self._cuts():
            for number, piece in enumerate(_cut(plain, first)):
                if piece in known:
                    for form, offset in known[piece]:
                        start = first + number * _PIECE - offset
                        if start >= 0 and _stands(text, form, start):
                            found.append((start, -len(form), form))
        done = 0
        for start, length, form in sorted(found):  # the longer first: one may begin with another
            if start >= done:
                done = start - length
                yield (start, done), self.forms[form]

    def _cuts(self) -> Iterator[tuple[dict[int, list[tuple[str, int]]], int]]:
        yield self._pieces, 0
        if self._short:
            yield self._short, 0
            yield self._short, 2

    def _index(self, form: str) -> None:
        """Note the pieces of a form, from where they are rarest in it and among those known."""
        plain = form.encode("ascii", "replace")
        is_short = len(plain) < 2 * _PIECE - 1
        known, count = (self._short, 2) if is_short else (self._pieces, _PIECE)

        def cost(at: int) -> tuple[int, int]:
            taken = sum(len(known.get(piece, ())) for piece in _pieces_at(plain, at, count))
            part = plain[at : at + count + _PIECE - 1]
            return taken, sum(97 <= letter <= 122 or letter == 32 for letter in part)

        last = len(plain) - count - _PIECE + 1
        best = min(range(min(last + 1, _TRIED)), key=cost)
        for offset, piece in enumerate(_pieces_at(plain, best, count), best):
            known.setdefault(piece, []).append((form, offset))


def _pieces_at(plain: bytes, start: int, count: int) -> list[int]:
    return [
        int.from_bytes(plain[at : at + _PIECE], sys.byteorder) for at in range(start, start + count)
    ]


def _cut(plain: bytes, start: int) -> list[int]:
    """Return the pieces of a text, without the rest that is shorter than one."""
    length = (len(plain) - start) // _PIECE * _PIECE
    return memoryview(plain)[start : start + length].cast("I").tolist() if length > 0 else []


def _stands(text: str, form: str, start: int) -> bool:
    """Tell whether a form stands in a text, by itself where it could be part of a word."""
    if not text.startswith(form, start):
        return False
    if len(form) >= 8 and not form.isalpha():
        return True
    end = start + len(form)
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    # A letter or digit of any alphabet, or "_": what \w means.
    return not any(one.isalnum() or one == "_" for one in around)


def is_memorable(value: str) -> bool:
    """Tell whether a secret is remembered: long, and not a word or number like others."""
    if not _SHORTEST <= len(value) <= _LONGEST or value.strip() != value or "\0" in value:
        return False
    if value.lower() in _COMMON or len(set(value)) < 4:
        return False
    if value.isalpha():
        return len(value) >= _PLAIN_WORD
    if value.isdecimal():
        return len(value) >= _PLAIN_WORD
    # A path or a sentence is no secret by itself.
    return not value.startswith(("/", "~/", "./")) and value.count(" ") < 8


def _forms(value: str) -> Iterable[str]:
    """Return the forms of a value, and of what it stands for in an address."""
    forms = _written(value)
    decoded = unquote(value) if "%" in value else value
    if decoded != value and "\N{REPLACEMENT CHARACTER}" not in decoded and is_memorable(decoded):
        forms += _written(decoded)  # a connection shows what it was decoded to
    return dict.fromkeys(forms)


def _written(value: str) -> list[str]:
    """Return a value as it is, and as JSON, Python, HTML, addresses and base64 write it."""
    content, shown = _encoded(value), []
    if not value.isprintable():  # as with bytes that are no UTF-8
        # A variable in another encoding is shown as whoever reads it takes its bytes.
        shown = [repr(content)[2:-1], content.decode(errors="replace"), content.decode("latin-1")]
    forms = [
        value,
        *shown,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        html.escape(value),
        html.escape(value, quote=False),
        quote(content, safe=""),
        quote(content),
    ]
    doubled = json.dumps(json.dumps(value)[1:-1])[1:-1]
    forms.append(doubled)
    encoded = base64.b64encode(content).decode().rstrip("=")
    if len(encoded) >= 12:
        forms.append(encoded)
    return forms


def _encoded(value: str) -> bytes:
    """Return the bytes that a text stands for; half a character of the environment's is one."""
    for errors in ("strict", "surrogateescape"):
        with suppress(UnicodeEncodeError):  # the next way takes more
            return value.encode("utf-8", errors)
    return value.encode("utf-8", "surrogatepass")
