"""From judged cells to one verdict, and to the sentence that tells it to a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_mlops.layout import cut
from jupyter_mlops.records import BatchOutcome, Cause, CellJudgement, RunVerdict, Verdict
from jupyter_mlops.reproduction.verdict import DIVERGING, Pair

# As many equally likely causes are told in one line.
_TOLD = 3
# As much of a console's code stands in a sentence.
_SHOWN = 60


@dataclass(frozen=True)
class Conclusion:
    """The verdict in one word, and the index of the pair where the two part."""

    verdict: RunVerdict
    at: int | None


def conclude(
    pairs: Sequence[Pair], cells: Sequence[CellJudgement], outcome: BatchOutcome
) -> Conclusion:
    """Conclude from the judgements of all pairs, in their order.

    A repetition that ended before the run had, with nothing different until then, *could
    not run*: nothing was shown to differ, and nothing to be equal.
    """
    diverging = next((i for i, one in enumerate(cells) if one.verdict in DIVERGING), None)
    if outcome.status != "completed":
        ended = next((i for i, pair in enumerate(pairs) if _ended_early(pair)), None)
        if ended is not None and (diverging is None or diverging >= ended):
            return Conclusion("could not run", ended)
    if diverging is not None:
        return Conclusion("differs", diverging)
    if any(one.verdict == "within tolerance" for one in cells):
        return Conclusion("within tolerance", None)
    return Conclusion("identical", None)


@dataclass(frozen=True)
class Untold:
    """What a verdict says nothing of, a line for each reason.

    ``metrics`` are those of a run of which no metric was judged.
    """

    metrics: tuple[str, ...] = ()
    data: tuple[str, ...] = ()


_NOTHING = Untold()


def sentence(
    verdict: Verdict, reason: str | None = None, leading: int = 1, untold: Untold = _NOTHING
) -> str:
    """Tell a verdict in one line.

    Parameters
    ----------
    reason
        Why the repetition ended early.
    leading
        How many of the first causes are equally likely.
    untold
        What would let the verdict seem to say more than it does.
    """
    parts: list[str] = [_judgement(verdict)]
    if verdict.verdict == "within tolerance":
        differences = [one.difference or 0.0 for cell in verdict.cells for one in cell.outputs]
        parts.append(f"numbers differ by up to {max(differences, default=0.0):.2g} of their size")
    if verdict.verdict in ("identical", "within tolerance"):
        if reason is not None:
            parts.append(f"it failed the same way: {reason}")
        if untold.metrics:
            parts.append(f"but none of its metrics was judged ({'; '.join(untold.metrics)})")
        if untold.data:
            parts.append(f"data not compared: {'; '.join(untold.data)}")
        if verdict.unseeded_cells and verdict.randomness != "restored":
            parts.append(f"{_cells(verdict.unseeded_cells)} unseeded, so this may be chance")
    elif verdict.verdict == "could not run" and reason is not None:
        parts.append(reason)
    elif verdict.first_diverging_cell is not None:
        parts.append(f"cell {verdict.first_diverging_cell}")
    elif verdict.first_diverging_console is not None:
        first = next(iter(verdict.first_diverging_console.strip().splitlines()), "")
        parts.append(f"console: {cut(first, _SHOWN)}")
    if verdict.causes and not (reason is not None and verdict.causes[0].detail == reason):
        told = [_told(one) for one in verdict.causes[:leading]]
        more = f", and {leading - _TOLD} more" if leading > _TOLD else ""
        parts.append(" and ".join(told[:_TOLD]) + more)
    unjudged = [o for cell in verdict.cells for o in cell.outputs if o.verdict == "unverifiable"]
    models = list(dict.fromkeys(one.what for one in unjudged if one.kind == "model"))
    outputs = verdict.unverifiable - sum(one.kind == "model" for one in unjudged)
    if outputs:
        parts.append(f"{outputs} output{'s' if outputs > 1 else ''} can't be judged")
    # Where something else differs, that the models do says no more.
    if models and verdict.verdict in ("identical", "within tolerance"):
        parts.append(f"not the same inside, which can't be judged: {', '.join(models)}")
    return " · ".join(parts)


def _judgement(verdict: Verdict) -> str:
    if verdict.randomness != "restored" or verdict.verdict not in ("identical", "within tolerance"):
        return verdict.verdict
    said = f"{verdict.verdict}, with the recorded randomness put back"
    return f"{said}; {_cells(verdict.unseeded_cells)} unseeded" if verdict.unseeded_cells else said


def _ended_early(pair: Pair) -> bool:
    if pair.step is None or pair.step.status == "not run":
        return False
    if pair.after is None or pair.after.status in ("not run", "interrupted"):
        return True
    return pair.after.status == "error" and pair.step.status != "error"


def _told(cause: Cause) -> str:
    if cause.kind == "unknown":
        return f"cause unknown: {cause.detail}"
    if cause.kind in ("parameter", "environment", "hardware"):
        return f"{cause.what} {cause.detail}"
    if cause.kind == "data" and cause.after is not None:
        return f"{cause.what} changed since ({cause.detail})"
    if cause.kind == "code" and cause.what.startswith("cell "):
        return f"the code of {cause.what}: {cause.detail}"
    if cause.kind == "order":
        return f"the {cause.what}: cell {cause.cell} {cause.detail}"
    return f"{cause.what} {cause.detail}"


def _cells(numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"cell {numbers[0]} is"
    return f"cells {', '.join(map(str, numbers[:-1]))} and {numbers[-1]} are"
