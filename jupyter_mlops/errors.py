"""Every error that the product raises on purpose.

::

    MlopsError
    ├── UsageError                 exit code 2, HTTP 400
    │   ├── UnknownRunError        HTTP 404
    │   ├── AmbiguousRunError
    │   ├── BadValueError
    │   ├── UnknownParameterError
    │   ├── AmbiguousParameterError
    │   ├── UnknownKernelError
    │   ├── BadExpressionError
    │   ├── NotebookError
    │   ├── NeedsInPlaceError      HTTP 409
    │   ├── SecretsNeededError     HTTP 409
    │   ├── NotForgettableError    HTTP 409
    │   └── BusyError              HTTP 409
    ├── StoreError                 exit code 2, HTTP 409
    │   ├── RefusedWriteError
    │   │   └── UnwritableStoreError
    │   ├── NewerStoreError
    │   ├── NetworkFileSystemError
    │   └── MissingBlobError       HTTP 404
    ├── JournalError               never leaves the kernel; becomes a notice
    └── CancelledError             exit code 1, HTTP 409

``UnwritableWarning`` is given where :class:`UnwritableStoreError` need not end what was asked for.

Each message is one line that names the value and says what to do; the templates are
class constants, so that a test can look every one of them over.
"""

from __future__ import annotations

import errno
import os
from typing import Any, ClassVar


class MlopsError(Exception):
    """Base of the tree; ``str(error)`` is one line for a person."""

    template: ClassVar[str] = "{message}"
    exit_code: ClassVar[int] = 2
    http_status: ClassVar[int] = 400

    def __init__(self, **values: Any) -> None:
        self.values = values
        super().__init__(self.template.format(**values))

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call cls(message), which no keyword-only signature accepts;
        # errors travel between processes, so they have to pickle.
        return (_rebuild, (type(self), self.values))


def _rebuild(cls: type[MlopsError], values: dict[str, Any]) -> MlopsError:
    return cls(**values)


def nearest(name: str, known: list[str]) -> str:
    """Say which of `known` comes closest to `name`, as the end of a sentence."""
    from difflib import get_close_matches  # kernels import this module, and never ask

    match = get_close_matches(name, known, n=1, cutoff=0.5)
    if match:
        return f"did you mean {match[0]!r}?"
    if known:
        return "it has " + ", ".join(sorted(known)[:12]) + (", …" if len(known) > 12 else "")
    return "it has none"


class UsageError(MlopsError):
    """Something that was asked for can't be; nothing was started or changed."""


class UnknownRunError(UsageError):
    """No run has this id, prefix or position."""

    template = "no run {run!r}; list them with: jupyter mlops runs"
    http_status = 404


class AmbiguousRunError(UsageError):
    """A prefix fits several runs."""

    template = "{run!r} fits {count} runs ({examples}); give more of the id"


class BadValueError(UsageError):
    """A value has the wrong type or form."""

    template = "{name}: {value!r} is not {expected}"


class UnknownParameterError(UsageError):
    """The notebook has no such parameter."""

    template = "the notebook has no parameter {name!r}; {hint}"


class AmbiguousParameterError(UsageError):
    """Several cells assign the name; `examples` are ``NAME@CELL``, one of each."""

    template = "{name!r} is assigned in several cells; say which one: {examples}"


class UnknownKernelError(UsageError):
    """No such kernel is installed; `known` lists those that are."""

    template = "no kernel {kernel!r} is installed; installed are {known}; choose one with -k"


class BadExpressionError(UsageError):
    """A filter expression does not parse; `column` counts from 1."""

    template = "can't read {text!r} at column {column}: {reason}"


class NotebookError(UsageError):
    """A notebook can't be read or used."""

    template = "{path}: {reason}"


class NeedsInPlaceError(UsageError):
    """The notebook's folder can't be copied, or the run wrote outside it."""

    template = "{reason}; to execute in the folder itself, add --in-place"
    http_status = 409


class NotForgettableError(UsageError):
    """A run is still being recorded, or others depend on it."""

    template = "run {run:.8} can't be forgotten: {reason}"
    http_status = 409


class SecretsNeededError(UsageError):
    """A notebook needs secrets that were redacted; ``values["secrets"]`` lists name and cell."""

    template = (
        "secrets are needed that the record holds only digests of: {names}; "
        "set variables of these names, such as {variable}; a terminal asks for them, and Python "
        "takes them as secrets={{NAME: VALUE}}"
    )
    http_status = 409


class BusyError(UsageError):
    """As many are under way as may be at once."""

    template = "{count} {what} are under way already; wait for one to end, or cancel one"
    http_status = 409


class StoreError(MlopsError):
    """The store can't be used as it is."""

    http_status = 409


class RefusedWriteError(StoreError):
    """The store took nothing: somebody else keeps it locked, or its disk fails."""


class UnwritableStoreError(RefusedWriteError):
    """The store's disk or folder takes nothing; what is there can be read all the same."""

    template = "{path} can't be written ({reason}); {way_out}"
    full: ClassVar[frozenset[int]] = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", -1)})
    closed: ClassVar[frozenset[int]] = frozenset({errno.EROFS, errno.EACCES})

    @classmethod
    def of(cls, path: str | os.PathLike[str], error: OSError) -> RefusedWriteError:
        """Return what to raise of the operating system's error at `path`."""
        reason = error.strerror or str(error)
        if error.errno in cls.full:
            way_out = "make room there, or set JUPYTER_MLOPS_HOME to a folder on another disk"
        elif error.errno in cls.closed:
            way_out = "mend that, or set JUPYTER_MLOPS_HOME to a folder that can be written"
        else:
            return RefusedWriteError(message=f"{os.fspath(path)}: {reason}")
        return cls(path=os.fspath(path), reason=reason, way_out=way_out)

    @property
    def is_full(self) -> bool:
        """Whether more room is all that is missing."""
        return self.values["reason"] in {os.strerror(code) for code in self.full if code > 0}


class UnwritableWarning(UserWarning):
    """Nothing new is kept, since the store can't be written."""


class NewerStoreError(StoreError):
    """The store was written by a newer version."""

    template = (
        "the store {path} was written by a newer jupyter_mlops (revision {revision}); "
        "upgrade with: pip install -U jupyter-mlops"
    )


class NetworkFileSystemError(StoreError):
    """SQLite does not work on a network file system."""

    template = (
        "{path} lies on a network file system ({kind}), where SQLite loses data; "
        "set JUPYTER_MLOPS_HOME to a local folder, or MLOps.store_url to a PostgreSQL URL"
    )


class MissingBlobError(StoreError):
    """A blob is not in the store, or its content does not match its digest."""

    template = "no stored content for {digest}: {reason}"
    http_status = 404


class JournalError(MlopsError):
    """A line could not be appended to a journal."""

    template = "can't write {path}: {reason}"


class CancelledError(MlopsError):
    """The user cancelled a long operation."""

    template = "{what} was cancelled"
    exit_code = 1
    http_status = 409
