"""What is told of data for people to read, in bounded length."""

from __future__ import annotations

from typing import Any

from jupyter_mlops.fingerprints.python_ import Encoder
from jupyter_mlops.fingerprints.steps import finish

_LENGTH = 200
# Columns that are told of one by one; of all others the digest of the whole tells.
COLUMNS_LIMIT = 500


def shortened(text: str) -> str:
    """Cut a text that is too long to be shown."""
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"


def label_text(label: object) -> str:
    """Write a label for people, if it is of types whose text is not the user's code."""
    if type(label) is str:
        return shortened(label)
    # The levels of most columns that have several need no closer look either.
    parts: Any = label if type(label) is tuple else (label,)
    if all(type(part) is int or type(part) is str for part in parts):
        return shortened(str(label))
    encoder = Encoder()
    finish(encoder.encode(label))
    return shortened(str(label)) if encoder.complete else "?"
