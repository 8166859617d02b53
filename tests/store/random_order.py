"""Random sessions whose cells in order give just what the notebook gives from its top.

Longer by command: ``python -m tests.store.random_order 100000 [FIRST_SEED]``.
"""

from __future__ import annotations

import random
import sys
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from jupyter_mlops.events import CellFinished, CellStarted
from jupyter_mlops.store.disorder import judged_in
from jupyter_mlops.store.segmentation import segment
from jupyter_mlops.store.sessions import tell
from tests.store.interpreter import Kernel

SOURCES = (
    "a = {k}",
    "b = {k}",
    "u = [{k}]",
    "v = list(u) + [{k}]",
    "u = u + [{k}]",
    "u.append({k})",
    "a = len(u) * {k}",
    "b = a * 2",
    "a = a + 1",
    "b = sum(v) + a",
    "for i in range(2):\n    a = a + i",
    "if a > 2:\n    b = {k}",
    "def f():\n    return a + {k}",
    "b = f()",
    "w = u",
    "exec('a = {k}')",
    "exec('b = a + {k}')",
    "b = a\ndel a",
    "a = {k}; u = [a]",
)
NAMES = ("a", "b", "u", "v", "w")
OUTSIDE = ("a = {k}", "u = [{k}]", "u.append({k})")


@dataclass(frozen=True)
class Left:
    """What an execution left: whether it failed, what it wrote, and the values of all names."""

    failed: bool
    wrote: frozenset[str]
    values: dict[str, Any]

    def is_other(self, than: Left) -> bool:
        """Tell whether the same cell, executed elsewhere, left something else."""
        if self.failed or than.failed:
            return self.failed != than.failed
        # A second name of what both changed is the work of the cell that gave it.
        wrote = (self.wrote | (than.wrote - {"w"})).intersection(NAMES)
        return any(self.values[name] != than.values[name] for name in wrote)


@dataclass
class Acted:
    """A random session: what was executed, what is said of it, and what each cell left."""

    script: list[tuple[str, str]] = field(default_factory=list)
    cells: dict[str, str] = field(default_factory=dict)
    kernel: Any = None
    left: dict[int, Left] = field(default_factory=dict)


def act(seed: int, folder: Path, *, in_order: bool = False) -> Acted:
    """Write and execute the session of `seed`; `in_order` is one plain *Run All*."""
    dice = random.Random(seed)
    acted = Acted(kernel=Kernel(folder))
    names = [f"c{number}" for number in range(dice.randint(3, 6))]
    cells = {name: _source(dice) for name in names}
    plan: list[str] = list(names)
    if not in_order and dice.random() < 0.3:
        plan = []
    for _ in range(0 if in_order else dice.randint(1, 6)):
        plan.append(dice.choice((*names, "edit", "edit", "all", "delete")))
    deleted: list[str] = []
    for deed in plan:
        if deed == "edit" and cells:
            edited = dice.choice(list(cells))
            cells[edited] = _source(dice)
            _execute(acted, edited, cells[edited], deleted)
        elif deed == "delete" and len(cells) > 1:
            deleted.append(dice.choice(list(cells)))
            del cells[deleted[-1]]
        elif deed == "all":
            for name, source in cells.items():
                _execute(acted, name, source, deleted)
        elif deed in cells:
            _execute(acted, deed, cells[deed], deleted)
        if not in_order and dice.random() < 0.05:
            _outside(acted, dice)
    # Whatever was deleted last is told with the next request.
    if deleted:
        _execute(acted, next(iter(cells)), next(iter(cells.values())), deleted)
    acted.cells = cells
    return acted


def _source(dice: random.Random) -> str:
    return dice.choice(SOURCES).format(k=dice.randint(0, 5))


def _outside(acted: Acted, dice: random.Random) -> None:
    if "u" in acted.kernel.namespace:
        acted.kernel.change_outside(dice.choice(OUTSIDE[:2]).format(k=dice.randint(0, 5)))


def _execute(acted: Acted, name: str, source: str, deleted: list[str]) -> None:
    kernel = acted.kernel
    kernel.execute(name, source)
    begun, finished = kernel.events[-2:]
    assert isinstance(begun, CellStarted)
    assert isinstance(finished, CellFinished)
    kernel.events[-2] = replace(begun, deleted=tuple(deleted))
    deleted.clear()
    acted.script.append((name, source))
    values = {name: deepcopy(kernel.namespace.get(name)) for name in NAMES}
    acted.left[begun.execution] = Left(finished.status != "ok", frozenset(finished.writes), values)


def lies(acted: Acted, folder: Path) -> list[str]:
    """Say which cell is said to be in order, and is not what the notebook gives from its top."""
    session = tell(acted.kernel.events, ())
    assert session is not None
    executions = session.executions
    names = list(dict.fromkeys(name for name, _ in sorted(acted.script)))
    places = {f"id {name}": int(name[1:]) for name in names}
    order = judged_in(segment(executions), places, frozenset(), len(executions))
    newest = {one.cell.removeprefix("id "): one for one in executions}
    clean: dict[str, bool] = {}
    fresh = Acted(kernel=Kernel(folder))
    found = []
    for name in sorted(acted.cells, key=lambda name: int(name[1:])):
        if name not in newest:
            continue
        one = newest[name]
        _execute(fresh, name, one.source, [])
        mine = order[one.number]
        origins = (mine.origins or {}).values()
        # What it took from a cell that is not in order shows there.
        clean[name] = not mine.disorder and all(clean.get(f"c{cell}", False) for cell in origins)
        there, here = acted.left[one.number], list(fresh.left.values())[-1]
        if clean[name] and there.is_other(here):
            found.append(f"{name} left {there}, and from the top {here}")
        if there.failed and not clean[name]:
            break  # what it would have left, nobody knows
    return found


def alarms(acted: Acted) -> list[str]:
    """Say what is not in order of a plain *Run All*."""
    session = tell(acted.kernel.events, ())
    assert session is not None
    executions = session.executions
    places = {one.cell: number for number, one in enumerate(executions)}
    order = judged_in(segment(executions), places, frozenset(), len(executions))
    return [f"{one.what} {one.why}" for its in order.values() for one in its.disorder]


def main() -> int:
    """Try many seeds, print those that lie, and last how many did."""
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    lied = 0
    with tempfile.TemporaryDirectory() as name:
        for seed in range(first, first + count):
            acted = act(seed, Path(name))
            found = lies(acted, Path(name))
            for lie in found:
                print(seed, lie, acted.script, list(acted.cells), sep="\n  ")
            false = alarms(act(seed, Path(name), in_order=True))
            for alarm in false:
                print(seed, "run all:", alarm)
            lied += bool(found or false)
    print(f"{count} sessions from seed {first}: {lied} of them told something untrue")
    return 1 if lied else 0


if __name__ == "__main__":
    sys.exit(main())
