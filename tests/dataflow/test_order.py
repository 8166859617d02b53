"""Two orders of execution differ where a read was served by another execution."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlops import dataflow
from jupyter_mlops.dataflow.order import Execution, Moved, moved, shared
from jupyter_mlops.records import DataUse, RandomUse


def executed(*cells: tuple[int, str]) -> list[Execution]:
    """Give executions of cells, which read and write what their code says."""
    found = []
    for cell, source in cells:
        flow = dataflow.analyse(source)
        is_opaque = flow.opaque is not None
        one = Execution(cell, source, flow.reads, flow.writes, flow.binds, is_opaque)
        found.append(one)
    return found


def between(first: Sequence[Execution], second: Sequence[Execution]) -> Moved | None:
    return moved(first, second, (len(first) - 1, len(second) - 1))


A, B, C, D = (0, "a = 1"), (1, "b = 2"), (2, "a = b"), (3, "s = a")


def test_the_last_writer_counts_and_not_the_order() -> None:
    assert between(executed(A, B, D), executed(B, A, D)) is None
    assert between(executed(A, B, C, D), executed(B, C, A, D)) == Moved(3, "a", (2,), (0,))
    assert between(executed(A, B, C, D), executed(A, B, A, C, D)) is None


def test_a_name_that_nobody_had_written_yet() -> None:
    late = executed(D, A)
    assert moved(executed(A, D), late, (1, 0)) == Moved(3, "a", (0,), ())


def test_what_only_one_run_executed_or_wrote_is_passed_over() -> None:
    assert between(executed(A, D), executed(A, (9, "a = 3"), D)) is None
    assert between(executed(A, B, D), executed(A, (1, "b = a = 3"), D)) is None
    assert between(executed(A, B, D), executed(A, B, (3, "s = b"))) is None


def test_a_difference_is_found_behind_many_others() -> None:
    steps = [(n, f"x{n} = f(x{n - 1})") for n in range(1, 1500)]
    start, other = (0, "x0 = 1"), (-1, "x0 = 2")
    assert between(executed(start, other, *steps), executed(other, start, *steps)) == Moved(
        1, "x0", (-1,), (0,)
    )
    grown = [(0, "x = []"), *((n, "x.append(1)") for n in range(1, 1500)), (1500, "s = x")]
    assert between(executed(*grown), executed(*grown)) is None


def test_files_and_generators_are_names() -> None:
    data = [
        DataUse("file", None, "/w/x.csv", access, cell, None)
        for access, cell in (("write", 0), ("read", 1), ("import", 1))
    ]
    random = [
        RandomUse(0, "random", True, "x:1", "x:2"),
        RandomUse(1, "random", False, "x:2", "x:3"),
        RandomUse(1, "default_rng", False, None, None),
    ]
    found = shared(data, random, lambda use: "x.csv")
    assert found[0].left == {"file x.csv", "generator random"}
    assert found[0].replaced == {"generator random"} and not found[0].taken
    assert found[1].taken == {"file x.csv", "generator random"}
    assert found[1].left == {"generator random"}
