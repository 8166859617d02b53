"""The key of a store's redactions: made once, by whoever comes first, readable by its owner."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from jupyter_mlops.settings import make_file_private, make_private

FILE = "redaction.key"
_SIZE = 32
_DAMAGED = "{path} is not a key; restore it, or move it away"


def key_of(home: Path) -> bytes:
    """Return the key that stands in `home`, after making it if it was missing.

    It is never in the store's database: who gets hold of that alone can't test guesses.

    Raises
    ------
    OSError
        If it can neither be read nor made.
    """
    path = home / FILE
    found = _read(path)
    if found is not None:
        return found
    make_private(home)
    # The name appears with the whole key behind it, and only if no other process has put its own
    # there: all that ask get the same one.
    descriptor, unfinished = tempfile.mkstemp(dir=home, prefix=".new-key-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            make_file_private(descriptor)
            file.write(secrets.token_bytes(_SIZE))
        _put(unfinished, path)
    finally:
        Path(unfinished).unlink(missing_ok=True)
    found = _read(path)
    if found is None:
        raise OSError(_DAMAGED.format(path=path))
    return found


def fault(home: Path) -> str | None:
    """Return what is wrong with the key in `home`; one that is missing will be made."""
    try:
        _read(home / FILE)
    except OSError as error:
        return str(error)
    return None


def for_a_while() -> bytes:
    """Return a key for a process that can't have the store's: what is kept is redacted anyway.

    Marks that are made with it compare with no others.
    """
    return secrets.token_bytes(_SIZE)


def _put(unfinished: str, path: Path) -> None:
    try:
        os.link(unfinished, path)
    except FileExistsError:  # somebody else was first, and theirs counts
        return
    except OSError:
        # A file system without hard links: the race is as short as it can be there.
        if not path.exists():
            os.replace(unfinished, path)


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # none was made yet
        return None
    if len(content) != _SIZE:
        raise OSError(_DAMAGED.format(path=path))
    return content
