"""The verbs that look after the product itself: ``doctor``."""

from __future__ import annotations

import argparse

from jupyter_mlops import api, text
from jupyter_mlops.verbs.verb import Answer, Context, Verb


def _doctor(options: argparse.Namespace, context: Context) -> Answer:
    found = api.doctor(of=context.settings)
    bad = any(check.state == "finding" for check in found.checks)
    return Answer(found, lambda columns: text.diagnosis(found, columns), int(bad))


VERBS = (
    Verb(
        "doctor",
        "tell whether everything is recorded, and if not, what mends it",
        "doctor",
        lambda parser: None,
        _doctor,
    ),
)
