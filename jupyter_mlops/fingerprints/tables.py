"""pyarrow's tables, record batches, arrays and chunked arrays; how they are cut does not count.

A column is its type, whether it may be null, and its values (see :mod:`arrow`). The metadata of
a schema are not content: whoever writes a file puts some in. What numpy is needed for is
incomplete where the user has none.
"""

from __future__ import annotations

from typing import Any

from jupyter_mlops.fingerprints import arrow
from jupyter_mlops.fingerprints.costs import COLUMN, Outline
from jupyter_mlops.fingerprints.hashing import Content
from jupyter_mlops.fingerprints.introspection import belongs_to, is_a, loaded, name_of
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.fingerprints.texts import COLUMNS_LIMIT, shortened
from jupyter_mlops.records import Column, Fingerprint


def fingerprint(value: Any) -> Steps[Fingerprint | None]:
    """Return the fingerprint of a table or of one column."""
    if not _is_known(value):
        return _unknown(value)
    if not _is_table(value):
        found = yield from _content(value)
        return Fingerprint(
            digest=found.text(),
            complete=found.complete,
            size_bytes=found.size_bytes,
            shape=(len(value),),
            dtype=shortened(arrow.type_name(value.type)),
            form=_form(value),
        )
    root = Content("arrow table")
    rows, count = value.num_rows, value.num_columns
    root.piece(rows, count)
    told: list[Column] = []
    for field, column in zip(value.schema, value.columns, strict=True):
        content = yield from _content(column)
        root.piece(field.name, int(field.nullable))
        root.child(content)
        if len(told) < COLUMNS_LIMIT:
            name, dtype = shortened(field.name), shortened(arrow.type_name(field.type))
            told.append(Column(name, dtype, content.text(), content.complete))
        yield
    return Fingerprint(
        digest=root.text(),
        complete=root.complete,
        size_bytes=root.size_bytes,
        shape=(rows, count),
        columns=tuple(told),
        form=_form(value),
    )


def outline(value: Any) -> Outline | None:
    """Return what can be said of a table or column without reading it."""
    if not _is_known(value):
        return Outline(_unknown(value), 0)
    content = Content("outline of arrow")
    if not _is_table(value):
        dtype = shortened(arrow.type_name(value.type))
        content.piece(dtype, len(value))
        found = Fingerprint(content.text(), False, None, (len(value),), dtype, form=_form(value))
        return Outline(found, arrow.cost(value))
    content.piece(value.num_rows, value.num_columns)
    told, cost = [], 0
    columns = zip(value.schema, value.columns[:COLUMNS_LIMIT], strict=False)
    for field, column in columns:
        name, dtype = shortened(field.name), shortened(arrow.type_name(field.type))
        own = Content("outline of column")
        own.piece(dtype, value.num_rows)
        content.piece(name)
        content.child(own)
        told.append(Column(name, dtype, own.text(), complete=False))
        cost += arrow.cost(column) + COLUMN
    shape = (value.num_rows, value.num_columns)
    found = Fingerprint(content.text(), False, None, shape, columns=tuple(told), form=_form(value))
    return Outline(found, cost * value.num_columns // max(1, len(told)))


def _content(column: Any) -> Steps[Content]:
    content = Content("arrow column")
    yield from arrow.feed(content, column)
    return content


def _unknown(value: Any) -> Fingerprint:
    return Fingerprint(Content("arrow").text(), complete=False, form=_form(value))


def _is_known(value: Any) -> bool:
    """Tell whether a value may be read: an extension array's class may be the user's."""
    return belongs_to(type(value), "pyarrow") and loaded("numpy", "ndarray") is not None


def _is_table(value: Any) -> bool:
    return any(is_a(value, loaded("pyarrow.lib", name)) for name in ("Table", "RecordBatch"))


def _form(value: Any) -> str:
    module, name = name_of(type(value))
    return f"{module.removesuffix('.lib')}.{name}"
