"""Whether another order of execution let a result be made of something else.

Two orders differ for a result only where a cell that led to it read a name that other
executions had left. Files and random generators are names too: a draw reads and changes
its generator, so an unseeded one depends on all draws before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from jupyter_mlops.dataflow.flow import NO_NAMES
from jupyter_mlops.records import DataUse, RandomUse

# What a cell reads whose flow is not known.
EVERYTHING = "everything"


@dataclass(frozen=True)
class Execution:
    """What one execution took, left, and surely replaced.

    ``cell`` tells the same cell in both runs, ``None`` is one that has no counterpart. An
    ``opaque`` execution may have read and written anything.
    """

    cell: int | None
    source: str
    reads: frozenset[str] = NO_NAMES
    writes: frozenset[str] = NO_NAMES
    replaces: frozenset[str] = NO_NAMES
    opaque: bool = False

    @property
    def needs(self) -> frozenset[str]:
        """What it reads, in a name of its own where that is not known."""
        return frozenset({EVERYTHING}) if self.opaque else self.reads

    def leaves(self, name: str) -> bool:
        """Tell whether it may have written `name`."""
        return self.opaque or name == EVERYTHING or name in self.writes


@dataclass(frozen=True)
class Moved:
    """A read of ``name`` in ``cell`` that other executions served in the second run.

    ``first`` and ``second`` are the cells of these executions, in their order; if they are
    equal, the source that was executed was another.
    """

    cell: int | None
    name: str
    first: tuple[int | None, ...]
    second: tuple[int | None, ...]


@dataclass
class Shared:
    """What a cell took from others, left to them, and set anew, besides its variables."""

    taken: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)


def shared(
    data: Iterable[DataUse],
    randomness: Iterable[RandomUse],
    named: Callable[[DataUse], str],
) -> dict[int | None, Shared]:
    """Return the files and generators that each cell shares with others, by its position.

    Parameters
    ----------
    named
        What a file is called, the same in all runs that are compared.
    """
    found: dict[int | None, Shared] = {}
    for use in data:
        if use.path is None or use.access not in ("read", "write"):
            continue
        cell = found.setdefault(use.cell, Shared())
        name = f"file {named(use)}"
        if use.access == "read":
            cell.taken.add(name)
        else:
            cell.left.add(name)
    for draw in randomness:
        # Without a state it was made of fresh entropy, which nothing before it reaches; one that
        # has a name is shared as a variable is.
        if draw.name is not None or (draw.before is None and draw.after is None):
            continue
        cell = found.setdefault(draw.cell, Shared())
        name = f"generator {draw.generator}"
        cell.left.add(name)
        (cell.replaced if draw.seeded else cell.taken).add(name)
    return found


def moved(
    first: Sequence[Execution], second: Sequence[Execution], ends: tuple[int, int]
) -> Moved | None:
    """Return the read nearest to a result that the order of execution changed, if any.

    Parameters
    ----------
    first, second
        All executions of two runs, in their order.
    ends
        The index in each of the execution that made the result.
    """
    sides = _Sides(first, second)
    queue, seen = [ends], {ends}
    for at in queue:
        one, other = first[at[0]], second[at[1]]
        # A name that only one of both reads is a difference of their code.
        for name in sorted(one.needs & other.needs):
            sources = sides.sources(0, at[0], name), sides.sources(1, at[1], name)
            if sides.told(0, sources[0]) != sides.told(1, sources[1]):
                before, after = (
                    tuple(side[i].cell for i in found)
                    for side, found in zip((first, second), sources, strict=True)
                )
                return Moved(one.cell, name, before, after)
            ahead = [pair for pair in zip(*sources, strict=True) if pair not in seen]
            seen.update(ahead)
            queue += ahead
    return None


class _Sides:
    """The executions of two runs, and which cells wrote what in both."""

    def __init__(self, *runs: Sequence[Execution]) -> None:
        self._runs = runs
        self._writers: dict[str, frozenset[int | None]] = {}
        first, second = ({one.cell: one.source for one in run} for run in runs)
        self._same = {cell for cell, source in first.items() if second.get(cell) == source}

    def sources(self, side: int, at: int, name: str) -> list[int]:
        """Return the executions before `at` that left it `name`, as far as the next one read it.

        What only one of the runs executed, or what only there wrote the name, is a
        difference of code, and is passed over. A cell that was executed again without
        reading what it had left has done the same again.
        """
        run, found = self._runs[side], list[int]()
        writers = set(self._of(name))
        for index in range(at - 1, -1, -1):
            one = run[index]
            if one.cell in writers and one.leaves(name):
                found.append(index)
                writers.remove(one.cell)
                if name in one.replaces or name in one.reads:
                    break
        return found[::-1]

    def told(self, side: int, executions: Iterable[int]) -> list[tuple[int | None, str | None]]:
        """Return what tells executions from those of the other run.

        Of a cell whose last source is the same, it counts which of several was executed;
        that the last ones differ is a difference of code or of a parameter.
        """
        run = self._runs[side]
        return [
            (run[i].cell, run[i].source if run[i].cell in self._same else None) for i in executions
        ]

    def _of(self, name: str) -> frozenset[int | None]:
        if name not in self._writers:
            first, second = ({one.cell for one in run if one.leaves(name)} for run in self._runs)
            self._writers[name] = frozenset(first & second) - {None}
        return self._writers[name]
