"""JAX arrays: dtype, shape and elements. The device and a weak type are not content.

The memory is read where it is: asked for its values, an array would keep a copy, or what
lets its memory be handed on to a computation would be gone. An array that is computed still,
lies on several devices or was handed on is not known.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from jupyter_mlops.fingerprints.costs import NOT_NOW, Outline
from jupyter_mlops.fingerprints.hashing import Content
from jupyter_mlops.fingerprints.introspection import attributes, name_of
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

_PIECE_BYTES = 1 << 22
_ARRAYS = ("jaxlib._jax", "jaxlib.xla_extension")


def fingerprint(value: Any) -> Steps[Fingerprint | None]:
    """Return the fingerprint of an array, or of the keys of a random generator."""
    inner, scheme = _inner(value)
    result = Content("jax")
    result.piece(scheme)
    if inner is None:
        return Fingerprint(result.text(), complete=False, form="jax.Array")
    while not (inner.is_deleted() or inner.is_ready()):
        yield
    yield from _feed(result, inner)
    size, shape, dtype = _told(inner)
    return Fingerprint(result.text(), result.complete, size, shape, dtype, form=_form(dtype))


def outline(value: Any) -> Outline | None:
    """Return what can be said of an array without reading it."""
    inner, _ = _inner(value)
    if inner is None:
        return None
    size, shape, dtype = _told(inner)
    result = Content("outline of jax")
    result.piece(dtype, *shape)
    waits = not (inner.is_deleted() or inner.is_ready())
    found = Fingerprint(result.text(), False, size, shape, dtype, form=_form(dtype))
    return Outline(found, NOT_NOW if waits else size)


def _inner(value: Any) -> tuple[Any, str]:
    """Return the array of numbers, and how it is used as keys if it is; ``None`` if unknown."""
    scheme = ""
    if name_of(type(value))[1] == "PRNGKeyArray":
        own = attributes(value) or {}
        value, scheme = own.get("_base_array"), str(getattr(own.get("_impl"), "name", ""))
    module, name = name_of(type(value))
    return (value if module in _ARRAYS and name == "ArrayImpl" else None), scheme


def _feed(result: Content, value: Any) -> Steps[None]:
    _, shape, dtype = _told(value)
    result.piece(dtype, sys.byteorder, *shape)
    if not _is_readable(value):
        result.complete = False
        return
    for start in range(0, int(value.on_device_size_in_bytes()), _PIECE_BYTES):
        # Somebody may have handed it on since the last piece.
        if value.is_deleted():
            result.complete = False
            return
        length = min(_PIECE_BYTES, value.on_device_size_in_bytes() - start)
        memory = ctypes.c_ubyte * length
        result.bulk(memory.from_address(value.unsafe_buffer_pointer() + start))
        yield


def _is_readable(value: Any) -> bool:
    """Tell whether the elements lie in this machine's memory, in C order."""
    if value.is_deleted() or not value.is_fully_addressable:
        return False
    devices = value.devices()
    if len(devices) != 1 or next(iter(devices)).platform != "cpu":
        return False
    layout = getattr(getattr(value, "format", None), "layout", None)
    order = getattr(layout, "major_to_minor", None)
    return order is None or tuple(order) == tuple(range(value.ndim))


def _told(value: Any) -> tuple[int, tuple[int, ...], str]:
    return int(value.nbytes), tuple(value.shape), str(value.dtype)


def _form(dtype: str) -> str:
    return f"jax.Array {dtype}"
