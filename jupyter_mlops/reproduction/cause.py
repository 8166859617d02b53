"""Why a repetition differs from its run: what the recorded inputs of both show.

Only what can have reached the first diverging cell counts, and only what was seen to
differ: two digests that can't be compared name no cause. *Unknown* is an answer.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from jupyter_mlops import dataflow
from jupyter_mlops.dataflow.source import lines_of, parse, with_spans
from jupyter_mlops.layout import cells_text, column_changes, same, value_text
from jupyter_mlops.records import (
    Cause,
    CauseKind,
    CellError,
    CellStatus,
    DataUse,
    Parameter,
    RandomUse,
    Run,
    Step,
)
from jupyter_mlops.redaction import digest_of, is_redacted
from jupyter_mlops.redaction.marks import comparable
from jupyter_mlops.reproduction import secrets, surroundings
from jupyter_mlops.reproduction.flows import flows, lineage, reaching
from jupyter_mlops.reproduction.hidden import hidden_state
from jupyter_mlops.reproduction.order import other_order
from jupyter_mlops.reproduction.randomness import unseeded, was_put_back
from jupyter_mlops.reproduction.verdict import Pair, changed_columns, equal

# Most likely first: what was changed on purpose, then what changed by itself.
_ORDER: tuple[CauseKind, ...] = (
    "parameter",
    "code",
    "data",
    "hidden state",
    "order",
    "seed",
    "environment",
    "hardware",
    "unknown",
)
# What somebody changed, or may have: several of them may have done it together.
_CHANGES: tuple[CauseKind, ...] = ("parameter", "code", "data")
_UNFINISHED: tuple[CellStatus, ...] = ("interrupted", "not run", "running")
# Some readers tell it in an error of another type.
_MISSING = re.compile(r"(?i)no such file|not found|not exist")
_MISSING_PACKAGE = ("ModuleNotFoundError", "ImportError")


@dataclass(frozen=True)
class Evidence:
    """Everything that is known of a run and its repetition.

    Attributes
    ----------
    before, after
        Both records; cells of `after` by the positions of `before`, and its paths as they
        would be without the sandbox.
    pairs
        The repeated steps in order; ``at`` is the first that diverges.
    error
        The exception that ended the repetition early.
    reason
        Why it ended early, in words.
    confined
        Whether it might write in its sandbox only.
    limited
        Whether it had a limit of time.
    differing
        Names of what differs in the diverging cell, as far as it has names.
    steps
        All that the run executed, in its order; the repetition may stand for several with one.
    """

    before: Run
    after: Run
    pairs: Sequence[Pair]
    at: int
    error: CellError | None = None
    reason: str | None = None
    confined: bool = False
    limited: bool = False
    differing: tuple[str, ...] = ()
    steps: Sequence[Step] = ()

    @property
    def repeated(self) -> list[Step]:
        """The run's own steps up to the diverging one."""
        return [pair.step for pair in self.pairs[: self.at + 1] if pair.step is not None]

    @property
    def _is_anything(self) -> bool:
        """Whether anything before may have reached what diverges: nothing was seen of its flow."""
        return self.pairs[self.at].step is None or self._unseen

    @property
    def _unseen(self) -> bool:
        return self.before.environment is None

    @property
    def cells(self) -> set[int | None]:
        """Positions of the cells that can have reached the diverging one."""
        steps = self.repeated
        if not steps or self._is_anything:
            known = [one.cell for one in self.before.cells]
            at = self.pairs[self.at].cell
            # Cells of which nothing at all is kept have no pair.
            unseen = [None, *known[: known.index(at)]] if at in known and self._unseen else []
            return {*unseen, *(pair.cell for pair in self.pairs[: self.at + 1])}
        reached = lineage(self.before, steps, len(steps) - 1)
        return {None, *(steps[index].cell for index in reached)}

    def reaches(self) -> Callable[[Cause], bool]:
        """Return what tells whether a cause can have reached what differs first."""
        steps = self.repeated
        if self._is_anything:
            return lambda one: True
        found = reaching(self.before, steps, self.differing)

        def can_reach(one: Cause) -> bool:
            if one.kind == "parameter":
                return (one.cell, one.what.partition(".")[0]) in found.set
            return one.cell is None or one.cell in found.cells

        return can_reach


@dataclass(frozen=True)
class Causes:
    """The causes, most likely first; as many as ``leading`` are equally likely."""

    found: tuple[Cause, ...]
    leading: int = 1


def weighed(evidence: Evidence) -> Causes:
    """Find the causes and weigh them; there is at least one.

    What can have reached that which differs first comes before the rest. Several changes
    that can are equally likely.
    """
    cells = evidence.cells
    found = [
        *_ended(evidence),
        *_parameters(evidence, cells),
        *_sources(evidence, cells),
        *_data(evidence, cells),
        *_missing_files(evidence),
        *hidden_state(evidence.before, evidence.repeated, evidence.error),
        *_order(evidence),
        *_seeds(evidence, cells),
        *surroundings.causes(evidence),
    ]
    if not found:
        return Causes((_unknown(evidence),))
    # An error that names its reason makes that reason the likely one.
    failed = evidence.error.type if evidence.error is not None else ""
    missing = surroundings.missing_variables(evidence)
    named = {*_ended(evidence), *_missing_files(evidence), *missing}
    if failed in _MISSING_PACKAGE:
        named.update(one for one in found if one.kind == "environment")
    reaches = evidence.reaches()
    found.sort(key=lambda one: (one not in named, not reaches(one), _ORDER.index(one.kind)))
    changes = [one.kind in _CHANGES and one not in named and reaches(one) for one in found]
    return Causes(tuple(found), max(1, (*changes, False).index(False)))


def _ended(evidence: Evidence) -> Iterator[Cause]:
    """Say that it was the recorded run that did not get further, where that is so."""
    before, pair = evidence.before, evidence.pairs[evidence.at]
    if before.trigger == "interactive" or before.status == "completed" or not before.notices:
        return
    if any(one.cell == pair.cell and one.status in _UNFINISHED for one in before.cells):
        detail = f"ended there: {before.notices[-1]}"  # a batch run's last notice is its end
        if "limit" in detail and not evidence.limited:
            detail += "; the reproduction had no limit"
        yield Cause("environment", "the recorded run", pair.cell, detail)


def _parameters(evidence: Evidence, cells: set[int | None]) -> Iterator[Cause]:
    after = [one for one in evidence.after.parameters if _is_set(one)]
    for one in filter(_is_set, evidence.before.parameters):
        named = [other for other in after if other.name == one.name]
        named = [other for other in named if other.cell == one.cell] or named
        if one.cell not in cells or not named or same((one.value, named[-1].value)):
            continue
        before, now = value_text(one.value), value_text(named[-1].value)
        states = [digest_of(value) for value in (one.value, named[-1].value)]
        if all(states) and not comparable(filter(None, states)):
            continue  # nobody can tell
        detail = secrets.ANOTHER if all(states) else f"{before} → {now}"
        yield Cause("parameter", one.name, one.cell, detail, states[0] or before, states[1] or now)
    recorded = {(one.name, one.cell) for one in evidence.before.parameters}
    # What no result came from is no parameter of a session's run, and can be set all the same.
    for one in after:
        sources = [p.step.source for p in evidence.pairs if p.cell == one.cell and p.step]
        if one.source != "literal" or one.cell not in cells or (one.name, one.cell) in recorded:
            continue
        for literal in dataflow.literals(sources[-1]) if sources else ():
            is_other = literal.name == one.name and not same((literal.value, one.value))
            if is_other and not is_redacted(one.value):
                then, now = value_text(literal.value), value_text(one.value)
                yield Cause("parameter", one.name, one.cell, f"{then} → {now}", then, now)


def _is_set(parameter: Parameter) -> bool:
    return parameter.source != "model" and not parameter.inherited


def _sources(evidence: Evidence, cells: set[int | None]) -> Iterator[Cause]:
    edited = [pair for pair in evidence.pairs[: evidence.at + 1] if pair.cell in cells]
    for pair in edited:
        if pair.step is not None and pair.after is None:
            yield Cause("code", f"cell {pair.cell}", pair.cell, "was removed")
        elif pair.step is not None and pair.after is not None:
            before, now = pair.step.source, pair.after.source
            if not before or not now:
                continue  # its author keeps the source out of the record
            named = {(one.name, one.cell) for one in evidence.before.parameters}
            for name in secrets.changed(before, now):
                if (name, pair.cell) not in named:
                    yield Cause("parameter", name, pair.cell, secrets.ANOTHER)
            if _code(before) != _code(now):
                yield Cause("code", f"cell {pair.cell}", pair.cell, _changed_line(before, now))
    for pair in evidence.pairs[: evidence.at + 1]:
        if pair.step is None and pair.after is not None and _reaches(pair.after.source, edited):
            line = _first_line(pair.after.source)
            yield Cause("code", "a new cell", None, f"was added: {line}")
    for use, other in _both(evidence, ("import",)):
        if equal(use, other) is False:
            what = os.path.basename(use.path or "") or str(use.name)
            yield Cause("code", what, use.cell, "changed since", use.digest, other.digest)


def _reaches(source: str, pairs: Sequence[Pair]) -> bool:
    """Tell whether a cell that is new sets a name that one of `pairs` reads."""
    flow = dataflow.analyse(source)
    steps = [pair.step for pair in pairs if pair.step is not None]
    return flow.opaque is not None or any(flow.writes & one.reads for one in flows(steps))


def _code(source: str) -> str:
    """Return what a source does, without layout, comments, and the values of parameters.

    Another value of a literal is a change of that parameter.
    """
    source = secrets.without(source)
    bare = with_spans(source, {one.span: "__literal__" for one in dataflow.literals(source)})
    text = "\n".join(line.rstrip() for line in lines_of(bare)).strip()
    parsed = parse(text)
    return text if parsed is None else ast.dump(parsed.tree)


def _changed_line(before: str, now: str) -> str:
    first, second = lines_of(before), lines_of(now)
    for one, other in zip(first, second, strict=False):
        if one.strip() != other.strip():
            return f"{one.strip()} → {other.strip()}"
    longer, verb = (second, "added") if len(second) > len(first) else (first, "removed")
    rest = longer[min(len(first), len(second)) :]
    return f"{verb}: {_first_line(chr(10).join(rest))}"


def _first_line(source: str) -> str:
    return next((line.strip() for line in lines_of(source) if line.strip()), "")


def _data(evidence: Evidence, cells: set[int | None]) -> Iterator[Cause]:
    for use, other in _both(evidence, ("read",)):
        if use.cell in cells and equal(use, other) is False:
            what = use.path or use.name or use.kind
            detail = _data_detail(evidence, use, other)
            yield Cause("data", what, use.cell, detail, use.digest, other.digest)


def _both(evidence: Evidence, access: Sequence[str]) -> Iterator[tuple[DataUse, DataUse]]:
    after = {(use.cell, use.kind, use.path, use.access): use for use in evidence.after.data}
    for use in evidence.before.data:
        other = after.get((use.cell, use.kind, use.path, use.access))
        if use.access in access and other is not None and not use.inherited:
            yield use, other


def _data_detail(evidence: Evidence, use: DataUse, other: DataUse) -> str:
    """Say what changed in a file, from the frames that its cell made of it."""
    pairs = [(use, other)]
    made = {one.name: one for one in evidence.after.data if one.cell == use.cell}
    pairs += [
        (one, made[one.name])
        for one in evidence.before.data
        if one.cell == use.cell and one.access == "made" and one.name in made
    ]
    for one, now in pairs:
        parts = []
        if one.rows is not None and now.rows is not None and one.rows != now.rows:
            parts.append(f"{one.rows} → {now.rows} rows")
        parts += _columns(one, now, is_resized=bool(parts))
        if parts:
            return ", ".join(parts)
    if use.size_bytes is not None and use.size_bytes != other.size_bytes:
        return f"{use.size_bytes} → {other.size_bytes} bytes"
    return "other content"


def _columns(one: DataUse, now: DataUse, *, is_resized: bool) -> list[str]:
    names, names_now = ([column.name for column in each.columns] for each in (one, now))
    if not names or not names_now:
        return []
    counts = []
    if one.column_count is None and now.column_count is None:
        gone = [name for name in names if name not in names_now]
        come = [name for name in names_now if name not in names]
    else:  # what is not listed may be there all the same
        gone = come = []
        counts = [f"{one.width} → {now.width} columns"] if one.width != now.width else []
    changed = [name for name in changed_columns(one, now) if name not in (*gone, *come)]
    # Where rows came or went, every column changed, and naming them says nothing.
    if is_resized and len(changed) == len(names) - len(gone):
        changed = []
    return [*counts, *column_changes(changed, gone, come)]


def _missing_files(evidence: Evidence) -> Iterator[Cause]:
    error = evidence.error
    if error is None or not (error.type == "FileNotFoundError" or _MISSING.search(error.message)):
        return
    there = {use.path for use in evidence.after.data if use.access == "read"}
    for use in evidence.before.data:
        # Not within another name: data.csv holds a.csv.
        name = rf"(?<![\w.-]){re.escape(os.path.basename(use.path or ''))}(?![\w-])"
        if use.access != "read" or not use.path or use.path in there:
            continue
        if re.search(name, error.message):
            yield Cause("data", use.path, use.cell, "is no longer there", use.digest, None)


def _order(evidence: Evidence) -> Iterator[Cause]:
    """Tell what was read from elsewhere, where the repetition did not keep the recorded order."""
    found = other_order(
        evidence.before, evidence.after, evidence.steps, evidence.pairs, evidence.at
    )
    if found is not None:
        then, now = cells_text(found.first), cells_text(found.second)
        now = now if now != then else "an execution with other code"
        detail = f"read {found.name} from {then}, and now from {now}"
        yield Cause("order", "order of execution", found.cell, detail)


def _listed(cells: Sequence[int | None]) -> str:
    shown = [str(cell) for cell in cells[:12]]
    return ", ".join(shown) + (", …" if len(cells) > 12 else "")


def _seeds(evidence: Evidence, cells: set[int | None]) -> Iterator[Cause]:
    steps = [pair.step for pair in evidence.pairs[: evidence.at + 1] if pair.step is not None]
    drawn: dict[str, list[RandomUse]] = {}
    for use in unseeded(evidence.before, steps):
        if not was_put_back(use, evidence.before, evidence.after, steps):
            drawn.setdefault(str(use), []).append(use)
    for generator, uses in drawn.items():
        in_lineage = [use.cell for use in uses if use.cell in cells and use.cell is not None]
        if not in_lineage:
            continue
        where = f"cell{'s' if len(in_lineage) > 1 else ''} {_listed(in_lineage)}"
        yield Cause("seed", generator, in_lineage[0], f"used without a seed in {where}")


def _unknown(evidence: Evidence) -> Cause:
    pair = evidence.pairs[evidence.at]
    detail = evidence.reason or "no recorded input of the cells that led to it differs"
    steps = [one.step for one in evidence.pairs[: evidence.at + 1] if one.step is not None]
    if pair.step is not None and steps and flows(steps)[-1].volatile:
        detail += "; the cell reads the clock"
    cells = evidence.cells - {None}
    unseen = [one.what for one in evidence.before.unseen if one.cell in cells]
    if unseen:
        detail += f"; not seen: {', '.join(dict.fromkeys(unseen[:3]))}"
    return Cause("unknown", "unknown", pair.cell, detail)
