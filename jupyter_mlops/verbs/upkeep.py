"""The verbs that look after the product itself: ``doctor``, ``gc``, ``forget``, ``keep-data``."""

from __future__ import annotations

import argparse
from typing import get_args

from jupyter_mlops import api, text
from jupyter_mlops.errors import CancelledError, UsageError
from jupyter_mlops.records import KeepData
from jupyter_mlops.verbs.verb import Answer, Context, Verb


def _doctor(options: argparse.Namespace, context: Context) -> Answer:
    found = api.doctor(of=context.settings)
    bad = any(check.state == "finding" for check in found.checks)
    return Answer(found, lambda columns: text.diagnosis(found, columns), int(bad))


def _gc_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="drop it; without, it is only told")


def _gc(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings) as store:
        found = api.gc(dry_run=not options.yes, store=store)
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
    with api.open_store(context.settings) as store:
        found = api.forget(
            *options.runs, with_dependents=options.with_dependents, preview=True, store=store
        )
        refused = found.dependents and not options.with_dependents
        if not options.preview and not options.yes and not refused:
            if context.ask is None:
                raise UsageError(message="nothing was forgotten: add --yes, or look with --preview")
            if not context.ask(f"{text.forgetting(found)}. It can't be brought back. Forget it?"):
                raise CancelledError(what="forgetting")
        if not options.preview:
            found = api.forget(*found.runs, with_dependents=options.with_dependents, store=store)
    return Answer(found, lambda columns: text.forgetting(found, columns))


def _keep_data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", metavar="FOLDER", help="that of the notebooks")
    parser.add_argument(
        "answer",
        nargs="?",
        choices=get_args(KeepData),
        help="yes: copy what they read; no: never; ask: take the answer back; without: tell",
    )
    parser.add_argument(
        "--limit", metavar="SIZE", help="leave larger files out, such as '500 MB'; at first 1 GiB"
    )


def _keep_data(options: argparse.Namespace, context: Context) -> Answer:
    with api.open_store(context.settings) as store:
        found = api.keep_data(options.folder, options.answer, limit=options.limit, store=store)
    return Answer(found, lambda columns: text.folder(found, columns))


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
        "gc\ngc --yes",
        _gc_options,
        _gc,
        "Waste goes, and above MLOps.quota (10 GB) the content of the oldest runs: their rows stay "
        "with\nevery digest and say so. What a reproduction, another run or a live kernel needs "
        "stays.\nExit code 1: more than the quota is left.\n\n",
    ),
    Verb(
        "forget",
        "remove runs for good: from rows, content and journals",
        "forget @1\nforget 3f2a 91bc --with-dependents --yes",
        _forget_options,
        _forget,
        "What another run needs as well stays with that one. A run of a session goes once its "
        "kernel\nhas ended.\n\n",
    ),
    Verb(
        "keep-data",
        "tell, or change, whether the files that a folder's runs read are copied into the store",
        "keep-data churn\nkeep-data churn yes --limit '2 GB'",
        _keep_data_options,
        _keep_data,
        "Without a yes no file of yours is ever copied; its record has its digest. A copy counts "
        "in\nthe quota, and is written out again by: jupyter mlops restore\n\n",
    ),
)
