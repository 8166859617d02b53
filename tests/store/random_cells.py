"""Cells of many kinds whose numbers know the parameters that they came from.

``mix(…)`` returns a number that stands for its arguments and for nothing else, and keeps a
book of the parameters that went into it; ``rough(…)`` one of two numbers, so that different
parameters give the same metric. Every literal is unique, so a value tells its cell and its
name. Cells are edited, executed alone, out of order, or all together. A name that has a
parameter's value may get another one that nobody can read off a cell: a *hidden* one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.store.truth import Truth

# After a cell's source: a change of a name outside any cell before it, or that the cell began
# before the one before it had ended.
OUTSIDE = "\n#! outside "
OVERLAPPING = "\n#! overlapping"


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
        return f"# {kind}\n" + KINDS[kind](self, cell)

    def literal(self, cell: str, name: str) -> str:
        """Return a literal that no other place has."""
        self.literals += 1
        value = 1000.0 + self.literals
        self.truth.origins[value] = frozenset({(cell, name, value)})
        return repr(value)

    def hidden(self, cell: str, name: str) -> str:
        """Return a literal that gives `name` a value and is no parameter."""
        value = self.literal(cell, name)
        self.truth.hidden.add(float(value))
        return value

    def parameter(self) -> str:
        return self.dice.choice(["p", "q", "r"])

    def kept(self, cell: str, name: str) -> str:
        """Return the literal that a cell has for a name, or as often another one."""
        there = re.search(rf"^{name} = (\d+\.\d+)$", self.cells.get(cell, ""), re.MULTILINE)
        kept = there is not None and self.dice.random() < 0.5
        return there[1] if there is not None and kept else self.literal(cell, name)

    def data(self) -> str:
        return self.dice.choice(["d", "e"])

    def something(self) -> str:
        return self.dice.choice([self.parameter(), self.parameter(), self.data(), "m", "n", "b"])


def _parameter(author: Author, cell: str) -> str:
    name = author.parameter()
    return f"{name} = {author.literal(cell, name)}"


def _two_parameters(author: Author, cell: str) -> str:
    return f"p = {author.literal(cell, 'p')}\nq = {author.literal(cell, 'q')}"


def _one_of_two(author: Author, cell: str) -> str:
    return f"p = {author.kept(cell, 'p')}\nq = {author.kept(cell, 'q')}"


def _literal_or_not(author: Author, cell: str) -> str:
    """Give a name that is a metric's a literal instead, or a parameter's a computed value."""
    name = author.parameter()
    made = author.dice.choice([f"mix({author.something()})", author.literal(cell, "b")])
    more = author.dice.choice(["", f"\n{author.data()} = [mix({author.parameter()})]"])
    return f"{name} = {author.kept(cell, name)}\nb = {made}{more}"


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
    return f"m = mix({author.parameter()})\nn = mix({author.data()})\nb = mix({author.parameter()})"


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
    # What is read back is known by its value alone, which no other cell may make.
    number = f"mix({author.something()}, 0.5)"
    return f"with open('file', 'w') as file:\n    file.write(repr({number}))"


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


def _rebound(author: Author, cell: str) -> str:
    name = author.parameter()
    return f"exec('{name} = {author.hidden(cell, name)}')"


def _rebound_and_read(author: Author, cell: str) -> str:
    name = author.parameter()
    return f"exec('{name} = {author.hidden(cell, name)}')\nm = mix({name})"


def _computed(author: Author, cell: str) -> str:
    name = author.parameter()
    return f"{name} = mix({author.data()}, {author.hidden(cell, name)})"


def _changed_outside(author: Author, cell: str) -> str:
    name = author.parameter()
    change = f"{OUTSIDE}{name} = {author.hidden(cell, name)}"
    return f"m = mix({author.something()}, {author.something()}){change}"


def _overlapping(author: Author, cell: str) -> str:
    done = author.dice.choice([_metric, _data, _computed, _rebound])
    return done(author, cell) + OVERLAPPING


KINDS: dict[str, Callable[[Author, str], str]] = {
    "rough metric": _rough_metric,
    "three parameters": _three_parameters,
    "first data": _first_data,
    "first metrics": _first_metrics,
    "parameter": _parameter,
    "two parameters": _two_parameters,
    "one of two": _one_of_two,
    "literal or not": _literal_or_not,
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
    "rebound": _rebound,
    "rebound and read": _rebound_and_read,
    "computed": _computed,
    "changed outside": _changed_outside,
    "overlapping": _overlapping,
}
# What most notebooks consist of counts more often; no session has everything.
COMMON = [
    *["parameter", "metric", "rough metric"] * 3,
    *["two parameters", "one of two", "literal or not", "data", "setup"],
]
# What gives a name a value that no literal tells; only where there is much of it does the same
# cell read a name before and after.
HIDING = ["rebound", "rebound", "rebound and read", "computed", "changed outside", "overlapping"]


def _kind(name: str) -> Callable[[Author, str], str]:
    return lambda author, cell: f"# {name}\n" + KINDS[name](author, cell)


# Every name has a value before anything else happens.
_PROLOGUE = [_kind(name) for name in ("three parameters", "first data", "first metrics")]
