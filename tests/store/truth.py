"""What numbers know of where they came from: the truth that rows are held against."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# A parameter as the notebook has it: its cell, its name, its value.
Origin = tuple[str, str, float]
Subject = tuple[str, str]


class Number(float):
    """A number that knows the parameters it came from."""

    origins: frozenset[Origin] = frozenset()
    executions: frozenset[int] = frozenset()

    def __reduce__(self) -> tuple[type[float], tuple[float]]:
        return float, (float(self),)


@dataclass
class Truth:
    """Which parameters went into each number, each execution, and each of its metrics.

    A lineage is one of executions: what one number of a cell came from, all of them did.
    """

    origins: dict[float, frozenset[Origin]] = field(default_factory=dict)
    made: list[Number] = field(default_factory=list)
    metrics: dict[tuple[int, str], frozenset[Origin]] = field(default_factory=dict)
    metrics_made: dict[tuple[int, str], frozenset[int]] = field(default_factory=dict)
    came: dict[int, frozenset[Origin]] = field(default_factory=dict)
    through: dict[int, frozenset[int]] = field(default_factory=dict)
    hidden: set[float] = field(default_factory=set)
    executions: dict[float, frozenset[int]] = field(default_factory=dict)
    executed: int = 0

    def mix(self, *values: Any) -> float:
        """Return a number that stands for `values`, which may be lists of numbers."""
        flat = list(_flat(values))
        digest = hashlib.sha256(repr([float(value) for value in flat]).encode()).hexdigest()
        number = Number(int(digest[:13], 16) / 16**13)
        number.origins = frozenset().union(*(self.of(value) for value in flat))
        self.origins[float(number)] = number.origins
        number.executions = self._made_by(flat)
        self.executions[float(number)] = number.executions
        self.made.append(number)
        return number

    def _made_by(self, values: Sequence[Any]) -> frozenset[int]:
        made = [
            value.executions if isinstance(value, Number) else self.executions.get(value, ())
            for value in values
        ]
        return frozenset({self.executed}.union(*made))

    def end_execution(self) -> None:
        """Let the numbers that one execution made share what they came from."""
        together = frozenset().union(*(number.origins for number in self.made))
        executions = frozenset().union(*(number.executions for number in self.made))
        for number in self.made:
            number.origins, number.executions = together, executions
            if float(number) in self.origins:
                self.origins[float(number)] = together
                self.executions[float(number)] = executions
        self.came[self.executed], self.through[self.executed] = together, executions
        self.made.clear()
        self.executed += 1

    def rough(self, *values: Any) -> float:
        """Return one of two numbers, so that different parameters give the same."""
        exact = self.mix(*values)
        number = Number(round(exact) + 0.25)
        number.origins = self.of(exact)
        number.executions = self._made_by([exact])
        self.made.append(number)
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
