"""What other programs, and libraries outside Python, open in the notebook's folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from jupyter_mlops.capture.files.places import Places

if TYPE_CHECKING:
    from jupyter_mlops.capture.files.watch import Use, Watch


class Outside:
    """Listens to folders while a cell may open files that Python does not tell of.

    One for all the cells of a session.

    Parameters
    ----------
    places
        Says where the notebook is, and tells data from other files.

    Attributes
    ----------
    stays
        Whether a library was loaded that may open files in any cell.
    scanned
        Files and folders that a library was told of, which reads them when it likes to.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._watch: Watch | None = None
        self.stays = False
        self.scanned: dict[str, None] = {}

    @property
    def is_listening(self) -> bool:
        """Whether folders are watched."""
        return self._watch is not None and self._watch.is_open

    @property
    def is_partial(self) -> bool:
        """Whether not all of them could be."""
        return self._watch is not None and self._watch.is_partial

    def listen(self, paths: Iterable[str] = ()) -> bool:
        """Listen to the notebook's folder, the working one and those of `paths`.

        Return whether that is possible.
        """
        if self._watch is None:
            # Loaded here and not above: most sessions start no program.
            from jupyter_mlops.capture.files.watch import Watch

            self._watch = Watch(self._places.is_data)
        if not self._watch.open():
            return False
        self._watch.add(self._places.root)
        self._watch.add(os.getcwd())
        for path in paths:
            if os.path.isdir(path):
                self._watch.add(path)
            elif os.path.isdir(parent := os.path.dirname(path)) and self._places.is_data(path):
                self._watch.add(parent, inside=False)
        return True

    def take(self) -> dict[str, Use]:
        """Return how files were opened since the last call."""
        return {} if self._watch is None else self._watch.take()

    def rest(self) -> None:
        """Stop listening until the next program, if no library needs it."""
        if self._watch is not None and not self.stays:
            self._watch.close()

    def close(self) -> None:
        """Stop listening for good."""
        self.stays = False
        self.rest()
