"""What the product keeps on a disk that is its user's, and what it gives up again."""

from __future__ import annotations

from typing import Literal

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records.runs import SCHEMA_VERSION

# The answer to the question whether the data that a folder's runs read may be copied.
KeepData = Literal["ask", "yes", "no"]
Droppable = Literal["waste", "journal", "content"]


@dataclass(frozen=True)
class Folder:
    """Whether the files that the runs of a folder's notebooks read may be copied into the store.

    ``files`` and ``size_bytes`` are what *yes* costs: different contents, none of them above
    ``limit_bytes``; ``kept_files`` and ``kept_bytes`` what of it the store has already. An answer
    can't be kept where the store can't be written: then it is not ``answerable``.
    """

    folder: str
    keep_data: KeepData
    files: int
    size_bytes: int
    limit_bytes: int
    kept_files: int = 0
    kept_bytes: int = 0
    answerable: bool = True
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Dropped:
    """Something that gc drops, or would drop: ``run`` is whose content it is."""

    kind: Droppable
    what: str
    size_bytes: int
    why: str
    run: str | None = None


@dataclass(frozen=True)
class Protected:
    """A run whose content gc leaves, although the quota is exceeded, and why."""

    run: str
    size_bytes: int
    why: str


@dataclass(frozen=True)
class Collection:
    """What ``gc --json`` prints; ``done`` tells whether it was dropped or only looked at.

    ``used_bytes`` is what blobs and journals take before, ``left_bytes`` what they take
    afterwards, which exceeds ``quota_bytes`` where the rest is protected.
    """

    done: bool
    used_bytes: int
    quota_bytes: int
    left_bytes: int
    dropped: tuple[Dropped, ...] = ()
    protected: tuple[Protected, ...] = ()
    notices: tuple[str, ...] = ()
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Dependent:
    """A run that depends on another one, and how."""

    run: str
    why: str


@dataclass(frozen=True)
class Forgetting:
    """What ``forget --json`` prints; ``done`` tells whether it was forgotten or only looked at.

    ``executions`` are erased, ``shared_executions`` stay because other runs need them too;
    ``copies`` of data files go, which are among the ``blobs``. ``obstacle`` says why it can't be
    done now, and what to do first; where that is to shut a kernel down, ``kernel`` is its id, as
    far as that is known.
    """

    done: bool
    runs: tuple[str, ...]
    dependents: tuple[Dependent, ...]
    executions: int
    shared_executions: int
    blobs: int
    freed_bytes: int
    copies: int = 0
    obstacle: str | None = None
    kernel: str | None = None
    notices: tuple[str, ...] = ()
    schema: int = SCHEMA_VERSION
