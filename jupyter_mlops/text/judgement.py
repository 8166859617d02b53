"""The verdict of a reproduction as text."""

from __future__ import annotations

import math
from collections import Counter

from jupyter_mlops.layout import NOTHING, clean, plural, table
from jupyter_mlops.records import (
    OutputJudgement,
    OutputKind,
    OutputVerdict,
    RandomnessUse,
    Verdict,
)
from jupyter_mlops.text.parts import id_length, ranges, section

_COUNTED: dict[OutputVerdict, str] = {
    "identical": "identical",
    "within tolerance": "within tolerance",
    "unverifiable": "unverifiable",
    "missing": "missing",
    "extra": "extra",
    "differs": "differing",
}
# What each mask leaves out of a comparison.
_MASKED = {
    "folder": "paths of the copied folder",
    "progress bar": "progress bars",
    "temporary file": "names of temporary files",
    "uuid": "random ids",
    "widget id": "ids of widgets",
    "address": "addresses in memory",
    "clock": "dates and times of the run itself",
    "duration": "durations",
    "process id": "process ids",
    "number type": "how numpy spells its types",
    "set order": "the order of sets",
    "drawn id": "random ids of HTML",
    "line order": "the order of lines from parallel work",
}
# Generators of their own, as of random_state=0, are not seen: that none was is not known.
_RANDOMNESS: dict[RandomnessUse, str] = {
    "restored": "the recorded randomness was put back",
    "fresh": "drawn anew, as the code seeds it",
    "none used": "no unseeded randomness seen",
}


def verdict(record: Verdict, columns: int | None = None) -> str:
    """Show the verdict's sentence, what is not the same as recorded, and the causes."""
    rows = [
        (cell.cell, _judged(output), output.verdict, _difference(output))
        for cell in record.cells
        for output in cell.outputs
        if output.verdict not in ("identical", "unverifiable")
    ]
    sections = [
        clean(record.sentence or record.verdict),
        section(
            "What is not the same as recorded",
            ("CELL", "WHAT", "VERDICT", "BY HOW MUCH"),
            rows,
            columns,
        ),
        section(
            "Causes, most likely first",
            ("KIND", "WHAT", "CELL", "DETAIL"),
            [(c.kind, c.what, c.cell, c.detail) for c in record.causes],
            columns,
        ),
        table(_facts(record)),
    ]
    return "\n\n".join(section for section in sections if section)


def _facts(record: Verdict) -> list[tuple[str, str | None]]:
    """Return what was judged and how, and how to see both sides."""
    facts = [
        ("run", record.run),
        ("reproduction", record.reproduction),
        ("randomness", _randomness(record)),
        ("judged", _counted(record)),
    ]
    if record.kept:
        facts.append(("parameters", f"{', '.join(record.kept)}: as they were set for the run"))
    not_judged = list(record.not_judged)
    if models := _models(record):
        not_judged.append(f"{', '.join(models)}: not the same inside")
    if not_judged:
        facts.append(("not judged", "; ".join(not_judged)))
    if masks := _masks(record):
        facts.append(("not compared", f"{', '.join(masks)}; in what was printed"))
    if record.reproduction is not None:
        ids = (record.run, record.reproduction)
        first, second = (one[: id_length(ids)] for one in ids)
        facts.append(("side by side", f"jupyter mlops compare {first} {second}"))
    return facts


def _counted(record: Verdict) -> str:
    """Count the outputs that were judged; what has a name, a metric or a model, is none."""
    outputs = (output for cell in record.cells for output in cell.outputs)
    judged = Counter(output.verdict for output in outputs if not output.what)
    counts = ", ".join(
        f"{judged[verdict]} {word}" for verdict, word in _COUNTED.items() if judged[verdict]
    )
    return f"{plural(len(record.cells), 'cell')}; outputs: {counts or 'none'}"


def _models(record: Verdict) -> list[str]:
    """Name the models whose content is another, which by itself proves nothing."""
    return [
        f"model {output.what} of cell {cell.cell}"
        for cell in record.cells
        for output in cell.outputs
        if output.kind == "model" and output.verdict == "unverifiable"
    ]


def _masks(record: Verdict) -> list[str]:
    """Return what was left out of the judgement, in the order of its first use."""
    outputs = (output for cell in record.cells for output in cell.outputs)
    names = dict.fromkeys(name for output in outputs for name in output.masks)
    return [_MASKED.get(name, name) for name in names]


def _randomness(record: Verdict) -> str:
    said = _RANDOMNESS[record.randomness]
    if not record.unseeded_cells:
        return said
    cells = "cells" if len(record.unseeded_cells) > 1 else "cell"
    return f"{said}; without a seed in {cells} {ranges(record.unseeded_cells)}"


def _judged(output: OutputJudgement) -> str:
    """Tell what was judged: a metric, a table or a file by its name, an output by its kind."""
    if not output.what:
        return output.kind
    kinds: dict[OutputKind, str] = {"number": "metric", "table": "table", "text": "file"}
    return f"{kinds.get(output.kind, output.kind)} {output.what}"


def _difference(output: OutputJudgement) -> str:
    """Tell in words what the difference is a difference of."""
    if output.verdict in ("missing", "extra"):
        return "not produced again" if output.verdict == "missing" else "not in the recorded run"
    if output.difference is None:
        return "its content" if output.verdict == "differs" else NOTHING
    if not math.isfinite(output.difference):
        return "a number that is none in one of both"
    share = f"{100 * output.difference:.3g} %"
    if output.kind == "image":
        return f"{share} of its pixels"
    return f"{share} of its size" if output.kind == "number" else f"numbers in it by up to {share}"
