"""One execution under way."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from jupyter_mlops.capture.names import Before, Look
from jupyter_mlops.capture.sight import Glimpse
from jupyter_mlops.events import NotSeen

if TYPE_CHECKING:
    from jupyter_mlops.capture.declared import Said
    from jupyter_mlops.capture.idle import Waiting
    from jupyter_mlops.capture.sources import Read


class Execution:
    """An execution under way; it holds no object of the user's.

    Attributes
    ----------
    key, given, depth
        The number of the object by which IPython knows it, its source as that has it, and how
        many cells it runs inside itself at the moment.
    glimpse
        What the cell mentions, as long as its source need not be read in the kernel.
    tree
        The cell's syntax tree, once IPython parsed it.
    read, before
        What the source of any other cell says, and what was noted of the namespace for it.
    randomness
        In a replay, what of random generators it is to find.
    may_be_left
        Whether somebody else can read the source, as it is written down.
    said
        What the cell declared and logged itself.
    first_line, last_line
        Its two lines, once they are composed.
    found
        The look at all names when it began, if it began alone.
    changed, fields, waiting
        Names that changed while it ran, what is to be said of its end, and what has to wait,
        once that was looked at. An interrupt may hit before it is said, and a second look would
        not find everything.
    """

    # Of the class, as long as they are as most executions leave them: every cell pays for each
    # that is set.
    depth = 0
    began = 0.0
    own_time = 0.0
    glimpse: Glimpse | None = None
    tree: ast.Module | None = None
    read: Read | None = None
    before: Before | None = None
    found: Look | None = None
    changed: tuple[str, ...] | None = None
    randomness: dict[str, Any] | None = None
    waiting: list[Waiting] | None = None
    said: Said | None = None
    nested = False
    broke_off = False
    is_finished = False
    is_heard = False
    may_be_left = False
    first_line = b""
    last_line: bytes | None = None

    def __init__(
        self, number: int, key: int, given: str, message: str | None, skipped: bool
    ) -> None:
        self.number = number
        self.key = key
        self.given = given
        self.source = "" if skipped else given
        self.message = message
        self.skipped = skipped
        self.fields: dict[str, Any] = {}
        self.unseen: list[NotSeen] = []
