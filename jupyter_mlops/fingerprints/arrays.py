"""numpy arrays: every element, the dtype and the shape; memory layout does not count.

What is compared is bits: -0.0 differs from 0.0, and a NaN of another sign or payload from
this one. (Making all NaNs alike would need a second pass over the data.) Bytes that hold no
data do not count: padding in structured and long double elements, and what lies under the
mask of a masked array, as does its fill value.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from typing import Any

from jupyter_mlops.fingerprints.hashing import OBJECTS, PIECE, Content, Pieces
from jupyter_mlops.fingerprints.introspection import (
    attributes,
    loaded,
    name_of,
)
from jupyter_mlops.fingerprints.python_ import Encoder, Values
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.fingerprints.together import side_by_side
from jupyter_mlops.records import Fingerprint

# Significant bytes of an x87 extended number; the rest of its 12 or 16 bytes is padding.
_EXTENDED_BYTES = 10
# Above this an array on its own is hashed in pieces; part of something else, it never is.
_LARGE_BYTES = 1 << 26


def fingerprint(value: Any, whole: bool = False) -> Steps[Fingerprint]:
    """Return the fingerprint of a numpy array of any dtype, shape and memory layout.

    If a large one is read as a `whole`, two threads may share its pieces.
    """
    base = plain(value)
    if _is_large(value, base):
        digest, complete = (yield from _in_pieces(base, whole)), True
    else:
        found = yield from content(value)
        digest, complete = found.text(), found.complete
    return Fingerprint(
        digest=digest,
        complete=complete,
        size_bytes=int(base.nbytes),
        shape=tuple(base.shape),
        dtype=dtype_name(base.dtype),
    )


def _is_large(value: Any, base: Any) -> bool:
    return bool(_kind(value) == "array" and is_raw(base.dtype) and base.nbytes > _LARGE_BYTES)


def _in_pieces(array: Any, whole: bool) -> Steps[str]:
    """Return the digest of a large array, of any memory layout."""
    pieces = Pieces("array")
    pieces.heading(dtype_name(array.dtype), array.ndim, *array.shape)
    if not array.flags.c_contiguous:
        for part in _pieces(array):
            pieces.bulk(_significant(part))
            yield
        return pieces.text()
    flat = _bytes(array)
    starts = range(0, len(flat), Pieces.LENGTH)
    parts = [partial(_piece, flat[start : start + Pieces.LENGTH]) for start in starts]
    for piece in (yield from side_by_side(parts, len(flat) if whole else 0)):
        pieces.add(piece)
    return pieces.text()


def _piece(flat: Any) -> Steps[Content]:
    content = Content("piece")
    yield from content.feed(flat)
    return content


def content(value: Any, encoder: Encoder | None = None, depth: int = 0) -> Steps[Content]:
    """Return the content of an array.

    Parameters
    ----------
    value
        An instance of ``numpy.ndarray``. Of subclasses, only those of numpy itself are
        known; the content of another one is its elements, marked incomplete.
    encoder, depth
        Take the elements of object arrays.
    """
    kind = _kind(value)
    array = plain(value)
    result = Content(kind or "array subclass")
    result.piece(dtype_name(array.dtype), array.ndim, *array.shape)
    mask = _mask(value) if kind == "masked" else None
    if mask is None:
        yield from feed(result, array, encoder, depth)
    else:
        yield from _feed_masked(result, array, mask, encoder)
    result.complete = result.complete and kind is not None
    return result


def feed(
    result: Content, array: Any, encoder: Encoder | None = None, depth: int = 0
) -> Steps[None]:
    """Take the elements of a base-class array into `result`, in C order."""
    dtype = array.dtype
    if dtype.names is not None:
        for name in dtype.names:
            part = Content("field")
            part.piece(name)
            yield from feed(part, array[name], encoder, depth)
            result.child(part)
    elif dtype.hasobject or dtype.kind == "T":
        values = Values(encoder, depth)
        for piece in _object_pieces(array):
            yield from values.add(piece)
            yield
        result.child(values.content())
    elif is_raw(dtype) and array.flags.c_contiguous:
        yield from result.feed(_bytes(array))
    else:
        for piece in _pieces(array):
            result.bulk(_significant(piece))
            yield


def is_raw(dtype: Any) -> bool:
    """Tell whether the bytes of an element are its content, all of them."""
    return not (
        dtype.hasobject or dtype.names is not None or dtype.kind == "T" or _is_extended(dtype)
    )


def dtype_name(dtype: Any) -> str:
    """Name a dtype completely: byte order, units, and the fields of a structured one."""
    if dtype.names is None:
        shape = "".join(f"[{length}]" for length in dtype.shape)
        return f"{dtype.base.str}{shape}"
    fields = (f"{name}:{dtype_name(dtype.fields[name][0])}" for name in dtype.names)
    return "{" + ",".join(fields) + "}"


def _kind(value: Any) -> str | None:
    """Name the content of an array by its class; ``None`` for a subclass that is unknown."""
    cls = type(value)
    if cls is loaded("numpy", "ndarray") or cls is loaded("numpy", "memmap"):
        return "array"
    if cls is loaded("numpy.ma", "MaskedArray"):
        return "masked"
    own = (("numpy", "matrix"), ("numpy", "recarray"), ("numpy.char", "chararray"))
    return name_of(cls)[1] if any(cls is loaded(*place) for place in own) else None


def plain(value: Any) -> Any:
    """View an array as a base-class one, which none of its own methods take part in."""
    base = loaded("numpy", "ndarray")
    return value if type(value) is base else base.view(value, base)


def _mask(value: Any) -> Any:
    mask: Any = (attributes(value) or {}).get("_mask")
    if type(mask) is not loaded("numpy", "ndarray") or mask.shape != value.shape:
        return None
    return mask if mask.dtype.names is not None or mask.any() else None


def _feed_masked(result: Content, array: Any, mask: Any, encoder: Encoder | None) -> Steps[None]:
    hidden = Content("mask")
    yield from feed(hidden, mask)
    result.child(hidden)
    if mask.dtype.names is not None:
        for name in mask.dtype.names:
            yield from _feed_masked(result, array[name], mask[name], encoder)
        return
    # Pieces, so that what lies under the mask is blanked in a small copy.
    if is_raw(array.dtype) or _is_extended(array.dtype):
        for piece, under in _pieces(array, mask):
            shown = piece.copy()
            shown[under] = _zero(piece)
            result.bulk(_significant(shown))
            yield
        return
    if array.ndim == 0:
        array, mask = array.reshape(1), mask.reshape(1)
    rows = max(1, PIECE // max(1, array[:1].size))
    for start in range(0, len(array), rows):
        piece = array[start : start + rows].copy()
        piece[mask[start : start + rows]] = None if piece.dtype.hasobject else _zero(piece)
        yield from feed(result, piece, encoder)
        yield


def _zero(piece: Any) -> Any:
    return loaded("numpy", "zeros")((), piece.dtype)


def _bytes(array: Any) -> Any:
    """View a contiguous array as bytes; empty elements have none."""
    if array.size == 0 or array.dtype.itemsize == 0:
        return b""
    return array.reshape(-1).view("u1")


def _pieces(*arrays: Any, length: int | None = None) -> Iterator[Any]:
    """Cut arrays of one shape and any strides into contiguous pieces, in C order."""
    if arrays[0].size == 0 or arrays[0].dtype.itemsize == 0:
        return
    yield from sys.modules["numpy"].nditer(
        arrays if len(arrays) > 1 else arrays[0],
        flags=["external_loop", "buffered", "refs_ok"],
        order="C",
        buffersize=length or PIECE,
    )


def _object_pieces(array: Any) -> Iterator[list[Any]]:
    if not array.flags.c_contiguous:
        yield from (piece.tolist() for piece in _pieces(array, length=OBJECTS))
        return
    flat = array.reshape(-1)
    for start in range(0, flat.size, OBJECTS):
        yield flat[start : start + OBJECTS].tolist()


def _is_extended(dtype: Any) -> bool:
    if dtype.kind not in "fc" or dtype.itemsize <= 8:
        return False
    longdouble = loaded("numpy", "longdouble")
    width = loaded("numpy", "dtype")(longdouble).itemsize * (2 if dtype.kind == "c" else 1)
    return bool(dtype.itemsize == width and loaded("numpy", "finfo")(longdouble).nmant == 63)


def _significant(piece: Any) -> Any:
    if not _is_extended(piece.dtype):
        return _bytes(loaded("numpy", "ascontiguousarray")(piece))
    width = loaded("numpy", "dtype")(loaded("numpy", "longdouble")).itemsize
    parts = _bytes(loaded("numpy", "ascontiguousarray")(piece)).reshape(-1, width)
    return loaded("numpy", "ascontiguousarray")(parts[:, :_EXTENDED_BYTES])
