"""What the product says of notebooks and of itself."""

from __future__ import annotations

from typing import Any, Literal

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records.runs import SCHEMA_VERSION, ParameterSource


@dataclass(frozen=True)
class NotebookParameter:
    """A parameter that a notebook offers; ``settable`` ones can be given with ``-p``."""

    name: str
    value: Any
    type: str
    cell: int
    source: ParameterSource
    settable: bool = True


@dataclass(frozen=True)
class KernelCapture:
    """Whether a running kernel writes down what it executes; ``reason`` is why it does not.

    With ``fault`` it should, and can't; without, that is how it is meant.
    """

    kernel: str
    recording: bool
    reason: str | None = None
    fault: bool = False


@dataclass(frozen=True)
class Status:
    """What the server part says of itself.

    ``problems`` are sentences, each with its way out; ``unsynced`` counts the journals
    that hold lines the store has not taken in. ``root`` is the folder that the server shows,
    as it stands at the head of the paths of its notebooks' runs; ``None`` if its files are
    not local ones. ``kernels`` has those that have executed something.
    """

    version: str
    capture: bool
    capture_reason: str
    home: str
    unsynced: int
    sequence: int
    root: str | None = None
    kernels: tuple[KernelCapture, ...] = ()
    problems: tuple[str, ...] = ()
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Check:
    """One thing that ``doctor`` looked at; a finding says in ``way_out`` what mends it.

    ``unseen`` is what can't be recorded or looked at and needs no mending.
    """

    area: Literal["capture", "kernels", "server", "front end", "store"]
    state: Literal["ok", "finding", "unseen"]
    what: str
    way_out: str | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What ``doctor --json`` prints."""

    version: str
    home: str
    checks: tuple[Check, ...]
    schema: int = SCHEMA_VERSION
