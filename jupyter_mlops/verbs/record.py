"""The verbs that read the record: ``runs``, ``show``, ``compare`` and ``restore``."""

from __future__ import annotations

import argparse

from jupyter_mlops import api, text
from jupyter_mlops.records import SCHEMA_VERSION
from jupyter_mlops.verbs.options import Unshield, number
from jupyter_mlops.verbs.verb import Answer, Context, Verb

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


def _runs_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", nargs="?", metavar="NOTEBOOK", help="only the runs of this one")
    parser.add_argument("--where", metavar="EXPR", help="only runs that fit, see below")
    parser.add_argument(
        "--sort", metavar="[-]KEY", action=Unshield, help="see below; with -, greatest first"
    )
    parser.add_argument(
        "--limit", metavar="N", type=number(1, int), default=100, help="at most (default: 100)"
    )


def _runs(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings, lasting=False) as store:
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
    with api.open_store(context.settings, lasting=False) as store:
        record = api.show(options.run, store=store)
    return Answer(record, lambda columns: text.run(record, columns))


def _compare_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="two or more")
    parser.add_argument(
        "--html", metavar="FILE", help="write a page with the comparison and its figures"
    )


def _compare(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings, lasting=False) as store:
        found = api.compare(*options.runs, html=options.html, store=store)
    return Answer(found, lambda columns: text.comparison(found, columns))


def _restore_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="id, unique prefix, or @1 for the newest")
    parser.add_argument("path", metavar="PATH", help="the file as the record names it, or its end")
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="a file there is replaced; default: its own name in the working folder, if new",
    )


def _restore(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings, lasting=False) as store:
        written = str(api.restore(options.run, options.path, options.output, store=store))
    return Answer({"schema": SCHEMA_VERSION, "file": written}, lambda columns: written)


VERBS = (
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
        "compare",
        "tell what differs between runs, and what can be the cause",
        "compare @1 @2 --html diff.html",
        _compare_options,
        _compare,
    ),
    Verb(
        "restore",
        "write out a data file as a run read it",
        "restore @1 train.csv -o then.csv",
        _restore_options,
        _restore,
        "The store has copies where the notebook's folder was agreed to; see: jupyter mlops "
        "keep-data\n\n",
    ),
)
