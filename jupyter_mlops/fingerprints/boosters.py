"""Models that keep their state outside Python, or in objects of their own: what it consists of.

Boosted trees, Keras models and the results of statsmodels are asked by their library's own
methods, and only if the class is the library's own: a subclass may have methods of the user's.
"""

from __future__ import annotations

from typing import Any

from jupyter_mlops.fingerprints.introspection import (
    attributes,
    belongs_to,
    is_a,
    loaded,
    name_of,
)

# What statsmodels estimated; the rest of a result is computed of it when it is asked for.
_ESTIMATED = ("params", "scale", "normalized_cov_params", "sigma2", "df_model", "df_resid")


def state(value: object) -> list[Any] | None:
    """Return the fitted state as plain values and arrays; ``None`` of any other object."""
    cls = type(value)
    library = name_of(cls)[0].partition(".")[0]
    read = _READ.get(library)
    if read is None or not belongs_to(cls, library):
        return None
    found: list[Any] | None = read(value)
    return None if found is None else [".".join(name_of(cls)), *found]


def _xgboost(value: Any) -> list[Any] | None:
    if not is_a(value, loaded("xgboost.core", "Booster")):
        return None
    return [bytes(value.save_raw("ubj"))]


def _lightgbm(value: Any) -> list[Any] | None:
    if not is_a(value, loaded("lightgbm.basic", "Booster")):
        return None
    return [value.model_to_string()]


def _catboost(value: Any) -> list[Any] | None:
    if not is_a(value, loaded("catboost.core", "_CatBoostBase")):
        return None
    settings = sorted((attributes(value) or {}).get("_init_params", {}).items())
    if not value.is_fitted():
        return [settings]
    # The model's own file would do but for the time of its making, which stands in it.
    trees = [value.get_tree_leaf_counts(), value.get_leaf_values(), value.get_leaf_weights()]
    return [settings, *trees, sorted(value.get_borders().items())]


def _keras(value: Any) -> list[Any] | None:
    if not is_a(value, loaded("keras", "Model")):
        return None
    return list(value.get_weights())


def _statsmodels(value: Any) -> list[Any] | None:
    own = attributes(value) or {}
    result = own.get("_results", value)
    if not is_a(result, loaded("statsmodels.base.model", "Results")):
        return None
    kept = attributes(result) or {}
    return [(name, kept[name]) for name in _ESTIMATED if name in kept]


_READ = {
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
    "catboost": _catboost,
    "keras": _keras,
    "statsmodels": _statsmodels,
}
