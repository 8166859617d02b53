"""Values that are known to be secret because something said so by name, wherever they occur.

Held in the memory of one process only. A value that is short, common or a plain word is
redacted where its name stands beside it, but not remembered: it would shred every text in
which it means something else.
"""

from __future__ import annotations

import base64
import html
import json
import re
import threading
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from jupyter_mlops.redaction.names import words

Span = tuple[int, int]

_SHORTEST = 6
_PLAIN_WORD = 10
_LONGEST = 3000
_LIMIT = 200
_LARGE = 2**20
# What many people choose, and what documents say in its place.
_COMMON = words(
    "password passwort passw0rd password1 password123 changeme changeit secret default postgres "
    "administrator minioadmin localhost example testing testtest qwerty qwertyuiop iloveyou "
    "letmein welcome anonymous guest123 admin123 root123 123456 1234567 12345678 123456789 "
    "1234567890 abcdef abc123 abcd1234 test123 test1234 111111 000000"
)


class Learned:
    """Remembers values, and finds them again in any form in which texts hold them.

    Any number of threads may use one: what a search goes through is replaced, never changed.

    Attributes
    ----------
    forms
        What is looked for, with the value of which it is a form.
    fresh
        The values that :meth:`take_fresh` will return.
    """

    def __init__(self) -> None:
        self.forms: dict[str, str] = {}
        self._plain: tuple[str, ...] = ()
        # With the forms that it was made of.
        self._pattern: tuple[dict[str, str], re.Pattern[str]] | None = None
        self.fresh: list[str] = []
        # Reentrant: a finalizer or a signal handler of the user's may come in between.
        self._lock = threading.RLock()

    def add(self, value: str) -> bool:
        """Remember a value, if it can be told from other words; tell whether it is new."""
        if value in self.forms or not is_memorable(value):
            return False
        with self._lock:
            if value in self.forms or len(self._plain) >= _LIMIT:
                return False
            self.forms = {**dict.fromkeys(_forms(value), value), **self.forms}
            self._plain = (*self._plain, value)
            self.fresh.append(value)
        return True

    def take_fresh(self) -> list[str]:
        """Return the values remembered since the last call."""
        with self._lock:
            fresh, self.fresh = self.fresh, []
        return fresh

    def may_be_in(self, text: str) -> bool:
        """Tell whether a value stands in `text`, in any form."""
        for form in self.forms:  # noqa: SIM110 - half the time of any()
            if form in text:
                return True
        return False

    def find(self, text: str) -> Iterator[tuple[Span, str]]:
        """Yield where values stand in `text`, with each value itself."""
        # In a large text each form costs a pass, and base64 of a password is rare there.
        plain, forms = self._plain, self.forms  # in this order: all that is plain has forms
        if not any(form in text for form in (plain if len(text) >= _LARGE else forms)):
            return
        made = self._pattern
        if made is None or made[0] is not forms:
            # The longer first: one may begin with another.
            longest = sorted(forms, key=len, reverse=True)
            made = self._pattern = (forms, re.compile("|".join(map(_bounded, longest))))
        for match in made[1].finditer(text):
            yield match.span(), forms[match[0]]


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


def _bounded(form: str) -> str:
    escaped = re.escape(form)
    if len(form) >= 8 and not form.isalpha():
        return escaped
    return rf"(?<!\w){escaped}(?!\w)"


def _forms(value: str) -> Iterable[str]:
    """Return a value as it is, and as JSON, Python, HTML, addresses and base64 write it."""
    forms = [
        value,
        json.dumps(value)[1:-1],
        json.dumps(value, ensure_ascii=False)[1:-1],
        repr(value)[1:-1],
        html.escape(value),
        html.escape(value, quote=False),
        quote(value, safe=""),
        quote(value),
    ]
    doubled = json.dumps(json.dumps(value)[1:-1])[1:-1]
    forms.append(doubled)
    encoded = base64.b64encode(value.encode("utf-8", "replace")).decode().rstrip("=")
    if len(encoded) >= 12:
        forms.append(encoded)
    return dict.fromkeys(forms)
