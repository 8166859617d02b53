"""The texts of the user's own modules, which tell what a cell called."""

from __future__ import annotations

import io
import os
import tokenize
from collections.abc import Iterable

from jupyter_mlops.capture.files.noted import MODULE_BYTES
from jupyter_mlops.events import NotSeen
from jupyter_mlops.fingerprints import files
from jupyter_mlops.records import DataUse
from jupyter_mlops.redaction.names import holds_secrets

_SOURCES = (".py", ".pyw")


class Modules:
    """Reads each text once in a session; what is secret in them is taken out by others.

    Parameters
    ----------
    root
        The folder that relative paths start from.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._told: set[str] = set()

    def texts(self, uses: Iterable[DataUse], unseen: list[NotSeen]) -> dict[str, str]:
        """Return the texts of the modules among a cell's files, by their digests.

        What is not kept is added to `unseen`.
        """
        found: dict[str, str] = {}
        left = MODULE_BYTES
        for use in uses:
            path, digest, size = use.path or "", use.digest, use.size_bytes or 0
            if digest is None or digest in self._told or not path.endswith(_SOURCES):
                continue
            if holds_secrets(path):
                continue
            if size > left:
                # To look for secrets in more would keep the next cell waiting.
                why = f"of one cell, {MODULE_BYTES >> 20} MB of modules are kept"
                unseen.append(NotSeen(f"the text of {path}", why))
                continue
            text = _text(os.path.join(self._root, path), digest)
            if text is None:
                unseen.append(NotSeen(f"the text of {path}", "it changed meanwhile, or is no text"))
                continue
            left -= size
            self._told.add(digest)
            found[digest] = text
        return found


def _text(path: str, digest: str) -> str | None:
    """Return the text of a file if it still has the content with this digest."""
    known = files.content(digest.partition(":")[0])
    try:
        with open(path, "rb") as file:
            content = file.read(MODULE_BYTES + 1)
        if known is None:
            return None
        known.bulk(content)
        if known.text() != digest:
            return None
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return content.decode(encoding)
    except (OSError, SyntaxError, ValueError, LookupError):  # gone, or in no encoding: the use says
        return None
