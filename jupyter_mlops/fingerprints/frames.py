"""pandas frames and series: every row, column, dtype, name, index and column index.

Each column has a digest of its own, which does not depend on its name or on how pandas
stores it (blocks, chunks, strides, offsets). The root covers the shape, both indexes and
all columns in order; the first of them are told one by one. A dtype and the class of an index
are content: ``int32`` is not ``int64``, and a ``RangeIndex`` is not an equal ``Index``. Not
content: ``attrs``, ``flags``, the ``freq`` of an index, how a MultiIndex numbers its levels, and
the dtype of labels that are all strings (see :mod:`labels`).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from itertools import repeat
from operator import is_
from typing import Any

from jupyter_mlops.fingerprints import LEVELS, arrays, arrow, blocks, labels
from jupyter_mlops.fingerprints.hashing import OBJECTS, PIECE, Content, runs
from jupyter_mlops.fingerprints.introspection import (
    belongs_to,
    is_a,
    loaded,
    name_of,
)
from jupyter_mlops.fingerprints.python_ import Encoder, Values
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.fingerprints.texts import COLUMNS_LIMIT, label_text
from jupyter_mlops.fingerprints.together import side_by_side
from jupyter_mlops.fingerprints.zones import zone_name
from jupyter_mlops.records import Column, Fingerprint

# Columns that are read together; rows and bytes of strided ones at a time: what the first
# column brings into the cache, the others find there.
_TOGETHER, _ROWS, _STRIPE_BYTES = 128, 1 << 12, 1 << 22


def fingerprint(value: Any, whole: bool = False, levels: int = LEVELS) -> Steps[Fingerprint | None]:
    """Return the fingerprint of a frame or series, subclasses included.

    The data of a subclass are read past its methods. ``None`` if the value's inside is not
    that of a frame. If it is read as a `whole`, two threads may share the columns. Frames in
    its cells are looked into `levels` deep.
    """
    found = blocks.stored(value)
    if found is None:
        return None
    root = Content("series" if found.header is None else "frame")
    index = yield from index_content(found.index)
    if found.header is None:
        root.child((yield from _values_content([found.name])))
    else:
        root.child((yield from index_content(found.header)))
    root.piece(found.rows, found.count)
    root.child(index)
    columns = yield from _feed_columns(root, found, whole, levels)
    return Fingerprint(
        digest=root.text(),
        complete=root.complete and _is_pandas(value),
        size_bytes=root.size_bytes,
        shape=(found.rows, found.count),
        columns=columns,
    )


def _feed_columns(
    root: Content, found: blocks.Stored, whole: bool, levels: int
) -> Steps[tuple[Column, ...]]:
    """Take in all columns, some at a time; return the first of them with their digests."""
    labels = found.labels(COLUMNS_LIMIT)
    told: list[Column] = []
    numbers, rows = yield from blocks.placed(found)
    for start in range(0, found.count, _TOGETHER):
        places = zip(
            numbers[start : start + _TOGETHER].tolist(),
            rows[start : start + _TOGETHER].tolist(),
            strict=True,
        )
        group = [blocks.column(found.blocks[number], row) for number, row in places]
        contents = yield from _columns(group, whole, levels)
        for content in contents:
            root.child(content)
        # As many as there are labels left.
        for label, column, content in zip(labels[start:], group, contents, strict=False):
            name, dtype = label_text(label), dtype_name(column)
            told.append(Column(name, dtype, content.text(), content.complete))
        yield
    return tuple(told)


def index_content(index: Any) -> Steps[Content]:
    """Return the content of a pandas index: its class, names and values."""
    cls = type(index)
    known = belongs_to(cls, "pandas")
    content = Content(name_of(cls)[1] if known else "index subclass")
    content.complete = known
    if not known:
        return content
    content.child((yield from _values_content(list(index.names))))
    name = cls.__name__
    if name == "RangeIndex":
        # Its values would be made, and kept in the user's memory, by asking for them.
        bounds = range(index.start, index.stop, index.step)
        content.child((yield from _values_content([bounds])))
    elif name == "MultiIndex":
        for level, codes in zip(index.levels, index.codes, strict=True):
            yield from _feed_level(content, level, codes)
    else:
        found = yield from labels.strings(index._data)
        content.child(found or (yield from column_content(index._data)))
    return content


def column_content(values: Any, levels: int = LEVELS) -> Steps[Content]:
    """Return the content of one column: a numpy array or an extension array of pandas."""
    if is_a(values, loaded("numpy", "ndarray")):
        return (yield from arrays.content(values, Encoder(levels)))
    cls = type(values)
    take = _TAKERS.get(cls.__name__) if belongs_to(cls, "pandas") else None
    content = Content("column")
    content.piece(len(values) if take else 0)
    if take is None:
        content.complete = False
    else:
        yield from take(content, values)
    return content


def _is_pandas(value: Any) -> bool:
    # A subclass may keep content in attributes of its own.
    return belongs_to(type(value), "pandas")


def _columns(stored: list[Any], whole: bool, levels: int) -> Steps[list[Content]]:
    """Return the contents of columns, reading strided ones side by side."""
    contents: dict[int, Content] = {}
    strided: list[tuple[Content, Any]] = []
    others: list[int] = []
    for position, values in enumerate(stored):
        if _is_strided(values):
            contents[position] = Content("array")
            contents[position].piece(arrays.dtype_name(values.dtype), 1, len(values))
            strided.append((contents[position], values))
        else:
            others.append(position)
    shared = whole and all(_lets_others_run(stored[position]) for position in others)
    size = sum(int(stored[position].nbytes) for position in others) if shared else 0
    parts = [partial(column_content, stored[position], levels) for position in others]
    contents |= zip(others, (yield from side_by_side(parts, size)), strict=True)
    if strided:
        contiguous = loaded("numpy", "ascontiguousarray")
        width = sum(values.dtype.itemsize for _, values in strided)
        rows = max(1, min(_ROWS, _STRIPE_BYTES // width))
        for start in range(0, len(strided[0][1]), rows):
            for content, values in strided:
                content.bulk(contiguous(values[start : start + rows]).view("u1"))
            yield
    return [contents[position] for position in range(len(stored))]


def _lets_others_run(values: Any) -> bool:
    """Tell whether reading a column keeps no other thread from running.

    Python objects do, and their content should not be read while the user's threads could run.
    """
    if type(values) is loaded("numpy", "ndarray"):
        return arrays.is_raw(values.dtype)
    return belongs_to(type(values), "pandas") and type(values).__name__ in _SHARED


def _is_strided(values: Any) -> bool:
    if type(values) is not loaded("numpy", "ndarray") or not arrays.is_raw(values.dtype):
        return False
    return not values.flags.c_contiguous and values.dtype.itemsize > 0


def _values_content(values: list[Any]) -> Steps[Content]:
    content = Values()
    for start in range(0, len(values), OBJECTS):
        yield from content.add(values[start : start + OBJECTS])
        yield
    return content.content()


def _feed_level(content: Content, level: Any, codes: Any) -> Steps[None]:
    """Take in one level of a MultiIndex, numbered by first appearance.

    Equal indexes may list their levels in another order, or list values that never occur.
    """
    numpy = sys.modules["numpy"]
    rows = Content("codes")
    # As long as the values appear in their order, a code is its number already; a table of
    # the numbers would be as large as the level.
    numbers: Any = None
    order: list[Any] = []
    count = 0
    for start in range(0, len(codes), PIECE):
        piece = numpy.asarray(codes[start : start + PIECE])
        used, first = numpy.unique(piece, return_index=True)
        used = used[numpy.argsort(first)]
        if numbers is None:
            new = used[used >= count]
            if (new != numpy.arange(count, count + len(new))).any():
                numbers = numpy.full(len(level) + 1, -1, "<i8")
                numbers[:count] = numpy.arange(count)
                order.append(numpy.arange(count))
        if numbers is not None:
            new = used[(used >= 0) & (numbers[used] < 0)]
            numbers[new] = numpy.arange(count, count + len(new))
            order.append(new)
        count += len(new)
        numbered = piece.astype("<i8") if numbers is None else numbers[piece]
        rows.bulk(numpy.ascontiguousarray(numbered))
        yield
    content.child(rows)
    if numbers is None and count == len(level):
        content.child((yield from index_content(level)))
        return
    used = numpy.arange(count) if numbers is None else numpy.concatenate(order)
    content.child((yield from index_content(level.take(used))))


def _take_categorical(content: Content, values: Any) -> Steps[None]:
    categories = yield from index_content(values.categories)
    content.piece("category", int(values.ordered))
    content.child(categories)
    content.child((yield from arrays.content(values.codes)))


def _take_moments(content: Content, values: Any) -> Steps[None]:
    zone = zone_name(getattr(values, "tz", None))
    content.piece(zone or "")
    content.complete = content.complete and zone is not None
    content.child((yield from arrays.content(values._ndarray)))


def _take_period(content: Content, values: Any) -> Steps[None]:
    content.piece("period", values.freqstr)
    content.child((yield from arrays.content(values._ndarray)))


def _take_interval(content: Content, values: Any) -> Steps[None]:
    content.piece("interval", values.closed)
    content.child((yield from column_content(values._left)))
    content.child((yield from column_content(values._right)))


def _take_sparse(content: Content, values: Any) -> Steps[None]:
    content.piece("sparse")
    content.child((yield from _values_content([values.fill_value])))
    content.child((yield from arrays.content(values.sp_values)))
    content.child((yield from arrays.content(values.sp_index.indices)))


def _take_masked(content: Content, values: Any) -> Steps[None]:
    """Take in a nullable column; what lies under its mask does not count."""
    content.piece("masked", arrays.dtype_name(values._data.dtype))
    data, mask = values._data, values._mask
    hidden, shown = Content("mask"), Content("data")
    masked = bool(mask.any())
    for start in range(0, len(data), PIECE):
        piece = data[start : start + PIECE]
        if masked:
            part = mask[start : start + PIECE]
            piece = piece.copy()
            piece[part] = 0
            yield from arrays.feed(hidden, part)
        yield from arrays.feed(shown, piece)
        yield
    content.child(hidden)
    content.child(shown)


def _take_arrow(content: Content, values: Any) -> Steps[None]:
    content.piece("arrow")
    yield from arrow.feed(content, arrow.data_of(values))


def _take_arrow_strings(content: Content, values: Any) -> Steps[None]:
    content.piece(str(values.dtype))
    (yield from arrow.strings(arrow.data_of(values))).into(content)


def _take_strings(content: Content, values: Any) -> Steps[None]:
    """Take in strings stored as Python objects, to the same digest as strings in Arrow."""
    content.piece(str(values.dtype))
    stream = arrow.StringStream()
    asarray = loaded("numpy", "array")
    for start in range(0, len(values), OBJECTS):
        piece = values._ndarray[start : start + OBJECTS].tolist()
        valid = asarray(list(map(is_, map(type, piece), repeat(str))), "?")
        texts = [text if type(text) is str else "" for text in piece]
        for run in runs(texts):
            encoded = [text.encode("utf-8", "surrogatepass") for text in texts[run]]
            stream.add_list(encoded, valid[run])
            yield
    stream.into(content)


def _take_numpy(content: Content, values: Any) -> Steps[None]:
    content.piece("numpy")
    content.child((yield from arrays.content(values._ndarray)))


def dtype_name(values: Any) -> str:
    """Name a column's dtype as pandas does, unless that would run code of the user's."""
    if is_a(values, loaded("numpy", "ndarray")):
        return str(values.dtype)
    cls = type(values)
    if not belongs_to(cls, "pandas") or cls.__name__ not in _TAKERS:
        return ".".join(name_of(cls))
    if cls.__name__ == "DatetimeArray" and zone_name(values.tz) is None:
        return "datetime64"
    if is_a(values.dtype, loaded("pandas", "ArrowDtype")):
        return f"{arrow.type_name(values.dtype.pyarrow_dtype)}[pyarrow]"
    return str(values.dtype)


# Classes of columns that are buffers, all of them, which are hashed where they are.
_SHARED = ("ArrowStringArray", "ArrowStringArrayNumpySemantics", "DatetimeArray", "TimedeltaArray")
_TAKERS: dict[str, Callable[[Content, Any], Steps[None]]] = {
    "Categorical": _take_categorical,
    "DatetimeArray": _take_moments,
    "TimedeltaArray": _take_moments,
    "PeriodArray": _take_period,
    "IntervalArray": _take_interval,
    "SparseArray": _take_sparse,
    "IntegerArray": _take_masked,
    "FloatingArray": _take_masked,
    "BooleanArray": _take_masked,
    "ArrowExtensionArray": _take_arrow,
    "ArrowStringArray": _take_arrow_strings,
    "ArrowStringArrayNumpySemantics": _take_arrow_strings,
    "StringArray": _take_strings,
    "StringArrayNumpySemantics": _take_strings,
    "NumpyExtensionArray": _take_numpy,
    "PandasArray": _take_numpy,
}
