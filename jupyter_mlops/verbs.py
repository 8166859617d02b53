"""The verbs and their options: one grammar for the command line and the magics.

A skin hands over the words that were typed, gets a :class:`Request` or a
:class:`~jupyter_mlops.errors.UsageError`, and calls it for an :class:`Answer`.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from jupyter_mlops import api, text
from jupyter_mlops.errors import UsageError, nearest

if TYPE_CHECKING:
    from jupyter_mlops.records import Progress
    from jupyter_mlops.settings import Settings

PROGRAM = "jupyter mlops"
RUN_HELP = "RUN is an id, a unique prefix of one, or @1 for the newest run, @2 for the one before."
WHERE_HELP = """\
EXPR compares keys with values; and, or, not and parentheses join comparisons.
  keys       metric.NAME, parameter.NAME (NAME@CELL for one cell of several),
             status, trigger, notebook, user, started, duration_s, id, parent, session,
             verdict
  operators  =  !=  <  <=  >  >=  ~ (contains, in any case)
  values     0.9, true, null, completed, 2026-01-31, "text in quotes"
  status     completed, failed, interrupted, running (shown as open between cells), lost
  trigger    interactive, run, reproduce, sweep
  verdict    identical, "within tolerance", differs, "could not run"; of reproductions
A run that has no such value is found by != and = null, and by no other comparison.

"""
# Options whose values may begin with a dash (-1e-3, -metric.accuracy), and how many they take.
_VERBATIM = {"-p": 2, "--parameter": 2, "--sort": 1}
# Keeps argparse from taking such a value for an option; it is cut off again.
_SHIELD = " "


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
    """Where a verb works, and whom it tells of its progress."""

    settings: Settings
    on_progress: Callable[[Progress], None] | None = None
    cancel: threading.Event | None = None


@dataclass(frozen=True)
class Verb:
    """One verb: its words for people, its options, and what it does."""

    name: str
    summary: str
    example: str
    options: Callable[[argparse.ArgumentParser], None]
    call: Callable[[argparse.Namespace, Context], Answer]
    notes: str = ""  # what its help says before the example


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
    options = parser(program).parse_args(_shielded(words))
    return Request(VERBS[options.verb], options)


def parser(program: str = PROGRAM) -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    top = _Parser(
        prog=program,
        description="Every notebook run becomes an experiment: found again, repeated, judged, "
        "compared.",
        epilog=f"{RUN_HELP}\n\n"
        "Exit code 0: done and good. 1: it ran, and the answer is bad. 2: it could not be "
        f"asked that way.\n'{program} VERB --help' tells more, with an example.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    verbs = top.add_subparsers(dest="verb", metavar="VERB", required=True, parser_class=_Parser)
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


class _Parser(argparse.ArgumentParser):
    """Raises where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        # argparse shows the shield of a refused value.
        raise UsageError(message=f"{' '.join(message.split())}; see: {self.prog} --help")


def _shielded(words: Sequence[str]) -> list[str]:
    shielded: list[str] = []
    left = 0
    for word in words:
        shielded.append(_SHIELD + word if left else word)
        left = left - 1 if left else _VERBATIM.get(word, 0)
    return shielded


class _Unshield(argparse.Action):
    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        setattr(namespace, self.dest, values.removeprefix(_SHIELD))


class _Parameter(argparse.Action):
    """Collects ``-p NAME VALUE``, the value read as YAML 1.2."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        from jupyter_mlops.values import parse as parse_value

        name, text = (value.removeprefix(_SHIELD) for value in values)
        given = dict(getattr(namespace, self.dest) or {})
        setattr(namespace, self.dest, {**given, name: parse_value(name, text)})


def _number(minimum: float, kind: type[int] | type[float] = float, above: bool = False) -> Any:
    def read(text: str) -> float:
        bound = f"above {minimum}" if above else f"from {minimum}"
        try:
            value = kind(text)
        except ValueError:
            value = kind(minimum) - 1
        if not minimum <= value < float("inf") or (above and value == minimum):
            word = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text!r} is not a {word} {bound}")
        return value

    return read


def _parameter_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-p",
        "--parameter",
        nargs=2,
        action=_Parameter,
        default={},
        dest="parameters",
        metavar=("NAME", "VALUE"),
        help="set a parameter, tagged or not; VALUE is YAML 1.2 (0.1, true, [1, 2], text); "
        "NAME@CELL where several cells assign it; may be repeated",
    )


def _run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", metavar="NOTEBOOK", help="the .ipynb file; it is never written")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the executed notebook here")
    _parameter_option(parser)
    parser.add_argument(
        "-f", "--file", metavar="FILE.yaml", help="parameters as a YAML mapping; -p overrides it"
    )
    parser.add_argument("-k", "--kernel", metavar="KERNEL", help="default: the notebook's own")
    parser.add_argument("--cwd", metavar="DIR", help="default: the notebook's folder")
    parser.add_argument(
        "--timeout", metavar="S", type=_number(0, above=True), help="limit on the whole, in seconds"
    )
    parser.add_argument(
        "--cell-timeout",
        metavar="S",
        type=_number(0, above=True),
        help="limit on each cell, in seconds",
    )


def _run(options: argparse.Namespace, context: Context) -> Answer:
    given = dict(options.parameters)
    if options.file is not None:
        from jupyter_mlops.values import parse_file

        given = {**parse_file(options.file), **given}
    with api.open_store(context.settings) as store:
        record = api.run(
            options.notebook,
            given,
            output=options.output,
            kernel=options.kernel,
            cwd=options.cwd,
            timeout=options.timeout,
            cell_timeout=options.cell_timeout,
            on_progress=context.on_progress,
            cancel=context.cancel,
            store=store,
        )
    bad = record.status != "completed"
    return Answer(record, lambda columns: text.outcome(record, columns), int(bad))


def _runs_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", nargs="?", metavar="NOTEBOOK", help="only the runs of this one")
    parser.add_argument("--where", metavar="EXPR", help="only runs that fit, see below")
    parser.add_argument(
        "--sort", metavar="[-]KEY", action=_Unshield, help="see below; with -, greatest first"
    )
    parser.add_argument(
        "--limit", metavar="N", type=_number(1, int), default=100, help="at most (default: 100)"
    )


def _runs(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings) as store:
        found = api.runs(
            options.notebook,
            where=options.where,
            sort=options.sort,
            limit=options.limit,
            store=store,
        )
    return Answer(found.page, lambda columns: text.runs(found.page, columns))


def _show_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="id, unique prefix, or @1 for the newest")


def _show(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings) as store:
        record = api.show(options.run, store=store)
    return Answer(record, lambda columns: text.run(record, columns))


def _reproduce_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="id, unique prefix, or @1 for the newest")
    parser.add_argument(
        "--current",
        action="store_true",
        help="execute the notebook as it is now, so that code can be the cause",
    )
    _parameter_option(parser)
    parser.add_argument(
        "--in-place",
        action="store_true",
        help="work in the notebook's folder itself, not in a copy of it",
    )
    parser.add_argument(
        "--fresh-randomness",
        action="store_true",
        help="changes nothing yet: recorded randomness is never put back, so every reproduction "
        "draws afresh where the notebook sets no seed",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the executed notebook here")
    parser.add_argument(
        "--tolerance",
        metavar="REL",
        type=_number(0),
        help="largest relative difference of numbers that passes",
    )


def _reproduce(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings) as store:
        verdict = api.reproduce(
            options.run,
            current=options.current,
            parameters=options.parameters,
            in_place=options.in_place,
            fresh_randomness=options.fresh_randomness,
            output=options.output,
            tolerance=options.tolerance,
            on_progress=context.on_progress,
            cancel=context.cancel,
            store=store,
        )
    bad = verdict.verdict in ("differs", "could not run")
    return Answer(verdict, lambda columns: text.verdict(verdict, columns), int(bad))


def _compare_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="two or more")
    parser.add_argument(
        "--html", metavar="FILE", help="write a page with the comparison and its figures"
    )


def _compare(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings) as store:
        found = api.compare(*options.runs, html=options.html, store=store)
    return Answer(found, lambda columns: text.comparison(found, columns))


def _doctor(options: argparse.Namespace, context: Context) -> Answer:
    found = api.doctor(of=context.settings)
    bad = any(check.state == "finding" for check in found.checks)
    return Answer(found, lambda columns: text.diagnosis(found, columns), int(bad))


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        Verb(
            "run",
            "execute a notebook through papermill, and record it",
            "run train.ipynb -p lr 0.01 -p layers '[64, 32]' -o executed.ipynb",
            _run_options,
            _run,
        ),
        Verb(
            "runs",
            "list the runs, newest first",
            "runs train.ipynb --where 'metric.accuracy > 0.9' --sort -metric.accuracy\n"
            "runs --where 'notebook ~ \"train\" and (parameter.lr = 0.1 or status = failed)'\n"
            "runs --where 'not trigger = reproduce'",
            _runs_options,
            _runs,
            WHERE_HELP,
        ),
        Verb("show", "show all that a run used and produced", "show @1", _show_options, _show),
        Verb(
            "reproduce",
            "replay a run in a clean kernel, and judge the result",
            "reproduce @1\nreproduce @1 --current --tolerance 1e-6",
            _reproduce_options,
            _reproduce,
        ),
        Verb(
            "compare",
            "tell what differs between runs, and what can be the cause",
            "compare @1 @2 --html diff.html",
            _compare_options,
            _compare,
        ),
        Verb(
            "doctor",
            "tell whether everything is recorded, and if not, what mends it",
            "doctor",
            lambda parser: None,
            _doctor,
        ),
    )
}
