"""Plain Python values: exact built-in types, and the scalars of numpy and pandas.

A value of any other class is not looked into: no method of it runs, and the content is
marked incomplete. Lists, tuples and dictionaries keep their order, which is content (a
dictionary with another order makes another frame); sets have none and are sorted by digest.
"""

from __future__ import annotations

import datetime
from array import array
from collections.abc import Callable, Iterable
from decimal import Context, Decimal
from itertools import compress, repeat
from operator import is_
from types import NoneType
from typing import Any
from uuid import UUID

from jupyter_mlops import fingerprints
from jupyter_mlops.fingerprints import LEVELS
from jupyter_mlops.fingerprints.hashing import OBJECTS, Content, Strings, doubles, integer
from jupyter_mlops.fingerprints.introspection import (
    belongs_to,
    is_a,
    loaded,
    name_of,
)
from jupyter_mlops.fingerprints.steps import Steps, finish
from jupyter_mlops.fingerprints.zones import zone_name

# Deeper nesting is treated as unknown.
_DEPTH = 24
# How many values that hold others are looked into before the rest is treated as unknown: the
# user waits for the end of the cell.
_BUDGET = 1_000_000
# How many of them are remembered, since several may hold one value; together with their
# longest form, the bound of the memory that this takes.
_MEMORY = 16_384
_LONGEST = 256
# Shorter sequences are encoded in line, longer ones get a digest of their own.
_SHORT = 64
# Characters or bytes that are taken in at a time.
_STRIDE = 1 << 20
_LONG = (str, bytes)
# What of a `defaultdict` makes its defaults is no content.
_COLLECTIONS = ("OrderedDict", "defaultdict", "Counter", "deque")
# How many values that hold others are encoded between two yields.
_PAUSE_EVERY = 64


class Encoder:
    """Turns values into canonical bytes and remembers whether all of them were known.

    A value that several others hold is encoded once, so that the work grows with the number
    of values and not with the number of ways that lead to them; one that holds itself is
    unknown where it does.

    Parameters
    ----------
    levels
        How deep frames, tensors and the like are looked into where they are found.
    """

    def __init__(self, levels: int = LEVELS) -> None:
        self.complete = True
        self._levels = levels
        # By id. The values are held, so that no other one can get its id meanwhile; apart from
        # the rest, since a pair for each would wake the interpreter's search for cycles.
        self._known: dict[int, bytes] = {}
        self._held: list[Any] = []
        self._under_way: set[int] = set()
        self._left = _BUDGET

    def encode(self, value: Any, depth: int = 0) -> Steps[bytes]:
        """Return bytes that are equal for equal values of equal types."""
        found = self._simple(value, depth)
        cls = type(value)
        if found is None and depth <= _DEPTH:
            found = self._scalar(value, cls, depth) or (yield from self._once(value, cls, depth))
        if found is not None:
            return found
        self.complete = False
        return framed(b"?", ".".join(name_of(cls)).encode("utf-8", "surrogatepass"))

    def encode_all(self, values: Iterable[Any], depth: int) -> Steps[list[bytes]]:
        """Encode one value after the other."""
        encoded = []
        for value in values:
            found = self._simple(value, depth)
            encoded.append(found or (yield from self.encode(value, depth)))
        return encoded

    def other(self, value: Any, depth: int) -> Steps[bytes | None]:
        """Encode a value that is not known here, for subclasses that know more."""
        return None
        yield

    def _simple(self, value: Any, depth: int) -> bytes | None:
        cls = type(value)
        if depth <= _DEPTH:
            for known, tag, form in _SIMPLE:
                if cls is known:
                    return framed(tag, form(value))
        return None

    def _once(self, value: Any, cls: type, depth: int) -> Steps[bytes | None]:
        key = id(value)
        if key in self._known:
            return self._known[key]
        if key in self._under_way or not self._left:
            return None
        self._left -= 1
        self._under_way.add(key)
        try:
            if not self._left % _PAUSE_EVERY:
                yield
            found = yield from self._container(value, cls, depth)
            found = found or (yield from self._array(value, cls, depth))
            found = found or (yield from self.other(value, depth))
            found = found or (yield from self._data(value))
        finally:
            self._under_way.discard(key)
        if found is None:
            return None
        if len(found) > _LONGEST:
            # Else a value that holds another twice would have twice its length, and so on.
            found = framed(b"#", _digest_of([found]))
        if len(self._known) >= _MEMORY:
            self._known.clear()
            self._held.clear()
        self._known[key] = found
        self._held.append(value)
        return found

    def _container(self, value: Any, cls: type, depth: int) -> Steps[bytes | None]:
        if cls is list or cls is tuple:
            found = yield from self._sequence(value, depth)
            return framed(b"L" if cls is list else b"T", found)
        if cls is dict:
            items = list(value.values())
            keys = yield from self._sequence(list(value), depth)
            return framed(b"D", keys + (yield from self._sequence(items, depth)))
        known = next((name for name in _COLLECTIONS if cls is loaded("collections", name)), None)
        if known is not None:
            items = list(value if known == "deque" else cls.items(value))  # type: ignore[attr-defined]
            found = yield from self._sequence(items, depth)
            return framed(b"C", framed(b"s", known.encode()) + found)
        if cls is set or cls is frozenset:
            encoded = sorted((yield from self.encode_all(list(value), depth + 1)))
            return framed(b"E" if cls is set else b"F", _digest_of(encoded))
        if cls is slice:
            bounds = [value.start, value.stop, value.step]
            return framed(b"S", (yield from self._sequence(bounds, depth)))
        return None

    def _sequence(self, items: Any, depth: int) -> Steps[bytes]:
        """Encode the items of a list or tuple."""
        length = len(items)
        if length <= _SHORT:
            encoded = yield from self.encode_all(items[:], depth + 1)
            return integer(length) + b"".join(encoded)
        values = Values(self, depth + 1)
        for start in range(0, length, OBJECTS):
            yield from values.add(list(items[start : start + OBJECTS]))
            yield
        return integer(length) + values.content().digest()

    def _scalar(self, value: Any, cls: type, depth: int) -> bytes | None:
        """Encode what holds no other value, or only a few that its library made."""
        if cls is datetime.datetime or cls is datetime.time:
            zone = zone_name(value.tzinfo)
            if zone is None:
                return None
            wall = cls.isoformat(value.replace(tzinfo=None))
            return framed(b"M", f"{cls.__name__} {wall} {value.fold} {zone}".encode())
        # Importing its module costs as much as ours together.
        if cls is loaded("fractions", "Fraction"):
            return framed(b"q", _words(value.numerator) + b"/" + _words(value.denominator))
        library = name_of(cls)[0].partition(".")[0]
        if library == "numpy" and belongs_to(cls, "numpy"):
            return self._numpy(value)
        if library == "pandas" and belongs_to(cls, "pandas"):
            return self._pandas(value, cls, depth)
        return None

    def _numpy(self, value: Any) -> bytes | None:
        from jupyter_mlops.fingerprints import arrays

        if is_a(value, loaded("numpy", "dtype")):
            return framed(b"Y", arrays.dtype_name(value).encode("utf-8", "surrogatepass"))
        if _is_numpy_scalar(value) and value.dtype.itemsize <= 8:
            return framed(b"N", value.dtype.str.encode() + b" " + value.tobytes())
        return None

    def _array(self, value: Any, cls: type, depth: int) -> Steps[bytes | None]:
        from jupyter_mlops.fingerprints import arrays

        library = name_of(cls)[0].partition(".")[0]
        if library != "numpy" or not belongs_to(cls, "numpy"):
            return None
        if _is_numpy_scalar(value):
            value = loaded("numpy", "asarray")(value)
        if is_a(value, loaded("numpy", "ndarray")):
            found = yield from arrays.content(value, self, depth + 1)
            self.complete = self.complete and found.complete
            return framed(b"A", found.digest())
        return None

    def _data(self, value: Any) -> Steps[bytes | None]:
        """Encode a frame, tensor or the like by its fingerprint."""
        if not self._levels or fingerprints.kind(value) not in ("frame", "array"):
            return None
        begun = fingerprints.begin(value, levels=self._levels - 1)
        found = None if begun is None else (yield from begun)
        if found is None:
            return None
        self.complete = self.complete and found.complete
        return framed(b"V", found.digest.encode())

    def _pandas(self, value: Any, cls: type, depth: int) -> bytes | None:
        name = cls.__name__
        if name in ("NaTType", "NAType"):
            return framed(b"P", name.encode())
        if name in ("Timestamp", "Timedelta"):
            moment = value.to_datetime64() if name == "Timestamp" else value.to_timedelta64()
            zone = zone_name(value.tzinfo) if name == "Timestamp" else ""
            if zone is None:
                return None
            return framed(b"P", f"{name} {zone} {moment.dtype.str} ".encode() + moment.tobytes())
        if name == "Interval":
            parts = [value.left, value.right, value.closed]
            return framed(b"P", b"Interval " + finish(self._sequence(parts, depth)))
        if name == "Period":
            return framed(b"P", f"Period {value.freqstr} {value.ordinal}".encode())
        return None


class Values:
    """The content of a sequence of Python objects, taken in by pieces.

    The digest does not depend on the pieces. Built-in scalars are sorted into one stream a
    type, together with one byte an element for its type, so that no Python code runs once
    an element.
    """

    def __init__(self, encoder: Encoder | None = None, depth: int = 0) -> None:
        self._encoder = encoder or Encoder()
        self._depth = depth
        self._types = Content("types")
        self._text, self._integers, self._bytes, self._others = (Strings() for _ in range(4))
        self._floats = Content("floats")
        self._booleans = Content("booleans")
        self._streams: tuple[tuple[type, Callable[[list[Any]], None]], ...] = (
            (str, self._add_text),
            (float, lambda values: self._floats.bulk(doubles(values))),
            (int, self._add_integers),
            (NoneType, lambda values: None),
            (bool, lambda values: self._booleans.bulk(bytes(values))),
            (bytes, self._bytes.add),
        )

    def add(self, values: list[Any]) -> Steps[None]:
        """Take in the next values, few enough that those of built-in types need no pause."""
        kinds = list(map(type, values))
        codes, left = 0, len(values)
        for code, (kind, take) in enumerate(self._streams, 1):
            mask = bytes(map(is_, kinds, repeat(kind)))
            count = mask.count(1)
            if count:
                chosen = values if count == len(values) else list(compress(values, mask))
                if kind not in _LONG or sum(map(len, chosen)) <= _STRIDE:
                    take(chosen)
                else:
                    yield from self._long(kind, chosen)
                codes |= int.from_bytes(mask.translate(bytes([0, code]) + bytes(254)), "little")
                left -= count
                if not left:
                    break
        types = codes.to_bytes(len(values), "little")
        self._types.bulk(types)
        if left:
            others = compress(values, types.translate(b"\1" + bytes(255)))
            encoded = yield from self._encoder.encode_all(others, self._depth)
            self._others.add(encoded)

    def _long(self, kind: type, values: list[Any]) -> Steps[None]:
        """Take in strings that are long together, or one by one."""
        stream, taken = self._text if kind is str else self._bytes, 0
        for value in values:
            for start in range(0, len(value), _STRIDE):
                part = value[start : start + _STRIDE]
                stream.extend(part.encode("utf-8", "surrogatepass") if kind is str else part)
                taken += len(part)
                if taken >= _STRIDE:
                    taken = 0
                    yield
            stream.end()

    def content(self) -> Content:
        """Return the content of all values taken in."""
        content = Content("values")
        for stream in (self._text, self._integers, self._bytes, self._others):
            stream.into(content)
        for part in (self._types, self._floats, self._booleans):
            content.child(part)
        content.complete = content.complete and self._encoder.complete
        return content

    def _add_text(self, values: list[str]) -> None:
        self._text.add([text.encode("utf-8", "surrogatepass") for text in values])

    def _add_integers(self, values: list[int]) -> None:
        self._integers.add([b"%x" % value for value in values])


def _is_numpy_scalar(value: Any) -> bool:
    return is_a(value, loaded("numpy", "generic")) and value.dtype.kind in "biufcmMSU"


def framed(tag: bytes, data: bytes) -> bytes:
    """Return `data` with its tag and length before it."""
    return tag + integer(len(data)) + data


def _digest_of(items: list[bytes]) -> bytes:
    content = Content("set")
    content.piece(len(items), *items)
    return content.digest()


def _words(number: int) -> bytes:
    return b"%x" % number


# The user's own context may spell numbers in another way.
_PLAIN = Context(capitals=1)

# Types whose values are one run of bytes. `type(x) is …` decides, so a subclass is unknown.
_SIMPLE: tuple[tuple[type, bytes, Callable[[Any], bytes]], ...] = (
    (str, b"s", lambda value: value.encode("utf-8", "surrogatepass")),
    (int, b"i", _words),
    (float, b"f", lambda value: doubles((value,))),
    (NoneType, b"n", lambda value: b""),
    (bool, b"b", lambda value: b"1" if value else b"0"),
    (bytes, b"y", bytes),
    (bytearray, b"a", bytes),
    (complex, b"c", lambda value: doubles((value.real, value.imag))),
    (datetime.date, b"d", lambda value: value.isoformat().encode()),
    (
        datetime.timedelta,
        b"t",
        lambda value: f"{value.days} {value.seconds} {value.microseconds}".encode(),
    ),
    (Decimal, b"m", lambda value: _PLAIN.to_sci_string(value).encode()),
    (UUID, b"u", lambda value: _words(value.int)),
    (range, b"r", lambda value: b" ".join(map(_words, _bounds(value)))),
    (type(...), b".", lambda value: b""),
    (array, b"h", lambda value: value.typecode.encode() + value.tobytes()),
)


def _bounds(value: range) -> tuple[int, int, int]:
    """Describe a range by what it yields: equal ranges give equal bounds."""
    length = len(value)
    return length, value.start if length else 0, value.step if length > 1 else 1
