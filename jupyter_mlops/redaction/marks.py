"""The marks that stand in place of secrets, and how to tell them."""

from __future__ import annotations

import re
from typing import Any

PREFIX = "hmac-sha256:"
KEY = "redacted"
OPENING = f"[{KEY} {PREFIX}"
_DIGEST = re.compile(rf"{PREFIX}[0-9a-f]{{64}}")
MARK = re.compile(r"\[redacted (hmac-sha256:[0-9a-f]{64})\]")


def mark(digest: str) -> str:
    """Return what stands in a text for the secret with this digest."""
    return f"[{KEY} {digest}]"


def is_redacted(value: object) -> bool:
    """Tell whether a recorded value is a redacted one."""
    return digest_of(value) is not None


def digest_of(value: object) -> str | None:
    """Return the digest of a recorded value that is redacted as a whole."""
    if type(value) is dict and len(value) == 1:
        found: Any = value.get(KEY)
        return found if type(found) is str and _DIGEST.fullmatch(found) else None
    if type(value) is str and value.startswith(OPENING):
        match = MARK.fullmatch(value)
        return match[1] if match is not None else None
    return None
