"""The verdict: what a repetition produced, judged against what the run had recorded."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import PurePath
from typing import Any

from jupyter_mlops.journal import canonical, sha256
from jupyter_mlops.layout import listed
from jupyter_mlops.metadata import OWN, section
from jupyter_mlops.records import (
    BatchCell,
    CellJudgement,
    DataUse,
    Environment,
    Metric,
    ModelFit,
    OutputJudgement,
    OutputKind,
    OutputVerdict,
    Run,
    Step,
)
from jupyter_mlops.reproduction import numbers
from jupyter_mlops.reproduction.outputs import Shown, Standard, shown
from jupyter_mlops.reproduction.secrets import judge

# Relative difference that other versions of libraries may make without changing a result.
OTHER_ENVIRONMENT_TOLERANCE = 1e-6
# What draws pictures; with one of them changed, no picture can be judged by its pixels.
_RENDERING = ("matplotlib", "seaborn", "pillow", "numpy", "plotly", "kaleido", "contourpy")
# Files that hold the time of their own creation: their digest always differs.
_DATED_FILES = frozenset(
    {".pdf", ".xlsx", ".xls", ".docx", ".zip", ".gz", ".tgz", ".npz", ".h5", ".hdf5", ".keras"}
    | {".svg", ".log", ".db", ".sqlite", ".ipynb", ".html", ".pt", ".pth", ".pkl", ".joblib"}
)
_SPAWNS = re.compile(
    r"^[ \t]*!|\bos\.system|\bsubprocess\b|Thread|Parallel|Pool|n_jobs", re.MULTILINE
)
_DURATION_COLUMN = re.compile(r"time|duration|elapsed|seconds", re.IGNORECASE)
_ONLY_A_PART = "only a part of the content was read in time"
_WORST_LAST: tuple[OutputVerdict, ...] = (
    "identical",
    "unverifiable",
    "within tolerance",
    "extra",
    "missing",
    "differs",
)
# Cell, name, step, and which of several with these.
_MetricKey = tuple[tuple[int | None, str, int | None], int]
DIVERGING = frozenset({"differs", "missing", "extra"})


@dataclass(frozen=True)
class Pair:
    """A recorded execution and its repetition, in the order of the repetition.

    ``cell`` is the position in the recorded run's notebook, or in the current notebook's
    for a cell that the run did not have; ``step`` is ``None`` for such a cell, ``after``
    for one that was not repeated.
    """

    cell: int | None
    step: Step | None
    after: BatchCell | None

    @property
    def console(self) -> str | None:
        """The source that a console sent, which has no place in any notebook."""
        return self.step.source if self.step is not None and self.step.cell is None else None


@dataclass(frozen=True)
class Grounds:
    """What tells which metrics of a run its repetition is judged by.

    ``ended`` has the positions of the repeated cells that ended without error, ``clocks`` cell
    and name of what a clock makes; ``captured`` says whether metrics of the repetition were seen.
    """

    ended: frozenset[int | None]
    clocks: frozenset[tuple[int | None, str]]
    captured: bool

    def why_not(self, metric: Metric) -> str | None:
        """Return why `metric` is not judged; ``None`` if it is."""
        if metric.inherited:
            return "inherited from an earlier run"
        if not self.captured:
            return "the reproduction recorded no metrics"
        if (metric.cell, metric.name) in self.clocks:
            return "made by a clock"
        if metric.cell not in self.ended:
            return "its cell did not run to its end in the reproduction"
        return None

    def not_judged(self, metrics: Iterable[Metric]) -> tuple[str, ...]:
        """Name the metrics that are not judged, a line for each reason."""
        names: dict[str, dict[str, None]] = {}
        for metric in metrics:
            if (why := self.why_not(metric)) is not None:
                names.setdefault(why, {})[metric.name] = None
        return tuple(f"{', '.join(named)}: {why}" for why, named in names.items())


def grounds(
    pairs: Iterable[Pair], clocks: frozenset[tuple[int | None, str]], after: Run
) -> Grounds:
    """Return what the metrics of `after` are judged on."""
    ended = frozenset(
        pair.cell
        for pair in pairs
        if pair.step is not None and pair.after is not None and pair.after.status == "ok"
    )
    # Without its environment capture was off, and nothing inside was seen.
    return Grounds(ended, clocks, captured=after.environment is not None)


def tolerance_for(before: Run, after: Run, asked: float | None) -> float:
    """Return the relative difference up to which numbers count as *within tolerance*."""
    if asked is not None:
        return asked
    first, second = before.environment, after.environment
    if first is None or second is None or first.digest == second.digest:
        return 0.0
    return OTHER_ENVIRONMENT_TOLERANCE


def same_rendering(before: Environment | None, after: Environment | None) -> bool:
    """Tell whether equal pictures must have equal pixels in both environments."""
    if before is None or after is None:
        return False
    if (before.python, before.platform) != (after.python, after.platform):
        return False
    first, second = _versions(before), _versions(after)
    return all(first.get(name) == second.get(name) for name in _RENDERING)


def judge_cells(
    pairs: Sequence[Pair],
    standard: Standard,
    extra: Mapping[int | None, Sequence[OutputJudgement]],
) -> tuple[CellJudgement, ...]:
    """Judge every repeated cell.

    Parameters
    ----------
    extra
        Judgements of what a cell produced besides outputs, by its position; added to the
        last execution of that cell.
    """
    last = {pair.cell: number for number, pair in enumerate(pairs)}
    judged = []
    for number, pair in enumerate(pairs):
        outputs = _judge_pair(pair, standard)
        if last[pair.cell] == number:
            outputs += list(extra.get(pair.cell, ()))
        verdict: OutputVerdict = max(
            (one.verdict for one in outputs), key=_WORST_LAST.index, default="identical"
        )
        if pair.step is not None and pair.step.status != "not run" and not _was_repeated(pair):
            verdict = "missing"
        elif _got_further(pair):
            verdict = max(verdict, "extra", key=_WORST_LAST.index)
        judged.append(CellJudgement(pair.cell, verdict, tuple(outputs)))
    return tuple(judged)


def judge_metrics(
    before: Iterable[Metric], after: Iterable[Metric], standard: Standard
) -> dict[int | None, list[OutputJudgement]]:
    """Compare metrics by cell, name and step; only what is not identical is listed.

    Both must name cells by the same positions, and hold no value of a clock.
    """
    first, second = _series(before), _series(after)
    found: dict[int | None, list[OutputJudgement]] = {}
    for key, value in first.items():
        name = key[0][1]
        judgement = None
        if key not in second:
            judgement = OutputJudgement("number", "missing", what=name)
        else:
            difference = numbers.difference(value, second[key])
            if difference > 0:
                within = difference <= standard.tolerance
                verdict: OutputVerdict = "within tolerance" if within else "differs"
                judgement = OutputJudgement("number", verdict, difference, what=name)
        if judgement is not None:
            found.setdefault(key[0][0], []).append(judgement)
    for key in second.keys() - first.keys():
        extra = OutputJudgement("number", "extra", what=key[0][1])
        found.setdefault(key[0][0], []).append(extra)
    return found


def judge_data(
    before: Iterable[DataUse], after: Iterable[DataUse], standard: Standard
) -> dict[int | None, list[OutputJudgement]]:
    """Compare frames and arrays that were made, and files that were written, by digest."""
    second = _products(after)
    found: dict[int | None, list[OutputJudgement]] = {}
    for key, use in _products(before).items():
        other = second.get(key)
        # A product that nobody saw the second time is judged by the outputs alone.
        judgement = None if other is None else _judge_use(use, other, standard)
        if judgement is not None:
            named = replace(judgement, what=use.name or use.path or "")
            found.setdefault(use.cell, []).append(named)
    return found


def not_compared(before: Iterable[DataUse], after: Iterable[DataUse]) -> tuple[str, ...]:
    """Name the data made or written both times whose contents can't be compared.

    A line for each reason.
    """
    second = _products(after)
    names: dict[str, dict[str, None]] = {}
    for key, use in _products(before).items():
        other = second.get(key)
        if other is not None and equal(use, other) is None:
            whole = use.complete and other.complete and None not in (use.digest, other.digest)
            why = "digests of different algorithms" if whole else _ONLY_A_PART
            names.setdefault(why, {})[use.name or use.path or use.kind] = None
    return tuple(f"{listed(named)}: {why}" for why, named in names.items())


def judge_models(
    before: Iterable[ModelFit], after: Iterable[ModelFit]
) -> dict[int | None, list[OutputJudgement]]:
    """Compare fitted models by digest.

    Equal ones are equal. One that is not proves nothing, since models keep clocks too, the
    times of their fits: it is *unverifiable*.
    """
    second = {(one.cell, one.name): one.digest for one in after if not one.inherited}
    found: dict[int | None, list[OutputJudgement]] = {}
    for one in before:
        digests = [one.digest, second.get((one.cell, one.name))]
        algorithms = {digest and digest.partition(":")[0] for digest in digests}
        if one.inherited or None in digests or len(algorithms) > 1:
            continue
        verdict: OutputVerdict = "identical" if digests[0] == digests[1] else "unverifiable"
        found.setdefault(one.cell, []).append(OutputJudgement("model", verdict, what=one.name))
    return found


def equal(before: DataUse, after: DataUse) -> bool | None:
    """Tell whether two contents are equal; ``None`` where the digests can't tell."""
    if before.digest is None or after.digest is None or not (before.complete and after.complete):
        return None
    if before.has_other_extent(after):
        return False
    first, second = (
        {digest.partition(":")[0]: digest for digest in digests}
        for digests in ((before.digest, *before.digests), (after.digest, *after.digests))
    )
    shared = first.keys() & second.keys()
    return all(first[name] == second[name] for name in shared) if shared else None


def changed_columns(before: DataUse, after: DataUse) -> tuple[str, ...]:
    """Return the names of columns that differ for certain, in their order.

    What is not listed of a frame with very many columns may be there all the same.
    """
    first = {column.name: column for column in before.columns}
    second = {column.name: column for column in after.columns}
    every = before.column_count is None and after.column_count is None
    changed = []
    for name in dict.fromkeys((*first, *second)):
        one, other = first.get(name), second.get(name)
        if one is None or other is None:
            if every:
                changed.append(name)
        elif one.complete and other.complete and one != other:
            changed.append(name)
    return tuple(changed)


def _versions(environment: Environment) -> dict[str, str]:
    return {name.lower(): version for name, version in environment.packages.items()}


def _was_repeated(pair: Pair) -> bool:
    return pair.after is not None and pair.after.status != "not run"


def _got_further(pair: Pair) -> bool:
    was_cut = pair.step is not None and pair.step.status in ("interrupted", "running")
    return was_cut and pair.after is not None and pair.after.status == "ok"


def _judge_pair(pair: Pair, standard: Standard) -> list[OutputJudgement]:
    recorded = list(pair.step.outputs) if pair.step is not None else []
    repeated = list(pair.after.outputs) if pair.after is not None else []
    judged = _judge_missing(recorded, repeated)
    before, after = shown(recorded), shown(repeated)
    source = pair.step.source if pair.step is not None else ""
    for first, second in _aligned(before, after):
        if first is None and second is not None:
            judged.append(OutputJudgement(second.kind, "extra"))
        elif first is not None and second is None:
            judged.append(OutputJudgement(first.kind, "missing"))
        elif first is not None and second is not None:
            judged.append(_judge_either_order(first, second, standard, source))
    return judged


def _judge_missing(recorded: list[Any], repeated: list[Any]) -> list[OutputJudgement]:
    """Judge, by digest alone, outputs whose content was too large to keep; take them out."""
    judged = []
    for output in list(recorded):
        mark = section(output.get("metadata"), OWN)
        if "missing" not in mark:
            continue
        recorded.remove(output)
        alike = [one for one in repeated if one.get("output_type") == mark.get("type")]
        same = [one for one in alike if sha256(canonical(one)) == mark["missing"]]
        verdict: OutputVerdict = "identical" if same else "unverifiable" if alike else "missing"
        judged.append(OutputJudgement("text", verdict))
        for one in (same or alike)[:1]:
            repeated.remove(one)
    return judged


def _judge_either_order(
    before: Shown, after: Shown, standard: Standard, source: str
) -> OutputJudgement:
    judgement = judge(before, after, standard)
    if judgement.verdict != "differs" or before.kind != "text" or not _SPAWNS.search(source):
        return judgement
    # Processes and threads write when their turn comes: only the set of lines is theirs.
    again = judge(_sorted_lines(before), _sorted_lines(after), standard)
    if again.verdict == "differs":
        return judgement
    return replace(again, masks=(*again.masks, "line order"))


def _sorted_lines(one: Shown) -> Shown:
    return replace(one, content="\n".join(sorted(str(one.content).splitlines())))


def _aligned(
    before: Sequence[Shown], after: Sequence[Shown]
) -> list[tuple[Shown | None, Shown | None]]:
    if len(before) == len(after):
        return list(zip(before, after, strict=True))
    kinds = [[(one.kind, one.mime) for one in side] for side in (before, after)]
    pairs: list[tuple[Shown | None, Shown | None]] = []
    matcher = SequenceMatcher(None, kinds[0], kinds[1], autojunk=False)
    for tag, i, i_end, j, j_end in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(before[i:i_end], after[j:j_end], strict=True)
        else:
            pairs += [(one, None) for one in before[i:i_end]]
            pairs += [(None, one) for one in after[j:j_end]]
    return pairs


def _series(metrics: Iterable[Metric]) -> dict[_MetricKey, float | int | str]:
    values: dict[_MetricKey, float | int | str] = {}
    counts: Counter[tuple[int | None, str, int | None]] = Counter()
    for metric in metrics:
        if not metric.inherited:
            key = (metric.cell, metric.name, metric.step)
            values[key, counts[key]] = metric.value
            counts[key] += 1
    return values


def _products(uses: Iterable[DataUse]) -> dict[tuple[Any, ...], DataUse]:
    return {
        (use.cell, use.kind, use.name if use.access == "made" else use.path, use.access): use
        for use in uses
        if use.access in ("made", "write") and not use.inherited
    }


def _judge_use(before: DataUse, after: DataUse, standard: Standard) -> OutputJudgement | None:
    if equal(before, after) is not False:
        return None
    kind: OutputKind = "table" if before.kind in ("frame", "array") else "text"
    columns = changed_columns(before, after)
    every = before.column_count is None and after.column_count is None and before.rows == after.rows
    if columns and every and all(map(_DURATION_COLUMN.search, columns)):
        return OutputJudgement("table", "identical", masks=("duration",))
    dated = before.path is not None and PurePath(before.path).suffix.lower() in _DATED_FILES
    # A digest says equal or not, never by how much: no tolerance can be applied to it.
    if dated or standard.tolerance > 0:
        return OutputJudgement(kind, "unverifiable")
    return OutputJudgement(kind, "differs")
