"""Fingerprints: digests over the whole content of frames, arrays, models and files.

A value's kind is recognised by identity with the classes of libraries that are already
imported; no library is imported, and no code of the user's runs. The module for a kind is
loaded with the first value of that kind.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Literal

from jupyter_mlops.fingerprints.introspection import bases, loaded
from jupyter_mlops.fingerprints.steps import Steps, finish
from jupyter_mlops.records import Fingerprint

__all__ = ["Kind", "begin", "fingerprint", "kind", "of_file", "seconds_for_file"]

Kind = Literal["frame", "array", "model"]

# Where a kind's class is found, and which module of ours reads it.
_KNOWN: tuple[tuple[str, str, Kind, str], ...] = (
    ("pandas", "DataFrame", "frame", "frames"),
    ("pandas", "Series", "frame", "frames"),
    ("numpy", "ndarray", "array", "arrays"),
    ("scipy.sparse", "spmatrix", "array", "sparse"),
    ("scipy.sparse", "sparray", "array", "sparse"),
    ("sklearn.base", "BaseEstimator", "model", "estimators"),
)

# Those that two threads can share.
_SHARED = ("frames", "arrays")


def kind(value: object) -> Kind | None:
    """Tell what kind of data `value` is; ``None`` if it has no fingerprint."""
    found = _find(value)
    return found[0] if found else None


def fingerprint(value: object) -> Fingerprint | None:
    """Return the fingerprint of the whole content of `value`.

    Returns
    -------
    Fingerprint or None
        ``None`` if the kind is not known. Incomplete where something inside could only be
        read by running code of the user's.
    """
    begun = begin(value, whole=True)
    return finish(begun) if begun is not None else None


def begin(value: object, whole: bool = False) -> Steps[Fingerprint | None] | None:
    """Begin the fingerprint of `value`, which the caller goes on with as time allows.

    Until its end the generator keeps `value`, or parts of it, alive. A caller who goes on
    with it to its end at once reads it as a `whole`: then a second thread may take part,
    which changes no digest.
    """
    found = _find(value)
    if found is None:
        return None
    module = import_module(f"{__name__}.{found[1]}")
    read: Callable[..., Steps[Fingerprint | None]] = module.fingerprint
    return read(value, whole) if whole and found[1] in _SHARED else read(value)


def of_file(
    path: str | os.PathLike[str], stop: Callable[[], bool] | None = None
) -> Fingerprint | None:
    """Return the fingerprint of a file; see :func:`jupyter_mlops.fingerprints.files.of_file`."""
    from jupyter_mlops.fingerprints import files

    return files.of_file(path, stop)


def seconds_for_file(size: int) -> float:
    """Return about how long a file of that many bytes takes, if it is in memory already."""
    from jupyter_mlops.fingerprints.hashing import speed

    # Each byte is copied once before it is hashed.
    return 2 * size / speed()


def _find(value: object) -> tuple[Kind, str] | None:
    order = bases(type(value))
    if len(order) < 2:  # object itself
        return None
    for module, name, found, reader in _KNOWN:
        cls = loaded(module, name)
        if cls is not None and any(base is cls for base in order):
            return found, reader
    return None
