"""Which executions are not what the notebook, executed from its top, would give now. Pure.

Of each cell the newest execution is judged, by what it took (names, files, generators) and by
the execution that would have given it that from the top: the newest one of the nearest cell above
that writes it. Where both gave the same value, by its digest or else by its source and all that
this was made from, the execution is in order. Otherwise it is

*stale*
    if the cell that it took something from, or one above that, has given another value since; if
    a file that it read has other content since, or a module of the user's own was loaded anew;
    and if what it took came from a cell that is stale itself.
*out of order*
    if it took something from a cell that stands below it, from its own earlier execution, or past
    a cell that stands between; and if a cell above it, which writes what it took, was
    executed for the first time only afterwards.
*hidden state*
    if it took something that no cell of the notebook gives any more: its cell was deleted,
    or executed again with a source that does not give it; a console gave it, or a
    widget's callback or a thread, between two cells.
*unknown*
    if nobody can tell, and something stands in the way of its being in order: an execution
    of which nobody knows what it read and changed was not where the notebook has it, a value
    without a digest was made again, a cell's place is not known.

Whatever it does, what ran after exactly what stands above it is in order: that is why a plain
*Run All* is, with ``exec`` and star imports in it. An execution that was inherited is judged
as any other. What stands in no notebook (a console's cell, an injected one) has no order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from jupyter_mlops.records import Disorder, DisorderKind
from jupyter_mlops.store.identity import is_certain, made
from jupyter_mlops.store.inputs import changed_inputs
from jupyter_mlops.store.lineage import FILE, SEED, Traced, given, is_outside, is_value, writes
from jupyter_mlops.store.segmentation import Segmentation

_ONLY_AFTERWARDS = "is given by {cell}, which stands above and was executed only afterwards"
_NOT_KNOWN = "what it took is not known, and "


@dataclass(frozen=True)
class Layout:
    """Where the cells of a session stand.

    Attributes
    ----------
    places
        The position of each cell by its name in the session; none of a console's, and one in
        between for what was added for an execution.
    guessed
        Those whose position nobody told.
    gone
        Those that were deleted, as the notebook told its kernel.
    """

    places: Mapping[str, float]
    guessed: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


class _Found(NamedTuple):
    """What is not in order: of which name, by which execution, and in words after the name."""

    kind: DisorderKind
    name: str | None
    why: str
    other: Traced | None = None


@dataclass(frozen=True)
class Judged:
    """What is not in order of an execution, and which cells gave it the names that it read."""

    disorder: tuple[Disorder, ...] = ()
    origins: dict[str, int] | None = None


IN_ORDER = Judged()


def judged(traced: Sequence[Traced], layout: Layout, end: int) -> dict[int, Judged]:
    """Judge the newest execution of each cell, as things stood before the execution `end`.

    Returns
    -------
    By the executions' numbers; of those that were executed again only their origins.
    """
    judge = _Judge(traced[:end], layout)
    found = judge.judged()
    return {
        one.execution.number: Judged(
            tuple(dict.fromkeys(map(judge.told, found.get(one.index, ())))), judge.origins(one)
        )
        for one in judge.traced
    }


def judged_in(
    segmentation: Segmentation, places: Mapping[str, float], guessed: frozenset[str], end: int
) -> dict[int, Judged]:
    """Judge a session's executions by where its notebook's cells stand.

    One that is under way has changed nothing yet.
    """
    while end and segmentation.traced[end - 1].execution.status == "running":
        end -= 1
    gone = _deleted(segmentation.traced, end)
    return judged(segmentation.traced, Layout(places, guessed, gone), end)


def _deleted(traced: Sequence[Traced], end: int) -> frozenset[str]:
    """Return the cells that the notebook said were deleted, and that were not executed since."""
    gone: set[str] = set()
    for one in traced[:end]:
        gone.update(f"id {name}" for name in one.execution.started.deleted)
        gone.discard(one.cell)
    return frozenset(gone)


@dataclass
class _Judge:
    """What the judgement of one execution needs to know of all others."""

    traced: Sequence[Traced]
    layout: Layout
    newest: dict[str, Traced] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    writers: dict[str, list[tuple[float, Traced]]] = field(default_factory=dict)
    opaque: list[Traced] = field(default_factory=list)
    stale: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        for one in self.traced:
            if one.execution.finished is None:
                continue
            self.newest[one.cell] = one
            self.first.setdefault(one.cell, one.index)
            if one.execution.is_opaque:
                self.opaque.append(one)
        for one in self.newest.values():
            place = self.place(one)
            if place is None:
                continue
            for name in writes(one.execution):
                self.writers.setdefault(name, []).append((place, one))
        for found in self.writers.values():
            found.sort(key=lambda writer: writer[0])

    def place(self, one: Traced) -> float | None:
        if one.cell in self.layout.gone or one.execution.console is not None:
            return None
        return self.layout.places.get(one.cell)

    def judged(self) -> dict[int, list[_Found]]:
        """Judge in the order of execution, so that what is stale shows in what came of it."""
        files = changed_inputs(self.traced)
        found: dict[int, list[_Found]] = {}
        for one in sorted(self.newest.values(), key=lambda one: one.index):
            place = self.place(one)
            if place is None or one.execution.started.skipped:
                continue
            own = list(self._of(one, place))
            own += (_Found("stale", *change) for change in files.get(one.index, ()))
            if one.execution.is_opaque:
                own += self._not_there_yet(one, place)
            if one.execution.is_opaque and own:
                first = own[0]
                why = f"{_NOT_KNOWN}{_plain(first.name)} {first.why}"
                own = [_Found("unknown", None, why, first.other)]
            elif not one.execution.is_opaque:
                own += self._beside_opaque(one, place)
            if any(each.kind == "stale" for each in own):
                self.stale.add(one.index)
            found[one.index] = own
        return found

    def origins(self, one: Traced) -> dict[str, int] | None:
        """Return the positions of the cells that gave an execution the names that it read."""
        found = {
            name: at
            for name, suppliers in one.sources.items()
            if not name.startswith((FILE, SEED)) and not is_outside(one.tokens[name])
            if (source := self._source(name, suppliers)) is not None
            if (at := _position(self.place(source))) is not None
        }
        return found or None

    def told(self, found: _Found) -> Disorder:
        """Say it with positions."""
        other = found.other
        cell = None if other is None else _position(self.place(other))
        name = "this cell" if other is None else _cell(cell, other)
        what = None if found.name is None else _plain(found.name)
        return Disorder(found.kind, what, found.why.replace("{cell}", name), cell)

    def _of(self, one: Traced, place: float) -> Iterator[_Found]:
        for name, suppliers in one.sources.items():
            if is_outside(one.tokens[name]):
                yield _Found("hidden state", name, "was changed outside a cell")
            elif (source := self._source(name, suppliers)) is not None:
                yield from self._guarded(one, source, self._taken(one, place, name, source))
            elif one.execution.status != "ok" and (later := self._expected(name, place)):
                # What failed may have failed for want of it.
                yield _Found("out of order", name, _ONLY_AFTERWARDS, later)

    def _not_there_yet(self, one: Traced, place: float) -> Iterator[_Found]:
        """Look for what an execution that may have taken anything would have had from the top."""
        for name in sorted(self.writers.keys() - one.sources.keys()):
            later = self._expected(name, place)
            if later is not None and later.index > one.index:
                yield _Found("out of order", name, _ONLY_AFTERWARDS, later)
        for other in self.opaque:
            at = self.place(other)
            newest = other.index > one.index and self.newest[other.cell] is other
            if newest and at is not None and at < place:
                yield _Found("unknown", None, "may have been made by {cell} since", other)

    def _source(self, name: str, suppliers: Sequence[int]) -> Traced | None:
        """Return who gave a name; what may have changed anything is looked at by itself."""
        source = self.traced[suppliers[0]] if suppliers else None
        return source if source is not None and name in writes(source.execution) else None

    def _guarded(self, one: Traced, source: Traced, found: _Found | None) -> Iterator[_Found]:
        """Let what rests on a place that nobody told be unknown."""
        if found is None:
            return
        cells = {one.cell, source.cell} | ({found.other.cell} if found.other else set())
        if found.kind == "out of order" and len(cells) > 1 and cells & self.layout.guessed:
            why = f"{found.why}, as far as the places of cells are known"
            found = found._replace(kind="unknown", why=why)
        yield found

    def _taken(self, one: Traced, place: float, name: str, source: Traced) -> _Found | None:
        """Judge what an execution took under one name from another one."""
        expected = self._expected(name, place)
        at = self.place(source)
        if expected is not None and (expected is source or _gave_same(expected, source, name)):
            through = source.index in self.stale and not is_value(one.tokens[name][:1])
            if through and not name.startswith(SEED):
                return _Found("stale", name, "came from {cell}, which is stale", source)
            return None
        if at is None:
            return _Found("hidden state", name, _of_nowhere(source), source)
        if source.cell == one.cell:
            return _Found("out of order", name, "came from its own earlier execution")
        if expected is not None and expected.index > one.index:
            if self.first[expected.cell] > one.index and expected.cell != source.cell:
                return _Found("out of order", name, _ONLY_AFTERWARDS, expected)
            if at <= (self.place(expected) or 0):
                return self._again(name, source, expected)
        if at > place:
            return _Found("out of order", name, "came from {cell}, which stands below", source)
        if not any(writer.cell == source.cell for _, writer in self.writers.get(name, ())):
            why = "came from {cell} as it was before it was edited"
            return _Found("hidden state", name, why, source)
        if expected is None or expected.cell == source.cell:
            return None  # nothing else gives it: a repetition that was taken for the first one
        why = "came from a cell further up, executed after {cell}, which gives it too"
        return _Found("out of order", name, why, expected)

    def _again(self, name: str, source: Traced, expected: Traced) -> _Found:
        if name.startswith(SEED):
            return _Found("stale", name, "was seeded again by {cell} since", expected)
        sure = all(is_certain(each.execution) for each in (source, expected))
        if sure or _is_same_value(expected, source, name) is False:
            return _Found("stale", name, "was written again by {cell} since", expected)
        why = "was written again by {cell} since, and nobody knows whether with another value"
        return _Found("unknown", name, why, expected)

    def _expected(self, name: str, place: float) -> Traced | None:
        above = [one for at, one in self.writers.get(name, ()) if at < place]
        return above[-1] if above else None

    def _beside_opaque(self, one: Traced, place: float) -> list[_Found]:
        """Look for executions that may have changed anything, and stood elsewhere in the order."""
        sources = {
            name: self._source(name, suppliers)
            for name, suppliers in one.sources.items()
            if (suppliers or one.execution.status != "ok") and not is_outside(one.tokens[name])
        }
        for other in self.opaque:
            if other is one:
                continue
            at = self.place(other)
            for name, source in sources.items():
                if source is not other and self._may_reach(one, place, other, at, source):
                    why = "may have been changed by {cell}, of which nobody knows what it did"
                    return [_Found("unknown", name, why, other)]
        return []

    def _may_reach(
        self, one: Traced, place: float, other: Traced, at: float | None, source: Traced | None
    ) -> bool:
        """Tell whether an opaque execution changed what was taken here or would from the top."""
        given_at = None if source is None else self.place(source)
        if other.index > one.index:
            newest = self.newest[other.cell] is other
            return newest and at is not None and at < place and (given_at is None or given_at < at)
        if source is None or other.index < source.index:
            return False
        if at is None or at >= place or (given_at is not None and at < given_at):
            return True
        later = self.newest[other.cell]
        return later.execution.source_digest != other.execution.source_digest


def _position(place: float | None) -> int | None:
    return int(place) if place is not None and place == int(place) else None


def _gave(one: Traced, name: str) -> dict[str, str | None]:
    """Return what stands for the very value that was given, as far as it is known, by kind."""
    token, finished = given(one, name), one.execution.finished
    found = {"value": token if token is not None and is_value([token]) else None}
    if finished is None:
        return found
    path = name.removeprefix(FILE)
    written = [use for use in finished.data if use.access == "write" and use.path == path]
    values = [one for one in finished.metrics if one.name == name and one.step is None]
    return found | {
        "file": next((use.digest for use in written if use.complete), None),
        "content": made(one.execution).get(name),
        "number": repr(values[-1].value) if values else None,
    }


def _is_same_value(one: Traced, other: Traced, name: str) -> bool | None:
    """Tell whether two executions gave a name the same value, ``None`` where nothing tells."""
    ours, theirs = _gave(one, name), _gave(other, name)
    for kind, value in ours.items():
        if value is not None and theirs.get(kind) is not None:
            return value == theirs[kind]
    return None


def _gave_same(one: Traced, other: Traced, name: str) -> bool:
    known = _is_same_value(one, other, name)
    return one.identity == other.identity if known is None else known


def _of_nowhere(source: Traced) -> str:
    if source.execution.console is not None:
        return "came from a console, and stands in no cell"
    return "came from a cell that is no longer in the notebook"


def _plain(name: str | None) -> str:
    for mark in (FILE, SEED):
        if name is not None and name.startswith(mark):
            return name.removeprefix(mark)
    return name or "something"


def _cell(place: int | None, one: Traced) -> str:
    if place is not None:
        return f"cell {place}"
    return "a console" if one.execution.console is not None else "a cell without a number"
