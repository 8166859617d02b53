"""What follows from a cell's source and from what the kernel saw of its names."""

from __future__ import annotations

import ast
from dataclasses import replace
from typing import Any

import pytest

from jupyter_mlops.dataflow import account, analyse, literals_of_tree
from jupyter_mlops.dataflow.constants import may_hold_literals
from jupyter_mlops.events import CellFinished, Sight
from jupyter_mlops.records import DataUse, RandomUse


def finished(source: str, status: Any = "ok", **seen: Any) -> CellFinished:
    end = CellFinished(
        "w", 1, "2026-01-01T00:00:00.000000Z", 0, status, 0.1, 1, sight=Sight(**seen)
    )
    return account(end, source, analyse(source))


def test_an_end_without_a_sight_stays_as_it_is() -> None:
    end = CellFinished("w", 1, "2026-01-01T00:00:00.000000Z", 0, "ok", 0.1, 1, reads=("x",))
    assert account(end, "y = z", analyse("y = z")) is end


def test_names_are_read_if_they_were_there() -> None:
    found = finished("y = x + missing", had=("x",), kept=("x",), values={"x": 1, "y": 2})
    assert (found.reads, found.writes) == (("x",), ("y",))
    assert [one.name for one in found.metrics] == ["y"]
    assert found.sight is None


def test_a_literal_is_a_parameter_while_the_name_has_its_value() -> None:
    source = "rate = 0.5; depth = 3; name = 'tree'; nan = float('nan')"
    values = {"rate": 0.5, "depth": 4, "name": "tree", "nan": "NaN"}
    found = finished(source, values=values, types={"nan": "float"})
    assert [(one.name, one.value) for one in found.parameters] == [
        ("rate", 0.5),
        ("name", "tree"),
        ("nan", "NaN"),
    ]


@pytest.mark.parametrize(("value", "types"), [(1.0, {}), (True, {}), (1, {"n": "int64"})])
def test_an_equal_value_of_another_type_is_none(value: Any, types: dict[str, str]) -> None:
    assert finished("n = 1", values={"n": value}, types=types).parameters == ()


def test_a_number_that_json_lacks_is_a_metric() -> None:
    found = finished("score = f()", values={"score": "NaN"}, types={"score": "float"})
    assert [(one.name, one.value) for one in found.metrics] == [("score", "NaN")]
    assert finished("score = f()", values={"score": "NaN"}).metrics == ()
    assert finished("score = f()", values={"score": 2**63}).metrics == ()


def test_what_an_error_kept_from_being_bound_is_of_an_earlier_execution() -> None:
    source = "f(); score = g()"
    seen = {
        "had": ("score", "f"),
        "kept": ("score", "f"),
        "there": ("f",),
        "values": {"score": 1.5},
    }
    assert finished(source, "error", **seen).metrics == ()
    assert [one.name for one in finished(source, **seen).metrics] == ["score"]


def test_an_object_is_changed_under_all_of_its_names() -> None:
    seen = {"had": ("a",), "kept": ("a",), "there": ("a",), "mutable": ("a",)}
    found = finished("a.append(1)", **seen, aliases={"a": ("b",)})
    assert found.writes == ("a", "b")
    assert finished("a.append(1)", **{**seen, "mutable": ()}).writes == ()


def test_a_module_is_changed_by_a_store_alone() -> None:
    seen = {"had": ("m",), "kept": ("m",), "there": ("m",), "inert": ("m",)}
    assert finished("m.attribute = 1", **seen).writes == ("m",)
    assert finished("f(m)", **seen).writes == ()


def test_an_unknown_flow_writes_all_that_changed() -> None:
    found = finished("exec(text)", had=("text",), kept=("text",), changed=("made", "gone"))
    assert found.opaque
    assert found.writes == ("gone", "made")
    nested = finished("run()", nested=True, changed=("made",))
    assert nested.opaque
    assert nested.writes == ("made",)
    beside = finished("x = 1", values={"x": 1}, changed=("x", "other"))
    assert beside.changed_beside == ("other",)


def test_a_deleted_name_is_written() -> None:
    assert finished("del x", had=("x",), changed=("x",)).writes == ("x",)


def test_data_and_generators_are_the_cells_own() -> None:
    use = DataUse("frame", "df", None, "made", None, "xxh3:1")
    file = DataUse("file", None, "a.csv", "read", None, "xxh3:2")
    draw = RandomUse(None, "random", False, None, "sha256:1")
    end = CellFinished(
        "w", 1, "2026-01-01T00:00:00.000000Z", 0, "ok", 0.1, 1,
        data=(use, file), randomness=(draw,), sight=Sight(there=("df",), loaded=True),
    )  # fmt: skip
    source = "import random as r; df = pd.read_csv('a.csv')"
    found = account(end, source, analyse(source))
    assert found.data == (use, file)
    # Modules that were loaded drew the number.
    assert found.randomness == ()
    other = account(end, "x = open('a.csv')", analyse("x = open('a.csv')"))
    assert other.data == (file,)
    seeded = "random.seed(3)"
    flow = analyse("import random\n" + seeded)
    assert account(end, seeded, flow).randomness == (replace(draw, seeded=True),)


@pytest.mark.parametrize(
    "source",
    [
        "x = [1]", "x = (1, 2)", "x: tuple = (1, 2)", "x = {'a': 1}", "x = {1}", "x, y = 1, [2]",
        "x, y = (1, 2), 3", "[x, y] = [{'a': 1}, 3]", "x = y = [1]", "x = (a, b) = 1, 2",
        "x = dict(a=1)", "x = list('abc')", "x = set('abc')", "x = float('nan')", "x = 'a' 'b'",
        r"x = 'a\tb'", "x = '''a\nb'''", "y = 1\nx = tuple([1])", "x, *y = 1, 2, [3]",
    ],
)  # fmt: skip
def test_what_has_to_be_looked_at_in_the_kernel(source: str) -> None:
    tree = ast.parse(source)
    found = literals_of_tree(tree)
    hidden = [one for one in found if type(one.value) in (list, dict) or (
        type(one.value) is str and one.type == "str" and one.value not in source)]  # fmt: skip
    assert may_hold_literals(tree, source) >= bool(hidden)


@pytest.mark.parametrize(
    "source", ["x = 1", "x = 'a'", "x, y = 1, 'b'", "x = []", "x = {}", "f(a=[1])", "x = -2 ** 3"]
)
def test_most_cells_need_no_look(source: str) -> None:
    assert not may_hold_literals(ast.parse(source), source)
