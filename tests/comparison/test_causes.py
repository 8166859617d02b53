"""A cause lies in what a metric was made from; anything else is no cause."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlops import dataflow
from jupyter_mlops.records import CellDetail, DataUse, RandomUse
from tests.comparison.made import Made, cell, compare, environment, file, made, metric

CODE = ["lr = 0.1", "batch = 32", "data = load()", "model = fit(data, lr)", "acc = model.score()"]


def run(name: str, acc: float, cells: list[str] | None = None, **fields: object) -> Made:
    sources = CODE if cells is None else cells
    return made(name, sources, [metric("acc", acc, len(sources) - 1)], **fields)


def kinds(*runs: Made) -> list[tuple[str, str, int | None]]:
    return [(cause.kind, cause.what, cause.cell) for cause in compare(*runs).causes]


def test_a_parameter_in_the_lineage_is_a_cause_and_one_outside_is_none() -> None:
    changed = ["lr = 0.5", "batch = 64", *CODE[2:]]
    assert kinds(run("a", 0.9), run("b", 0.8, changed)) == [("parameter", "lr", 0)]
    (cause,) = compare(run("a", 0.9), run("b", 0.8, changed)).causes
    assert (cause.metric, cause.detail) == ("acc", "0.1, 0.5")


def test_nothing_recorded_differs_is_unknown() -> None:
    assert kinds(run("a", 0.9), run("b", 0.8)) == [("unknown", "unknown", None)]


def test_a_metric_that_does_not_differ_needs_no_cause() -> None:
    assert kinds(run("a", 0.9), run("b", 0.9, ["lr = 0.5", *CODE[1:]])) == []


def test_a_metric_that_only_the_other_notebook_has_needs_no_cause() -> None:
    both = [metric("acc", 0.9, 4), metric("loss", 0.2, 3)]
    one = made("a", ["lr = 0.5", *CODE[1:]], both)
    lacking = run("b", 0.8)
    assert {cause.metric for cause in compare(one, lacking).causes} == {"acc", "loss"}
    other = replace(lacking[0], notebook="/work/other.ipynb"), lacking[1]
    assert {cause.metric for cause in compare(one, other).causes} == {"acc"}
    again = made("c", CODE, [metric("acc", 0.9, 4), metric("loss", 0.3, 3)])
    assert {cause.metric for cause in compare(one, other, again).causes} == {"acc", "loss"}


def test_code_but_not_its_comments() -> None:
    changed = [*CODE[:3], "model = fit(data, lr, 2)", CODE[4]]
    assert kinds(run("a", 0.9), run("b", 0.8, changed)) == [("code", "cell 3", 3)]
    commented = [*CODE[:3], "model = fit(data, lr)  # new", CODE[4]]
    assert kinds(run("a", 0.9), run("b", 0.8, commented)) == [("unknown", "unknown", None)]


def test_data_that_was_read_but_not_what_a_cell_made_of_it() -> None:
    read = file("train.csv", "xxh3:a", 2)
    made_of_it = DataUse("frame", "x", None, "made", 3, "xxh3:a")
    before = run("a", 0.9, data=(read, made_of_it))
    after = run(
        "b", 0.8, data=(replace(read, digest="xxh3:b"), replace(made_of_it, digest="xxh3:b"))
    )
    assert kinds(before, after) == [("data", "train.csv", 2)]


def test_a_module_of_the_users_own_is_code() -> None:
    module = file("features.py", "xxh3:a", 2, access="import")
    assert kinds(
        run("a", 0.9, data=(module,)), run("b", 0.8, data=(replace(module, digest="xxh3:b"),))
    ) == [("code", "features.py", 2)]


def test_data_that_cannot_be_compared_is_an_unknown_cause() -> None:
    read = file("train.csv", "xxh3:a", 2, complete=False)
    assert kinds(run("a", 0.9, data=(read,)), run("b", 0.8, data=(read,))) == [
        ("unknown", "train.csv", 2)
    ]


def test_packages_that_the_lineage_imports_come_first() -> None:
    cells = ["import sklearn", "lr = 0.1", "acc = sklearn.fit(lr)"]
    before = run("a", 0.9, cells, environment=environment(**{"attrs": "1", "scikit-learn": "1"}))
    after = run("b", 0.8, cells, environment=environment(**{"attrs": "2", "scikit-learn": "2"}))
    assert kinds(before, after) == [
        ("environment", "scikit-learn", None),
        ("environment", "attrs", None),
    ]


def test_many_packages_are_one_line() -> None:
    other = environment(**{f"p{n}": "1" for n in range(9)})
    (cause,) = compare(run("a", 0.9), run("b", 0.8, environment=other)).causes
    assert (cause.kind, cause.what) == ("environment", "9 packages")


def test_an_unseeded_generator_is_a_cause_unless_it_began_alike() -> None:
    def use(before: str, cell: int = 3, seeded: bool = False) -> tuple[RandomUse, ...]:
        return (RandomUse(cell, "numpy.random", seeded, before, "xxh3:after"),)

    assert kinds(
        run("a", 0.9, randomness=use("xxh3:1")), run("b", 0.8, randomness=use("xxh3:2"))
    ) == [("seed", "numpy.random", 3)]
    alike = run("a", 0.9, randomness=use("xxh3:1")), run("b", 0.8, randomness=use("xxh3:1"))
    assert kinds(*alike) == [("unknown", "unknown", None)]
    seeded = [
        run(n, v, randomness=use("xxh3:" + n, seeded=True)) for n, v in (("a", 0.9), ("b", 0.8))
    ]
    assert kinds(*seeded) == [("unknown", "unknown", None)]
    outside = [run(n, v, randomness=use("xxh3:" + n, cell=1)) for n, v in (("a", 0.9), ("b", 0.8))]
    assert kinds(*outside) == [("unknown", "unknown", None)]


def orders(*runs: tuple[list[CellDetail], float, dict[str, object]]) -> list[tuple[object, ...]]:
    """Return the causes of kind order that runs of these cells, with this result, have."""
    compared = [
        made(name, cells, [metric("s", value, cells[-1].execution.cell)], **fields)
        for name, (cells, value, fields) in zip("abc", runs, strict=False)
    ]
    return [(c.cell, c.detail) for c in compare(*compared).causes if c.kind == "order"]


def test_an_order_in_which_a_cell_read_something_else_is_a_cause() -> None:
    cells = [cell(0, "x = []"), cell(1, "x.append(1)"), cell(2, "x.append(2)"), cell(3, "s = x[0]")]
    swapped = [cells[0], cells[2], cells[1], cells[3]]
    one, other = (cells, 1, {}), (swapped, 2, {})
    assert orders(one, other) == [(3, "read x from cell 2 in run 1, from cell 1 in run 2")]
    assert orders(one, one, other) == [(3, "read x from cell 2 in run 1, from cell 1 in run 3")]
    late = [*swapped[:2], cells[3]]
    assert orders((cells, 1, {}), ([*late, cells[1], cells[3]], 2, {})) == [
        (3, "read x from cell 2 in run 1, from cell 1 in run 2")
    ]


SOURCES = ["import lib", "seed = 1\nalpha = 0.1", "df = lib.read()",
           "X = lib.split(df, seed)", "s = lib.score(X, alpha)"]  # fmt: skip


def seen(position: int, source: str) -> CellDetail:
    """Give an execution as the kernel saw it: no call changed what it was given."""
    return cell(position, source, writes=tuple(sorted(dataflow.analyse(source).binds)))


def test_another_order_in_which_every_cell_read_the_same_is_none() -> None:
    cells = [seen(n, source) for n, source in enumerate(SOURCES)]
    changed = seen(1, "seed = 1\nalpha = 0.5")
    again = [*cells[:4], changed, cells[4]]
    assert orders((cells, 0.9, {}), (again, 0.8, {})) == [], "only the value that changed counts"
    late = [cells[0], cells[2], changed, cells[3], cells[4]]
    assert orders((cells, 0.9, {}), (late, 0.8, {})) == [], "nothing else was read either"
    twice = [*cells, *cells[2:]]
    assert orders((cells, 0.9, {}), (twice, 0.8, {})) == []


def test_which_of_several_sources_of_a_cell_was_read() -> None:
    cells = [seen(n, source) for n, source in enumerate(SOURCES)]
    changed = seen(1, "seed = 2\nalpha = 0.5")
    stale = [*cells[:4], changed, cells[4]]
    fresh = [*cells[:3], changed, *cells[3:]]
    assert orders((stale, 0.9, {}), (fresh, 0.8, {})) == [
        (3, "read seed from cell 1 in run 1, from an execution with other code in run 2")
    ]


def test_a_cell_that_was_added_or_changed_is_no_order() -> None:
    cells = [seen(n, source) for n, source in enumerate(SOURCES)]
    added = [*cells[:3], seen(5, "df = df.dropna()"), *cells[3:]]
    assert orders((cells, 0.9, {}), (added, 0.8, {})) == []
    reading = [*cells[:3], seen(3, "df = lib.clean(df)\nX = lib.split(df, seed)"), cells[4]]
    assert orders((cells, 0.9, {}), (reading, 0.8, {})) == []
    injected = cell(None, "alpha = 0.5", injected=True)
    assert orders((cells, 0.9, {}), ([*cells[:2], injected, *cells[2:]], 0.8, {})) == []


def test_executing_a_cell_once_more_that_builds_on_itself_is_an_order() -> None:
    cells = [cell(0, "w = 1"), cell(1, "w = step(w)"), cell(2, "s = score(w)")]
    more = [*cells[:2], cells[1], cells[2]]
    assert orders((cells, 1, {}), (more, 2, {})) == [
        (1, "read w from cell 0 in run 1, from cell 1 in run 2")
    ]
    evermore = [*cells[:2], cells[1], cells[1], cells[2]]
    assert len(orders((more, 1, {}), (evermore, 2, {}))) == 1


def test_draws_of_one_generator_in_another_order() -> None:
    def draws(*cells: int) -> dict[str, object]:
        return {"randomness": tuple(RandomUse(c, "random", c == 0, "x:1", "x:2") for c in cells)}

    cells = [cell(0, "seed(1)"), cell(1, "a = draw()"), cell(2, "b = draw()"), cell(3, "s = b")]
    swapped = [cells[0], cells[2], cells[1], cells[3]]
    one, other = (cells, 1, draws(0, 1, 2)), (swapped, 2, draws(0, 1, 2))
    assert orders(one, other) == [
        (2, "read generator random from cell 1 in run 1, from cell 0 in run 2")
    ]
    own = {"randomness": (RandomUse(1, "entropy", False, None, None),)}
    assert orders((cells, 1, own), (swapped, 2, own)) == []


def test_where_the_flow_is_not_known_any_order_may_count() -> None:
    cells = [cell(0, "a = 1"), cell(1, "b = 2"), cell(2, "exec(text)\ns = 3")]
    swapped = [cells[1], cells[0], cells[2]]
    assert orders((cells, 1, {}), (swapped, 2, {})) == [
        (2, "read everything from cells 0, 1 in run 1, from cells 1, 0 in run 2")
    ]


def test_a_file_that_was_written_again() -> None:
    data = (file("x.csv", "xxh3:1", 0, access="write"), file("x.csv", "xxh3:1", 2))
    cells = [cell(0, "save(1)"), cell(1, "save(2)"), cell(2, "s = load()")]
    both = (*data, file("x.csv", "xxh3:1", 1, access="write"))
    again = [cells[0], *cells]
    assert orders((cells, 1, {"data": data}), (again, 2, {"data": data})) == []
    swapped = [cells[1], cells[0], cells[2]]
    assert orders((cells, 1, {"data": both}), (swapped, 2, {"data": both})) == [
        (2, "read file x.csv from cells 0, 1 in run 1, from cells 1, 0 in run 2")
    ]
