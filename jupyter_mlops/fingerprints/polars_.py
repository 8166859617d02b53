"""polars frames and series: every row, column, dtype and name; chunks do not count.

polars needs neither numpy nor pyarrow, so neither is used here: polars itself fills in nulls,
decodes categories and takes lists apart, some rows at a time, and what remains are numbers in
memory. A lazy frame is a plan; no row of it is there before it is collected.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from typing import Any

from jupyter_mlops.fingerprints import LEVELS
from jupyter_mlops.fingerprints.costs import COLUMN, DECODE, OBJECT, Outline
from jupyter_mlops.fingerprints.hashing import OBJECTS, PIECE, Content
from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, is_a, loaded, name_of
from jupyter_mlops.fingerprints.python_ import Encoder, Values
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.fingerprints.texts import COLUMNS_LIMIT, shortened
from jupyter_mlops.records import Column, Fingerprint

PLAN = "a plan, not data: it holds no rows before it is collected"


def fingerprint(value: Any, levels: int = LEVELS) -> Steps[Fingerprint | None]:
    """Return the fingerprint of a frame or series; of a lazy frame, that it is a plan.

    Python objects in a column are looked into `levels` deep. ``None`` if the value's inside is
    not that of a frame.
    """
    if is_a(value, loaded("polars", "LazyFrame")):
        return _of_plan()
    is_series = is_a(value, loaded("polars", "Series"))
    series = _columns(value)
    if series is None:
        return None
    root = Content("polars series" if is_series else "polars frame")
    rows = len(series[0]) if series else 0
    root.piece(rows, len(series))
    told: list[Column] = []
    for one in series:
        content = yield from _content(one, levels)
        root.piece(one.name)
        root.child(content)
        if len(told) < COLUMNS_LIMIT:
            name, dtype = shortened(one.name), shortened(_dtype_name(one.dtype))
            told.append(Column(name, dtype, content.text(), content.complete))
        yield
    return Fingerprint(
        digest=root.text(),
        # A subclass may keep content in attributes of its own.
        complete=root.complete and belongs_to(type(value), "polars"),
        size_bytes=root.size_bytes,
        shape=(rows, len(series)),
        columns=tuple(told),
        form=f"polars.{'Series' if is_series else 'DataFrame'}",
    )


def outline(value: Any) -> Outline | None:
    """Return what can be said of a frame or series without reading it."""
    if is_a(value, loaded("polars", "LazyFrame")):
        return Outline(_of_plan(), 0)
    series = _columns(value)
    if series is None:
        return None
    content = Content("outline of polars")
    content.piece(len(series))
    cost, told = 0, []
    for one in series[:COLUMNS_LIMIT]:
        name, dtype = shortened(one.name), shortened(_dtype_name(one.dtype))
        own = Content("outline of column")
        own.piece(dtype, len(one))
        content.piece(name)
        content.child(own)
        told.append(Column(name, dtype, own.text(), complete=False))
        cost += _cost(one)
    cost = cost * len(series) // max(1, len(told))
    is_series = is_a(value, loaded("polars", "Series"))
    found = Fingerprint(
        digest=content.text(),
        complete=False,
        shape=(len(series[0]) if series else 0, len(series)),
        columns=tuple(told),
        form=f"polars.{'Series' if is_series else 'DataFrame'}",
    )
    return Outline(found, cost)


def _of_plan() -> Fingerprint:
    return Fingerprint(
        Content("polars plan").text(), complete=False, form=f"polars.LazyFrame, {PLAN}"
    )


def _columns(value: Any) -> list[Any] | None:
    """Return the columns as series of polars' own class, past the methods of a subclass."""
    own = attributes(value) or {}
    if is_a(value, loaded("polars", "Series")):
        inner = own.get("_s")
        series = loaded("polars", "Series")
        return None if inner is None else [series._from_pyseries(inner)]
    inner = own.get("_df")
    if inner is None:
        return None
    columns: list[Any] = loaded("polars", "DataFrame")._from_pydf(inner).get_columns()
    return columns


def _cost(series: Any) -> int:
    name = type(series.dtype).__name__
    if name == "Object":
        return len(series) * OBJECT
    plain = not series.null_count() and name in _NUMBERS
    return int(series.estimated_size()) * (1 if plain else DECODE) + COLUMN * (1 if plain else 8)


def _content(series: Any, levels: int) -> Steps[Content]:
    """Return the content of a series: its dtype, which rows are null, and the values."""
    content = Content("polars column")
    dtype = series.dtype
    kind = type(dtype).__name__ if belongs_to(type(dtype), "polars") else ""
    content.piece(_dtype_name(dtype), len(series))
    take = _TAKERS.get(kind)
    if take is None:
        content.complete = False
        return content
    if kind not in ("Null", "Object"):
        yield from _take_validity(content, series)
    yield from take(content, series, levels)
    return content


def _take_validity(content: Content, series: Any) -> Steps[None]:
    hidden = Content("valid")
    if series.null_count():
        for piece in _pieces(series):
            yield from _feed(hidden, piece.is_not_null().cast(loaded("polars", "UInt8")))
    content.child(hidden)


def _take_numbers(content: Content, series: Any, levels: int) -> Steps[None]:
    """Take in what is stored as numbers of one width; nulls are zeros."""
    data = Content("numbers")
    if not series.null_count():
        # To ask for what numbers are already would start polars' threads.
        plain = type(series.dtype).__name__ in _WIDTHS
        yield from _feed(data, series if plain else series.to_physical())
    else:
        for piece in _pieces(series):
            yield from _feed(data, piece.to_physical().fill_null(0))
    content.child(data)


def _take_booleans(content: Content, series: Any, levels: int) -> Steps[None]:
    data = Content("booleans")
    for piece in _pieces(series):
        yield from _feed(data, piece.cast(loaded("polars", "UInt8")).fill_null(0))
    content.child(data)


def _take_strings(content: Content, series: Any, levels: int) -> Steps[None]:
    """Take in how many bytes each string has, and the bytes of all."""
    lengths, data = Content("lengths"), Content("bytes")
    for piece in _pieces(series):
        texts = piece.fill_null("") if piece.null_count() else piece
        yield from _feed(lengths, texts.str.len_bytes().cast(loaded("polars", "UInt64")))
        data.bulk(texts.str.join("").item().encode())
        yield
    content.child(lengths)
    content.child(data)


def _take_bytes(content: Content, series: Any, levels: int) -> Steps[None]:
    lengths, data = Content("lengths"), Content("bytes")
    for piece in _pieces(series, OBJECTS):
        values = [value or b"" for value in piece.to_list()]
        lengths.piece(*map(len, values))
        data.bulk(b"".join(values))
        yield
    content.child(lengths)
    content.child(data)


def _take_categories(content: Content, series: Any, levels: int) -> Steps[None]:
    """Take in the texts: how categories are numbered depends on what else the process read."""
    if type(series.dtype).__name__ == "Enum":
        categories = Content("categories")
        yield from _take_strings(categories, series.dtype.categories, levels)
        content.child(categories)
    text = loaded("polars", "String")
    for piece in _pieces(series):
        part = Content("texts")
        yield from _take_strings(part, piece.cast(text), levels)
        content.child(part)


def _take_lists(content: Content, series: Any, levels: int) -> Steps[None]:
    """Take in how long each list is, and the values of all as one column."""
    lengths, parts = Content("lengths"), []
    for piece in _pieces(series):
        lists = piece.arr.to_list() if type(piece.dtype).__name__ == "Array" else piece
        counts = lists.list.len()
        yield from _feed(lengths, counts.fill_null(0).cast(loaded("polars", "UInt64")))
        # Exploded, an empty list would be a null.
        parts.append(lists.filter(counts.fill_null(0) > 0).explode())
        yield
    content.child(lengths)
    if parts:
        values = loaded("polars", "concat")(parts, rechunk=False)
        content.child((yield from _content(values, levels)))


def _take_structs(content: Content, series: Any, levels: int) -> Steps[None]:
    """Take in each field as one column, in which what a null struct covers is null."""
    for name in series.struct.fields:
        content.piece(name)
        field = series.struct.field(name)
        if series.null_count():
            shown = loaded("polars", "Series")("", [None], dtype=field.dtype)
            field = field.zip_with(series.is_not_null(), shown)
        content.child((yield from _content(field, levels)))


def _take_objects(content: Content, series: Any, levels: int) -> Steps[None]:
    values = Values(Encoder(levels))
    for piece in _pieces(series, OBJECTS):
        yield from values.add(piece.to_list())
        yield
    content.child(values.content())


def _take_nothing(content: Content, series: Any, levels: int) -> Steps[None]:
    return
    yield


def _pieces(series: Any, length: int = PIECE) -> Iterator[Any]:
    for start in range(0, len(series), length):
        yield series.slice(start, length)


def _feed(content: Content, numbers: Any) -> Steps[None]:
    """Take in the memory of a series of numbers without nulls, which polars never changes."""
    width = _WIDTHS[type(numbers.dtype).__name__]
    for chunk in numbers.get_chunks():
        if len(chunk):
            # `chunk` keeps the memory alive; a series of one chunk is not copied for its pointer.
            start = chunk._s.as_single_ptr()
            yield from content.feed((ctypes.c_ubyte * (len(chunk) * width)).from_address(start))


def _dtype_name(dtype: Any) -> str:
    """Name a dtype completely, but for the categories of an enumeration."""
    cls = type(dtype)
    if not belongs_to(cls, "polars"):
        return ".".join(name_of(cls))
    name = cls.__name__
    if name == "List":
        return f"List[{_dtype_name(dtype.inner)}]"
    if name == "Array":
        return f"Array[{_dtype_name(dtype.inner)}, {dtype.size}]"
    if name == "Struct":
        fields = (f"{field.name!r}: {_dtype_name(field.dtype)}" for field in dtype.fields)
        return f"Struct[{', '.join(fields)}]"
    parts = [getattr(dtype, part) for part in _PARTS.get(name, ())]
    return f"{name}[{', '.join(map(str, parts))}]" if parts else name


_PARTS = {
    "Datetime": ("time_unit", "time_zone"),
    "Duration": ("time_unit",),
    "Decimal": ("precision", "scale"),
}
_WIDTHS = {
    **{f"{sign}Int{bits}": bits // 8 for sign in ("", "U") for bits in (8, 16, 32, 64, 128)},
    **{f"Float{bits}": bits // 8 for bits in (16, 32, 64)},
}
_NUMBERS = frozenset({*_WIDTHS, "Date", "Datetime", "Time", "Duration", "Decimal"})
_TAKERS: dict[str, Callable[[Content, Any, int], Steps[None]]] = {
    **dict.fromkeys(_NUMBERS, _take_numbers),
    "Boolean": _take_booleans,
    "String": _take_strings,
    "Binary": _take_bytes,
    "Categorical": _take_categories,
    "Enum": _take_categories,
    "List": _take_lists,
    "Array": _take_lists,
    "Struct": _take_structs,
    "Object": _take_objects,
    "Null": _take_nothing,
}
