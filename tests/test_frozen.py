"""The same classes made by the standard decorator and by ours behave alike."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import msgspec
import pytest

from jupyter_mlops import frozen
from jupyter_mlops.events import EVENTS
from jupyter_mlops.records import Run

Namespace = dict[str, Any]


def body() -> Namespace:
    return {
        "__module__": __name__,
        "__qualname__": "Point",
        "__doc__": "A point.",
        "__annotations__": {"x": "int", "y": "float", "tags": "list[str]", "name": "str"},
        "y": 2.5,
        "tags": dataclasses.field(default_factory=list),
        "name": "p",
        "twice": property(lambda self: self.x * 2),
    }


Point: Any = frozen.dataclass(frozen=True)(type("Point", (), body()))
Standard: Any = dataclasses.dataclass(frozen=True)(type("Point", (), body()))
BOTH = pytest.mark.parametrize("kind", [Point, Standard], ids=["ours", "standard"])


@BOTH
def test_values_are_taken_in_order_by_name_or_by_default(kind: Any) -> None:
    one = kind(1, name="q")
    assert (one.x, one.y, one.tags, one.name, one.twice) == (1, 2.5, [], "q", 2)
    assert list(vars(one)) == ["x", "y", "tags", "name"]
    assert kind(1).tags is not kind(1).tags
    assert repr(one) == "Point(x=1, y=2.5, tags=[], name='q')"


@BOTH
@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), ((1, 2.0, [], "n", 5), {}), ((1,), {"x": 1}), ((1,), {"z": 1}), ((), {"y": 1.0})],
)
def test_wrong_values_are_refused(kind: Any, values: tuple[Any, ...], named: Namespace) -> None:
    with pytest.raises(TypeError):
        kind(*values, **named)


@BOTH
def test_equal_are_two_of_one_class_with_equal_values(kind: Any) -> None:
    assert kind(1) == kind(1) and kind(1) != kind(2) and kind(1) != (1, 2.5, [], "p")
    assert Point(1) != Standard(1)
    assert hash(kind(1, tags=())) == hash((1, 2.5, (), "p"))
    with pytest.raises(TypeError, match="unhashable"):
        hash(kind(1))


@BOTH
def test_nothing_can_be_set_or_deleted(kind: Any) -> None:
    one = kind(1)
    for name in ("x", "other"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(one, name, 3)
    with pytest.raises(dataclasses.FrozenInstanceError):
        del one.x
    assert one == kind(1)


@BOTH
def test_the_standard_library_and_msgspec_take_them_as_dataclasses(kind: Any) -> None:
    one = kind(1, tags=["a"])
    assert dataclasses.is_dataclass(kind)
    assert [field.name for field in dataclasses.fields(kind)] == ["x", "y", "tags", "name"]
    assert dataclasses.asdict(one) == {"x": 1, "y": 2.5, "tags": ["a"], "name": "p"}
    assert dataclasses.replace(one, x=4) == kind(4, tags=["a"])
    assert copy.deepcopy(one) == one and copy.deepcopy(one).tags is not one.tags
    assert msgspec.convert(msgspec.to_builtins(one), kind) == one
    sparse = msgspec.convert({"x": 1, "tags": ["a"]}, kind)
    assert sparse == one and one == sparse
    assert repr(sparse) == repr(one)
    assert msgspec.convert({"x": 2, "tags": ["a"]}, kind) != one
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"x": "no number"}, kind)
    match one:
        case kind(x, y):
            assert (x, y) == (1, 2.5)


def test_they_pickle() -> None:
    one = Point(1, tags=["a"])
    assert pickle.loads(pickle.dumps(one)) == one


def test_a_method_of_the_class_is_kept() -> None:
    @frozen.dataclass(frozen=True)
    class Shown:
        """Shown in its own way."""

        value: int

        def __repr__(self) -> str:
            return f"<{self.value}>"

    assert repr(Shown(1)) == "<1>" and Shown(1) == Shown(1)


def test_only_frozen_ones_are_made() -> None:
    with pytest.raises(TypeError):
        frozen.dataclass(frozen=False)


def test_what_a_kernel_imports_is_made_this_way() -> None:
    assert Run.__init__ is Point.__init__
    assert all(kind.__init__ is Point.__init__ for kind in EVENTS.values())
