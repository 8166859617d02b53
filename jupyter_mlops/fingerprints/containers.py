"""Lists, tuples and dictionaries that hold frames or arrays: each part, and their order.

A part that is data has the digest that it has on its own, and stands among the columns with
its position or key; everything else in the container counts as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jupyter_mlops import fingerprints
from jupyter_mlops.fingerprints import LEVELS
from jupyter_mlops.fingerprints.costs import OBJECT, Outline
from jupyter_mlops.fingerprints.hashing import OBJECTS, Content
from jupyter_mlops.fingerprints.introspection import name_of
from jupyter_mlops.fingerprints.python_ import Encoder
from jupyter_mlops.fingerprints.steps import Steps
from jupyter_mlops.fingerprints.texts import label_text, shortened
from jupyter_mlops.records import Column, Fingerprint

# Parts that are told of one by one; if there are more, none are.
_PARTS_LIMIT = 500
# Parts that are looked at before a container is read; the rest are taken to be like them.
_OUTLINED = 50


def fingerprint(value: Any, levels: int = LEVELS) -> Steps[Fingerprint | None]:
    """Return the fingerprint of a list, tuple or dictionary, looked into `levels` deep."""
    root = Content(type(value).__name__)
    root.piece(len(value))
    size = 0
    told: list[Column] = []
    for key, item in _items(value):
        if type(value) is dict:
            yield from _take_object(root, key, levels)
        found = (yield from _of_part(item, levels)) if levels else None
        if found is None:
            yield from _take_object(root, item, levels)
            continue
        root.piece("data", found.digest)
        root.complete = root.complete and found.complete
        size += found.size_bytes or 0
        if len(told) <= _PARTS_LIMIT:
            told.append(Column(label_text(key), _said(item, found), found.digest, found.complete))
        yield
    return Fingerprint(
        digest=root.text(),
        complete=root.complete,
        size_bytes=size + root.size_bytes,
        columns=tuple(told) if len(told) <= _PARTS_LIMIT else (),
        form=_form(value),
    )


def outline(value: Any, depth: int = LEVELS) -> Outline | None:
    """Return what can be said of a container without reading what it holds."""
    from jupyter_mlops.fingerprints.outline import outline as outline_of

    content = Content("outline of container")
    content.piece(_form(value))
    told: list[Column] = []
    looked = cost = 0
    for key, item in _items(value):
        if looked == _OUTLINED:
            break
        looked += 1
        cost += OBJECT
        if any(type(item) is known for known in _CONTAINERS):
            found = outline(item, depth - 1) if depth else None
        else:
            found = outline_of(item)
        if found is not None:
            cost += found.cost
            own = found.fingerprint
            told.append(Column(label_text(key), _said(item, own), own.digest, complete=False))
    columns = tuple(told) if looked == len(value) else ()
    partial = Fingerprint(content.text(), False, columns=columns, form=_form(value))
    return Outline(partial, cost * len(value) // max(1, looked))


def _of_part(item: Any, levels: int) -> Steps[Fingerprint | None]:
    if fingerprints.kind(item) not in ("frame", "array"):
        return None
    begun = fingerprints.begin(item, levels=levels - 1)
    return None if begun is None else (yield from begun)


def _take_object(root: Content, value: Any, levels: int) -> Steps[None]:
    encoder = Encoder(max(0, levels - 1))
    root.piece((yield from encoder.encode(value)))
    root.complete = root.complete and encoder.complete


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    if type(value) is dict:
        yield from list(value.items())
        return
    for start in range(0, len(value), OBJECTS):
        yield from enumerate(list(value[start : start + OBJECTS]), start)


def _form(value: Any) -> str:
    return f"{type(value).__name__} of {len(value)}"


def _said(item: Any, found: Fingerprint) -> str:
    """Say what a part is: its class, dtype and shape."""
    module, name = name_of(type(item))
    said = found.form or f"{module.partition('.')[0]}.{name} {found.dtype or ''}".strip()
    return shortened(said if found.shape is None else f"{said} {found.shape}")


_CONTAINERS = (list, tuple, dict)
