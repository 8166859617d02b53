"""The hash under every fingerprint, and how content is laid out for it.

xxh3_128 runs at the speed of memory and is used where the ``xxhash`` package is installed;
otherwise BLAKE2b of the standard library. A digest names its algorithm, and two digests of
different algorithms compare as *unknown*. Neither is meant to resist an adversary.

The layout is unambiguous: small pieces carry their length, and bulk data goes into a hash
of its own whose digest and length become a small piece of the parent. Bulk data may arrive
cut in any way. Numbers are little-endian 64-bit.

Whatever may take long comes in steps (see :mod:`steps`); where it paused does not change a
digest.
"""

from __future__ import annotations

import hashlib
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from itertools import accumulate
from typing import Any

from jupyter_mlops.fingerprints.steps import Steps

_HASHES: dict[str, Callable[[], Any]] = {"blake2b": partial(hashlib.blake2b, digest_size=32)}
ALGORITHM = "blake2b"
try:
    from xxhash import xxh3_128

    _HASHES["xxh3"], ALGORITHM = xxh3_128, "xxh3"
except ImportError:  # a kernel's environment need not have xxhash
    pass
ALGORITHMS = frozenset(_HASHES)

# Rows (or elements) that are converted at a time: the copy stays in the processor's cache
# and no conversion ever doubles the user's memory.
PIECE = 1 << 16
# Python objects that are visited at a time, which takes far longer.
OBJECTS = 1 << 13
# Bytes that are hashed between two yields; long enough that nobody notices the pause.
_STRIDE = 1 << 22
_MEASURED_BYTES = 1 << 20


class Content:
    """The digest of one piece of content, under construction.

    Parameters
    ----------
    tag
        What kind of content this is; equal bytes of different kinds differ.
    algorithm
        One of those that this environment has.

    Attributes
    ----------
    complete
        False once anything was met whose content can't be read without running code of
        the user's. The digest then covers the rest only.
    size_bytes
        Bytes of content taken in, headings left out.
    """

    __slots__ = ("_algorithm", "_hash", "complete", "size_bytes")

    def __init__(self, tag: str, algorithm: str = ALGORITHM) -> None:
        self._algorithm = algorithm
        self._hash = _HASHES[algorithm]()
        self.complete = True
        self.size_bytes = 0
        self.piece(tag)

    def piece(self, *values: str | bytes | int) -> None:
        """Take in small values, each with its type and length."""
        for value in values:
            if isinstance(value, int):
                self._hash.update(b"i" + integer(value))
                continue
            kind, data = (
                (b"s", value.encode("utf-8", "surrogatepass"))
                if isinstance(value, str)
                else (b"b", value)
            )
            self._hash.update(kind + integer(len(data)) + data)

    def bulk(self, data: Any) -> None:
        """Take in the bytes of a contiguous buffer; consecutive calls concatenate."""
        view = memoryview(data)
        if view.nbytes:
            self._hash.update(view)
            self.size_bytes += view.nbytes

    def feed(self, data: Any) -> Steps[None]:
        """Take in a contiguous buffer of any size; the same as :meth:`bulk`."""
        view = memoryview(data)
        if view.nbytes <= _STRIDE:
            self.bulk(view)
            return
        view = view.cast("B")
        for start in range(0, view.nbytes, _STRIDE):
            self.bulk(view[start : start + _STRIDE])
            yield

    def child(self, other: Content) -> None:
        """Take in another content: its digest, length and completeness."""
        self.piece(other.size_bytes, other.digest())
        self.size_bytes += other.size_bytes
        self.complete = self.complete and other.complete

    def digest(self) -> bytes:
        """Return the digest of what was taken in so far."""
        result: bytes = self._hash.digest()
        return result

    def text(self) -> str:
        """Return the digest as ``algorithm:hex``."""
        return f"{self._algorithm}:{self._hash.hexdigest()}"


def in_pieces(algorithm: str) -> str:
    """Name the algorithm whose digests are those of :class:`Pieces`."""
    return f"{algorithm}p"


class Pieces:
    """Large content as the digests of its pieces, which can be made in any order.

    Two contents of one size are cut alike. The digest names another algorithm than that of
    content in one stream, which it never equals.

    Parameters
    ----------
    tag
        What kind of content this is.
    algorithm
        That of the pieces.

    """

    LENGTH = 1 << 24

    def __init__(self, tag: str, algorithm: str = ALGORITHM) -> None:
        self._algorithm = algorithm
        self._root = Content(tag, algorithm)
        self._root.piece(self.LENGTH)
        self._last = Content("piece", algorithm)

    @property
    def size_bytes(self) -> int:
        """Bytes of content taken in."""
        return self._root.size_bytes + self._last.size_bytes

    def bulk(self, data: Any) -> None:
        """Take in the bytes of a contiguous buffer; consecutive calls concatenate."""
        view = memoryview(data).cast("B")
        while view.nbytes:
            part = view[: self.LENGTH - self._last.size_bytes]
            self._last.bulk(part)
            if self._last.size_bytes == self.LENGTH:
                self.add(self._last)
                self._last = Content("piece", self._algorithm)
            view = view[part.nbytes :]

    def add(self, piece: Content) -> None:
        """Take in a piece that was made apart."""
        self._root.child(piece)

    def heading(self, *values: str | bytes | int) -> None:
        """Take in small values that stand before the content."""
        self._root.piece(*values)

    def text(self) -> str:
        """Return the digest of everything, which ends with this."""
        if self._last.size_bytes:
            self.add(self._last)
            self._last = Content("piece", self._algorithm)
        return f"{in_pieces(self._algorithm)}:{self._root.digest().hex()}"


class Strings:
    """A sequence of byte strings: their bytes one after the other, and where each ends.

    The digest depends on the strings alone, never on how the sequence was cut or stored.
    """

    def __init__(self) -> None:
        self._data = Content("bytes")
        self._ends = Content("ends")
        self._length = 0

    def add(self, strings: list[bytes]) -> None:
        """Take in a list of byte strings."""
        data = b"".join(strings)
        ends = array("q", accumulate(map(len, strings), initial=self._length))[1:]
        self._data.bulk(data)
        self._ends.bulk(little_endian(ends))
        self._length += len(data)

    def extend(self, data: bytes) -> None:
        """Take in a part of the next byte string, which :meth:`end` ends."""
        self._data.bulk(data)
        self._length += len(data)

    def end(self) -> None:
        """End a byte string that was taken in by parts."""
        self._ends.bulk(integer(self._length))

    def add_buffers(self, data: Any, offsets: Any) -> Steps[None]:
        """Take in strings in Arrow's layout without copying their bytes.

        Parameters
        ----------
        data
            Buffer of the bytes of the strings, or ``None`` if all are empty.
        offsets
            numpy array of n + 1 int32 or int64 offsets into it.
        """
        first, last = int(offsets[0]), int(offsets[-1])
        if last > first:
            yield from self._data.feed(memoryview(data)[first:last])
        shift = self._length - first
        if shift == 0 and offsets.dtype.str == "<i8":
            yield from self._ends.feed(offsets[1:])
        else:
            for start in range(1, len(offsets), PIECE):
                self._ends.bulk(offsets[start : start + PIECE].astype("<i8") + shift)
                yield
        self._length += last - first

    def into(self, parent: Content) -> None:
        """Make the strings children of `parent`."""
        parent.child(self._data)
        parent.child(self._ends)


def runs(texts: list[str], most: int = _STRIDE >> 2) -> Iterator[slice]:
    """Cut a list into runs of at most that many characters, or of one text."""
    if sum(map(len, texts)) <= most:
        yield slice(None)
        return
    start = taken = 0
    for position, text in enumerate(texts):
        taken += len(text)
        if taken > most and position > start:
            yield slice(start, position)
            start, taken = position, len(text)
    yield slice(start, None)


@cache
def speed() -> float:
    """Return how many bytes are hashed in a second, measured once.

    A third of what was measured in the processor's cache: large data are not in it.
    """
    data, content = bytes(_MEASURED_BYTES), Content("speed")
    content.bulk(data)
    began = time.perf_counter()
    content.bulk(data)
    return _MEASURED_BYTES / 3 / max(1e-9, time.perf_counter() - began)


def integer(value: int) -> bytes:
    """Return `value` as 8 bytes."""
    return value.to_bytes(8, "little", signed=True)


def little_endian(values: array[Any]) -> bytes:
    """Return the bytes of an :class:`array.array`."""
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


def doubles(values: Iterable[float]) -> bytes:
    """Return floats as 8 bytes each."""
    return little_endian(array("d", values))
