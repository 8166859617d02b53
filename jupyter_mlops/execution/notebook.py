"""Notebook documents: read with a reason for each refusal, write, and name their kernel.

The file itself is never written here, and never repaired silently.
"""

from __future__ import annotations

import copy
import hmac
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbformat import NotebookNode
from nbformat.validator import iter_validate

from jupyter_mlops import settings
from jupyter_mlops.errors import NotebookError, UnknownKernelError
from jupyter_mlops.execution.parameters import (
    Prepared,
    Setting,
    as_given,
    as_recorded,
    is_python,
    not_in_effect,
    parameters,
    with_parameters,
)
from jupyter_mlops.metadata import (
    OWN,
    asks_to_be_left_out,
    section,
    switches_capture_off,
    tags,
)
from jupyter_mlops.records import BatchOutcome
from jupyter_mlops.redaction.keys import key_of

__all__ = [
    "Prepared",
    "Setting",
    "as_given",
    "as_recorded",
    "content",
    "dump",
    "fill",
    "is_python",
    "is_recorded",
    "kernel_name",
    "leave_out",
    "not_in_effect",
    "outputs_alone",
    "parameters",
    "read",
    "reads",
    "switched_off_by",
    "tell_left_out",
    "to_keep",
    "with_parameters",
]

# In our part of an emptied cell's metadata.
_LEFT_OUT = "left_out"
# What whoever opens the executed notebook reads in the place of such a cell: nothing when it runs.
_HOLE = "Left out: its author keeps this cell out of the record. The notebook that ran has it."
_SIGN_OF = {"c": "//", "cpp": "//", "csharp": "//", "go": "//", "java": "//", "javascript": "//"}
_SIGN_OF |= {"kotlin": "//", "rust": "//", "scala": "//", "typescript": "//", "sql": "--"}
_NOT_FINITE = re.compile(r'"(?:[^"\\]|\\.)*"|(-?\b(?:NaN|Infinity)\b)')
_CONVERT = "jupyter nbconvert --to notebook --output new.ipynb"


def read(path: str | Path) -> NotebookNode:
    """Read a notebook of format 4.

    Raises
    ------
    NotebookError
        If there is no such file, or it is not a valid notebook; the reason is one line.
    """
    return reads(content(path), path)


def content(path: str | Path) -> bytes:
    """Return the bytes of a notebook's file.

    Raises
    ------
    NotebookError
        If there is no such file, or it can't be read; the reason is one line.
    """
    path = Path(path)
    if path.is_dir():
        raise NotebookError(path=path, reason="is a folder, not a notebook")
    if path.exists() and not path.is_file():
        raise NotebookError(path=path, reason="is not a regular file")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise NotebookError(path=path, reason="no such file") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise NotebookError(path=path, reason=reason) from error


def reads(content: bytes, path: str | Path = "notebook") -> NotebookNode:
    """Read a notebook of format 4 from its bytes; `path` is for the message only.

    Raises
    ------
    NotebookError
        As :func:`read` does.
    """
    text = _text(content, path)
    document = _document(text, path)
    _check_version(document, path)
    try:
        notebook: NotebookNode = nbformat.reader.reads(text)  # type: ignore[no-untyped-call]
        # Tools write 4.5 without the cell ids that it requires; without them 4.4 is valid,
        # and it is the same format otherwise.
        minor = min(int(notebook.nbformat_minor), 4)
        faults = iter_validate(notebook, version=4, version_minor=minor, relax_add_props=True)  # type: ignore[no-untyped-call]
        fault = next(faults, None)
    except Exception as error:
        # A document of any wrong shape may make nbformat fail in any way.
        reason = f"not a valid notebook: {_one_line(error)}"
        raise NotebookError(path=path, reason=reason) from error
    if fault is not None:
        where = "".join(f"[{part!r}]" for part in fault.absolute_path) or "top level"
        reason = f"not a valid notebook, at {where}: {_one_line(fault)}"
        raise NotebookError(path=path, reason=reason)
    return notebook


def dump(notebook: NotebookNode) -> bytes:
    """Return `notebook` as the bytes of an ``.ipynb`` file."""
    text = json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A cell may print lone surrogates, which UTF-8 can't hold and JSON can escape.
        return (json.dumps(notebook, indent=1, sort_keys=True) + "\n").encode()


def is_recorded(cell: NotebookNode) -> bool:
    """Tell whether the cell's author lets its outputs into the record."""
    return not asks_to_be_left_out(cell.source, tags(cell.metadata))


def to_keep(notebook: NotebookNode, content: bytes) -> bytes:
    """Return `content`, or what may be recorded of it.

    Of cells whose author keeps them out of the record only the place is kept, and by what their
    source is known again. A run's ``notebook_digest`` is that of this document: the file's own
    digest where nothing had to be removed.
    """
    off = switched_off_by(notebook) is not None
    if not off and all(cell.cell_type != "code" or is_recorded(cell) for cell in notebook.cells):
        return content
    kept = copy.deepcopy(notebook)
    for cell in kept.cells:
        if off or (cell.cell_type == "code" and not is_recorded(cell)):
            leave_out(cell)
    return dump(kept)


def leave_out(cell: NotebookNode) -> None:
    """Empty a cell whose author keeps it out of the record."""
    _empty(cell)
    if cell.cell_type == "code":
        cell.outputs = []


def tell_left_out(notebook: NotebookNode) -> None:
    """Say in every cell of an executed notebook that was emptied why nothing stands there."""
    language = section(notebook.metadata, "language_info").get("name")
    sign = _SIGN_OF.get(str(language).lower(), "#")
    for cell in notebook.cells:
        if cell.cell_type == "code" and not cell.source and _is_hole(cell):
            cell.source = f"{sign} {_HOLE}"


def _is_hole(cell: NotebookNode) -> bool:
    """Tell whether nothing but its place is left of a cell."""
    said = cell.source.partition(" ")[2]
    return _LEFT_OUT in section(cell.metadata, OWN) and (not cell.source or said == _HOLE)


def switched_off_by(notebook: NotebookNode) -> str | None:
    """Return the switch by which capture is off for a batch run of `notebook`, if it is."""
    if switches_capture_off(notebook.metadata):
        return '"capture": false in the notebook\'s metadata'
    if not settings.read().capture:
        return f"{settings.SWITCH_VARIABLE}=off, or MLOps.capture in the configuration"
    return None


def outputs_alone(outcome: BatchOutcome) -> BatchOutcome:
    """Return what is kept of an execution with capture off: what its cells displayed."""
    executed = None
    if outcome.executed is not None:
        notebook = reads(outcome.executed)
        for cell in notebook.cells:
            _empty(cell)
        executed = dump(notebook)
    cells = tuple(replace(cell, source="") for cell in outcome.cells)
    return replace(outcome, executed=executed, cells=cells)


def _empty(cell: NotebookNode) -> None:
    """Take a cell's source, and remember by what it is known again."""
    if not _is_hole(cell):
        cell.metadata[OWN] = {_LEFT_OUT: _known_by(cell.source)}
    cell.source = ""
    cell.pop("attachments", None)


def fill(notebook: NotebookNode, path: str | None) -> list[int]:
    """Put back what was emptied, from the file `path` if it still stands there.

    Returns
    -------
    list of int
        Positions of the cells that stay empty, because the file has no such cell any more.
    """
    empty = [
        (at, section(cell.metadata, OWN)[_LEFT_OUT])
        for at, cell in enumerate(notebook.cells)
        if _is_hole(cell)
    ]
    if not empty:
        return []
    try:
        there = read(path or "").cells
    except NotebookError:
        there = []  # it was moved away, or is no notebook any more
    # A hole of the file's own, which may be the executed notebook of an earlier run, stays one.
    sources = {
        section(cell.metadata, OWN)[_LEFT_OUT]: cell.source for cell in there if _is_hole(cell)
    }
    sources |= {_known_by(cell.source): cell.source for cell in there}
    for at, mark in empty:
        notebook.cells[at].source = sources.get(mark, "")
    return [at for at, mark in empty if mark not in sources]


def _known_by(source: str) -> str:
    """Return what tells a source from others and can't be guessed back without the store's key."""
    key = key_of(settings.read().home)
    return "hmac-sha256:" + hmac.new(key, source.encode("utf-8", "replace"), "sha256").hexdigest()


def kernel_name(notebook: NotebookNode, asked: str | None = None) -> str:
    """Return the name of the kernel to execute `notebook` with, which is installed.

    Raises
    ------
    UnknownKernelError
        If no such kernel is installed here.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    name = asked or section(notebook.metadata, "kernelspec").get("name") or "python3"
    manager = KernelSpecManager()
    try:
        manager.get_kernel_spec(name)
    except (NoSuchKernel, OSError, ValueError) as error:
        known = ", ".join(sorted(manager.find_kernel_specs())) or "none"
        raise UnknownKernelError(kernel=name, known=known) from error
    return str(name)


def _text(content: bytes, path: str | Path) -> str:
    if not content.strip():
        raise NotebookError(path=path, reason="the file is empty")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        reason = f"line {line}: not UTF-8 (byte 0x{content[error.start]:02x}); save it as UTF-8"
        raise NotebookError(path=path, reason=reason) from error
    if text.startswith("\ufeff"):
        reason = "line 1: starts with a byte order mark; save it as UTF-8 without one"
        raise NotebookError(path=path, reason=reason)
    return text


def _document(text: str, path: str | Path) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        reason = f"line {error.lineno}: not JSON ({error.msg})"
        raise NotebookError(path=path, reason=reason) from error
    except RecursionError as error:
        raise NotebookError(path=path, reason="nested too deeply for a notebook") from error
    for match in _NOT_FINITE.finditer(text) if "NaN" in text or "Infinity" in text else ():
        if match[1]:
            line = text.count("\n", 0, match.start()) + 1
            reason = f"line {line}: {match[1]} is not JSON; clear the outputs that hold it"
            raise NotebookError(path=path, reason=reason)
    if not isinstance(document, dict) or not {"cells", "worksheets"} & document.keys():
        raise NotebookError(path=path, reason="is JSON, but not a notebook (it has no cells)")
    return document


def _check_version(document: dict[str, Any], path: str | Path) -> None:
    major = document.get("nbformat", 3 if "worksheets" in document else None)
    if major == 4:
        return
    if isinstance(major, int) and major < 4:
        reason = f"is in the old notebook format {major}; convert it: {_CONVERT} {Path(path).name}"
    elif isinstance(major, int):
        reason = f"is in notebook format {major}, newer than the one known here (4)"
    else:
        reason = f"is not a notebook (its nbformat is {major!r})"
    raise NotebookError(path=path, reason=reason)


def _one_line(error: BaseException) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    first = str(text).strip().splitlines()[0]
    return first if len(first) <= 160 else first[:159] + "…"
