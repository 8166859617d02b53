"""The verbs and their options: one grammar for the command line and the magics.

A skin hands over the words that were typed, gets a :class:`Request` or a
:class:`~jupyter_mlops.errors.UsageError`, and calls it for an :class:`Answer`.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_mlops.errors import UsageError, nearest
from jupyter_mlops.verbs import execution, record, upkeep
from jupyter_mlops.verbs.options import Parser, shielded
from jupyter_mlops.verbs.verb import Answer, Context, Verb

__all__ = ["PROGRAM", "VERBS", "Answer", "Context", "Request", "Verb", "parse", "parser"]

PROGRAM = "jupyter mlops"
RUN_HELP = "RUN is an id, a unique prefix of one, or @1 for the newest run, @2 for the one before."

# In the order in which help lists them: what is done most comes first.
_ORDER = (
    "run",
    "runs",
    "show",
    "reproduce",
    "compare",
    "restore",
    "keep-data",
    "forget",
    "gc",
    "doctor",
)
_ALL = {verb.name: verb for verb in (*execution.VERBS, *record.VERBS, *upkeep.VERBS)}
VERBS: dict[str, Verb] = {name: _ALL[name] for name in _ORDER}


@dataclass(frozen=True)
class Request:
    """A verb with its options, ready to be called."""

    verb: Verb
    options: argparse.Namespace

    @property
    def json(self) -> bool:
        """Whether the answer is wanted as one JSON document."""
        return bool(self.options.json)

    def __call__(self, context: Context) -> Answer:
        """Do it."""
        return self.verb.call(self.options, context)


def parse(words: Sequence[str], program: str = PROGRAM) -> Request:
    """Read the words after the program's name.

    Raises
    ------
    UsageError
        If they are no verb with its options.
    SystemExit
        After help was asked for and printed.
    """
    if words and not words[0].startswith("-") and words[0] not in VERBS:
        hint = nearest(words[0], list(VERBS))
        raise UsageError(message=f"no verb {words[0]!r}; {hint}")
    options, left = parser(program).parse_known_args(shielded(words))
    if left:
        unknown = " ".join(" ".join(left).split())
        raise UsageError(
            message=f"unrecognized arguments: {unknown}; see: {program} {options.verb} --help"
        )
    return Request(VERBS[options.verb], options)


def parser(program: str = PROGRAM) -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = Parser(
        prog=program,
        description="Every notebook run becomes an experiment: found again, repeated, judged, "
        "compared.",
        epilog=f"{RUN_HELP}\n\n"
        "Exit code 0: done and good. 1: it ran, and the answer is bad. 2: it could not be "
        f"asked that way.\n'{program} VERB --help' tells more, with an example.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=Parser)
    for verb in VERBS.values():
        one = verbs.add_parser(
            verb.name,
            help=verb.summary,
            description=verb.summary[0].upper() + verb.summary[1:] + ".",
            epilog=f"{verb.notes}example:\n"
            + "\n".join(f"  {program} {line}" for line in verb.example.split("\n")),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        verb.options(one)
        one.add_argument(
            "--json", action="store_true", help="print one JSON document, nothing else"
        )
    return top
