"""Files and folders that people name to us, outside the store."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from uuid import uuid4

from jupyter_mlops.errors import BadValueError, MlopsError


def folder(name: str, path: str | os.PathLike[str]) -> str:
    """Return the absolute path of a folder that was given as `name`.

    Raises
    ------
    BadValueError
        If it is none.
    """
    if not os.path.isdir(path):
        raise BadValueError(name=name, value=os.fspath(path), expected="a folder")
    return os.path.abspath(path)


def writable(target: str | os.PathLike[str], source: str | os.PathLike[str] | None = None) -> Path:
    """Return `target` as a path, or refuse before anything is computed for it.

    Parameters
    ----------
    source
        A file that must not be written; it may be gone.

    Raises
    ------
    BadValueError
        If no file can be written there.
    """
    path = Path(os.path.realpath(target))
    refusal = None
    if path.exists() and not path.is_file():
        refusal = "a regular file"
    elif not path.parent.is_dir():
        refusal = "in a folder that exists"
    elif not os.access(path.parent, os.W_OK):
        refusal = "in a folder that you may write to"
    elif source is not None and _is_same(path, source):
        refusal = "another file than the notebook itself, which is never written"
    if refusal is not None:
        raise BadValueError(name="output", value=os.fspath(target), expected=refusal)
    return path


def _is_same(path: Path, other: str | os.PathLike[str]) -> bool:
    return path.exists() and os.path.exists(other) and path.samefile(other)


def write(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file whole or not at all, with the permissions that new files get.

    Content that comes piece by piece may refuse itself by raising.

    Raises
    ------
    BadValueError
        If it can't be written.
    """
    unfinished = path.with_name(f".{uuid4().hex}.part")
    try:
        with unfinished.open("xb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except MlopsError:
        unfinished.unlink(missing_ok=True)
        raise
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        expected = f"writable ({error.strerror})"
        raise BadValueError(name="output", value=str(path), expected=expected) from error


def delivered(path: Path | None, content: bytes | None) -> BadValueError | None:
    """Write a result to `path`, if there are both; return why it can't be, if it can't.

    For those who record the result afterwards: what the store's disk has no room for is not
    lost then.
    """
    if path is not None and content is not None:
        try:
            write(path, content)
        except BadValueError as error:
            return error
    return None
