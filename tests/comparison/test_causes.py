"""A cause lies in what a metric was made from; anything else is no cause."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlops.records import DataUse, RandomUse
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


def test_the_order_in_which_cells_of_the_lineage_were_executed() -> None:
    cells = [cell(0, "x = []"), cell(1, "x.append(1)"), cell(2, "x.append(2)"), cell(3, "s = x[0]")]
    swapped = [cells[0], cells[2], cells[1], cells[3]]
    one = made("a", cells, [metric("s", 1, 3)])
    other = made("b", swapped, [metric("s", 2, 3)])
    causes = compare(one, other).causes
    assert [(c.kind, c.detail) for c in causes] == [("order", "0, 1, 2, 3 / 0, 2, 1, 3")]
