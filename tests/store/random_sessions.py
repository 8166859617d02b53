"""Random sessions in which every number knows which parameters truly produced it.

``mix(…)`` returns a number that stands for its arguments and for nothing else, and keeps a
book of the parameters that went into it. Every literal is unique, so a value tells its cell
and its name. Cells of many kinds are edited, executed alone, out of order, or all together.

Longer by command: ``python -m tests.store.random_sessions 100000 [FIRST_SEED]``.
"""

from __future__ import annotations

import builtins
import hashlib
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jupyter_mlops.store.documents import of_segment
from jupyter_mlops.store.segmentation import Segmentation, segment, strength
from jupyter_mlops.store.sessions import Session, tell
from tests.store.interpreter import Kernel

# A parameter as the notebook has it: its cell, its name, its value.
Origin = tuple[str, str, float]
Subject = tuple[str, str]


class Number(float):
    """A number that knows the parameters it came from."""

    origins: frozenset[Origin] = frozenset()

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)


@dataclass
class Truth:
    """Which parameters went into each number, and into each metric of each execution."""

    origins: dict[float, frozenset[Origin]] = field(default_factory=dict)
    metrics: dict[tuple[int, str], frozenset[Origin]] = field(default_factory=dict)

    def mix(self, *values: Any) -> float:
        """Return a number that stands for `values`, which may be lists of numbers."""
        flat = list(_flat(values))
        digest = hashlib.sha256(repr([float(value) for value in flat]).encode()).hexdigest()
        number = Number(int(digest[:13], 16) / 16**13)
        number.origins = frozenset().union(*(self.of(value) for value in flat))
        self.origins[float(number)] = number.origins
        return number

    def rough(self, *values: Any) -> float:
        """Return one of two numbers, so that different parameters give the same."""
        exact = self.mix(*values)
        number = Number(round(exact) + 0.25)
        number.origins = self.of(exact)
        return number

    def of(self, value: Any) -> frozenset[Origin]:
        """Return the parameters that went into a number."""
        if isinstance(value, Number):
            return value.origins
        return self.origins.get(value, frozenset())


def _flat(values: Sequence[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


@dataclass
class Author:
    """Writes cells and acts on them, as its random numbers want."""

    truth: Truth
    dice: random.Random
    kinds: Sequence[str]
    cells: dict[str, str] = field(default_factory=dict)
    literals: int = 0
    ids: int = 0

    def deeds(self, count: int) -> Iterator[tuple[str, str]]:
        """Yield what is executed: cells with their sources."""
        for source in _PROLOGUE:
            cell = self._new()
            self.cells[cell] = source(self, cell)
        for _ in range(self.dice.randint(2, 6)):
            self._add()
        yield from self.cells.items()
        for _ in range(count):
            yield from self._deed()

    def _deed(self) -> Iterator[tuple[str, str]]:
        names = list(self.cells)
        cell = self.dice.choice(names)
        what = self.dice.random()
        if what < 0.45:
            self.cells[cell] = self._source(cell)
            if self.dice.random() < 0.8:
                yield cell, self.cells[cell]
        elif what < 0.6:
            yield from list(self.cells.items())[names.index(cell) :]
        elif what < 0.7:
            yield from self.cells.items()
        elif what < 0.75 and len(names) > 3:
            del self.cells[cell]
        elif what < 0.82:
            self._add()
        else:
            yield cell, self.cells[cell]

    def _add(self) -> None:
        cell = self._new()
        self.cells[cell] = self._source(cell)

    def _new(self) -> str:
        self.ids += 1
        return f"c{self.ids}"

    def _source(self, cell: str) -> str:
        old = self.cells.get(cell, "")
        # Most edits change a value; some make another cell of it.
        kind = self.dice.choice(self.kinds)
        if old and self.dice.random() < 0.8:
            kind = old.partition("\n")[0].removeprefix("# ")
        return f"# {kind}\n" + _KINDS[kind](self, cell)

    def literal(self, cell: str, name: str) -> str:
        """Return a literal that no other place has."""
        self.literals += 1
        value = 1000.0 + self.literals
        self.truth.origins[value] = frozenset({(cell, name, value)})
        return repr(value)

    def parameter(self) -> str:
        return self.dice.choice(["p", "q", "r"])

    def data(self) -> str:
        return self.dice.choice(["d", "e"])

    def something(self) -> str:
        return self.dice.choice([self.parameter(), self.parameter(), self.data(), "m", "n"])


def _parameter(author: Author, cell: str) -> str:
    name = author.parameter()
    return f"{name} = {author.literal(cell, name)}"


def _two_parameters(author: Author, cell: str) -> str:
    return f"p = {author.literal(cell, 'p')}\nq = {author.literal(cell, 'q')}"


def _setup(author: Author, cell: str) -> str:
    name = author.parameter()
    made = f"{author.data()} = [mix({name})]"
    return f"import random\n{name} = {author.literal(cell, name)}\n{made}"


def _data(author: Author, _: str) -> str:
    return f"{author.data()} = [mix({author.parameter()}, {author.something()})]"


def _metric(author: Author, _: str) -> str:
    return f"{author.dice.choice('mn')} = mix({author.something()}, {author.something()})"


def _rough_metric(author: Author, _: str) -> str:
    return f"{author.dice.choice('mn')} = rough({author.something()})"


def _three_parameters(author: Author, cell: str) -> str:
    return "\n".join(f"{name} = {author.literal(cell, name)}" for name in "pqr")


def _first_data(author: Author, _: str) -> str:
    return f"d = [mix({author.parameter()})]\ne = [mix({author.parameter()})]"


def _first_metrics(author: Author, _: str) -> str:
    return f"m = mix({author.parameter()})\nn = mix({author.data()})"


def _parameter_and_metric(author: Author, cell: str) -> str:
    return f"p = {author.literal(cell, 'p')}\nm = mix(p, {author.data()})"


def _append(author: Author, _: str) -> str:
    return f"{author.data()}.append(mix({author.something()}))"


def _alias(author: Author, _: str) -> str:
    return author.dice.choice(["d = e", "e = d"])


def _function(author: Author, _: str) -> str:
    name = author.dice.choice("fg")
    return f"def {name}(x):\n    return mix(x, {author.parameter()})"


def _call(author: Author, _: str) -> str:
    return f"{author.dice.choice('mn')} = {author.dice.choice('fg')}({author.something()})"


def _filled_by_call(author: Author, _: str) -> str:
    return f"{author.data()} = [{author.dice.choice('fg')}({author.something()})]"


def _class(author: Author, _: str) -> str:
    return (
        "class Model:\n    def __init__(self):\n        self.x = [mix(1.0)]\n"
        f"    def fit(self, y):\n        self.x.append(mix(y, {author.parameter()}))\n"
        "    def score(self):\n        return mix(self.x)"
    )


def _instance(author: Author, _: str) -> str:
    return "model = Model()"


def _fit(author: Author, _: str) -> str:
    return f"model.fit({author.something()})"


def _score(author: Author, _: str) -> str:
    return f"{author.dice.choice('mn')} = model.score()"


def _branch(author: Author, _: str) -> str:
    name = author.data()
    return f"if mix({author.parameter()}) < 0.5:\n    {name} = [mix({author.parameter()})]"


def _loop(author: Author, _: str) -> str:
    name = author.data()
    return f"{name} = []\nfor i in range(2):\n    {name}.append(mix(i, {author.parameter()}))"


def _grow(author: Author, _: str) -> str:
    return f"m = mix(m, {author.parameter()})"


def _count(author: Author, _: str) -> str:
    return f"k = len({author.data()})"


def _error(author: Author, cell: str) -> str:
    name = author.parameter()
    return f"{name} = {author.literal(cell, name)}\nm = mix({name})\nunknown\nn = 1.0 / 3"


def _write(author: Author, _: str) -> str:
    return f"with open('file', 'w') as file:\n    file.write(repr(mix({author.something()})))"


def _read(author: Author, _: str) -> str:
    return f"with open('file') as file:\n    {author.data()} = [float(file.read())]"


def _seed(author: Author, _: str) -> str:
    return f"import random\nrandom.seed({author.dice.randint(1, 2)})"


def _draw(author: Author, _: str) -> str:
    return f"import random\n{author.data()} = [mix(random.random(), {author.parameter()})]"


def _delete(author: Author, _: str) -> str:
    return f"del {author.parameter()}"


def _opaque(author: Author, _: str) -> str:
    done = author.dice.choice(
        [
            f"{author.data()}.append(mix({author.parameter()}))",
            f"{author.data()} = [mix({author.parameter()})]",
            f"m = mix({author.parameter()})",
        ]
    )
    return f"exec({done!r})"


_KINDS: dict[str, Callable[[Author, str], str]] = {
    "rough metric": _rough_metric,
    "three parameters": _three_parameters,
    "first data": _first_data,
    "first metrics": _first_metrics,
    "parameter": _parameter,
    "two parameters": _two_parameters,
    "setup": _setup,
    "data": _data,
    "metric": _metric,
    "parameter and metric": _parameter_and_metric,
    "append": _append,
    "alias": _alias,
    "function": _function,
    "call": _call,
    "filled by call": _filled_by_call,
    "class": _class,
    "instance": _instance,
    "fit": _fit,
    "score": _score,
    "branch": _branch,
    "loop": _loop,
    "grow": _grow,
    "count": _count,
    "error": _error,
    "write": _write,
    "read": _read,
    "seed": _seed,
    "draw": _draw,
    "delete": _delete,
    "opaque": _opaque,
}
# What most notebooks consist of counts more often; no session has everything.
_COMMON = [*["parameter", "metric", "rough metric"] * 3, "two parameters", "data", "setup"]


def _kind(name: str) -> Callable[[Author, str], str]:
    return lambda author, cell: f"# {name}\n" + _KINDS[name](author, cell)


# Every name has a value before anything else happens.
_PROLOGUE = [_kind(name) for name in ("three parameters", "first data", "first metrics")]


@dataclass(frozen=True)
class Acted:
    """A random session, executed."""

    session: Session
    truth: Truth
    script: list[tuple[str, str]]


def act(seed: int, folder: Path) -> Acted:
    """Write and execute the session of `seed`."""
    dice = random.Random(seed)
    some = dice.sample(sorted(_KINDS), dice.randint(3, 8))
    truth = Truth()
    author = Author(truth, dice, [*_COMMON, *some, *some])
    return execute(list(author.deeds(dice.randint(4, 14))), truth, folder)


def execute(script: list[tuple[str, str]], truth: Truth, folder: Path) -> Acted:
    """Execute cells in a new kernel whose built-ins have ``mix``."""
    (folder / "file").unlink(missing_ok=True)
    with _mixing(truth):
        random.seed(0)
        kernel = Kernel(folder)
        for number, (cell, source) in enumerate(script):
            kernel.execute(cell, source)
            for name, value in kernel.namespace.items():
                if isinstance(value, Number):
                    truth.metrics[number, name] = value.origins
    session = tell(kernel.events, ())
    assert session is not None
    return Acted(session, truth, script)


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
    a lineage that went through both, and a notice says so.
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
        truths = [_by_subject(acted, index) for index in (*segment_.results, *segment_.inherited)]
        found += [
            f"run {ordinal}: a metric came from {subject} = {values}, shown is {shown.get(subject)}"
            for truth in truths
            for subject, values in truth.items()
            if not values <= shown.get(subject, set())
        ]
        if not any(execution.is_opaque for execution in session.executions):
            found += [f"run {ordinal}: {mixed}" for mixed in _mixed(truths)]
        found += _undeclared(run.notices, shown, ordinal)
    return found


def _by_subject(acted: Acted, index: int) -> dict[Subject, set[float]]:
    """Return what went into the metrics of one execution."""
    finished = acted.session.executions[index].finished
    found: dict[Subject, set[float]] = {}
    for metric in finished.metrics if finished is not None else ():
        for cell, name, value in acted.truth.metrics.get((index, metric.name), ()):
            found.setdefault((cell, name), set()).add(value)
    return found


def _mixed(truths: Sequence[dict[Subject, set[float]]]) -> Iterator[str]:
    for subject in {subject for truth in truths for subject in truth}:
        values = [truth[subject] for truth in truths if subject in truth]
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
        if strength(execution) != "strong":
            continue
        shown = [one for one in now.runs[-1].results if executions[one].cell == execution.cell]
        if not any(_same(acted, one, execution.number) for one in shown):
            found.append(f"execution {execution.number} is not shown by the open run")
    return found


def _same(acted: Acted, one: int, other: int) -> bool:
    return _values(acted, one) == _values(acted, other) and (
        _by_subject(acted, one) == _by_subject(acted, other)
    )


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
            acted = act(seed, Path(name))
            for wrong in (lies, lost):
                if wrong(acted):
                    sys.stdout.write(f"seed {seed}\n")
                    sys.stdout.write(told(smallest(acted, Path(name), wrong), wrong) + "\n")
                    return 1
    sys.stdout.write(f"{count} sessions, nothing wrong\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
