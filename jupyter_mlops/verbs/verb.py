"""What a verb is: its words for people, its options, what it does, and what it finds out."""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_mlops.records import Progress
    from jupyter_mlops.settings import Settings


@dataclass(frozen=True)
class Answer:
    """What a verb found out.

    ``document`` is the record that ``--json`` prints, ``text`` makes the words for people
    from the columns of their terminal, and ``exit_code`` is 1 where the answer is bad.
    """

    document: Any
    text: Callable[[int | None], str]
    exit_code: int = 0


@dataclass(frozen=True)
class Context:
    """Where a verb works, whom it tells of its progress, and whom it may ask.

    ``ask`` puts a question that is answered by yes or no, ``None`` for no answer; it is
    missing where nobody sits. ``ask_secret`` gets a value by its name, unseen; ``None`` for none.
    """

    settings: Settings
    on_progress: Callable[[Progress], None] | None = None
    cancel: threading.Event | None = None
    ask: Callable[[str], bool | None] | None = None
    ask_secret: Callable[[str], str | None] | None = None


@dataclass(frozen=True)
class Verb:
    """One verb: its words for people, its options, and what it does."""

    name: str
    summary: str
    example: str
    options: Callable[[argparse.ArgumentParser], None]
    call: Callable[[argparse.Namespace, Context], Answer]
    notes: str = ""  # what its help says before the example
