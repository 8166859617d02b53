"""Models that calls fitted: what they are, what they were fitted on and with."""

from __future__ import annotations

import weakref
from ast import literal_eval
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from jupyter_mlops import fingerprints
from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.calls.naming import shortened
from jupyter_mlops.capture.calls.sites import FORMULAS, Site
from jupyter_mlops.capture.models import argument_names
from jupyter_mlops.dataflow.notation import NotPlainError, as_json
from jupyter_mlops.fingerprints.introspection import (
    attributes,
    bases,
    class_attributes,
    is_a,
    loaded,
    name_of,
)
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.fingerprints.steps import finish
from jupyter_mlops.records import Fingerprint, FittedOn, ModelFit

# What is a model to each library.
_MODELS = (
    ("sklearn.base", "BaseEstimator"),
    ("statsmodels.base.model", "Results"),
    ("statsmodels.base.wrapper", "ResultsWrapper"),
    ("xgboost.core", "Booster"),
    ("lightgbm.basic", "Booster"),
    ("catboost.core", "_CatBoostBase"),
    ("keras", "Model"),
    ("tensorflow.keras", "Model"),
    ("torch.nn.modules.module", "Module"),
)
# What statsmodels has a model before it is fitted; its result is another object.
_UNFITTED = ("statsmodels.base.model", "Model")
# Values of an argument that is a setting and no data.
_LISTED = 20
# Seconds that content may be read for while the user's cell waits.
_AT_ONCE = 0.003
# Where a model of statsmodels keeps the data that it was given.
_STATSMODELS_DATA = ("orig_exog", "orig_endog")
# What an object has that is a model to somebody.
_ASKED = ("fit", "predict", "train", "forward", "fit_predict")
_number = object.__hash__


@dataclass(eq=False)
class Fit:
    """One call that fits, while it is under way and afterwards.

    Attributes
    ----------
    site
        The call.
    data
        What it was given of frames and arrays.
    arguments
        Plain values that it was given by keyword, and its settings as one dictionary if they
        come so.
    receiver, model
        What it was called on, and what was fitted, as long as they are alive.
    called
        The text that stands for the model.
    """

    site: Site
    parts: set[int | str | None] = field(default_factory=set)
    data: list[FittedOn] = field(default_factory=list)
    arguments: dict[str, Any] = field(default_factory=dict)
    receiver: weakref.ref[Any] | None = None
    model: weakref.ref[Any] | None = None
    called: str = ""
    class_: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    def take(self, part: int | str | None, value: object) -> None:
        """Take in the receiver (``None``) or an argument."""
        self.parts.add(part)
        if part is None:
            self.receiver = reference(value)
            self.called = self.site.arguments.get(part, "")
            return
        if is_model(value) and self.receiver is not None:
            self.model = reference(value)  # as a trainer is given the module to train
            self.called = self.site.arguments.get(part, "")
            return
        self.data += fitted_on(self.site.arguments.get(part, str(part)), value)
        try:
            plain = as_json(value)
        except NotPlainError:  # data, or an object of which nothing plain can be said
            return
        if type(part) is str and type(plain) is not dict and not _is_long(plain):
            self.arguments[part] = plain
        elif type(plain) is dict and part in (0, "params"):
            self.arguments.update(plain)

    def complete(self, result: object) -> Any:
        """Take in what was returned; return the model, ``None`` if there is none."""
        receiver = None if self.receiver is None else self.receiver()
        given = None if self.model is None else self.model()
        for model in (result, given, receiver):
            if model is not None and is_model(model):
                self.model = reference(model)
                self.class_ = ".".join(name_of(type(model)))
                if not self.data:
                    self.data += _of_statsmodels(receiver)
                return model
        return None


def _is_long(plain: Any) -> bool:
    return type(plain) is list and len(plain) > _LISTED


def reference(value: object) -> weakref.ref[Any] | None:
    """Return a weak reference, ``None`` to what can't have one."""
    try:
        return weakref.ref(value)
    except TypeError:  # of a class with slots: its name may still tell of it
        return None


def is_model(value: object) -> bool:
    """Tell whether a value is a model of a library that is loaded."""
    return any(is_a(value, loaded(*known)) for known in _MODELS)


def is_measured(value: object) -> bool:
    """Tell whether it is a model that ``score`` or ``evaluate`` is called on.

    Of no library that is known, a model is what can be fitted or asked: a game has a score, too.
    """
    return is_model(value) or any(
        name in class_attributes(base) for base in bases(type(value)) for name in _ASKED
    )


def constructed(site: Site, value: object) -> Iterator[tuple[str, Any]]:
    """Return the arguments that a model's constructor was given, as the model has them.

    Of those that it does not keep under their names, the ones whose text is a literal.
    """
    own = attributes(value)
    if own is None or not (is_model(value) or is_a(value, loaded(*_UNFITTED))):
        return
    initial = own.get("_init_params")
    kept = {**initial, **own} if type(initial) is dict else own
    is_formula = site.call.startswith(FORMULAS)
    positions = ("formula",) if is_formula else argument_names(type(value))
    for key in site.arguments:
        if type(key) is int:
            name = positions[key] if key < len(positions) else None
        else:
            name = key if type(key) is str else None
        if name is None:
            continue
        try:
            yield name, as_json(kept[name] if name in kept else literal_eval(site.arguments[key]))
        except NotPlainError:  # a nested estimator, or data
            continue
        except (ValueError, SyntaxError):  # no literal: what it is made of may be a parameter
            continue


def fitted_on(text: str, value: object, depth: int = 0) -> Iterator[FittedOn]:
    """Return the frames and arrays that an argument is or holds, with what can be read at once."""
    if depth == 0 and (type(value) is tuple or type(value) is list):
        items: Any = value
        if len(items) <= 8:
            for place, item in enumerate(items):
                yield from fitted_on(f"{text}[{place}]", item, depth + 1)
        return
    kind = fingerprints.kind(value)
    if kind != "frame" and kind != "array":
        return
    text = shortened(text)
    found = _at_once(value)
    if found is None:
        yield FittedOn(text, kind, None, complete=False)
    else:
        digest = found.digest if found.complete else None
        yield FittedOn(text, kind, digest, found.complete, found.shape)


def _at_once(value: object) -> Fingerprint | None:
    first = outline(value)
    if first is not None and first.seconds > _AT_ONCE:
        return first.fingerprint
    begun = fingerprints.begin(value)
    return None if begun is None else finish(begun)


def _of_statsmodels(receiver: object) -> Iterator[FittedOn]:
    if name_of(type(receiver))[0].partition(".")[0] != "statsmodels":
        return
    data = (attributes(receiver) or {}).get("data")
    kept: Mapping[str, Any] = attributes(data) or {}
    for name in _STATSMODELS_DATA:
        yield from fitted_on(name.removeprefix("orig_"), kept.get(name))


def told(
    fits: Iterable[Fit],
    named: Iterable[ModelFit],
    namespace: Mapping[str, Any],
    known: Mapping[str, str],
    budget: Budget,
) -> Iterator[ModelFit]:
    """Return the models that were fitted, each once.

    Parameters
    ----------
    fits
        What was heard.
    named
        The models found by their names.
    namespace
        The user's.
    known
        Complete digests of frames and arrays that the cell did not change, by name.
    budget
        The time that it may take.
    """
    heard: dict[object, Fit] = {}
    for fit in fits:
        model = None if fit.model is None else fit.model()
        heard[fit if model is None else _number(model)] = fit
    names: set[str] = set()
    for one in named:
        its = heard.pop(_number(namespace.get(one.name)), None)
        names.add(one.name)
        if its is not None:
            digest = one.digest or _state(its, budget)
            one = replace(one, data=_completed(its, known), digest=digest)
        yield one
    for fit in heard.values():
        name = _unused(fit.site.names[0] if fit.site.names else "", fit, names)
        names.add(name)
        yield ModelFit(
            class_=fit.class_,
            name=name,
            cell=None,
            parameters=fit.parameters,
            digest=_state(fit, budget),
            data=_completed(fit, known),
        )


def _unused(target: str, fit: Fit, names: set[str]) -> str:
    """Name a model that no name holds: as what it was called on, or as its class."""
    short = fit.class_.rpartition(".")[2]
    for name in (target, fit.called):
        if name.isidentifier() and name not in names and name != "self":
            return name
    if short not in names:
        return short
    return next(name for place in count(2) if (name := f"{short} {place}") not in names)


def _completed(fit: Fit, known: Mapping[str, str]) -> tuple[FittedOn, ...]:
    return tuple(
        replace(one, digest=known[one.name], complete=True)
        if not one.complete and one.name in known
        else one
        for one in fit.data
    )


def _state(fit: Fit, budget: Budget) -> str | None:
    model = None if fit.model is None else fit.model()
    begun = None if model is None else fingerprints.begin(model, whole=True)
    if begun is None:
        return None
    try:
        found = budget.spend(begun)
    except TimeoutError:  # nobody could find it again later
        return None
    return found.digest if found is not None and found.complete else None
