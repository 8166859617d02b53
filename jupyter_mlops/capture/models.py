"""Models that a cell fitted."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from inspect import CO_VARKEYWORDS
from types import FunctionType, ModuleType
from typing import Any

from jupyter_mlops.dataflow import Flow
from jupyter_mlops.fingerprints.introspection import (
    Types,
    attributes,
    bases,
    class_attributes,
    is_a,
    loaded,
    name_of,
)
from jupyter_mlops.records import ModelFit

_LIBRARIES = frozenset({"sklearn", "xgboost", "lightgbm", "catboost", "statsmodels"})
# What these libraries give an object when it is fitted.
_FITTED = frozenset({"_Booster", "_results", "_feature_names"})
# What fits a model that it is given.
_TRAINERS = ("lightning.", "pytorch_lightning.")
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
        module, qualname = name_of(type(value))
        is_receiver = name in flow.fits and not module.startswith(_TRAINERS)
        if not is_receiver and not is_fitted(value):
            continue
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


def constructor_arguments(value: object, depth: int = 3) -> dict[str, Any]:
    """Return the constructor's arguments that the object keeps under their names.

    Only what JSON holds as it is. Those of the estimators in a pipeline, a search or an
    ensemble are named after it, as in ``clf__C``; arrays are left out.
    """
    from jupyter_mlops.dataflow.notation import NotPlainError, as_json

    own = attributes(value)
    if own is None:
        return {}
    arguments: dict[str, Any] = {}
    given = own.get("_init_params")  # where CatBoost keeps those that it was given
    own = {**given, **own} if type(given) is dict else own
    for name in argument_names(type(value)):
        if name not in own:
            continue
        try:
            arguments[name] = as_json(own[name])
        except NotPlainError:  # not a plain value; perhaps there are some inside
            for inner, one in _inside(name, own[name]) if depth else ():
                arguments[inner] = name_of(type(one))[1]
                for key, item in constructor_arguments(one, depth - 1).items():
                    arguments[f"{inner}__{key}"] = item
    return arguments


def _inside(name: str, value: Any) -> Iterator[tuple[str, object]]:
    """Return the estimators that an argument is, or has by name: ``steps``, ``transformers``."""
    if _is_estimator(value):
        yield name, value
    elif type(value) is list:
        for item in value:
            parts: Any = item if type(item) is tuple else ()
            if len(parts) > 1 and type(parts[0]) is str and _is_estimator(parts[1]):
                yield parts[0], parts[1]


def _is_estimator(value: object) -> bool:
    return is_a(value, loaded("sklearn.base", "BaseEstimator"))


def argument_names(cls: type) -> tuple[str, ...]:
    """Return the names of a constructor's arguments, those by position first.

    One that hands further ones on by keyword is followed by that of its base.
    """
    names: dict[str, None] = {}
    for base in bases(cls):
        constructor = class_attributes(base).get("__init__")
        if constructor is None:
            continue
        while type(constructor) is FunctionType and "__wrapped__" in constructor.__dict__:
            constructor = constructor.__dict__["__wrapped__"]
        if type(constructor) is not FunctionType:
            break
        code = constructor.__code__
        names.update(dict.fromkeys(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]))
        if not code.co_flags & CO_VARKEYWORDS:
            break
    return tuple(names)
