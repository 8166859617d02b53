"""Random sessions in which every number knows which parameters truly produced it.

Longer by command: ``python -m tests.store.random_sessions 100000 [FIRST_SEED]``.
"""

from __future__ import annotations

import builtins
import random
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jupyter_mlops.records import Run
from jupyter_mlops.store.documents import of_segment
from jupyter_mlops.store.segmentation import Segment, Segmentation, segment
from jupyter_mlops.store.sessions import Execution, Session, tell
from tests.store.interpreter import Kernel
from tests.store.random_cells import (
    COMMON,
    HIDING,
    KINDS,
    OUTSIDE,
    OVERLAPPING,
    Author,
)
from tests.store.torn_rows import Given, Names, torn
from tests.store.truth import Number, Origin, Subject, Truth


@dataclass(frozen=True)
class Acted:
    """A random session, executed."""

    session: Session
    truth: Truth
    script: list[tuple[str, str]]
    given: list[Given]


def act(seed: int, folder: Path, *, hides: bool = False) -> Acted:
    """Write and execute the session of `seed`, with or without hidden values."""
    dice = random.Random(seed)
    kinds = sorted(KINDS) if hides else sorted(KINDS.keys() - set(HIDING))
    some = dice.sample(kinds, dice.randint(3, 8))
    truth = Truth()
    hiding = [dice.choice(HIDING)] * 4 if hides and dice.random() < 0.4 else []
    author = Author(truth, dice, [*COMMON, *some, *some, *hiding])
    return execute(list(author.deeds(dice.randint(4, 14))), truth, folder)


def execute(script: list[tuple[str, str]], truth: Truth, folder: Path) -> Acted:
    """Execute cells in a new kernel whose built-ins have ``mix``."""
    (folder / "file").unlink(missing_ok=True)
    with _mixing(truth):
        random.seed(0)
        kernel = Kernel(folder)
        names, given = Names(), []
        truth.executed = 0
        for number, (cell, source) in enumerate(script):
            cleaned = source.removesuffix(OVERLAPPING)
            told, _, outside = cleaned.partition(OUTSIDE)
            if outside:
                kernel.change_outside(outside)
                names.look(kernel.namespace)
            kernel.execute(cell, told, overlapping=cleaned != source)
            truth.end_execution()
            given.append(names.given(cell, source, kernel.namespace))
            for name, value in kernel.namespace.items():
                if isinstance(value, Number):
                    truth.metrics[number, name] = value.origins
                    truth.metrics_made[number, name] = value.executions
    session = tell(kernel.events, ())
    assert session is not None
    return Acted(session, truth, script, given)


@contextmanager
def _mixing(truth: Truth) -> Iterator[None]:
    builtins.mix = truth.mix  # type: ignore[attr-defined]
    builtins.rough = truth.rough  # type: ignore[attr-defined]
    state = random.getstate()
    try:
        yield
    finally:
        random.setstate(state)
        del builtins.mix, builtins.rough  # type: ignore[attr-defined]


def lies(acted: Acted) -> list[str]:
    """Say which row shows a metric that its own parameters did not produce.

    Each value that truly went into a metric stands in its row. Where the metrics of two cells
    came from different values of one name of one cell, those of one came from both: that is
    a lineage that went through both, and a notice says so. A hidden value can't stand there, but
    neither does what it replaced, beside a metric that came from it.
    """
    session = acted.session
    segmentation = segment(session.executions)
    places = {cell: index for index, cell in enumerate(_cells(session))}
    named = {index: cell.removeprefix("id ") for cell, index in places.items()}
    found = []
    for ordinal in range(len(segmentation.runs)):
        run = of_segment(session, segmentation, ordinal, places, None).run
        shown: dict[Subject, set[float]] = {}
        for parameter in run.parameters:
            subject = (named[parameter.cell or 0], parameter.name)
            shown.setdefault(subject, set()).add(parameter.value)
        segment_ = segmentation.runs[ordinal]
        truths = {
            index: _by_subject(acted, index) for index in (*segment_.results, *segment_.inherited)
        }
        found += [
            f"run {ordinal}: a metric came from {subject} = {values}, shown is {shown.get(subject)}"
            for truth in truths.values()
            for subject, values in truth.items()
            if not values - acted.truth.hidden <= shown.get(subject, set())
            if not _is_owned_up(subject[1], run.notices)
        ]
        found += [
            f"run {ordinal}: {one}" for one in _replaced(acted, segment_, truths, run.notices)
        ]
        if not any("exec(" in source or OVERLAPPING in source for _, source in acted.script):
            found += [f"run {ordinal}: {mixed}" for mixed in _mixed(acted, truths.values())]
        found += [f"run {ordinal}: {one}" for one in _misstated(acted, run, truths)]
        came = {index: _came_from(acted, index) for index in truths}
        used = frozenset().union(*(_executions(acted, index) for index in truths))
        found += [f"run {ordinal}: {one}" for one in torn(run, named, acted.given, came, used)]
        found += _undeclared(run.notices, shown, ordinal)
    return found


def _misstated(acted: Acted, run: Run, results: Collection[int]) -> Iterator[str]:
    """Say which metric is shown of no result, or not shown, and which notice has no reason."""
    shown = sorted((metric.name, metric.value) for metric in run.metrics)
    if shown != sorted(one for index in results for one in _values(acted, index)):
        yield f"its metrics are {shown}"
    # Whatever else gives ``b`` a number replaces it too; and what is deleted is replaced.
    replaced = {"b", *(one[1] for value in acted.truth.hidden for one in acted.truth.of(value))}
    replaced |= {source[-1] for _, source in acted.script if "\ndel " in source}
    for notice in run.notices:
        name, _, rest = notice.partition(" ")
        if rest.startswith("is no parameter") and name not in replaced:
            yield f"{notice}, and nothing replaced it"


def _is_owned_up(name: str, notices: Sequence[str]) -> bool:
    return any(notice.startswith(f"{name} is no parameter of this run") for notice in notices)


def _replaced(
    acted: Acted,
    segment_: Segment,
    truths: dict[int, dict[Subject, set[float]]],
    notices: Sequence[str],
) -> Iterator[str]:
    """Say which value is shown beside a metric that came from what replaced it, unsaid."""
    executions = acted.session.executions
    for shown in segment_.parameters:
        name, value = shown.parameter.name, shown.parameter.value
        used = any(value in ones for truth in truths.values() for ones in truth.values())
        if used and any(notice.startswith(f"{name} had ") for notice in notices):
            continue
        for index, truth in truths.items():
            came = {one for subject, ones in truth.items() if subject[1] == name for one in ones}
            for hidden in came & acted.truth.hidden:
                place = _first_with(acted, hidden, index)
                if f"{name} = mix(" in acted.script[index][1]:
                    continue  # the metric is the new value itself, and came from no old one
                anew = executions[shown.index + 1 : index + 1]
                if place > shown.index and value not in came and not _sets(anew, name):
                    yield f"{name} = {value} is shown, execution {index} came from {hidden}"


def _first_with(acted: Acted, value: float, until: int) -> int:
    places = [place for place in range(until + 1) if repr(value) in acted.script[place][1]]
    return places[0] if places else -1


def _sets(executions: Sequence[Execution], name: str) -> bool:
    return any(
        parameter.name == name
        for execution in executions
        if execution.finished is not None
        for parameter in execution.finished.parameters
    )


def _by_subject(acted: Acted, index: int) -> dict[Subject, set[float]]:
    """Return what went into the metrics of one execution, and into the files that it wrote."""
    found: dict[Subject, set[float]] = {}
    for cell, name, value in _came_from(acted, index):
        found.setdefault((cell, name), set()).add(value)
    return found


def _came_from(acted: Acted, index: int) -> frozenset[Origin]:
    origins = [acted.truth.metrics.get((index, name), ()) for name in _metrics(acted, index)]
    if _writes(acted, index):
        origins.append(acted.truth.came.get(index, ()))
    return frozenset().union(*origins)


def _executions(acted: Acted, index: int) -> frozenset[int]:
    made = [acted.truth.metrics_made.get((index, name), ()) for name in _metrics(acted, index)]
    if _writes(acted, index):
        made.append(acted.truth.through.get(index, ()))
    return frozenset({index}.union(*made))


def _writes(acted: Acted, index: int) -> bool:
    finished = acted.session.executions[index].finished
    return finished is not None and any(use.access == "write" for use in finished.data)


def _metrics(acted: Acted, index: int) -> list[str]:
    return [name for name, _ in _values(acted, index)]


def _mixed(acted: Acted, truths: Collection[dict[Subject, set[float]]]) -> Iterator[str]:
    for subject in {subject for truth in truths for subject in truth}:
        values = [truth[subject] - acted.truth.hidden for truth in truths if subject in truth]
        if set().union(*values) not in values:
            yield f"metrics came from {values} of {subject}, and none from all of them"


def _undeclared(
    notices: Sequence[str], shown: dict[Subject, set[float]], ordinal: int
) -> list[str]:
    return [
        f"run {ordinal}: {name} of {cell} has several values and no notice says so"
        for (cell, name), values in shown.items()
        if len(values) > 1 and not any(notice.startswith(f"{name} had ") for notice in notices)
    ]


def _cells(session: Session) -> list[str]:
    return list(dict.fromkeys(execution.cell for execution in session.executions))


def lost(acted: Acted) -> list[str]:
    """Say which result did not show in the open run, or only an older one in its place.

    And which run that was closed changed when the session went on.
    """
    executions = acted.session.executions
    before = Segmentation(())
    found = []
    for count, execution in enumerate(executions, 1):
        now = segment(executions[:count])
        closed = before.runs[:-1]
        if now.runs[: len(closed)] != closed or len(now.runs) < len(before.runs):
            found.append(f"execution {execution.number} changed a closed run")
        before = now
        if not _has_result(execution):
            continue
        shown = [one for one in now.runs[-1].results if executions[one].cell == execution.cell]
        same = [one for one in shown if _values(acted, one) == _values(acted, execution.number)]
        if not any(
            _by_subject(acted, one) == _by_subject(acted, execution.number)
            or (execution.is_opaque and _is_told(acted, now, execution.number))
            for one in same
        ):
            found.append(f"execution {execution.number} is not shown by the open run")
    return found


def _is_told(acted: Acted, now: Segmentation, index: int) -> bool:
    """Tell whether the open run shows, or owns up to, all that an execution came from.

    Where nobody knows what one used, a repetition with the same numbers can't be told from what
    it repeats; but the row must be true of both.
    """
    session = replace(acted.session, executions=acted.session.executions[: index + 1])
    places = {cell: place for place, cell in enumerate(_cells(session))}
    run = of_segment(session, now, len(now.runs) - 1, places, None).run
    shown = {(one.cell, one.name, one.value) for one in run.parameters}
    return all(
        _is_owned_up(name, run.notices)
        or all((places.get(f"id {cell}"), name, one) in shown for one in ones - acted.truth.hidden)
        for (cell, name), ones in _by_subject(acted, index).items()
    )


def _has_result(execution: Execution) -> bool:
    """Tell whether an execution left a number that is no count, fitted a model or wrote a file."""
    finished = execution.finished
    return finished is not None and bool(
        {metric.name for metric in finished.metrics} - {*finished.minor, *finished.volatile}
        or finished.models
        or [use for use in finished.data if use.access == "write"]
    )


def disturbed(acted: Acted) -> list[str]:
    """Say which execution changes a run while it is under way."""
    executions = acted.session.executions
    found = []
    for index, execution in enumerate(executions):
        before = segment(executions[:index]).runs
        under_way = replace(execution, finished=None, status="running")
        # Before the first result a session is one run of all that was executed.
        if any(run.opened is not None for run in before):
            now = segment((*executions[:index], under_way)).runs
            if now != before:
                found.append(f"execution {execution.number} under way changed a run")
    return found


def unfaithful(acted: Acted) -> list[str]:
    """Say which run, its lineage executed alone in a new kernel, gives other metrics."""
    executions = acted.session.executions
    if any(one.finished is not None and one.finished.randomness for one in executions):
        return []  # the state of a generator is put back by whoever replays, not by the cells
    found = []
    for ordinal, run in enumerate(segment(executions).runs):
        script = [acted.script[index] for index in run.lineage]
        with tempfile.TemporaryDirectory() as folder:
            again = execute(
                script, Truth(dict(acted.truth.origins), hidden=acted.truth.hidden), Path(folder)
            )
        for place, index in enumerate(run.lineage):
            if index in run.results and _values(again, place) != _values(acted, index):
                found.append(f"run {ordinal}: execution {index} gives {_values(again, place)}")
    return found


def _values(acted: Acted, index: int) -> list[tuple[str, Any]]:
    finished = acted.session.executions[index].finished
    return [(one.name, one.value) for one in finished.metrics] if finished is not None else []


def smallest(acted: Acted, folder: Path, wrong: Callable[[Acted], list[str]]) -> Acted:
    """Leave out what is not needed for a session to go wrong."""
    index = 0
    while index < len(acted.script):
        fewer = acted.script[:index] + acted.script[index + 1 :]
        shorter = execute(fewer, acted.truth, folder) if fewer else None
        if shorter is not None and wrong(shorter):
            acted = shorter
        else:
            index += 1
    return acted


def told(acted: Acted, wrong: Callable[[Acted], list[str]]) -> str:
    """Tell a session with what is wrong of it."""
    cells = [f"{cell}:\n    " + source.replace("\n", "\n    ") for cell, source in acted.script]
    return "\n".join([*cells, *wrong(acted)])


def main(count: int, first: int) -> int:
    """Try `count` sessions; tell the first that is wrong, made small."""
    with tempfile.TemporaryDirectory() as name:
        for seed in range(first, first + count):
            acted = act(seed, Path(name), hides=True)
            for wrong in (lies, lost, disturbed, unfaithful):
                if wrong(acted):
                    sys.stdout.write(f"seed {seed}\n")
                    sys.stdout.write(told(smallest(acted, Path(name), wrong), wrong) + "\n")
                    return 1
    sys.stdout.write(f"{count} sessions, nothing wrong\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
