"""scipy's sparse matrices and arrays: class, shape, and the arrays that hold the entries.

What a matrix remembers of itself, such as whether its indices are sorted, is not content;
the order in which it holds its entries is.
"""

from __future__ import annotations

from typing import Any

from jupyter_mlops.fingerprints import arrays
from jupyter_mlops.fingerprints.hashing import Content
from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, is_a, loaded, name_of
from jupyter_mlops.fingerprints.python_ import Encoder
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.records import Fingerprint

# The arrays of all formats; those of lists of lists have lists as elements.
_PARTS = ("data", "indices", "indptr", "offsets", "row", "col", "coords", "rows")


def fingerprint(value: Any) -> Steps[Fingerprint]:
    """Return the fingerprint of a sparse matrix or array."""
    found = yield from content(value)
    own = attributes(value) or {}
    return Fingerprint(
        digest=found.text(),
        complete=found.complete,
        size_bytes=found.size_bytes,
        shape=shape(own),
        dtype=str(own.get("dtype", getattr(own.get("data"), "dtype", None)))
        if found.complete
        else None,
    )


def content(value: Any) -> Steps[Content]:
    """Return the content of a sparse matrix or array."""
    cls = type(value)
    own = attributes(value) or {}
    result = Content("sparse")
    result.piece(name_of(cls)[1], *(shape(own) or ()))
    cells = own.get("_dict")
    known = type(cells) is dict or _is_array(own.get("data"))
    result.complete = belongs_to(cls, "scipy") and known
    # Lists and dictionaries of entries hold Python objects; their type is told beside.
    if is_a(own.get("dtype"), loaded("numpy", "dtype")):
        result.piece(str(own["dtype"]))
    if type(cells) is dict:
        encoder = Encoder()
        result.bulk((yield from encoder.encode(cells)))
        result.complete = result.complete and encoder.complete
    for name, array in parts(own):
        result.piece(name)
        result.child((yield from arrays.content(array)))
    return result


def is_sparse(value: object) -> bool:
    """Tell whether a value is a sparse matrix or array of scipy's."""
    classes = (loaded("scipy.sparse", "spmatrix"), loaded("scipy.sparse", "sparray"))
    return any(is_a(value, known) for known in classes)


def parts(own: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the arrays that hold a matrix's entries, with the names of its attributes."""
    found = []
    for name in _PARTS:
        part = own.get(name)
        arrays_of = part if type(part) is tuple else (part,)
        found += [(name, array) for array in arrays_of if _is_array(array)]
    return found


def shape(own: dict[str, Any]) -> tuple[int, ...] | None:
    """Return the shape, if it can be known without asking the matrix."""
    found = own.get("_shape")
    return tuple(int(length) for length in found) if type(found) is tuple else None


def _is_array(part: Any) -> bool:
    return type(part) is loaded("numpy", "ndarray") and part.dtype.kind in "biufcO"
