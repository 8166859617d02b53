"""The verbs that execute a notebook: ``run`` and ``reproduce``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from jupyter_mlops import api, text
from jupyter_mlops.errors import SecretsNeededError
from jupyter_mlops.records import END_NOT_KEPT
from jupyter_mlops.verbs.options import number, parameter_option
from jupyter_mlops.verbs.verb import Answer, Context, Verb

if TYPE_CHECKING:
    from jupyter_mlops.results import ShownRun, ShownVerdict
    from jupyter_mlops.store import Store

T = TypeVar("T")


def _run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", metavar="NOTEBOOK", help="the .ipynb file; it is never written")
    parser.add_argument("-o", "--output", metavar="FILE", help="write the executed notebook here")
    parameter_option(parser)
    parser.add_argument(
        "-f", "--file", metavar="FILE.yaml", help="parameters as a YAML mapping; -p overrides it"
    )
    parser.add_argument("-k", "--kernel", metavar="KERNEL", help="default: the notebook's own")
    parser.add_argument("--cwd", metavar="DIR", help="default: the notebook's folder")
    parser.add_argument(
        "--timeout", metavar="S", type=number(0, above=True), help="limit on the whole, in seconds"
    )
    parser.add_argument(
        "--cell-timeout",
        metavar="S",
        type=number(0, above=True),
        help="limit on each cell, in seconds",
    )


def _run(options: argparse.Namespace, context: Context) -> Answer:
    given = dict(options.parameters)
    if options.file is not None:
        from jupyter_mlops.values import parse_file

        given = {**parse_file(options.file), **given}

    def run(secrets: dict[str, str]) -> ShownRun:
        return api.run(
            options.notebook,
            given,
            output=options.output,
            kernel=options.kernel,
            cwd=options.cwd,
            timeout=options.timeout,
            cell_timeout=options.cell_timeout,
            secrets=secrets,
            on_progress=context.on_progress,
            cancel=context.cancel,
            store=store,
        )

    with api.open_store(context.settings, lasting=False) as store:
        record = _with_secrets(run, context)
        # Its disk may have filled since.
        full = any(one.startswith(END_NOT_KEPT) for one in record.notices)
        kept = store.unwritable is None and not full
        if context.ask is not None and record.notebook is not None and kept:
            _ask_once(os.path.dirname(record.notebook), context.ask, store)
    bad = record.status != "completed"
    return Answer(record, lambda columns: text.outcome(record, columns, kept=kept), int(bad))


def _with_secrets(execute: Callable[[dict[str, str]], T], context: Context) -> T:
    """Execute; where secrets are missing and somebody sits there, ask for them first."""
    try:
        return execute({})
    except SecretsNeededError as error:
        if context.ask_secret is None:
            raise
        given: dict[str, str] = {}
        for one in error.values["secrets"]:
            where = "" if one["cell"] is None else f" (cell {one['cell']})"
            value = context.ask_secret(f"{one['name']}{where}")
            if value is None:
                raise
            given[one["name"]] = value
    return execute(given)


def _ask_once(folder: str, ask: Callable[[str], bool | None], store: Store) -> None:
    """Ask whether the data may be copied; an answer is remembered, none is asked for again."""
    found = api.keep_data(folder, store=store)
    if found.keep_data == "ask" and found.files:
        answer = ask(text.question(found))
        if answer is not None:
            api.keep_data(folder, "yes" if answer else "no", store=store)


def _reproduce_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="id, unique prefix, or @1 for the newest")
    parser.add_argument(
        "--current",
        action="store_true",
        help="execute the notebook as it is now, so that code can be the cause",
    )
    parameter_option(parser)
    parser.add_argument(
        "--in-place",
        action="store_true",
        help="work in the notebook's folder itself, not in a copy of it",
    )
    parser.add_argument(
        "--fresh-randomness",
        action="store_true",
        help="draw new random numbers where the notebook sets no seed, instead of putting back "
        "the recorded states of its generators",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write the executed notebook here")
    parser.add_argument(
        "--tolerance",
        metavar="REL",
        type=number(0),
        help="largest relative difference of numbers that passes",
    )


def _reproduce(options: argparse.Namespace, context: Context) -> Answer:
    def reproduce(secrets: dict[str, str]) -> ShownVerdict:
        return api.reproduce(
            options.run,
            current=options.current,
            parameters=options.parameters,
            in_place=options.in_place,
            fresh_randomness=options.fresh_randomness,
            output=options.output,
            tolerance=options.tolerance,
            secrets=secrets,
            on_progress=context.on_progress,
            cancel=context.cancel,
            store=store,
        )

    with api.open_store(context.settings, lasting=False) as store:
        verdict = _with_secrets(reproduce, context)
    bad = verdict.verdict in ("differs", "could not run")
    return Answer(verdict, lambda columns: text.verdict(verdict, columns), int(bad))


VERBS = (
    Verb(
        "run",
        "execute a notebook through papermill, and record it",
        "run train.ipynb -p lr 0.01 -p layers '[64, 32]' -o executed.ipynb",
        _run_options,
        _run,
    ),
    Verb(
        "reproduce",
        "replay a run in a clean kernel, and judge the result",
        "reproduce @1\nreproduce @1 --current --tolerance 1e-6",
        _reproduce_options,
        _reproduce,
    ),
)
