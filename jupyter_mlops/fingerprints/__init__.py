"""Fingerprints: digests over the whole content of frames, arrays, models and files.

A value's kind is recognised by identity with the classes of libraries that are already
imported; no library is imported, and no code of the user's runs. The module for a kind is
loaded with the first value of that kind.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from typing import Any, Literal

from jupyter_mlops.fingerprints.introspection import Types, bases, loaded, name_of
from jupyter_mlops.fingerprints.steps import Steps, finish
from jupyter_mlops.records import Fingerprint

__all__ = [
    "LEVELS",
    "Kind",
    "begin",
    "fingerprint",
    "kind",
    "of_file",
    "reader",
    "seconds_for_file",
]

# A plan is a frame whose rows nobody has asked for yet.
Kind = Literal["frame", "array", "model", "plan"]

# By library: where a kind's class is found, and which module of ours reads it.
_KNOWN: dict[str, tuple[tuple[str, str, Kind, str], ...]] = {
    "pandas": (
        ("pandas", "DataFrame", "frame", "frames"),
        ("pandas", "Series", "frame", "frames"),
    ),
    "numpy": (("numpy", "ndarray", "array", "arrays"),),
    "scipy": (
        ("scipy.sparse", "spmatrix", "array", "sparse"),
        ("scipy.sparse", "sparray", "array", "sparse"),
    ),
    "sklearn": (("sklearn.base", "BaseEstimator", "model", "estimators"),),
    "xgboost": (("xgboost.core", "Booster", "model", "estimators"),),
    "lightgbm": (("lightgbm.basic", "Booster", "model", "estimators"),),
    "catboost": (("catboost.core", "_CatBoostBase", "model", "estimators"),),
    "keras": (("keras", "Model", "model", "estimators"),),
    "statsmodels": (
        ("statsmodels.base.model", "Results", "model", "estimators"),
        ("statsmodels.base.wrapper", "ResultsWrapper", "model", "estimators"),
    ),
    "polars": (
        ("polars", "DataFrame", "frame", "polars_"),
        ("polars", "Series", "frame", "polars_"),
        ("polars", "LazyFrame", "plan", "polars_"),
    ),
    "pyarrow": (
        ("pyarrow.lib", "Table", "frame", "tables"),
        ("pyarrow.lib", "RecordBatch", "frame", "tables"),
        ("pyarrow.lib", "Array", "array", "tables"),
        ("pyarrow.lib", "ChunkedArray", "array", "tables"),
    ),
    "torch": (
        ("torch", "Tensor", "array", "torch_"),
        ("torch.nn.modules.module", "Module", "model", "torch_"),
    ),
    "jax": (
        ("jax._src.random.prng", "PRNGKeyArray", "array", "jax_"),
        ("jax._src.prng", "PRNGKeyArray", "array", "jax_"),
    ),
    "jaxlib": (
        ("jaxlib._jax", "ArrayImpl", "array", "jax_"),
        ("jaxlib.xla_extension", "ArrayImpl", "array", "jax_"),
    ),
}

# Those that two threads can share, and those whose values may hold further ones.
_SHARED = ("frames", "arrays")
_HOLDING = ("frames", "polars_", "containers")
# How deep frames and the like are looked for in the cells of others: one may hold itself.
LEVELS = 3
# A container is data if data are among the first values that it holds, or those in it hold.
_LOOKED_AT, _CONTAINERS = 16, 8
_NUMBER = object.__hash__
_NO_DATA = Types(int, float, str, bool, type(None), bytes, complex, range, set).numbers


def kind(value: object) -> Kind | None:
    """Tell what kind of data `value` is, or holds; ``None`` if it has no fingerprint."""
    found = _find(value)
    return found[0] if found else None


def reader(value: object) -> str | None:
    """Name the module of this package that reads `value`; ``None`` if none does."""
    found = _find(value)
    return found[1] if found else None


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


def begin(
    value: object, whole: bool = False, levels: int = LEVELS
) -> Steps[Fingerprint | None] | None:
    """Begin the fingerprint of `value`, which the caller goes on with as time allows.

    Until its end the generator keeps `value`, or parts of it, alive. A caller who goes on
    with it to its end at once reads it as a `whole`: then a second thread may take part,
    which changes no digest. Data in the cells of data are looked into `levels` deep.
    """
    found = _find(value)
    if found is None:
        return None
    module = import_module(f"{__name__}.{found[1]}")
    read: Callable[..., Steps[Fingerprint | None]] = module.fingerprint
    options: dict[str, Any] = {}
    if whole and found[1] in _SHARED:
        options["whole"] = True
    if found[1] in _HOLDING:
        options["levels"] = levels
    return read(value, **options)


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
    cls = type(value)
    if cls is list or cls is tuple or cls is dict:
        return _held(value)
    order = bases(cls)
    if len(order) < 2:  # object itself
        return None
    for base in order:
        known = _KNOWN.get(name_of(base)[0].partition(".")[0])
        for module, name, found, reader in known or ():
            if loaded(module, name) is base:
                return found, reader
    return None


def _held(value: Any) -> tuple[Kind, str] | None:
    """Tell what kind of data comes first in a container."""
    containers = [value]
    for one in containers:
        items = dict.values(one) if type(one) is dict else one
        first = list(islice(items, _LOOKED_AT))
        if _NO_DATA.issuperset(map(_NUMBER, map(type, first))):
            continue
        for item in first:
            cls = type(item)
            if cls is list or cls is tuple or cls is dict:
                if len(containers) < _CONTAINERS:
                    containers.append(item)
            elif (found := _find(item)) and found[0] in ("frame", "array"):
                return found[0], "containers"
    return None
