"""Labels that are all exact strings: the same content in whatever container they are held.

Which dtype an index of strings gets is the version's choice and not the user's: of one frame
of integers pandas 2 says ``object`` and pandas 3 ``str``.
"""

from __future__ import annotations

from itertools import repeat
from operator import is_
from typing import Any

from jupyter_mlops.fingerprints import arrow
from jupyter_mlops.fingerprints.hashing import OBJECTS, Content
from jupyter_mlops.fingerprints.introspection import belongs_to, loaded
from jupyter_mlops.fingerprints.steps import Steps

# As pandas 3 calls the dtype of such labels: what was recorded with it stays comparable.
_DTYPE = "str"


def strings(values: Any) -> Steps[Content | None]:
    """Return the content of an index's values, or ``None`` if not all are exact strings.

    A missing label is no string; its kind and the dtype are content then.
    """
    cls = type(values)
    if belongs_to(cls, "pandas") and cls.__name__ in _ARROW:
        stream = yield from _of_arrow(arrow.data_of(values))
    else:
        if belongs_to(cls, "pandas") and cls.__name__ in _OBJECTS:
            values = values._ndarray
        stream = yield from _of_objects(values)
    if stream is None:
        return None
    content = Content("column")
    content.piece(len(values), _DTYPE)
    stream.into(content)
    return content


def _of_objects(values: Any) -> Steps[arrow.StringStream | None]:
    if type(values) is not loaded("numpy", "ndarray") or values.dtype.kind != "O":
        return None
    stream = arrow.StringStream()
    ones = loaded("numpy", "ones")
    for start in range(0, len(values), OBJECTS):
        piece = values[start : start + OBJECTS].tolist()
        if not all(map(is_, map(type, piece), repeat(str))):
            return None
        texts = [text.encode("utf-8", "surrogatepass") for text in piece]
        stream.add_list(texts, ones(len(piece), "?"))
        yield
    return stream


def _of_arrow(column: Any) -> Steps[arrow.StringStream | None]:
    if column.null_count or arrow.type_name(column.type) not in ("string", "large_string"):
        return None
    return (yield from arrow.strings(column))


_ARROW = ("ArrowExtensionArray", "ArrowStringArray", "ArrowStringArrayNumpySemantics")
_OBJECTS = ("StringArray", "StringArrayNumpySemantics", "NumpyExtensionArray", "PandasArray")
