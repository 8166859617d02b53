from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from jupyter_mlops.fingerprints import fingerprint, kind
from jupyter_mlops.fingerprints.outline import outline
from jupyter_mlops.records import Fingerprint
from tests.fingerprints.drawn import POLARS


def of(value: Any) -> Fingerprint:
    found = fingerprint(value)
    assert found is not None
    return found


def test_equal_values_of_every_other_dtype_differ() -> None:
    numbers = [pl.Series("a", [0, 1], dtype=kind) for kind, _ in _numeric()]
    assert len({of(one).digest for one in numbers}) == len(numbers) >= 5
    texts = [pl.String, pl.Categorical, pl.Enum(["x", "y"]), pl.Enum(["y", "x"]), pl.Enum(["x"])]
    assert len({of(pl.Series("a", ["x"], dtype=kind)).digest for kind in texts}) == len(texts)
    empty = [pl.DataFrame(schema={"a": kind}) for kind, _ in POLARS.values()]
    assert len({of(one).digest for one in empty}) == len(empty)


def _numeric() -> list[tuple[Any, Any]]:
    return [kind for name, kind in POLARS.items() if "Int" in name or "Float" in name]


def test_names_order_and_rows_are_content() -> None:
    frame = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    others = [
        frame.rename({"a": "A"}),
        frame.select("b", "a"),
        frame.reverse(),
        frame.head(1),
        frame.with_columns(a=pl.Series([1, None])),
        frame["a"],
        frame["a"].alias("b"),
    ]
    assert len({of(one).digest for one in (frame, *others)}) == len(others) + 1
    assert of(frame["a"]).columns == of(frame.select("a")).columns


def test_what_lies_under_a_null_does_not_count() -> None:
    whole = pl.DataFrame({"a": [1, 2], "s": ["x", "y"], "b": [True, False]})
    hidden = whole.select(pl.when(pl.Series([True, False])).then(pl.all()).name.keep())
    clean = pl.DataFrame({"a": [1, None], "s": ["x", None], "b": [True, None]})
    assert of(hidden) == of(clean)
    structs = whole.select(s=pl.when(pl.Series([True, False])).then(pl.struct("a", "s")))
    assert of(structs) == of(pl.DataFrame({"s": pl.Series([{"a": 1, "s": "x"}, None])}))


def test_lists_of_nothing_are_not_nulls() -> None:
    values = [[[], [1]], [None, [1]], [[None], [1]], [[1], []]]
    dtype = pl.List(pl.Int8)
    assert len({of(pl.Series(one, dtype=dtype)).digest for one in values}) == len(values)


def test_a_lazy_frame_is_a_plan() -> None:
    plan = pl.LazyFrame({"a": [1]})
    assert kind(plan) == "plan"
    found = of(plan)
    assert not found.complete
    assert found.form is not None and "a plan, not data" in found.form


def test_python_objects_are_not_called(hostile: type, calls: list[str]) -> None:
    bad = pl.Series([{1}, hostile()], dtype=pl.Object)  # polars itself asks the first one
    frame = pl.DataFrame({"bad": bad, "good": [1, 2]})
    calls.clear()
    found = of(frame)
    assert calls == []
    assert not found.complete
    assert [one.complete for one in found.columns] == [False, True]


def test_subclasses_are_read_past_their_methods(calls: list[str]) -> None:
    class Frame(pl.DataFrame):
        def __getattribute__(self, name: str) -> Any:
            calls.append(name)
            return super().__getattribute__(name)

    frame = Frame({"a": [1, 2]})
    calls.clear()
    found, first = of(frame), outline(frame)
    assert calls == []
    assert not found.complete  # the subclass may hold content of its own
    assert found.columns == of(pl.DataFrame({"a": [1, 2]})).columns
    assert first is not None and first.fingerprint.shape == (2, 1)


SCRIPT = """
import sys, polars as pl
from jupyter_mlops.fingerprints import fingerprint
before = set(sys.modules)
pl.Series(["other", "z", "b"], dtype=pl.Categorical)
frame = pl.DataFrame({"a": [1, None], "s": ["x", "yy"], "l": [[1], []], "t": [{"k": 1}, None]})
frame = frame.with_columns(c=pl.Series(["a", "b"], dtype=pl.Categorical))
print(fingerprint({"parts": (frame, frame["a"]), "set": {"a", "b", "c"}}))
print({"pyarrow", "pandas"} & set(sys.modules))
"""


def test_another_process_with_another_hash_seed_finds_the_same_without_pyarrow(
    in_another_process: Callable[..., str],
) -> None:
    found = {in_another_process(SCRIPT.replace("other", seed), seed) for seed in ("1", "2")}
    assert len(found) == 1
    said = found.pop()
    assert "complete=True" in said and "complete=False" not in said
    assert said.endswith("set()")


@pytest.mark.parametrize("name", sorted(POLARS))
def test_an_outline_tells_the_form_without_the_content(name: str) -> None:
    frame = pl.DataFrame({"a": pl.Series([None, None], dtype=POLARS[name][0])})
    first, whole = outline(frame), of(frame)
    assert first is not None and not first.fingerprint.complete
    assert first.fingerprint.shape == whole.shape
    assert first.fingerprint.columns[0].dtype == whole.columns[0].dtype
