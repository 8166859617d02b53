"""What differs is listed, what is equal is not, and what can't be known is said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jupyter_mlops import schema, text
from jupyter_mlops.comparison import html
from jupyter_mlops.comparison.found import relation
from jupyter_mlops.records import Column, Comparison, Parameter
from jupyter_mlops.redaction import Redactor
from jupyter_mlops.reproduction.verdict import equal
from tests.comparison.made import (
    Made,
    cell,
    compare,
    environment,
    file,
    made,
    metric,
    printed,
    shown,
)


def test_what_was_only_printed_stands_apart_and_below_what_was_measured() -> None:
    def run(name: str, value: float) -> Made:
        said = (replace(metric(n, value, 1), source="output") for n in ("acc", "seen"))
        return made(name, ["acc = f()", "print(acc)"], [metric("acc", value, 0), *said])

    one, other = run("a", 0.5), run("b", 0.75)
    comparison = compare(one, other)
    assert comparison.inferred == ("acc@1", "seen")
    assert comparison.metrics == dict.fromkeys(("acc@1", "acc", "seen"), (0.5, 0.75))
    assert list(comparison.measured) == ["acc"]
    shown = text.comparison(comparison)
    assert shown.index("Metrics") < shown.index("Printed numbers (inferred)") < shown.index("seen")
    runs, cells = zip(one, other, strict=True)
    page = html.render(comparison, runs, cells)
    assert page.index('<h2 id="metrics">') < page.index('<h2 id="printed">')
    drawn = schema.encode(comparison.figures).decode()
    assert "acc" in drawn and "seen" not in drawn
    # One run that measures it is enough.
    measured = made("c", ["acc = f()", "print(acc)"], [metric("seen", 0.5, 1)])
    assert "seen" in compare(one, measured).measured


def test_an_extent_settles_what_digests_of_different_algorithms_leave_open() -> None:
    short = file("x", "xxh3:a", 0, size_bytes=1)
    long = replace(short, digest="xxh3p:b", size_bytes=2)
    frames = [replace(one, kind="frame") for one in (short, long)]
    assert relation([short, long]) is False
    assert relation([short, replace(long, size_bytes=1)]) is None
    assert relation([short, replace(long, complete=False)]) is None
    # What a frame takes in memory depends on how it is stored.
    assert relation(frames) is None
    assert relation([replace(one, rows=n) for n, one in enumerate(frames)]) is False


def test_equal_runs_differ_in_nothing() -> None:
    one = made("a", ["lr = 0.1", "score = f(lr)"], [metric("score", 0.5, 1)])
    other = replace(one[0], id="b" * 32), one[1]
    comparison = compare(one, other)
    assert comparison.parameters == {"lr": (0.1, 0.1)}
    assert comparison.metrics == {"score": (0.5, 0.5)}
    assert comparison.differs == type(comparison.differs)()
    assert not comparison.causes
    assert not comparison.unknown


def test_a_recorded_none_is_told_from_a_parameter_that_a_run_lacks() -> None:
    comparison = compare(made("a", ["depth = None"]), made("b", ["rate = 1"]))
    found = {one.what: one for one in comparison.differs.parameter}
    assert (found["depth"].values, found["depth"].missing) == ((None, None), (1,))
    assert (found["rate"].values, found["rate"].missing) == ((None, 1), (0,))
    said = text.comparison(comparison)
    assert "depth  null             not a parameter" in said
    assert "rate   not a parameter  1" in said


def test_the_document_is_that_of_the_schema() -> None:
    comparison = compare(made("a", ["lr = 0.1"]), made("b", ["lr = [1, {'x': 2}]"]))
    assert schema.decode(schema.encode(comparison), Comparison).runs == ("a" * 32, "b" * 32)


def test_a_changed_literal_is_a_parameter_and_no_code() -> None:
    differs = compare(made("a", ["lr = 0.1  # rate"]), made("b", ["lr = 0.01  # rate"])).differs
    assert [(d.what, d.cell, d.values) for d in differs.parameter] == [("lr", 0, (0.1, 0.01))]
    assert differs.code == ()


def test_a_changed_literal_is_no_code_whatever_ends_its_line() -> None:
    differs = compare(made("a", ["x = 1\rlr = 0.1"]), made("b", ["x = 1\rlr = 0.01"])).differs
    assert [d.what for d in differs.parameter] == ["lr"]
    assert differs.code == ()


def test_a_literal_that_was_not_recorded_is_code() -> None:
    one, other = made("a", ["lr = 0.1"]), made("b", ["lr = 0.2"])
    unrecorded = [(replace(run, parameters=()), cells) for run, cells in (one, other)]
    differs = compare(*unrecorded).differs
    assert [d.cell for d in differs.code] == [0]
    assert differs.parameter == ()


def test_changed_code_names_cell_and_size() -> None:
    differs = compare(made("a", ["lr = 0.1", "f(lr)\ng()"]), made("b", ["lr = 0.2", "h(lr)\ng()"]))
    (code,) = differs.differs.code
    assert (code.cell, code.detail) == (1, "1 line out, 1 in")
    assert code.values == ("f(lr)\ng()", "h(lr)\ng()")


@pytest.mark.parametrize("after", ["f( x )", "f(x)  # why", "\nf(x)", "f(x)\n# end"])
def test_comments_and_layout_are_said_to_be_just_that(after: str) -> None:
    (code,) = compare(made("a", ["f(x)"]), made("b", [after])).differs.code
    assert code.detail == "comments or layout only"


def test_a_cell_that_one_run_did_not_execute() -> None:
    (code,) = compare(made("a", ["f()", "g()"]), made("b", ["f()"])).differs.code
    assert (code.cell, code.values, code.detail) == (1, ("g()", None), "not executed in run 2")


def test_one_name_in_two_cells_is_two_parameters() -> None:
    comparison = compare(made("a", ["n = 1", "n = 2"]), made("b", ["n = 1", "n = 3"]))
    assert comparison.parameters == {"n@0": (1, 1), "n": (2, 3)}
    assert [d.what for d in comparison.differs.parameter] == ["n"]


def test_an_injected_value_stands_for_the_tagged_one() -> None:
    tagged = Parameter("lr", 0.1, "float", 0, "tagged")
    injected = Parameter("lr", 0.5, "float", None, "injected")
    cells = ["lr = 0.1"]
    default = made("a", cells, parameters=(tagged,))
    given = made(
        "b",
        [cell(0, "lr = 0.1"), cell(None, "lr = 0.5", injected=True)],
        parameters=(tagged, injected),
    )
    assert compare(default, given).parameters == {"lr": (0.1, 0.5)}


def test_a_metric_that_one_run_lacks_and_the_last_step_of_a_series() -> None:
    series = [metric("loss", 0.9, 0, 0), metric("loss", 0.4, 0, 1), metric("f1", 1, 0)]
    comparison = compare(made("a", ["fit()"], series), made("b", ["fit()"]))
    assert comparison.metrics == {"loss": (0.4, None), "f1": (1, None)}


def test_equal_metrics_of_another_type_differ_nowhere() -> None:
    one, other = (made(name, ["n = 1", f"acc = f({name})"], [metric("acc", value, 1)])
                  for name, value in (("a", 1.0), ("b", 1)))  # fmt: skip
    comparison = compare(one, other)
    assert comparison.causes == ()
    assert comparison.figures == {}
    assert "Metrics" not in text.comparison(comparison)
    page = html.render(comparison, [one[0], other[0]], [one[1], other[1]])
    assert "Metrics</h2>" not in page


def test_a_changed_file_names_rows_and_columns() -> None:
    columns = (Column("age", "int64", "xxh3:1"), Column("fare", "float64", "xxh3:2"))
    before = file("train.csv", "xxh3:a", 0, rows=891, columns=columns)
    after = replace(
        before, digest="xxh3:b", rows=889, columns=(columns[1], Column("age", "int64", "xxh3:9"))
    )
    one, other = made("a", ["read()"], data=(before,)), made("b", ["read()"], data=(after,))
    (data,) = compare(one, other).differs.data
    assert (data.what, data.cell, data.values) == ("train.csv", 0, ("xxh3:a", "xxh3:b"))
    assert data.detail == "rows 891, 889; column age"


def test_columns_that_not_every_run_has() -> None:
    a, b, c = (Column(name, "int64", "xxh3:1") for name in "abc")

    def one(name: str, *columns: Column) -> Made:
        return made(name, ["read()"], data=(file("x", "xxh3:" + name, 0, columns=columns),))

    def detail(*runs: Made) -> str:
        (data,) = compare(*runs).differs.data
        return data.detail

    assert detail(one("a", a, b), one("b", a)) == "without column b"
    assert detail(one("a", a), one("b", a, b, c)) == "with columns b, c"
    assert detail(one("a", a, b), one("b", replace(a, digest="xxh3:2"), c)) == (
        "column a; without column b; with column c"
    )
    assert detail(one("a", a, b), one("b", a, c), one("c", a, b)) == (
        "without column b in run 2; without column c in runs 1, 3"
    )


def test_columns_that_are_not_listed_are_not_said_to_lack() -> None:
    a, b, c = (Column(name, "int64", "xxh3:1") for name in "abc")

    def one(name: str, count: int, *columns: Column) -> Made:
        use = file("x", "xxh3:" + name, 0, columns=columns, column_count=count)
        return made(name, ["read()"], data=(use,))

    def detail(*runs: Made) -> str:
        (data,) = compare(*runs).differs.data
        return data.detail

    assert detail(one("a", 900, a, b), one("b", 901, c, a)) == "columns 900, 901"
    assert detail(one("a", 900, a, b), one("b", 900, replace(a, digest="xxh3:2"), c)) == "column a"


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (file("x", "xxh3:a", 0), file("x", "sha256:a", 0), "digests of different algorithms"),
        (file("x", "xxh3:a", 0), file("x", "xxh3:a", 0, complete=False), "only a part"),
        (
            file("x", "xxh3:a", 0, complete=False),
            file("x", "xxh3:b", 0, complete=False),
            "only a part",
        ),
        (file("x", None, 0), file("x", None, 0), "no digest"),
    ],
)
def test_incomparable_digests_are_neither_equal_nor_different(
    before: Any, after: Any, why: str
) -> None:
    comparison = compare(made("a", ["r()"], data=(before,)), made("b", ["r()"], data=(after,)))
    assert comparison.differs.data == ()
    (unknown,) = comparison.unknown
    assert unknown.what == "x"
    assert why in unknown.detail


@pytest.mark.parametrize("same", [True, False])
def test_digests_of_a_common_algorithm_are_compared(same: bool) -> None:
    before = file("x", "xxh3:a", 0)
    after = replace(file("x", "blake2b:b", 0), digests=("xxh3:a" if same else "xxh3:c",))
    comparison = compare(made("a", ["r()"], data=(before,)), made("b", ["r()"], data=(after,)))
    assert comparison.unknown == ()
    assert [one.what for one in comparison.differs.data] == ([] if same else ["x"])
    assert equal(before, after) is same


def test_a_file_is_the_same_in_another_folder() -> None:
    one = made("a", ["r()"], data=(file("/work/d/x.csv", "xxh3:a", 0),))
    copied = made("b", ["r()"], notebook="/tmp/copy/train.ipynb",
                  data=(file("/tmp/copy/d/x.csv", "xxh3:a", 0),))  # fmt: skip
    assert compare(one, copied).differs.data == ()


def test_packages_and_an_environment_that_was_not_recorded() -> None:
    one = made("a", ["f()"])
    other = made("b", ["f()"], environment=environment(numpy="2.1", scipy="1.0"))
    assert [(d.what, d.values) for d in compare(one, other).differs.environment] == [
        ("numpy", ("2.0", "2.1")),
        ("scipy", (None, "1.0")),
    ]
    unrecorded = made("c", ["f()"], environment=None)
    comparison = compare(one, unrecorded)
    assert comparison.differs.environment == ()
    assert [d.what for d in comparison.unknown] == ["environment"]


def error(traceback: str) -> dict[str, Any]:
    return {"output_type": "error", "ename": "E", "evalue": "v", "traceback": [traceback]}


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [
        ([printed("a\nb\n")], [printed("a\n"), printed("b\n")], False),
        ([printed("a")], [printed("b")], True),
        ([printed("a"), printed("slow", "stderr")], [printed("a")], False),
        ([shown(text__plain="<X at 0x7f01>")], [shown(text__plain="<X at 0x7f02>")], False),
        (
            [shown(text__plain="1", text__html="<b>1</b>")],
            [shown(text__plain="1", text__html="<i>1</i>")],
            False,
        ),
        (
            [shown(image__png="QUJD", text__plain="<F>")],
            [shown(image__png="QUJE", text__plain="<F>")],
            True,
        ),
        (
            [shown(text__plain="<a.HTML object>", text__html="<b>1</b>")],
            [shown(text__plain="<a.HTML object>", text__html="<b>2</b>")],
            True,
        ),
        (
            [shown(text__plain="<a.B at 0x7f01>", text__html='<b id="T_1a2b3">1</b>')],
            [shown(text__plain="<a.B at 0x7f02>", text__html='<b id="T_c4d5e">1</b>')],
            False,
        ),
        ([error("line 1")], [error("line 2")], False),
        ([shown(text__html="<b>1</b>")], [shown(text__html="<i>1</i>")], True),
    ],
)
def test_outputs(before: list[Any], after: list[Any], differs: bool) -> None:
    comparison = compare(made("a", [cell(0, "f()", before)]), made("b", [cell(0, "f()", after)]))
    assert bool(comparison.differs.output) is differs


def test_an_output_that_only_names_its_class_shows_its_richer_form() -> None:
    def page(value: int) -> dict[str, Any]:
        markup = f"<style>b {{ color: red }}</style><b>accuracy &lt; {value}</b>"
        return shown(text__plain="<a.HTML object>", text__html=markup)

    def data(value: int) -> dict[str, Any]:
        return shown(text__plain="<a.JSON object>", application__json={"accuracy": value})

    runs = [made(str(k), [cell(0, "f()", [page(k), data(k)])]) for k in (3, 5)]
    (output,) = compare(*runs).differs.output
    assert output.values == tuple(f'accuracy < {k}\n{{"accuracy": {k}}}' for k in (3, 5))


def test_outputs_that_were_not_kept_are_compared_by_digest() -> None:
    lost = {
        "output_type": "display_data",
        "data": {},
        "metadata": {"jupyter_mlops": {"missing": "x"}},
    }
    one, same_, other = cell(0, "f()", [lost]), cell(0, "f()", [lost]), cell(0, "f()", [lost])
    changed = replace(other.execution.outputs[0], digest="sha256:other")
    other = replace(other, execution=replace(other.execution, outputs=(changed,)))
    assert compare(made("a", [one]), made("b", [same_])).differs.output == ()
    (output,) = compare(made("a", [one]), made("b", [other])).differs.output
    assert output.values == ("[too large to be kept]", "[too large to be kept]")


def test_three_runs_side_by_side() -> None:
    comparison = compare(made("a", ["lr = 1"]), made("b", ["lr = 2"]), made("c", ["lr = 1"]))
    assert comparison.differs.parameter[0].values == (1, 2, 1)


def test_values_that_were_redacted_with_different_keys_are_unknown() -> None:
    def run(identifier: str, key: bytes, value: str) -> Made:
        redacted = Redactor(key).named("api_key", value)
        parameter = Parameter("api_key", redacted, "str", 1, "literal")
        one, cells = made(identifier, ["api_key = ''"])
        return replace(one, parameters=(parameter,)), cells

    first, same = run("a", b"a" * 32, "abcd1234"), run("b", b"a" * 32, "abcd1234")
    other, elsewhere = run("c", b"a" * 32, "efgh5678"), run("d", b"d" * 32, "abcd1234")

    assert compare(first, same).differs.parameter == ()
    assert [one.what for one in compare(first, other).differs.parameter] == ["api_key"]
    unknown = compare(first, elsewhere)
    assert unknown.differs.parameter == ()
    assert [(one.what, one.detail) for one in unknown.unknown] == [
        ("api_key", "redacted with different keys")
    ]
    assert [one.what for one in compare(first, other, elsewhere).differs.parameter] == ["api_key"]
