"""The verbs that look after the product itself: ``doctor``, ``gc``, ``forget``, ``keep-data``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, get_args

from jupyter_mlops import api, text
from jupyter_mlops.errors import CancelledError, UnwritableStoreError, UsageError
from jupyter_mlops.records import KeepData
from jupyter_mlops.verbs.verb import Answer, Context, Verb

if TYPE_CHECKING:
    from jupyter_mlops.store import Store


def _doctor(options: argparse.Namespace, context: Context) -> Answer:
    found = api.doctor(of=context.settings)
    bad = any(check.state == "finding" for check in found.checks)
    return Answer(found, lambda columns: text.diagnosis(found, columns), int(bad))


def _gc_options(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--yes", action="store_true", help="drop it; without, it is only told")
    what.add_argument(
        "--preview", action="store_true", help="only tell what would go, as without --yes"
    )
    parser.add_argument(
        "--quota", metavar="SIZE", help="keep to this, such as '500 MB', instead of MLOps.quota"
    )


def _gc(options: argparse.Namespace, context: Context) -> Answer:
    try:
        with api.open_store(context.settings, lasting=options.yes) as store:
            found = api.gc(dry_run=not options.yes, quota=options.quota, store=store)
    except UnwritableStoreError as error:
        if not error.is_full:
            raise
        # To be told to make room by what was called to make it helps nobody.
        way_out = (
            "gc writes down what it drops before it drops it, and needs a little room for that: "
            "remove or move another file on that disk, and repeat it"
        )
        raise UnwritableStoreError(**{**error.values, "way_out": way_out}) from error
    exceeded = found.left_bytes > found.quota_bytes
    return Answer(found, lambda columns: text.collection(found, columns), int(exceeded))


def _forget_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", nargs="+", metavar="RUN", help="one or more")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--preview", action="store_true", help="only tell what would go")
    parser.add_argument(
        "--with-dependents", action="store_true", help="forget their reproductions too"
    )


def _forget(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings, lasting=not options.preview) as store:
        found = api.forget(
            *options.runs, with_dependents=options.with_dependents, preview=True, store=store
        )
        refused = text.cannot_be_forgotten(found)
        if not options.preview and not options.yes and not refused:
            if context.ask is None:
                raise UsageError(message="nothing was forgotten: add --yes, or look with --preview")
            them = "it" if len(found.runs) == 1 else "them"
            question = f"It can't be brought back. Forget {them}?"
            if not context.ask(f"{text.forgetting(found)}\n{question}"):
                raise CancelledError(what="forgetting")
        if not options.preview:
            found = api.forget(*found.runs, with_dependents=options.with_dependents, store=store)
    return Answer(
        found,
        lambda columns: text.forgetting(found, columns, preview=options.preview),
        int(options.preview and refused),
    )


def _keep_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", metavar="FOLDER", help="that of the notebooks; default: this one"
    )
    parser.add_argument(
        "answer",
        nargs="?",
        choices=get_args(KeepData),
        help="yes: copy what they read; no: never; ask: take the answer back; without: tell",
    )
    parser.add_argument(
        "--limit", metavar="SIZE", help="leave larger files out, such as '500 MB'; at first 1 GB"
    )


def _keep_data(options: argparse.Namespace, context: Context) -> Answer:
    folder, answer = options.folder, options.answer
    if answer is None and folder in get_args(KeepData) and not os.path.isdir(folder):
        folder, answer = None, folder
    lasting = answer is not None or options.limit is not None
    with api.open_store(context.settings, lasting=lasting) as store:
        if folder is None:
            folder = os.curdir
            if answer == "yes" and context.ask is not None:
                _confirm(folder, context.ask, store)
        found = api.keep_data(folder, answer, limit=options.limit, store=store)
    return Answer(found, lambda columns: text.folder(found, columns))


def _confirm(folder: str, ask: Callable[[str], bool | None], store: Store) -> None:
    """Nobody typed which folder it is: what is copied is said before it is."""
    if not ask(text.question(api.keep_data(folder, store=store))):
        raise CancelledError(what="keep-data")


VERBS = (
    Verb(
        "doctor",
        "tell whether everything is recorded, and if not, what mends it",
        "doctor",
        lambda parser: None,
        _doctor,
    ),
    Verb(
        "gc",
        "tell what can be dropped to keep the quota, and drop it",
        "gc\ngc --quota '2 GB'\ngc --yes",
        _gc_options,
        _gc,
        "Waste goes, and above the quota (MLOps.quota, 10 GB unless it is configured) the content "
        "of the\noldest runs: their rows stay with every digest and say so. What a reproduction, "
        "another run or a\nlive kernel needs stays. Exit code 1: more than the quota is left.\n\n",
    ),
    Verb(
        "forget",
        "remove runs for good: from rows, content and journals",
        "forget @1\nforget 3f2a 91bc --with-dependents --yes",
        _forget_options,
        _forget,
        "What another run needs as well stays with that one. A run of a session goes once its "
        "kernel\nhas ended. Exit code 1: --preview found that it would be refused.\n\n",
    ),
    Verb(
        "keep-data",
        "tell, or change, whether the files that a folder's runs read are copied into the store",
        "keep-data\nkeep-data yes\nkeep-data churn yes --limit '2 GB'",
        _keep_data_options,
        _keep_data,
        "Without a yes no file of yours is ever copied; its record has its digest. A copy counts "
        "in\nthe quota, and is written out again by: jupyter mlops restore\n\n",
    ),
)
