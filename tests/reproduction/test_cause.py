from __future__ import annotations

from dataclasses import replace
from typing import Any

from jupyter_mlops.records import (
    CHANGED_OUTSIDE,
    WHOLE_CELL,
    Cause,
    CellError,
    Column,
    DataUse,
    Parameter,
    RandomUse,
    Run,
    Unseen,
)
from jupyter_mlops.reproduction.cause import Evidence, weighed
from jupyter_mlops.reproduction.verdict import Pair
from tests.reproduction.builders import ENVIRONMENT, execution, pair, repeated, run, step

SOURCES = (
    "import pandas as pd",
    "df = pd.read_csv('a.csv')",
    "lr = 0.1",
    "y = df.x * lr\nprint(y)",
)
FLOWS = (
    execution(0, "", "pd"),
    execution(1, "pd", "df"),
    execution(2, "", "lr"),
    execution(3, "df lr", "y"),
)


def _pairs(*sources: str) -> list[Pair]:
    given = [pair(cell, None, None, source) for cell, source in enumerate(sources)]
    return [*given[:-1], pair(len(sources) - 1, "1", "2", sources[-1])]


def _causes(
    before: dict[str, Any], after: dict[str, Any], **evidence: Any
) -> list[tuple[Any, ...]]:
    fields: dict[str, Any] = {"pairs": _pairs(*SOURCES), "at": 3, **evidence}
    first: Run = run(cells=FLOWS, **before)
    found = weighed(Evidence(first, run(cells=FLOWS, **after), **fields)).found
    return [(one.kind, one.what, one.cell, one.detail) for one in found]


def _read(digest: str | None, path: str = "a.csv", cell: int = 1, **fields: Any) -> DataUse:
    return replace(DataUse("file", None, path, "read", cell, digest, size_bytes=10), **fields)


def _made(digest: str, age: str, rows: int = 3) -> DataUse:
    columns = (Column("name", "str", "x:1"), Column("age", "i8", age))
    return DataUse("frame", "df", None, "made", 1, digest, rows=rows, columns=columns)


def test_nothing_that_differs_is_unknown() -> None:
    assert _causes({}, {}) == [
        ("unknown", "unknown", 3, "no recorded input of the cells that led to it differs")
    ]
    unseen = {"unseen": (Unseen(1, "a socket", "not followed"),)}
    assert _causes(unseen, {})[0][3].endswith("; not seen: a socket")


def test_a_parameter_of_the_lineage_is_named_with_both_values() -> None:
    before = {"parameters": (Parameter("lr", 0.1, "float", 2, "literal"),)}
    after = {"parameters": (Parameter("lr", 0.5, "float", 2, "literal"),)}
    assert _causes(before, after) == [("parameter", "lr", 2, "0.1 → 0.5")]
    injected = {"parameters": (Parameter("lr", 0.5, "float", None, "injected"),)}
    assert _causes(before, injected) == [("parameter", "lr", 2, "0.1 → 0.5")]
    solver = {"parameters": (Parameter("solver", "lbfgs", "str", 2, "literal"),)}
    none = {"parameters": (Parameter("solver", None, "None", 2, "literal"),)}
    assert _causes(solver, none)[0][3] == "lbfgs → null", "as `-p` takes and tables show them"
    one, true, whole = (
        {"parameters": (Parameter("n", value, type(value).__name__, 2, "literal"),)}
        for value in (1, True, 1.0)
    )
    assert _causes(one, true) == [("parameter", "n", 2, "1 → true")]
    assert _causes(one, whole)[0][0] == "unknown"
    model = {"parameters": (Parameter("lr", 0.1, "float", 2, "model"),)}
    assert _causes(model, after)[0][0] == "unknown"


def test_a_difference_that_can_not_have_reached_the_cell_is_no_cause() -> None:
    sources = (*SOURCES[:3], "other = 1", SOURCES[3])
    flows = (*FLOWS[:3], execution(3, "", "other"), execution(4, "df lr", "y"))
    before = run(cells=flows, parameters=(Parameter("other", 1, "int", 3, "literal"),))
    after = run(cells=flows, parameters=(Parameter("other", 2, "int", 3, "literal"),))
    (found,) = weighed(Evidence(before, after, _pairs(*sources), 4)).found
    assert found.kind == "unknown"


def test_a_file_is_named_with_what_changed_in_it() -> None:
    assert _causes({"data": (_read("x:1"),)}, {"data": (_read("x:2", size_bytes=12),)}) == [
        ("data", "a.csv", 1, "10 → 12 bytes")
    ]
    before = {"data": (_read("x:1"), _made("x:3", "x:1"))}
    after = {"data": (_read("x:2"), _made("x:4", "x:2"))}
    assert _causes(before, after) == [("data", "a.csv", 1, "column age")]
    longer = {"data": (_read("x:2"), _made("x:4", "x:2", rows=5))}
    assert _causes(before, longer) == [("data", "a.csv", 1, "3 → 5 rows, column age")]


def test_a_column_that_is_gone_or_new_is_not_called_changed() -> None:
    frame = _made("x:3", "x:1")
    before = {"data": (_read("x:1"), frame)}

    def told(columns: tuple[Column, ...], rows: int = 3) -> str:
        after = replace(frame, digest="x:4", rows=rows, columns=columns)
        return str(_causes(before, {"data": (_read("x:2"), after)})[0][3])

    name, age = frame.columns
    new = Column("new", "i8", "x:9")
    assert told((name,)) == "without column age"
    assert told((name, age, new)) == "with column new"
    assert told((name, new)) == "without column age, with column new"
    assert told((replace(name, digest="x:7"),), rows=5) == "3 → 5 rows, without column age"
    assert told((replace(name, digest="x:7"), age, new)) == "column name, with column new"
    assert told(()) == "other content", "whose columns nobody saw"


def test_columns_that_are_not_listed_are_neither_gone_nor_new() -> None:
    frame = replace(_made("x:3", "x:1"), column_count=900)
    name, age = frame.columns

    def told(count: int, *columns: Column) -> str:
        after = replace(frame, digest="x:4", columns=columns, column_count=count)
        causes = _causes({"data": (_read("x:1"), frame)}, {"data": (_read("x:2"), after)})
        return str(causes[0][3])

    assert told(900, Column("new", "i8", "x:9"), name) == "other content"
    assert told(901, Column("new", "i8", "x:9"), name) == "900 → 901 columns"
    assert told(900, replace(name, digest="x:7"), age) == "column name"


def test_files_that_can_not_be_compared_name_no_cause() -> None:
    for other in (_read("sha256:2"), _read(None), _read("x:2", complete=False)):
        assert _causes({"data": (_read("x:1"),)}, {"data": (other,)})[0][0] == "unknown"


def test_a_module_of_the_user_is_code() -> None:
    before = {"data": (_read("x:1", "lib/tools.py", 0, access="import"),)}
    after = {"data": (_read("x:2", "lib/tools.py", 0, access="import"),)}
    assert _causes(before, after) == [("code", "tools.py", 0, "changed since")]


def test_a_cell_with_other_newlines_is_compared_as_python_reads_it() -> None:
    same = [
        Pair(
            0, step(0, "lr = 0.1\rn = 2\r\nf('\u2028')"), repeated(0, "lr = 3\nn = 1\nf('\u2028')")
        )
    ]
    assert _causes({}, {}, pairs=same, at=0)[0][0] == "unknown"
    other = [Pair(0, step(0, "lr = 0.1\rf(2)"), repeated(0, "lr = 0.1\rf(3)"))]
    assert _causes({}, {}, pairs=other, at=0)[0][0] == "code"


def test_an_edited_cell_is_code_unless_only_its_literals_changed() -> None:
    edited = _pairs(*SOURCES)
    edited[2] = Pair(2, step(2, "lr = 0.1"), repeated(2, "lr = 0.2"))
    assert _causes({}, {}, pairs=edited)[0][0] == "unknown"
    edited[2] = Pair(2, step(2, "lr = 0.1"), repeated(2, "# the rate\nlr  =  0.1"))
    assert _causes({}, {}, pairs=edited)[0][0] == "unknown"
    edited[2] = Pair(2, step(2, "lr = 0.1"), repeated(2, "lr = 0.1 * k"))
    assert _causes({}, {}, pairs=edited) == [("code", "cell 2", 2, "lr = 0.1 → lr = 0.1 * k")]
    edited[2] = Pair(2, step(2, "lr = 0.1"), None)
    assert _causes({}, {}, pairs=edited) == [("code", "cell 2", 2, "was removed")]
    edited[2] = Pair(None, None, repeated(2, "\nlr = 9"))
    assert ("code", "a new cell", None, "was added: lr = 9") in _causes({}, {}, pairs=edited)
    edited[2] = Pair(None, None, repeated(2, "print('unrelated')"))
    assert _causes({}, {}, pairs=edited)[0][0] == "unknown"


def test_a_generator_without_a_seed_is_named_unless_its_state_was_the_same() -> None:
    sources = ("import numpy as np", "df = np.random.rand(3)", "lr = 1", "print(df * lr)")
    flows = (
        execution(0, "", "np"),
        execution(1, "np", "df"),
        execution(2, "", "lr"),
        execution(3, "df lr"),
    )
    use = RandomUse(1, "numpy.random", False, "x:1", "x:2")
    evidence = {"pairs": _pairs(*sources), "at": 3}

    def found(before: RandomUse, after: RandomUse) -> tuple[Cause, ...]:
        return weighed(
            Evidence(
                run(cells=flows, randomness=(before,)),
                run(cells=flows, randomness=(after,)),
                **evidence,  # type: ignore[arg-type]
            )
        ).found

    (cause,) = found(use, replace(use, before="x:8", after="x:9"))
    assert (cause.kind, cause.what, cause.cell) == ("seed", "numpy.random", 1)
    assert found(use, use)[0].kind == "unknown"
    assert found(replace(use, seeded=True), use)[0].kind == "unknown"


def test_a_package_that_the_notebook_needs_is_named_and_others_are_not() -> None:
    newer = replace(ENVIRONMENT, packages={"numpy": "2.1", "black": "25.0"}, digest="sha256:1")
    # numpy is needed by pandas, which the notebook imports; black is needed by nothing.
    assert _causes({}, {"environment": newer}) == [("environment", "numpy", None, "2.0 → 2.1")]
    other = replace(ENVIRONMENT, python="3.12.0", platform="Mac", digest="sha256:2")
    assert [one[:2] for one in _causes({}, {"environment": other})] == [
        ("environment", "python"),
        ("hardware", "platform"),
    ]
    assert _causes({}, {"environment": None})[0][0] == "unknown"


def test_the_likeliest_comes_first_and_a_missing_module_makes_it_the_environment() -> None:
    before = {"data": (_read("x:1"),), "parameters": (Parameter("lr", 1, "int", 2, "literal"),)}
    without = replace(ENVIRONMENT, packages={"black": "24.1"}, digest="sha256:1")
    after = {
        "data": (_read("x:2"),),
        "parameters": (Parameter("lr", 2, "int", 2, "literal"),),
        "environment": without,
    }
    assert [one[0] for one in _causes(before, after)] == ["parameter", "data", "environment"]
    error = CellError("ModuleNotFoundError", "No module named 'numpy'")
    found = _causes(before, after, error=error)
    assert found[0] == ("environment", "numpy", None, "2.0 → not installed")


def test_a_file_that_is_gone_is_named() -> None:
    error = CellError("FileNotFoundError", "[Errno 2] No such file or directory: '/x/a.csv'")
    assert _causes({"data": (_read("x:1"),)}, {}, error=error) == [
        ("data", "a.csv", 1, "is no longer there")
    ]


def test_a_file_that_is_gone_comes_before_what_changed_on_purpose_and_other_data() -> None:
    error = CellError("FileNotFoundError", "[Errno 2] No such file or directory: 'a.csv'")
    parameter = Parameter("lr", 1, "int", 2, "literal")
    before = {"data": (_read("x:1", "b.csv"), _read("x:1")), "parameters": (parameter,)}
    after = {"data": (_read("x:2", "b.csv"),), "parameters": (replace(parameter, value=2),)}
    found = _causes(before, after, error=error)
    assert [one[:2] for one in found] == [("data", "a.csv"), ("parameter", "lr"), ("data", "b.csv")]


def test_a_file_that_is_gone_is_named_whatever_the_type_of_the_error_and_no_other() -> None:
    before = {"data": (_read("x:1"), _read("x:1", "data.csv"), _read("x:1", "old/data.csv"))}
    after = {"data": (_read("x:1", "old/data.csv"),)}
    error = CellError("OSError", "data.csv not found.")
    assert _causes(before, after, error=error) == [("data", "data.csv", 1, "is no longer there")]
    other = CellError("ValueError", "data.csv holds text")
    assert _causes(before, after, error=other)[0][0] == "unknown"


def test_a_name_from_nowhere_is_hidden_state_of_a_session() -> None:
    error = CellError("NameError", "name 'df' is not defined")
    found = _causes({"trigger": "interactive"}, {}, error=error)
    assert found[0][:3] == ("hidden state", "df", 3)
    assert found[0][3].endswith("no recorded execution of this run made it")
    assert _causes({}, {}, error=error)[0][0] == "unknown"


def test_a_name_that_changed_outside_a_cell_is_hidden_state() -> None:
    noticed = {"unseen": (Unseen(3, "lr", CHANGED_OUTSIDE),)}
    assert _causes(noticed, {}) == [
        (
            "hidden state",
            "lr",
            3,
            "was changed outside a cell, and no recorded execution of this run did that",
        )
    ]
    # Who set it anew, or never read it, had nothing from there.
    assert _causes({"unseen": (Unseen(1, "lr", CHANGED_OUTSIDE),)}, {})[0][0] == "unknown"
    assert _causes({"unseen": (Unseen(1, "other", CHANGED_OUTSIDE),)}, {})[0][0] == "unknown"
    missing = {"error": CellError("NameError", "name 'lr' is not defined")}
    found = _causes({**noticed, "trigger": "interactive"}, {}, **missing)
    assert [one[:3] for one in found] == [("hidden state", "lr", 3)]


def test_a_name_from_nowhere_may_be_of_a_cell_that_was_left_out_on_purpose() -> None:
    error = CellError("NameError", "name 'df' is not defined")
    unseen = (Unseen(None, WHOLE_CELL, "?"), Unseen(2, WHOLE_CELL, "left out"), Unseen(1, "x", "?"))
    found = _causes({"trigger": "interactive", "unseen": unseen}, {}, error=error)
    assert found[0][3].endswith("this run made it; cell 2 may have: left out")


def test_another_order_of_execution_is_told_where_it_changed_what_was_read() -> None:
    given = _pairs(*SOURCES)
    steps = [one.step for one in given if one.step is not None]
    swapped = [given[i] for i in (0, 2, 1, 3)]
    found = _causes({}, {}, pairs=swapped, steps=steps)
    assert found[0][0] == "unknown", "neither reads the other"
    sources = ("x = [1]", "x.append(2)", "x.append(3)", "print(x)")
    cells = (
        execution(0, "", "x"),
        execution(1, "x", "x"),
        execution(2, "x", "x"),
        execution(3, "x", ""),
    )
    given = _pairs(*sources)
    steps = [one.step for one in given if one.step is not None]
    swapped = [given[i] for i in (0, 2, 1, 3)]
    (one,) = weighed(Evidence(run(cells=cells), run(cells=cells), swapped, 3, steps=steps)).found
    assert (one.kind, one.cell) == ("order", 3)
    assert one.detail == "read x from cell 2, and now from cell 1"


def test_a_name_that_is_made_later_now_is_an_order() -> None:
    steps = (step(0, "y = 1"), step(1, "z = y"))
    ended = Pair(1, steps[1], repeated(1, "z = y", status="error"))
    later = Pair(0, steps[0], repeated(0, "y = 1", status="not run"))
    before = run(cells=(execution(0, "", "y"), execution(1, "y", "z")))
    after = run(cells=(execution(1), replace(execution(0), status="not run")))
    (found,) = weighed(Evidence(before, after, [ended, later], 0, steps=steps)).found
    assert found.detail == "read y from cell 0, and now from no cell"


def test_a_write_that_the_sandbox_refused_is_told_with_the_way_out() -> None:
    error = CellError("PermissionError", "[Errno 13] Permission denied: '/home/me/x'")
    (found,) = _causes({}, {}, error=error, confined=True)
    assert found[:2] == ("environment", "the sandbox") and "--in-place" in found[3]


def test_why_it_ended_is_told_where_no_cause_is_known() -> None:
    (found,) = _causes({}, {}, reason="cell 3 exceeded its limit of 5 s")
    assert found == ("unknown", "unknown", 3, "cell 3 exceeded its limit of 5 s")


def test_a_run_that_did_not_get_further_says_why() -> None:
    ended = (*FLOWS[:3], replace(FLOWS[3], status="interrupted"))
    before = run(cells=ended, status="failed", notices=("cell 3 exceeded its limit of 3 s",))
    evidence = Evidence(before, run(cells=FLOWS), _pairs(*SOURCES), 3)
    (found,) = weighed(evidence).found
    assert (found.kind, found.what, found.cell) == ("environment", "the recorded run", 3)
    assert found.detail == (
        "ended there: cell 3 exceeded its limit of 3 s; the reproduction had no limit"
    )
    (limited,) = weighed(replace(evidence, limited=True)).found
    assert limited.detail == "ended there: cell 3 exceeded its limit of 3 s"
    raised = replace(before, cells=FLOWS)
    assert weighed(replace(evidence, before=raised)).found[0].kind == "unknown"


def test_a_value_that_no_result_came_from_is_known_from_the_source() -> None:
    after = {"parameters": (Parameter("lr", 0.5, "float", 2, "literal"),)}
    assert _causes({}, after) == [("parameter", "lr", 2, "0.1 → 0.5")]
    redacted = Parameter("lr", {"redacted": "hmac-sha256:" + "0" * 64}, "str", 2, "literal")
    assert _causes({}, {"parameters": (redacted,)})[0][0] == "unknown"


def test_changes_that_reach_what_differs_first_are_equally_likely() -> None:
    sources = ("a, b = 1, 2", "c = 3", "x = a + c\ny = b")
    pairs = _pairs(*sources)
    names = {"a": 0, "b": 0, "c": 1}
    before, after = (
        run(
            cells=(execution(0, "", "a b"), execution(1, "", "c"), execution(2, "a b c", "x y")),
            parameters=tuple(Parameter(n, v, "int", c, "literal") for n, c in names.items()),
        )
        for v in (1, 2)
    )

    def told(*differing: str) -> tuple[list[str], int]:
        weighed_ = weighed(Evidence(before, after, pairs, 2, differing=differing))
        return [one.what for one in weighed_.found], weighed_.leading

    assert told("x") == (["a", "c", "b"], 2)
    assert told("y") == (["b", "a", "c"], 1)
    assert told("y", "x") == (["a", "b", "c"], 3)
    assert told() == told("else") == (["a", "b", "c"], 3)
