"""Models that a cell fitted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import FunctionType, ModuleType
from typing import Any

from jupyter_mlops.dataflow import Flow
from jupyter_mlops.dataflow.notation import NotPlainError, as_json
from jupyter_mlops.fingerprints.introspection import (
    Types,
    attributes,
    bases,
    class_attributes,
    name_of,
)
from jupyter_mlops.records import ModelFit

_LIBRARIES = frozenset({"sklearn", "xgboost", "lightgbm", "catboost", "statsmodels"})
# What these libraries give an object when it is fitted.
_FITTED = frozenset({"_Booster", "_results", "_feature_names"})
_NO_MODELS = Types(
    ModuleType, FunctionType, type, str, bytes, int, float, bool, list, dict, set, tuple
)


def models(
    flow: Flow, written: Collection[str], namespace: Mapping[str, Any], digests: Mapping[str, str]
) -> list[ModelFit]:
    """Return the models among the names that an execution wrote.

    A model is the receiver of a ``fit``, or an object of a modelling library that carries
    the marks of one (``KMeans(3).fit(X)`` is bound already fitted).
    """
    found: list[ModelFit] = []
    for name in sorted(written):
        if name not in namespace or not name.strip("_"):
            continue
        value = namespace[name]
        if type(value) in _NO_MODELS:
            continue
        if name not in flow.fits and not is_fitted(value):
            continue
        module, qualname = name_of(type(value))
        found.append(
            ModelFit(
                class_=f"{module}.{qualname}",
                name=name,
                cell=None,
                parameters=constructor_arguments(value),
                digest=digests.get(name),
            )
        )
    return found


def is_fitted(value: object) -> bool:
    """Tell whether an object of a modelling library carries what fitting leaves in it."""
    if name_of(type(value))[0].partition(".")[0] not in _LIBRARIES:
        return False
    own = attributes(value)
    if own is None:
        return False
    return any(
        type(key) is str and (key in _FITTED or (key.endswith("_") and not key.startswith("_")))
        for key in list(own)
    )


def constructor_arguments(value: object) -> dict[str, Any]:
    """Return the constructor's arguments that the object keeps under their names.

    Only what JSON holds as it is; nested estimators and arrays are left out.
    """
    own = attributes(value)
    if own is None:
        return {}
    arguments: dict[str, Any] = {}
    for name in _argument_names(type(value)):
        if name in own:
            try:
                arguments[name] = as_json(own[name])
            except NotPlainError:  # not a plain value: there is nothing to show for it
                continue
    return arguments


def _argument_names(cls: type) -> tuple[str, ...]:
    for base in bases(cls):
        constructor = class_attributes(base).get("__init__")
        if constructor is None:
            continue
        if type(constructor) is not FunctionType:
            return ()
        code = constructor.__code__
        return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
    return ()
