"""The sources of cells, read as far as the kernel has to."""

from __future__ import annotations

import ast
import math
import time
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from jupyter_mlops.dataflow import Context, Flow, analysis
from jupyter_mlops.dataflow.constants import literals_of_tree
from jupyter_mlops.dataflow.source import handed_on
from jupyter_mlops.frozen import dataclass

if TYPE_CHECKING:
    from jupyter_mlops.dataflow import Literal

_KNOWN_CELLS = 200
_KNOWN_CHARACTERS = 10_000
# Characters of so many cells that an idle moment should be used to catch up with them, and of so
# many that it is done at once: a character is read in some microseconds, and its part of a tree
# takes a hundred bytes.
UNREAD_MANY, _UNREAD_LIMIT = 1_000, 10_000


@dataclass(frozen=True)
class Read:
    """What the source of a cell says.

    ``handed_on`` is what a cell magic hands back to the shell, if the cell is one.
    """

    flow: Flow
    literals: tuple[Literal, ...]
    handed_on: str | None


class Sources:
    """Reads cells in the light of those before them.

    Attributes
    ----------
    context
        What the cells that were read left, as of the last call of :meth:`read`.
    unread
        Characters of the cells after them.
    """

    def __init__(self) -> None:
        self.context = Context()
        self._pending: deque[tuple[ast.Module, int]] = deque()
        self.unread = 0
        self._told_of: Context | None = None
        self._telling: tuple[frozenset[str], frozenset[str]] = frozenset(), frozenset()
        # What reading a cell gave, by its code and what was known before: most cells that
        # are executed were executed before.
        self._known: dict[str, tuple[Context, Read]] = {}

    @property
    def is_behind(self) -> bool:
        """Whether an idle moment should be used to catch up."""
        return self.unread >= UNREAD_MANY

    def read(self, tree: ast.Module, code: object) -> Read:
        """Read a cell from its tree; `code` is what was parsed."""
        self.catch_up()
        context, known = self.context, None
        if type(code) is str:
            known = self._known.get(code)
        if known is not None and known[0] is context:
            return known[1]
        read = Read(analysis.analyse_tree(tree, context), literals_of_tree(tree), handed_on(tree))
        if type(code) is str and len(code) < _KNOWN_CHARACTERS:
            if len(self._known) >= _KNOWN_CELLS:
                self._known.clear()
            self._known[code] = context, read
        return read

    def leave(
        self, tree: ast.Module, characters: int, words: frozenset[str], bound: Iterable[str]
    ) -> None:
        """Take note of a cell of that many characters, executed without being read.

        By its `words`, and the names that it `bound`, most are seen to tell nothing of what
        others mean.
        """
        if self._told_of is not self.context:
            self._told_of, self._telling = self.context, analysis.telling(self.context)
        telling, meant = self._telling
        if not self._pending and telling.isdisjoint(words) and meant.isdisjoint(bound):
            return
        self._pending.append((tree, characters))
        self.unread += characters
        if self.unread >= _UNREAD_LIMIT:
            self.catch_up()

    def go_on(self, flow: Flow) -> None:
        """Take note of what a cell that was read leaves for the next one."""
        self.context = self.context.after(flow)

    def catch_up(self, seconds: float = math.inf) -> bool:
        """Read what was not read, for about that long; return whether that was all."""
        until = time.perf_counter() + seconds
        with suppress(IndexError):  # as when a cell of another thread catches up as well
            while time.perf_counter() < until:
                tree, characters = self._pending.popleft()
                self.unread -= characters
                self.go_on(analysis.analyse_tree(tree, self.context))
        return not self._pending
