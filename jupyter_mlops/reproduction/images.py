"""Pictures compared by their pixels."""

from __future__ import annotations

import io
import warnings
from typing import Any


def changed_share(before: bytes, after: bytes) -> float | None:
    """Return the share of pixels that differ between two encoded pictures.

    Returns
    -------
    float or None
        From 0 to 1; 1 for pictures of different size; ``None`` if they can't be decoded
        here (Pillow is not installed, or knows no such format).
    """
    first, second = _pixels(before), _pixels(after)
    if first is None or second is None:
        return None
    if first.shape != second.shape:
        return 1.0
    return float((first != second).any(axis=-1).mean())


def _pixels(content: bytes) -> Any:
    try:
        import numpy
        from PIL import Image
    except ImportError:  # not installed: how much differs can't be told
        return None
    try:
        with warnings.catch_warnings():
            # Pillow warns of pictures too large to be honest; those are not decoded.
            warnings.simplefilter("error")
            return numpy.asarray(Image.open(io.BytesIO(content)).convert("RGBA"))
    except Exception:  # noqa: BLE001 -- a picture from a notebook may be anything, and no decoder lists what it raises
        return None
