"""What can be said of a value before its content is read: its form, and what reading costs.

An outline stands in for a fingerprint that has to wait. It covers the shape, the names and
the dtypes of the first columns, and nothing of the content; like every partial digest it
equals no other. Making one takes a millisecond or two, however wide a frame is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jupyter_mlops.fingerprints import arrays, arrow, blocks, frames, sparse
from jupyter_mlops.fingerprints.hashing import Content, speed
from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, is_a, loaded
from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records import Column, Fingerprint

# What visiting one Python object costs, in bytes that are hashed meanwhile.
_OBJECT = 2_500
# Gathering strided elements, filling in nulls and decoding cost this many times the bytes.
_GATHER, _DECODE = 4, 12
# What each column of a frame costs besides its content.
_COLUMN = 100_000
# Blocks of a frame that are visited.
_BLOCKS = 250


@dataclass(frozen=True)
class Outline:
    """The partial fingerprint, and how many plain bytes take as long to hash as the value."""

    fingerprint: Fingerprint
    cost: int

    @property
    def seconds(self) -> float:
        """How long the whole fingerprint will take, about."""
        return self.cost / speed()


def outline(value: Any) -> Outline | None:
    """Return the outline of a frame, series, array or sparse matrix; ``None`` of a model."""
    if is_a(value, loaded("pandas", "DataFrame")) or is_a(value, loaded("pandas", "Series")):
        return _of_frame(value)
    if is_a(value, loaded("numpy", "ndarray")):
        return _of_array(value)
    if sparse.is_sparse(value):
        return _of_sparse(value)
    return None


def _of_array(value: Any) -> Outline:
    plain = arrays.plain(value)
    dtype = arrays.dtype_name(plain.dtype)
    content = Content("outline of array")
    content.piece(dtype, *plain.shape)
    partial = Fingerprint(content.text(), False, int(plain.nbytes), tuple(plain.shape), dtype)
    masked = is_a(value, loaded("numpy.ma", "MaskedArray"))
    return Outline(partial, _array_cost(plain) * (_GATHER if masked else 1))


def _of_sparse(value: Any) -> Outline:
    own = attributes(value) or {}
    parts = [array for _, array in sparse.parts(own)]
    content = Content("outline of sparse")
    content.piece(*(sparse.shape(own) or ()), *(arrays.dtype_name(part.dtype) for part in parts))
    size = sum(int(part.nbytes) for part in parts)
    partial = Fingerprint(content.text(), False, size, sparse.shape(own))
    return Outline(partial, sum(_array_cost(part) for part in parts))


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
    cost = sum(map(_column_cost, looked_at)) * every + found.count * _COLUMN
    size = sum(map(_size, looked_at)) if every == 1 else None
    shape = (found.rows, found.count)
    partial = Fingerprint(content.text(), False, size, shape, columns=columns)
    return Outline(partial, cost + _index_cost(found.index))


def _columns(content: Content, found: blocks.Stored) -> tuple[Column, ...]:
    """Take in and return the form of the first columns."""
    forms: dict[int, tuple[str, str]] = {}
    columns = []
    placed = blocks.first(found, frames.COLUMNS_LIMIT)
    for label, (block, _) in zip(found.labels(len(placed)), placed, strict=True):
        form = forms.get(id(block))
        if form is None:
            dtype = frames.dtype_name(block.values)
            own = Content("outline of column")
            own.piece(dtype, found.rows)
            form = forms[id(block)] = dtype, own.text()
        name = frames.label_text(label)
        content.piece(name, form[0])
        columns.append(Column(name, *form, complete=False))
    return tuple(columns)


def _array_cost(array: Any) -> int:
    if array.dtype.hasobject or array.dtype.kind == "T":
        return int(array.size) * _OBJECT
    plain = arrays.is_raw(array.dtype) and array.flags.c_contiguous
    return int(array.nbytes) * (1 if plain else _GATHER)


def _column_cost(values: Any) -> int:
    if is_a(values, loaded("numpy", "ndarray")):
        return _array_cost(arrays.plain(values))
    cls = type(values)
    if not belongs_to(cls, "pandas"):
        return 0
    own = _COSTS.get(cls.__name__)
    return own(values) if own is not None else _size(values) * _DECODE


def _index_cost(index: Any) -> int:
    cls = type(index)
    if not belongs_to(cls, "pandas") or cls.__name__ == "RangeIndex":
        return 0
    if cls.__name__ == "MultiIndex":
        return sum(len(codes) for codes in index.codes) * 8 * _DECODE
    return _column_cost(index._data)


def _arrow_cost(values: Any) -> int:
    column = arrow.data_of(values)
    kind = str(column.type)
    if kind in ("string", "large_string", "double", "float", "int64", "int32", "int8", "uint8"):
        return int(column.nbytes) * (_DECODE if column.null_count else 1)
    fixed = not column.type.num_fields and kind.startswith(("timestamp", "date", "uint", "int"))
    return int(column.nbytes) if fixed else len(column) * _OBJECT


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
    "IntegerArray": lambda values: _size(values) * _GATHER,
    "FloatingArray": lambda values: _size(values) * _GATHER,
    "BooleanArray": lambda values: _size(values) * _GATHER,
    "ArrowExtensionArray": _arrow_cost,
    "ArrowStringArray": _arrow_cost,
    "ArrowStringArrayNumpySemantics": _arrow_cost,
    "StringArray": lambda values: len(values) * _OBJECT,
    "StringArrayNumpySemantics": lambda values: len(values) * _OBJECT,
}
