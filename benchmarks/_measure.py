"""What the benchmarks share: interleaved repeats, tables, and the machine they ran on."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Goal:
    """A figure that was aimed at, beside the one that was measured in this run."""

    what: str
    measured: float
    unit: str
    limit: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        """Tell whether the figure is as good as the goal, or better."""
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def line(self) -> str:
        """Return the goal as a line of a table."""
        sign = "≥" if self.at_least else "≤"
        word = "ok" if self.is_met else "short of it" if self.at_least else "over"
        return f"  {self.what:52}{self.measured:10.2f} {self.unit:3} {sign} {self.limit:g}   {word}"


COLUMNS = ("min", "median", "p95", "max")


def arguments(description: str | None, repeats: int) -> argparse.ArgumentParser:
    """Return a parser with the options of every benchmark."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n\n")[0])
    parser.add_argument("--repeats", type=int, default=repeats, help="rounds of all cases")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--check", action="store_true", help="fail if a goal is not met")
    return parser


def rounds(names: Sequence[str], repeats: int) -> Iterator[str]:
    """Yield every name once a round, each round beginning with the next name.

    Whatever else slows the machine down for a while then falls on all cases alike.
    """
    for number in range(repeats):
        start = number % len(names)
        yield from (*names[start:], *names[:start])


def interleaved(
    cases: Mapping[str, Callable[[], Any]],
    repeats: int,
    warm_up: bool = True,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, list[float]]:
    """Call every case once a round and return its times, in seconds.

    `clock` may be that of the process, for cases that keep one thread busy.
    """
    if warm_up:
        for case in cases.values():
            case()
    found: dict[str, list[float]] = {name: [] for name in cases}
    for name in rounds(list(cases), repeats):
        began = clock()
        cases[name]()
        found[name].append(clock() - began)
    return found


def rows(
    what: str, found: Mapping[str, Sequence[float]], baseline: str, unit: str = "ms"
) -> list[dict[str, Any]]:
    """Summarize measurements, with the ratio to `baseline` taken within each round."""
    scale = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
    made = []
    for name, values in found.items():
        ratios = [value / other for value, other in zip(values, found[baseline], strict=True)]
        made.append(
            {
                "what": what,
                "case": name,
                "unit": unit,
                **{key: value * scale for key, value in _spread(values).items()},
                "n": len(values),
                "baseline": baseline,
                "ratio": _spread(ratios),
            }
        )
    return made


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(
    made: list[dict[str, Any]],
    options: argparse.Namespace,
    goals: Sequence[Goal] = (),
    **further: Any,
) -> None:
    """Print the rows as tables with the goals below, or all as one JSON document.

    Raises
    ------
    SystemExit
        If the goals are to be checked and one is not met.
    """
    if options.json:
        _print_json(made, goals, further)
    else:
        _print_tables(made, goals)
    if options.check and not all(goal.is_met for goal in goals):
        raise SystemExit(1)


def _print_json(made: list[dict[str, Any]], goals: Sequence[Goal], further: dict[str, Any]) -> None:
    told = [{**asdict(goal), "met": goal.is_met} for goal in goals]
    document = {"machine": _machine(), "rows": made, "goals": told, **further}
    json.dump(document, sys.stdout, indent=1)
    print()


def _print_tables(made: list[dict[str, Any]], goals: Sequence[Goal]) -> None:
    print(", ".join(f"{name} {value}" for name, value in _machine().items()))
    what = None
    for row in made:
        if row["what"] != what:
            what = row["what"]
            heads = "".join(f"{head:>10}" for head in COLUMNS)
            print(f"\n{what}\n  {'':36}{heads}        n   to {row['baseline']}")
        figures = "".join(f"{row[key]:10.2f}" for key in COLUMNS)
        ratio = row["ratio"]
        print(
            f"  {row['case']:36}{figures} {row['unit']:3}{row['n']:4}"
            f"   {ratio['median']:.2f} ({ratio['min']:.2f} to {ratio['max']:.2f})"
        )
    if goals:
        print("\ngoals", *(goal.line() for goal in goals), sep="\n")


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "min": min(values),
        "median": statistics.median(values),
        "p95": percentile(values, 0.95),
        "max": max(values),
    }


def _machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as file:
            names = [
                line.partition(":")[2].strip() for line in file if line.startswith("model name")
            ]
        return names[0]
    except (OSError, IndexError):
        return platform.processor()
