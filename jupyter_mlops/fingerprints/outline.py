"""What can be said of a value before its content is read: its form, and what reading costs.

An outline stands in for a fingerprint that has to wait. It covers the shape, the names and
the dtypes of the first columns, and nothing of the content; like every partial digest it
equals no other. Making one takes a millisecond or two, however wide a frame is.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from jupyter_mlops.fingerprints import arrays, arrow, blocks, frames, reader, sparse
from jupyter_mlops.fingerprints.costs import COLUMN, DECODE, GATHER, OBJECT, Outline
from jupyter_mlops.fingerprints.hashing import Content
from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, is_a, loaded
from jupyter_mlops.fingerprints.texts import COLUMNS_LIMIT, label_text
from jupyter_mlops.records import Column, Fingerprint

_ROOM = __name__.rpartition(".")[0]
# Blocks of a frame that are visited.
_BLOCKS = 250


def outline(value: Any) -> Outline | None:
    """Return the outline of a frame, an array or what holds some; ``None`` of a model."""
    read_by = reader(value)
    own = _OUTLINES.get(read_by) if read_by is not None else None
    if own is not None:
        return own(value)
    module: Any = import_module(f"{_ROOM}.{read_by}") if read_by is not None else None
    look: Callable[[Any], Outline | None] | None = getattr(module, "outline", None)
    return None if look is None else look(value)


def _of_array(value: Any) -> Outline:
    plain = arrays.plain(value)
    dtype = arrays.dtype_name(plain.dtype)
    content = Content("outline of array")
    content.piece(dtype, *plain.shape)
    partial = Fingerprint(content.text(), False, int(plain.nbytes), tuple(plain.shape), dtype)
    masked = is_a(value, loaded("numpy.ma", "MaskedArray"))
    return Outline(partial, _array_cost(plain) * (GATHER if masked else 1))


def _of_sparse(value: Any) -> Outline:
    own = attributes(value) or {}
    parts = [array for _, array in sparse.parts(own)]
    content = Content("outline of sparse")
    content.piece(*(sparse.shape(own) or ()), *(arrays.dtype_name(part.dtype) for part in parts))
    size = sum(int(part.nbytes) for part in parts)
    partial = Fingerprint(content.text(), False, size, sparse.shape(own))
    entries = own.get("_dict")
    objects = len(entries) * OBJECT if type(entries) is dict else 0
    return Outline(partial, objects + sum(_array_cost(part) for part in parts))


def _of_frame(value: Any) -> Outline | None:
    found = blocks.stored(value)
    if found is None:
        return None
    content = Content("outline of frame")
    content.piece(found.rows, found.count)
    columns = _columns(content, found) if len(found.blocks) <= _BLOCKS else ()
    # Frames of that many blocks are rare, and a guess will do for what one costs.
    every = -(-len(found.blocks) // _BLOCKS) or 1
    looked_at = [block.values for block in found.blocks[::every]]
    cost = sum(map(_column_cost, looked_at)) * every + found.count * COLUMN
    size = sum(map(_size, looked_at)) if every == 1 else None
    shape = (found.rows, found.count)
    partial = Fingerprint(content.text(), False, size, shape, columns=columns)
    return Outline(partial, cost + _index_cost(found.index))


def _columns(content: Content, found: blocks.Stored) -> tuple[Column, ...]:
    """Take in and return the form of the first columns."""
    forms: dict[int, tuple[str, str]] = {}
    columns = []
    placed = blocks.first(found, COLUMNS_LIMIT)
    for label, (block, _) in zip(found.labels(len(placed)), placed, strict=True):
        form = forms.get(id(block))
        if form is None:
            dtype = frames.dtype_name(block.values)
            own = Content("outline of column")
            own.piece(dtype, found.rows)
            form = forms[id(block)] = dtype, own.text()
        name = label_text(label)
        content.piece(name, form[0])
        columns.append(Column(name, *form, complete=False))
    return tuple(columns)


def _array_cost(array: Any) -> int:
    if array.dtype.hasobject or array.dtype.kind == "T":
        return int(array.size) * OBJECT
    plain = arrays.is_raw(array.dtype) and array.flags.c_contiguous
    return int(array.nbytes) * (1 if plain else GATHER)


def _column_cost(values: Any) -> int:
    if is_a(values, loaded("numpy", "ndarray")):
        return _array_cost(arrays.plain(values))
    cls = type(values)
    if not belongs_to(cls, "pandas"):
        return 0
    own = _COSTS.get(cls.__name__)
    return own(values) if own is not None else _size(values) * DECODE


def _index_cost(index: Any) -> int:
    cls = type(index)
    if not belongs_to(cls, "pandas") or cls.__name__ == "RangeIndex":
        return 0
    if cls.__name__ == "MultiIndex":
        return sum(len(codes) for codes in index.codes) * 8 * DECODE
    return _column_cost(index._data)


def _arrow_cost(values: Any) -> int:
    return arrow.cost(arrow.data_of(values))


def _size(values: Any) -> int:
    """Return the bytes that a column holds itself, without the objects it points to."""
    if is_a(values, loaded("numpy", "ndarray")):
        return int(arrays.plain(values).nbytes)
    return int(values.nbytes) if belongs_to(type(values), "pandas") else 0


_COSTS: dict[str, Callable[[Any], int]] = {
    "Categorical": lambda values: _array_cost(values.codes) + _index_cost(values.categories),
    "DatetimeArray": lambda values: _array_cost(values._ndarray),
    "TimedeltaArray": lambda values: _array_cost(values._ndarray),
    "PeriodArray": lambda values: _array_cost(values._ndarray),
    "IntegerArray": lambda values: _size(values) * GATHER,
    "FloatingArray": lambda values: _size(values) * GATHER,
    "BooleanArray": lambda values: _size(values) * GATHER,
    "ArrowExtensionArray": _arrow_cost,
    "ArrowStringArray": _arrow_cost,
    "ArrowStringArrayNumpySemantics": _arrow_cost,
    "StringArray": lambda values: len(values) * OBJECT,
    "StringArrayNumpySemantics": lambda values: len(values) * OBJECT,
}
_OUTLINES: dict[str, Callable[[Any], Outline | None]] = {
    "frames": _of_frame,
    "arrays": _of_array,
    "sparse": _of_sparse,
}
