"""Takes secrets out of everything that is about to be kept."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from jupyter_mlops.redaction import assigned, code, shapes, torn
from jupyter_mlops.redaction.keys import key_of
from jupyter_mlops.redaction.learned import Learned
from jupyter_mlops.redaction.marks import KEY, MARK, PREFIX, digest, is_redacted, mark
from jupyter_mlops.redaction.names import Names, from_environment, is_value
from jupyter_mlops.redaction.sieve import Sieve

T = TypeVar("T")
Span = tuple[int, int]

# Nothing shorter holds a secret that could be told from other words.
_SHORTEST_TEXT = 6
_DEPTH = 100
_NUMBERS = (float, int, bool, type(None))
# How much of a user's own containers is looked at for values to remember.
_LOOKED_AT = 200


class Redactor:
    """The rules with one store's key and one session's memory; for any number of threads.

    Parameters
    ----------
    key
        The store's (:func:`~jupyter_mlops.redaction.keys.key_of`).
    names
        Which names mean a secret; by default those of the rules and of the environment.

    Attributes
    ----------
    learned
        The session's memory.
    sieve
        Tells at once of most texts that they stay as they are.
    """

    def __init__(self, key: bytes, names: Names | None = None) -> None:
        self._key = key
        self.names = names or from_environment()
        self.learned = Learned()
        self.sieve = Sieve(self.names, self.learned)
        # What was taken out, by its digest; filled by whoever asks for it (see `collecting`).
        self._removed: dict[str, str] | None = None

    @classmethod
    def of_home(cls, home: Path, names: Names | None = None) -> Redactor:
        """Return one with the key that stands in `home`.

        Raises
        ------
        OSError
            If the key can neither be read nor made.
        """
        return cls(key_of(home), names)

    def collecting(self) -> tuple[Redactor, dict[str, str]]:
        """Return one that knows as much, and the mapping in which it puts what it takes out."""
        other = Redactor(self._key, self.names)
        other.learned, other.sieve = self.learned, self.sieve
        other._removed = {}
        return other, other._removed

    def digest(self, value: str) -> str:
        """Return what a secret is compared by."""
        found = digest(self._key, value)
        if self._removed is not None:
            self._removed.setdefault(found, value)
        return found

    # --- learning ---

    def add_names(self, secret: Iterable[str], not_secret: Iterable[str]) -> None:
        """Add to the rules from now on; what is remembered stays."""
        self.names = self.names.adding(list(secret), list(not_secret))
        self.sieve = Sieve(self.names, self.learned)

    def learn(self, values: Iterable[str]) -> None:
        """Remember values that are secret, wherever they occur from now on."""
        for value in values:
            self.learned.add(value)

    def learn_environment(self, environ: Mapping[str, str]) -> None:
        """Remember the values of variables whose names mean a secret."""
        for name, value in environ.items():
            if self.names.holds(name, value):
                self.learned.add(value)

    def learn_value(self, name: str, value: object) -> None:
        """Remember what a name that means a secret holds, by exact type only."""
        if type(value) is str:
            if self.names.holds(name, value):
                self.learned.add(value)
        elif type(value) is bytes:
            if self.names.strength(name) is not None and len(value) < 4096:
                self.learn_value(name, value.decode("utf-8", "replace"))
        elif type(value) is dict and len(value) <= _LOOKED_AT:
            for key, item in list(value.items()):
                # Not with `in`, which would ask the metaclass of a value of the user's.
                name = key.decode("utf-8", "replace") if type(key) is bytes else key
                if type(name) is str and (type(item) is str or type(item) is bytes):
                    self.learn_value(name, item)

    # --- redacting ---

    def source(self, source: str) -> str:
        """Return a cell's source without secrets; the literals in it are remembered."""
        if len(source) < _SHORTEST_TEXT or self.sieve.passes_source(source):
            return source
        plain = assigned.plain(source)
        small = plain.lower()
        pieces: list[tuple[Span, str]] = []
        known = list(assigned.places(source, small, self.names))
        if assigned.may_assign(source, known, self.names):
            pieces += self._by_syntax(source)
        else:
            pieces += self._marked(
                source, assigned.find(source, small, self.names, known=known), learns=True
            )
        pieces += self._by_value(source, plain, learns=True)
        pieces += self._marked(source, torn.find(source), learns=True)
        return _replaced(source, pieces)

    def text(self, text: str) -> str:
        """Return a text that something showed without secrets."""
        if len(text) < _SHORTEST_TEXT or self.sieve.passes(text):
            return text
        plain = assigned.plain(text)
        small = plain.lower()
        pieces = [
            *self._by_value(text, plain),
            *self._marked(text, assigned.find(text, small, self.names)),
        ]
        return _replaced(text, pieces) if pieces else text

    def named(self, name: str, value: Any) -> Any:
        """Return a value that belongs to `name`, redacted as a whole if the name says so."""
        if self.is_secret(name, value):
            text = value if type(value) is str else json.dumps(value)
            self.learned.add(text)
            return {KEY: self.digest(text)}
        return self.value(value)

    def value(self, value: Any, depth: int = _DEPTH) -> Any:
        """Return JSON without secrets, the very same object where it has none."""
        kind = type(value)
        if kind is str:
            text = self.text(value)
            match = MARK.fullmatch(text) if text is not value else None
            return text if match is None else {KEY: match[1]}
        if is_redacted(value):
            return value
        if depth == 0 and kind in (dict, list, tuple):
            return {KEY: self.digest(json.dumps(value, default=str))}  # too deep to look into
        if kind is dict:
            return self._dict(value, depth)
        if kind is list or kind is tuple:
            # Most long lists are numbers.
            items = [
                item if type(item) in _NUMBERS else self.value(item, depth - 1) for item in value
            ]
            if all(one is other for one, other in zip(items, value, strict=True)):
                return value
            return items if kind is list else tuple(items)
        return value

    def record(self, record: T) -> T:
        """Return a record (a dataclass of ours, or a container of such) without secrets."""
        changed: T = self._record(record)
        return changed

    # --- inside ---

    def _by_syntax(self, source: str) -> Iterator[tuple[Span, str]]:
        found = code.find(source, self.names)
        for one in found.literals:
            for value in one.pieces or (one.value,):
                self.learned.add(value)
            yield one.span, _literal(one.kind, mark(self.digest(one.value)))
        for start, end in found.texts:
            text = source[start:end]
            small = assigned.plain(text).lower()
            for span in assigned.find(text, small, self.names, code=True):
                value = text[slice(*span)]
                self.learned.add(value)
                yield (start + span[0], start + span[1]), mark(self.digest(value))

    def _by_value(
        self, text: str, plain: bytes, *, learns: bool = False
    ) -> Iterator[tuple[Span, str]]:
        if self.learned.forms:
            for span, value in self.learned.find(text, plain):
                yield span, mark(self.digest(value))
        # What a text shows again has its shape there too; to remember it would only cost.
        yield from self._marked(text, shapes.find(text, plain), learns=learns)

    def _marked(
        self, text: str, spans: Iterable[Span], *, learns: bool = False
    ) -> Iterator[tuple[Span, str]]:
        for start, end in spans:
            value = text[start:end]
            if learns:
                self.learned.add(value)
            yield (start, end), mark(self.digest(value))

    def is_secret(self, name: str, value: Any) -> bool:
        """Tell whether a value is secret because of its name."""
        strength = self.names.strength(name)
        if strength is None:
            return False
        if type(value) is str:
            return MARK.fullmatch(value) is None and is_value(name, value, strength)
        return strength == "strong" and type(value) in (int, float) and abs(value) > 999

    def holds_secret(self, name: str, value: str) -> bool:
        """Tell whether a variable is secret, by its name or as an address with a password in it."""
        # Each kernel asks this of each of its variables when it starts.
        return self.names.holds(name, value) or ("://" in value and self.text(value) is not value)

    def secrets_of(self, name: str, value: str) -> list[str]:
        """Return what to remember of a variable: its value, or only those parts that are secret."""
        other, removed = self.collecting()
        other.text(value)
        if removed and not self.names.holds(name, value):
            return list(removed.values())
        return [value, *removed.values()]

    def _dict(self, value: dict[Any, Any], depth: int) -> dict[Any, Any]:
        changed: dict[Any, Any] = {}
        same = True
        for key, item in value.items():
            if type(key) is str:
                new_key = self.text(key)
                if self.is_secret(key, item):
                    new: Any = self.named(key, item)
                else:
                    new = self.value(item, depth - 1)
            else:
                new_key, new = key, self.value(item, depth - 1)
            same = same and new is item and new_key is key
            changed[new_key] = new
        return value if same else changed

    def _record(self, record: Any) -> Any:
        kind = type(record)
        if kind is str:
            return self.text(record)
        if kind in (list, tuple):
            items = [self._record(item) for item in record]
            if all(one is other for one, other in zip(items, record, strict=True)):
                return record
            return kind(items)
        if kind is dict:
            return self.value(record)
        if not dataclasses.is_dataclass(record) or isinstance(record, type):
            return record
        fields: dict[str, Any] = vars(record)
        if "name" in fields and "value" in fields and type(fields["name"]) is str:
            # A parameter, or whatever else says what its value is called.
            changes = {"value": self.named(fields["name"], fields["value"])}
        else:
            changes = {name: self._record(item) for name, item in fields.items()}
        new = {name: item for name, item in changes.items() if item is not fields[name]}
        return dataclasses.replace(record, **new) if new else record


def _literal(kind: str, text: str) -> str:
    """Write a mark as the Python literal of a kind that can be told when it is put back."""
    if kind == "int":
        return f"int('{text}')"
    return {"bytes": "b", "joined": "f"}.get(kind, "") + f"'{text}'"


def _replaced(text: str, pieces: Iterable[tuple[Span, str]]) -> str:
    """Put marks in; of pieces that overlap the one that begins first covers the others."""
    out: list[str] = []
    done = 0
    for (start, end), new in sorted(pieces, key=lambda piece: (piece[0][0], -piece[0][1])):
        if start < done or _is_in_mark(text, start, end):
            continue
        out.append(text[done:start])
        out.append(new)
        done = end
    return "".join([*out, text[done:]]) if done else text


def _is_in_mark(text: str, start: int, end: int) -> bool:
    around = text[max(0, start - 100) : end + 100]
    if PREFIX not in around:
        return False
    offset = max(0, start - 100)
    return any(
        match.start() + offset <= start and end <= match.end() + offset
        for match in MARK.finditer(around)
    )
