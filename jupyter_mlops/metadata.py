"""What a notebook's author asks of us in metadata and cells, whatever their shape.

Metadata is JSON that people and tools write as they like: what is not of the shape that is
documented asks for nothing, and never fails. Standard library only: kernels import this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

# The part of a notebook's or a cell's metadata that is ours.
OWN = "jupyter_mlops"
SKIP_TAG = "mlops-skip"

# Wider than any one way to write it, so that what IPython or a person may take for it never
# gets into the record: any blanks, prompts before it, one per cent sign for two, or inside
# another magic or a string, which may be executed as a cell. But not in a comment.
_SKIP = re.compile(r"^[^#\n]*%\W{0,9}mlops[\W_]{1,9}skip\b", re.IGNORECASE | re.MULTILINE)


def section(metadata: object, name: str) -> dict[str, Any]:
    """Return the mapping that stands under `name`; an empty one if none does."""
    found = metadata.get(name) if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def tags(metadata: object) -> tuple[str, ...]:
    """Return a cell's tags; text in the place of a list is taken for its words."""
    found = metadata.get("tags") if isinstance(metadata, dict) else None
    if isinstance(found, str):
        return tuple(found.replace(",", " ").split())
    return tuple(tag for tag in found if isinstance(tag, str)) if isinstance(found, list) else ()


def asks_to_be_left_out(source: str, tags: Collection[str] = ()) -> bool:
    """Tell whether a cell's author keeps it out of the record; in doubt, yes."""
    if "%" not in source:
        return SKIP_TAG in tags
    # IPython ends a line wherever Python's text does, at a lone carriage return for example.
    return SKIP_TAG in tags or _SKIP.search("\n".join(source.splitlines())) is not None


def switches_capture_off(metadata: object) -> bool:
    """Tell whether a notebook's metadata switches capture off for the notebook."""
    return section(metadata, OWN).get("capture") is False


def secret_names(metadata: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names that a notebook's metadata says mean a secret, and that mean none."""
    own = section(metadata, OWN)
    found = (own.get("secret_names"), own.get("not_secret_names"))
    secret, not_secret = (
        tuple(one for one in names if isinstance(one, str)) if isinstance(names, list) else ()
        for names in found
    )
    return secret, not_secret


def secret_names_in(notebook: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the same for a notebook's file."""
    if notebook is None:
        return (), ()
    try:
        content = Path(notebook).read_bytes()
        # Most notebooks say nothing; those need not be parsed.
        if b"secret_names" not in content:
            return (), ()
        return secret_names(section(json.loads(content), "metadata"))
    except (OSError, ValueError, RecursionError):  # unreadable or no notebook: nobody said anything
        return (), ()
