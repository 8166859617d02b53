"""What a library noted of each step of a fit, taken from where it keeps it itself."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from jupyter_mlops.capture.calls.measured import Number, shown
from jupyter_mlops.fingerprints.introspection import attributes, belongs_to, is_a, loaded, name_of

# Values of one name; a longer series is a log of its own.
_STEPS = 100_000
_FILE_BYTES = 1 << 24


def history(
    result: object, model: object, arguments: Mapping[int | str | None, Any]
) -> Iterator[tuple[str, Number]]:
    """Return the series of a fit, each value with its name, in order.

    Parameters
    ----------
    result
        What the call returned.
    model
        What was fitted.
    arguments
        Objects of the call that the library fills in, by keyword or position.
    """
    name = name_of(type(result))[1]
    if name == "History" and _is_of(result, "keras"):
        yield from _nested("", (attributes(result) or {}).get("history"))
        return
    own = attributes(model) or {}
    library = name_of(type(model))[0].partition(".")[0]
    if library in ("xgboost", "lightgbm"):
        kept = own.get("evals_result_") or own.get("_evals_result")
        yield from _nested("", kept if kept else arguments.get("evals_result"))
    elif belongs_to(type(model), "catboost"):
        found: Any = model
        yield from _nested("", found.get_evals_result())
    trainer = arguments.get(None)
    if is_a(trainer, loaded("lightning.pytorch", "Trainer")) or is_a(
        trainer, loaded("pytorch_lightning", "Trainer")
    ):
        yield from _lightning(trainer, arguments.get("evals_result"))


def _is_of(value: object, library: str) -> bool:
    return name_of(type(value))[0].partition(".")[0] in (library, "tensorflow")


def _nested(name: str, value: object) -> Iterator[tuple[str, Number]]:
    if isinstance(value, dict):  # of a library: xgboost's own is an OrderedDict
        for key, item in dict.items(value):
            if type(key) is str:
                yield from _nested(f"{name}.{key}" if name else key, item)
    elif type(value) is list and len(value) <= _STEPS:
        for item in value:
            found = shown(item)
            if found is not None:
                yield name, found


def listen(trainer: object) -> object | None:
    """Have a trainer of Lightning tell its metrics at the end of each epoch.

    Returns
    -------
    What listens, one of the trainer's own callbacks; ``None`` if it is no such trainer. To be
    taken away by :func:`forget`.
    """
    for package in ("lightning.pytorch", "pytorch_lightning"):
        if type(trainer) is loaded(package, "Trainer"):
            base: Any = loaded(f"{package}.callbacks", "Callback")
            listener: object = _listener(base)
            added: Any = trainer
            added.callbacks.append(listener)
            return listener
    return None


def forget(trainer: Any, listener: Any) -> dict[str, list[Number]]:
    """Take a listener away, and return what it heard, by name."""
    if trainer is not None:
        trainer.callbacks[:] = [one for one in trainer.callbacks if one is not listener]
    heard: dict[str, list[Number]] = listener.heard
    return heard


def _listener(base: type) -> Any:
    heard: dict[str, list[Number]] = {}

    def on_train_epoch_end(self: Any, trainer: Any, module: Any) -> None:
        with suppress(Exception):  # the user's training must not fail for us
            for name, value in trainer.callback_metrics.items():
                found = shown(value)
                if found is not None and len(heard.setdefault(name, [])) < _STEPS:
                    heard[name].append(found)

    methods = {"heard": heard, "on_train_epoch_end": on_train_epoch_end}
    return type("Epochs", (base,), methods)()


def _lightning(trainer: Any, epochs: object) -> Iterator[tuple[str, Number]]:
    """Return what a trainer's own loggers wrote, else the values at the end of each epoch."""
    told: set[str] = set()
    for logger in trainer.loggers:
        folder = getattr(logger, "log_dir", None)
        if name_of(type(logger))[1] != "CSVLogger" or type(folder) is not str:
            continue
        for name, value in _rows(os.path.join(folder, "metrics.csv")):
            told.add(name)
            yield name, value
    for name, value in _nested("", epochs):
        if name not in told:
            yield name, value


def _rows(path: str) -> Iterator[tuple[str, Number]]:
    if not os.path.isfile(path) or os.path.getsize(path) > _FILE_BYTES:
        return
    with open(path, newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name, text in row.items():
                if text and name not in ("epoch", "step"):
                    value = shown(float(text))
                    if value is not None:
                        yield name, value
