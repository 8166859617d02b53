"""Secrets that differ between a recorded cell and its repetition, by the marks in their place."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlops.records import OutputJudgement
from jupyter_mlops.redaction.code import names_beside
from jupyter_mlops.redaction.marks import MARK, comparable, without_other_keys
from jupyter_mlops.reproduction import outputs
from jupyter_mlops.reproduction.outputs import Shown, Standard

ANOTHER = "redacted, another value"


def without(source: str) -> str:
    """Return a source in which all marks are equal: another secret is no other code."""
    return MARK.sub("[redacted]", source)


def changed(before: str, now: str) -> tuple[str, ...]:
    """Return what the secrets are called that have another value now.

    Those whose marks were made with another key may have it or not.
    """
    if without(before) != without(now):
        return ()
    pairs = zip(MARK.finditer(before), MARK.finditer(now), strict=True)
    digests = ((then[1], later[1]) for then, later in pairs)
    other = {then for then, later in digests if then != later and comparable((then, later))}
    names = names_beside(before, other)
    return tuple(dict.fromkeys(names.get(digest, "a secret") for digest in other))


def judge(before: Shown, after: Shown, standard: Standard) -> OutputJudgement:
    """Judge two outputs; marks that were made with two keys tell nothing of each other."""
    judgement = outputs.judge(before, after, standard)
    if judgement.verdict == "differs" and str is type(before.content) is type(after.content):
        first, second = without_other_keys(before.content, after.content)
        if first is before.content:
            return judgement
        again = outputs.judge(
            replace(before, content=first), replace(after, content=second), standard
        )
        if again.verdict != "differs":
            return replace(again, verdict="unverifiable")
    return judgement
