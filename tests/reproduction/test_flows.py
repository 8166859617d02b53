from __future__ import annotations

from jupyter_mlops.records import DataUse
from jupyter_mlops.reproduction.flows import clock_values, lineage, reaching
from tests.reproduction.builders import execution, run, step


def test_the_lineage_is_what_led_to_a_step_and_nothing_else() -> None:
    steps = [step(0, "a = 1"), step(1, "b = 2"), step(2, "c = a + 1"), step(3, "print(c)")]
    assert lineage(run(), steps, 3) == (0, 2, 3)
    assert lineage(run(), steps, 1) == (1,)


def test_what_capture_saw_counts_as_much_as_the_source() -> None:
    steps = [step(0, "change()"), step(1, "print(1)")]
    assert lineage(run(), steps, 1) == (1,)
    recorded = run(cells=(execution(0, "", "x"), execution(1, "x", "")))
    assert lineage(recorded, steps, 1) == (0, 1)


def test_a_file_leads_from_its_writer_to_its_reader() -> None:
    steps = [step(0, "save()"), step(1, "load()")]
    data = tuple(
        DataUse("file", None, "x.csv", a, cell, "x:1") for cell, a in ((0, "write"), (1, "read"))
    )  # type: ignore[arg-type]
    assert lineage(run(data=data), steps, 1) == (0, 1)


def test_a_step_whose_flow_is_not_known_may_have_led_to_anything() -> None:
    steps = [step(0, "exec(code)"), step(1, "print(1)")]
    assert lineage(run(), steps, 1) == (0, 1)


def test_values_of_a_clock_are_known_through_the_cells() -> None:
    steps = [
        step(0, "import time\nbegan = time.time()"),
        step(1, "spent = time.time() - began\nx = 1"),
    ]
    assert clock_values(steps) == {(0, "began"), (1, "spent")}


def test_what_reaches_a_name_is_followed_statement_by_statement() -> None:
    steps = [step(0, "a, b = 1, 2\nc = 3"), step(1, "a = 4"), step(2, "x = a + c\ny = b\nprint(y)")]
    recorded = run(cells=tuple(execution(cell) for cell in range(3)))
    found = reaching(recorded, steps, ["x"])
    # The first value of a was replaced before it was read.
    assert found.set == {(0, "c"), (1, "a"), (2, "x")}
    assert reaching(recorded, steps, ["y"]).set == {(0, "b"), (2, "y")}
    assert reaching(recorded, steps, ["y"]).cells == {0, 2}
    assert reaching(recorded, steps, []).cells == {0, 1, 2}
    opaque = [steps[0], step(1, "exec(code)"), steps[2]]
    assert reaching(recorded, opaque, ["y"]).cells == {0, 1, 2}


def test_what_a_call_may_change_counts_where_the_kernel_saw_it_changed() -> None:
    steps = [step(0, "x = []"), step(1, "from m import fill"), step(2, "fill(x, n)"), step(3, "x")]
    for writes, cells in (("x", {0, 1, 2, 3}), ("", {0, 3})):
        recorded = run(cells=(execution(0, "", "x"), execution(2, "x n", writes)))
        assert reaching(recorded, steps, []).cells == cells


def test_what_made_a_name_last_is_where_it_begins() -> None:
    parameters = [step(0, "lr = 0.1"), step(1, "other = 2")]
    recorded = run(cells=tuple(execution(cell) for cell in range(3)))

    def led_to(source: str, *names: str) -> set[str]:
        found = reaching(recorded, [*parameters, step(2, source)], names)
        return {name for cell, name in found.set if cell != 2}

    assert led_to("score = None\nscore = lr * 3", "score") == {"lr"}
    assert led_to("acc = 0.0\nfor i in range(3):\n    acc += lr * i", "acc") == {"lr"}
    # One that may have been set keeps what it was before.
    assert led_to("score = lr * 3\nif score > other:\n    score = 0", "score") == {"lr", "other"}
    assert led_to("score = lr * 3\nif other:\n    score = 0", "score") == {"lr", "other"}
    # What a name became later, in another value, does not lead to it.
    assert led_to("score = lr\nloss = other", "score") == {"lr"}
    assert led_to("score = lr\nloss = other", "score", "loss") == {"lr", "other"}
    assert led_to("score = other\nscore = lr", "score") == {"lr"}
