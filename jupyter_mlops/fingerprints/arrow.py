"""Arrow columns: the values alone, whatever the chunks, offsets and slots under nulls.

A column is a sequence of chunks; each class below takes chunks of one kind of type in turn.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from jupyter_mlops.fingerprints.costs import DECODE, OBJECT
from jupyter_mlops.fingerprints.hashing import OBJECTS, PIECE, Content, Strings
from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, is_a, loaded
from jupyter_mlops.fingerprints.python_ import Values
from jupyter_mlops.fingerprints.steps import Steps

# Types whose buffers are hashed where they are, and those that are others with a detour.
_AS_THEY_ARE = (
    "string", "large_string", "double", "float", "int64", "int32", "int8", "uint8",
)  # fmt: skip
_VIEWS = {"string_view": "large_string", "binary_view": "large_binary"}


class Stream(Protocol):
    """Takes chunks, gives their content."""

    def add(self, chunk: Any) -> Steps[None]:
        """Take in the next chunk, a ``pyarrow.Array``."""
        yield

    def into(self, parent: Content) -> None:
        """Make what was taken in a part of `parent`."""


def data_of(values: Any) -> Any:
    """Return the ``pyarrow.ChunkedArray`` in an extension array of pandas."""
    # Before pandas 2.1 the attribute had another name.
    own = attributes(values) or {}
    return own["_pa_array"] if "_pa_array" in own else own["_data"]


def feed(parent: Content, column: Any) -> Steps[None]:
    """Take the values and type of a ``pyarrow.ChunkedArray`` or ``Array`` into `parent`."""
    parent.piece(type_name(column.type), len(column))
    stream = stream_for(column.type)
    for chunk in column.chunks if hasattr(column, "chunks") else [column]:
        yield from stream.add(chunk)
    stream.into(parent)


def strings(column: Any) -> Steps[StringStream]:
    """Return the stream of a column of strings, which is the same for both of their types."""
    stream = StringStream()
    for chunk in column.chunks:
        yield from stream.add(chunk)
    return stream


def type_name(kind: Any) -> str:
    """Name a type; the text of an extension type of the user's would be the user's code.

    What the values of a list are called is not content: files have names of their own for them.
    """
    return "extension" if _is_users(kind) else _name(kind)


def _name(kind: Any) -> str:
    types = _types()
    whole = str(kind)
    if types.is_struct(kind):
        fields = (kind.field(position) for position in range(kind.num_fields))
        return f"struct<{', '.join(map(_field, fields))}>"
    if types.is_dictionary(kind):
        ordered = int(kind.ordered)
        return f"dictionary<values={_name(kind.value_type)}, indices={kind.index_type}, {ordered=}>"
    if types.is_map(kind):
        order = ", keys_sorted" if kind.keys_sorted else ""
        return f"map<{_name(kind.key_type)}, {_name(kind.item_type)}{order}>"
    if "list" in whole.partition("<")[0]:
        length = f"[{kind.list_size}]" if types.is_fixed_size_list(kind) else ""
        null = "" if kind.value_field.nullable else " not null"
        return f"{whole.partition('<')[0]}<{_name(kind.value_type)}{null}>{length}"
    return whole


def _field(field: Any) -> str:
    return f"{field.name}: {_name(field.type)}{'' if field.nullable else ' not null'}"


def cost(column: Any) -> int:
    """Return what reading a column costs, in bytes that are hashed meanwhile."""
    kind = str(column.type) if not _is_users(column.type) else ""
    if kind in _AS_THEY_ARE:
        return int(column.nbytes) * (DECODE if column.null_count else 1)
    fixed = not column.type.num_fields and kind.startswith(("timestamp", "date", "uint", "int"))
    return int(column.nbytes) if fixed else len(column) * OBJECT


def _is_users(kind: Any) -> bool:
    """Tell whether a type is an extension type of the user's, or holds one."""
    if is_a(kind, loaded("pyarrow.lib", "BaseExtensionType")):
        # Those of pyarrow and pandas say of themselves what they are.
        cls = type(kind)
        own = belongs_to(cls, "pyarrow") or belongs_to(cls, "pandas")
        return not own or _is_users(kind.storage_type)
    if any(_is_users(kind.field(position).type) for position in range(kind.num_fields)):
        return True
    return bool(_types().is_dictionary(kind)) and _is_users(kind.value_type)


def _types() -> Any:
    return sys.modules["pyarrow.types"]


def stream_for(kind: Any) -> Stream:
    """Return the stream that takes chunks of type `kind`."""
    types = _types()
    if _is_users(kind):
        return _OtherStream(known=False)
    if is_a(kind, loaded("pyarrow.lib", "BaseExtensionType")):
        return _ChangedStream(lambda chunk: chunk.storage, kind.storage_type)
    name = str(kind)
    if name in _VIEWS:
        whole = getattr(sys.modules["pyarrow"], _VIEWS[name])()
        return _ChangedStream(lambda chunk: chunk.cast(whole), whole)
    if types.is_string(kind) or types.is_large_string(kind):
        return StringStream()
    if types.is_binary(kind) or types.is_large_binary(kind):
        return StringStream(empty=b"")
    if types.is_boolean(kind):
        return _BooleanStream()
    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _ListStream(kind)
    if types.is_struct(kind):
        return _StructStream(kind)
    if types.is_dictionary(kind):
        return _DictionaryStream(kind)
    if types.is_primitive(kind) or types.is_decimal(kind) or types.is_fixed_size_binary(kind):
        return _FixedStream(kind.bit_width // 8)
    return _OtherStream(known=True)


class Validity:
    """Which rows are null: one byte a row, and nothing at all if none is."""

    def __init__(self) -> None:
        self._valid = Content("valid")
        self._pending = 0
        self._any = False

    def all_valid(self, rows: int) -> None:
        """Take in rows of which none is null."""
        if self._any:
            self._flush(rows)
        else:
            self._pending += rows

    def add(self, valid: Any) -> None:
        """Take in a boolean numpy array, true where a row is not null."""
        if valid.all():
            self.all_valid(len(valid))
            return
        if not self._any:
            self._any = True
            self._flush(self._pending)
        self._valid.bulk(valid.view("u1"))

    def into(self, parent: Content) -> None:
        """Make the validity a child of `parent`."""
        parent.child(self._valid)

    def _flush(self, rows: int) -> None:
        for start in range(0, rows, PIECE):
            self._valid.bulk(b"\1" * min(PIECE, rows - start))


class StringStream:
    """Strings or bytes with 32-bit or 64-bit offsets; `empty` stands in for nulls."""

    def __init__(self, empty: str | bytes = "") -> None:
        self._empty = empty
        self._strings = Strings()
        self._validity = Validity()

    def add(self, chunk: Any) -> Steps[None]:
        """Take in the next chunk."""
        if not chunk.null_count:
            self._validity.all_valid(len(chunk))
            yield from self._add(chunk)
            return
        for piece in slices(chunk):
            self._validity.add(valid_rows(piece))
            # A null slot may cover bytes; filled, it covers none.
            yield from self._add(piece.fill_null(self._empty))
            yield

    def add_list(self, values: list[bytes], valid: Any) -> None:
        """Take in strings that are not stored as Arrow; nulls are empty in `values`."""
        self._validity.add(valid)
        self._strings.add(values)

    def into(self, parent: Content) -> None:
        """Make strings and validity children of `parent`."""
        self._strings.into(parent)
        self._validity.into(parent)

    def _add(self, chunk: Any) -> Steps[None]:
        if not len(chunk):
            return
        wide = _types().is_large_string(chunk.type) or _types().is_large_binary(chunk.type)
        width = 8 if wide else 4
        _, offsets, data = chunk.buffers()
        ends = sys.modules["numpy"].frombuffer(
            offsets, f"i{width}", len(chunk) + 1, chunk.offset * width
        )
        yield from self._strings.add_buffers(data, ends)


class _FixedStream:
    """Numbers, times and other values of one width; nulls are zeros."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._data = Content("fixed")
        self._validity = Validity()

    def add(self, chunk: Any) -> Steps[None]:
        if not len(chunk):
            return
        data = self._view(chunk)
        if not chunk.null_count:
            self._validity.all_valid(len(chunk))
            yield from self._data.feed(data)
            return
        rows = data.reshape(-1, self._width)
        for start, piece in zip(range(0, len(chunk), PIECE), slices(chunk), strict=True):
            valid = valid_rows(piece)
            part = rows[start : start + PIECE].copy()
            part[~valid] = 0
            self._validity.add(valid)
            self._data.bulk(part)
            yield

    def into(self, parent: Content) -> None:
        parent.child(self._data)
        self._validity.into(parent)

    def _view(self, chunk: Any) -> Any:
        numpy = sys.modules["numpy"]
        size = len(chunk) * self._width
        buffer = chunk.buffers()[1]
        if buffer is None:  # all null, or of width 0
            return numpy.zeros(size, "u1")
        return numpy.frombuffer(buffer, "u1", size, chunk.offset * self._width)


class _BooleanStream:
    """Booleans, which Arrow stores as bits."""

    def __init__(self) -> None:
        self._data = Content("boolean")
        self._validity = Validity()

    def add(self, chunk: Any) -> Steps[None]:
        for piece in slices(chunk):
            self._validity.add(valid_rows(piece))
            filled = piece.fill_null(False).to_numpy(zero_copy_only=False)
            self._data.bulk(filled.view("u1"))
            yield

    def into(self, parent: Content) -> None:
        parent.child(self._data)
        self._validity.into(parent)


class _ListStream:
    """Lists: how long each is, and the values of all of them as one column."""

    def __init__(self, kind: Any) -> None:
        self._lengths = _FixedStream(8)
        self._values = stream_for(kind.value_type)

    def add(self, chunk: Any) -> Steps[None]:
        for piece in slices(chunk):
            yield from self._lengths.add(piece.value_lengths().cast("int64"))
            # Leaves out what null slots cover.
            yield from self._values.add(piece.flatten())
            yield

    def into(self, parent: Content) -> None:
        self._lengths.into(parent)
        self._values.into(parent)


class _StructStream:
    """Structs: which are null, and each field as one column."""

    def __init__(self, kind: Any) -> None:
        self._validity = Validity()
        self._fields = [stream_for(field.type) for field in kind]

    def add(self, chunk: Any) -> Steps[None]:
        for piece in slices(chunk):
            self._validity.add(valid_rows(piece))
            # Passes the struct's own nulls on to its fields.
            for stream, values in zip(self._fields, piece.flatten(), strict=True):
                yield from stream.add(values)
            yield

    def into(self, parent: Content) -> None:
        self._validity.into(parent)
        for stream in self._fields:
            stream.into(parent)


class _DictionaryStream:
    """Dictionary-encoded values, decoded: chunks may number the same values differently.

    The order of the dictionary is content where it is declared to be an order.
    """

    def __init__(self, kind: Any) -> None:
        self._values = stream_for(kind.value_type)
        self._order = stream_for(kind.value_type) if kind.ordered else None
        self._dictionary: Any = None
        self._is_one = True

    def add(self, chunk: Any) -> Steps[None]:
        if self._order is not None and self._dictionary is None:
            self._dictionary = chunk.dictionary
            yield from self._order.add(self._dictionary)
        elif self._order is not None:
            # What order the chunks have together is nowhere said.
            self._is_one = self._is_one and chunk.dictionary.equals(self._dictionary)
        for piece in slices(chunk):
            yield from self._values.add(piece.dictionary_decode())
            yield

    def into(self, parent: Content) -> None:
        self._values.into(parent)
        if self._order is not None:
            self._order.into(parent)
            parent.complete = parent.complete and self._is_one


class _ChangedStream:
    """Values that are stored as those of another type."""

    def __init__(self, change: Callable[[Any], Any], kind: Any) -> None:
        self._change = change
        self._values = stream_for(kind)

    def add(self, chunk: Any) -> Steps[None]:
        for piece in slices(chunk):
            yield from self._values.add(self._change(piece))
            yield

    def into(self, parent: Content) -> None:
        self._values.into(parent)


class _OtherStream:
    """Rare types, as Python values; an extension type's would be made by user code."""

    def __init__(self, known: bool) -> None:
        self._known = known
        self._values = Values()

    def add(self, chunk: Any) -> Steps[None]:
        for piece in slices(chunk, OBJECTS) if self._known else ():
            yield from self._values.add(piece.to_pylist())
            yield

    def into(self, parent: Content) -> None:
        parent.child(self._values.content())
        parent.complete = parent.complete and self._known


def slices(chunk: Any, length: int | None = None) -> Iterator[Any]:
    """Cut a chunk into pieces of bounded length, without copying."""
    length = length or PIECE
    for start in range(0, len(chunk), length):
        yield chunk.slice(start, length)


def valid_rows(piece: Any) -> Any:
    """Return a boolean numpy array, true where a row is not null."""
    return piece.is_valid().to_numpy(zero_copy_only=False)
