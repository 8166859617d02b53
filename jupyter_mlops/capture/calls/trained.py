"""PyTorch modules that a loop of the notebook's own trained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_mlops import fingerprints
from jupyter_mlops.capture.budget import Budget
from jupyter_mlops.fingerprints.introspection import attributes, is_a, loaded, name_of
from jupyter_mlops.records import ModelFit

_WORD = re.compile(r"[^\W\d]\w*")
# Nested modules that are looked into for parameters.
_DEPTH = 20


def trained(
    source: str, known: Iterable[ModelFit], namespace: Mapping[str, Any], budget: Budget
) -> tuple[ModelFit, ...]:
    """Return the modules with parameters that a cell mentions, if it computed a gradient.

    Parameters
    ----------
    source
        The cell's.
    known
        Models that were found otherwise.
    namespace
        The user's.
    budget
        The time that reading their state may take.
    """
    names = {one.name for one in known}
    found: list[ModelFit] = []
    for name in sorted(set(_WORD.findall(source)) - names):
        module = namespace.get(name)
        if is_a(module, loaded("torch.nn.modules.module", "Module")) and _learns(module):
            class_ = ".".join(name_of(type(module)))
            found.append(ModelFit(class_, name, None, {}, _state(module, budget)))
    return tuple(found)


def _learns(module: object, depth: int = 0) -> bool:
    """Tell whether a module has parameters; a loss has none."""
    own = attributes(module) or {}
    parts: Any = own.get("_modules")
    if own.get("_parameters"):
        return True
    if type(parts) is not dict or depth >= _DEPTH:
        return False
    return any(_learns(part, depth + 1) for part in list(parts.values()))


def _state(module: object, budget: Budget) -> str | None:
    begun = fingerprints.begin(module)
    if begun is None:
        return None
    try:
        found = budget.spend(begun)
    except TimeoutError:  # it is larger than the time that is left
        return None
    return found.digest if found is not None and found.complete else None
