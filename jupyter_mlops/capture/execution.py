"""One execution under way."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jupyter_mlops.capture.names import Before, Look
from jupyter_mlops.capture.sight import Glimpse
from jupyter_mlops.capture.sources import Read
from jupyter_mlops.events import NotSeen

if TYPE_CHECKING:
    from jupyter_mlops.capture.idle import Waiting


@dataclass(repr=False, eq=False)
class Execution:
    """An execution under way; it holds no object of the user's.

    Attributes
    ----------
    glimpse
        What the cell mentions, as long as its source need not be read in the kernel.
    tree
        The cell's syntax tree, once IPython parsed it.
    read, before
        What the source of any other cell says, and what was noted of the namespace for it.
    may_be_left
        Whether somebody else can read the source, as it is written down.
    first_line, last_line
        Its two lines, once they are composed.
    found
        The look at all names when it began, if it began alone.
    changed, fields, waiting
        Names that changed while it ran, what is to be said of its end, and what has to wait,
        once that was looked at. An interrupt may hit before it is said, and a second look would
        not find everything.
    """

    number: int
    message: str | None
    source: str
    skipped: bool
    overlapping: bool
    began: float = 0.0
    own_time: float = 0.0
    glimpse: Glimpse | None = None
    tree: ast.Module | None = None
    read: Read | None = None
    before: Before | None = None
    found: Look | None = None
    changed: tuple[str, ...] | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    waiting: list[Waiting] | None = None
    nested: bool = False
    broke_off: bool = False
    is_finished: bool = False
    is_heard: bool = False
    may_be_left: bool = False
    first_line: bytes = b""
    last_line: bytes | None = None
    unseen: list[NotSeen] = field(default_factory=list)
