"""The marks that stand in place of secrets, and how to tell them.

A digest ends with what its key is known by: marks that were made with two keys, as after one
was lost, tell nothing of each other.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from typing import Any

PREFIX = "hmac-sha256:"
KEY = "redacted"
_KEY_DIGITS = 8
OPENING = f"[{KEY} {PREFIX}"
_DIGEST = re.compile(rf"{PREFIX}[0-9a-f]{{64}}")
MARK = re.compile(r"\[redacted (hmac-sha256:[0-9a-f]{64})\]")


def mark(digest: str) -> str:
    """Return what stands in a text for the secret with this digest."""
    return f"[{KEY} {digest}]"


def digest(key: bytes, value: str) -> str:
    """Return what a secret is compared by."""
    content = value.encode("utf-8", "surrogatepass")
    found = hmac.digest(key, content, "sha256").hex()
    return PREFIX + found[:-_KEY_DIGITS] + hmac.digest(key, b"", "sha256").hex()[:_KEY_DIGITS]


def comparable(digests: Iterable[str]) -> bool:
    """Tell whether digests were made with one key."""
    return len({one[-_KEY_DIGITS:] for one in digests}) <= 1


def without_other_keys(before: str, after: str) -> tuple[str, str]:
    """Return two texts without the marks in them, if those were made with several keys."""
    if comparable(match[1] for text in (before, after) for match in MARK.finditer(text)):
        return before, after
    bare = mark("")
    return MARK.sub(bare, before), MARK.sub(bare, after)


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
