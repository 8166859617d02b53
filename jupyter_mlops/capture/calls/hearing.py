"""What the sites told while one cell was executed."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import Any

from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.capture.calls import fitted, histories, measured, sites
from jupyter_mlops.capture.calls.fitted import Fit
from jupyter_mlops.capture.calls.mentions import LIBRARIES
from jupyter_mlops.capture.calls.rewriting import RESULT
from jupyter_mlops.capture.calls.sites import FITTING_METHODS, Site
from jupyter_mlops.capture.calls.statements import Statements
from jupyter_mlops.capture.files.reads import CALL, muted
from jupyter_mlops.capture.models import constructor_arguments
from jupyter_mlops.events import NotSeen
from jupyter_mlops.records import Metric, MetricSource, ModelFit, Parameter

# Values of one name in one cell, and fits of one cell; what is more is counted.
_VALUES, _FITS = 100_000, 50
# How often one call is heard in one cell; hearing it takes some microseconds.
_HEARD = 10_000
# How far above a call a library is looked for that called the notebook's code.
_FRAMES = 60
# How LightGBM is asked to fill in a dictionary.
_RECORDING = re.compile(r"record_evaluation\((?:eval_result=)?(\w+)\)")


class Heard:
    """Collects what the sites of one execution tell; it keeps no object of the user's alive.

    Attributes
    ----------
    trained
        Whether a gradient was computed.
    statements
        Those that were sent to databases, if any were.
    """

    def __init__(self) -> None:
        self.trained = False
        self.statements: Statements | None = None
        # By name, and number of the site: what two calls tell under one name are two series.
        self._values: dict[str, dict[int, list[measured.Number]]] = {}
        self._histories: set[int] = set()
        self._begun: list[Fit] = []
        # What listens to trainers, each with a weak reference to its trainer.
        self._listeners: list[tuple[Any, Any]] = []
        self._fits: list[Fit] = []
        # By name and number of the site.
        self._made: dict[str, dict[int, Any]] = {}
        # By number of the site: whether what is under way is a method of a model's.
        self._is_measured: dict[int, bool] = {}
        self._more = 0
        # How often each site told, and those that are not heard any more.
        self._told: dict[int, int] = {}
        self._silenced: list[Site] = []

    def hear(self, number: int, part: int | str | None, value: object) -> None:
        """Take in what a site tells: a part of its call, or the result."""
        site = sites.known.get(number)
        if site is None:
            return
        # The receiver of a measurement is only half of a call.
        whole = site.kind != "metric" or part == RESULT
        told = self._told[number] = self._told.get(number, 0) + whole
        if told > _HEARD:
            muted.add(number)
            self._silenced.append(site)
            return
        if site.kind == "query":
            if self.statements is None:
                self.statements = Statements()
            self.statements.hear(site, part, value)
        elif site.kind == "train":
            self.trained = True
        elif not _is_outermost():
            return
        elif site.kind == "metric" and part is None:
            self._is_measured[number] = fitted.is_measured(value)
        elif part != RESULT:
            self._begin(site, part, value)
        elif site.kind == "make":
            self._set(site, fitted.constructed(site, value))
        elif site.kind == "fit":
            self._complete(site, value)
        elif self._is_measured.pop(number, True):
            self._measure(site, measured.numbers(site, value))

    def _begin(self, site: Site, part: int | str | None, value: object) -> None:
        if not self._begun or self._begun[-1].site is not site or part in self._begun[-1].parts:
            # What began before at the same place has raised.
            self._begun = [one for one in self._begun if one.site is not site]
            self._begun.append(Fit(site))
        fit = self._begun[-1]
        fit.take(part, value)
        if part is None and fit.receiver is not None:
            listener = histories.listen(value)
            if listener is not None:
                self._listeners.append((fit.receiver, listener))

    def _complete(self, site: Site, result: object) -> None:
        while self._begun:
            fit = self._begun.pop()
            if fit.site is not site:
                continue  # it raised
            self._fitted(fit, result)
            return
        if site.kind == "fit" and None not in site.arguments:
            self._fitted(Fit(site), result)

    def _fitted(self, fit: Fit, result: object) -> None:
        model = fit.complete(result)
        epochs = self._heard_of_epochs()
        receiver = None if fit.receiver is None else fit.receiver()
        filled: dict[int | str | None, Any] = {
            None: receiver,
            "evals_result": epochs or _filled_in(fit.site),
        }
        if model is None:
            return
        self._histories.add(fit.site.number)
        self._measure(fit.site, histories.history(result, model, filled))
        fit.parameters = constructor_arguments(model)
        self._set(fit.site, fit.arguments.items())
        known = [one for one in self._fits if one.model is not None and one.model() is model]
        if known:
            known[0].data = fit.data or known[0].data  # fitted once more
        elif len(self._fits) < _FITS:
            self._fits.append(fit)
        else:
            self._more += 1

    def _heard_of_epochs(self) -> dict[str, list[measured.Number]]:
        """Take all listeners away, and return what the last one heard."""
        found: dict[str, list[measured.Number]] = {}
        while self._listeners:
            reference, listener = self._listeners.pop(0)
            found = histories.forget(reference(), listener)
        return found

    def _measure(self, site: Site, found: Iterable[tuple[str, measured.Number]]) -> None:
        for name, value in found:
            values = self._values.setdefault(name, {}).setdefault(site.number, [])
            if len(values) < _VALUES:
                values.append(value)
            else:
                self._more += 1

    def _set(self, site: Site, found: Any) -> None:
        for name, value in found:
            known = self._made.setdefault(name, {})
            # Another value at the same place: a loop's, and so no parameter.
            same = known.get(site.number, value) == value
            known[site.number] = value if same else ...

    # --- at the end of the cell ---

    def metrics(self) -> tuple[Metric, ...]:
        """Return what was measured; what has several values has steps."""
        self._heard_of_epochs()  # of a fit that raised
        found: list[Metric] = []
        for name, by_site in self._values.items():
            last = next(reversed(by_site))  # heard last, and the one that has the bare name
            for number, values in by_site.items():
                is_history = number in self._histories
                source: MetricSource = "history" if is_history else "call"
                label = name
                if len(by_site) > 1 and (is_history or number != last):
                    label = f"{_owner(sites.known[number])}.{name}"
                found += [
                    Metric(
                        label, value, step if is_history or len(values) > 1 else None, None, source
                    )
                    for step, value in enumerate(values)
                ]
        return tuple(found)

    def parameters(self) -> list[Parameter]:
        """Return the arguments that models were made and fitted with."""
        found: list[Parameter] = []
        for name, by_site in self._made.items():
            for number, value in by_site.items():
                site = sites.known[number]
                if value is ... or site.arguments.get(name) == name:
                    continue  # the variable that it was given has the same name
                label = name if len(by_site) == 1 else f"{_owner(site)}.{name}"
                found.append(Parameter(label, value, type(value).__name__, None, "model"))
        return found

    def models(
        self,
        named: tuple[ModelFit, ...],
        namespace: Mapping[str, Any],
        known: Mapping[str, str],
        budget: Budget,
    ) -> tuple[ModelFit, ...]:
        """Return the models that the cell fitted, with what they were fitted on.

        Parameters
        ----------
        named
            Those that were found by their names.
        namespace
            The user's.
        known
            Complete digests of data that the cell did not change, by name.
        budget
            The time that it may take.
        """
        return tuple(fitted.told(self._fits, named, namespace, known, budget))

    def unseen(self) -> list[NotSeen]:
        """Return what was too much."""
        found = [
            NotSeen(f"{one.names[0]} after {_HEARD:,} calls of it", "more of one cell is not heard")
            for one in self._silenced
        ]
        if not self._more:
            return found
        return [
            *found,
            NotSeen(f"{self._more:,} more fits and values", "of one cell, not all are kept"),
        ]


def _owner(site: Site) -> str:
    """Name what a call belongs to: the name it is bound to, or what it is a method of."""
    name = site.names[0] if site.names else site.call.rpartition(".")[2]
    return name.removesuffix(site.call) if site.call.startswith(".") else name


def _frame() -> FrameType | None:
    """Return the frame of the notebook's code that tells: above ours there is a wrapper's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and CALL not in frame.f_code.co_consts:
        frame = frame.f_back
    return None if frame is None else frame.f_back


def _is_outermost() -> bool:
    """Tell whether the notebook itself called, and no library or model of its own in a fit."""
    frame = _frame()
    for _ in range(_FRAMES):
        if frame is None:
            break
        module = frame.f_globals.get("__name__")
        if type(module) is str and module.partition(".")[0] in LIBRARIES:
            return False
        code = frame.f_code
        is_method = code.co_name in FITTING_METHODS and code.co_argcount > 0
        if is_method and fitted.is_model(frame.f_locals.get(code.co_varnames[0])):
            return False
        frame = frame.f_back
    return True


def _filled_in(site: Site) -> object:
    """Return what an argument stands for in the caller that gets the values of each step."""
    text = site.arguments.get("evals_result", "")
    told = _RECORDING.search(site.arguments.get("callbacks", ""))
    name = told[1] if told is not None else text
    frame = _frame()
    if frame is None or not name.isidentifier():
        return None
    found: object = frame.f_locals.get(name)
    return frame.f_globals.get(name) if found is None else found
