"""The verbs that look after the product itself: ``doctor`` and ``keep-data``."""

from __future__ import annotations

import argparse
from typing import get_args

from jupyter_mlops import api, text
from jupyter_mlops.records import KeepData
from jupyter_mlops.verbs.verb import Answer, Context, Verb


def _doctor(options: argparse.Namespace, context: Context) -> Answer:
    found = api.doctor(of=context.settings)
    bad = any(check.state == "finding" for check in found.checks)
    return Answer(found, lambda columns: text.diagnosis(found, columns), int(bad))


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
        "keep-data",
        "tell, or change, whether the files that a folder's runs read are copied into the store",
        "keep-data churn\nkeep-data churn yes --limit '2 GB'",
        _keep_data_options,
        _keep_data,
        "Without a yes no file of yours is ever copied; its record has its digest. A copy counts "
        "in\nthe quota, and is written out again by: jupyter mlops restore\n\n",
    ),
)
