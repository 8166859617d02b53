from __future__ import annotations

from dataclasses import replace

import pytest

from jupyter_mlops.journal import canonical, sha256
from jupyter_mlops.records import Column, DataUse, Metric, ModelFit, OutputJudgement
from jupyter_mlops.redaction import Redactor
from jupyter_mlops.reproduction.verdict import (
    Pair,
    changed_columns,
    equal,
    judge_cells,
    judge_data,
    judge_metrics,
    judge_models,
    not_compared,
    same_rendering,
    tolerance_for,
)
from tests.reproduction.builders import ENVIRONMENT, STANDARD, pair, repeated, run, step, stream


def _verdicts(*pairs: Pair) -> list[str]:
    return [one.verdict for one in judge_cells(pairs, STANDARD, {})]


def _file(path: str, digest: str | None, **fields: object) -> DataUse:
    return replace(DataUse("file", None, path, "write", 3, digest), **fields)  # type: ignore[arg-type]


def _frame(digest: str, *columns: Column, rows: int = 3) -> DataUse:
    return DataUse("frame", "df", None, "made", 3, digest, rows=rows, columns=columns)


def test_the_worst_output_is_the_verdict_of_its_cell() -> None:
    same, other = stream("a"), {"output_type": "display_data", "data": {"text/plain": "x"}}
    assert _verdicts(Pair(1, step(1, "x", same, other), repeated(1, "x", same, other))) == [
        "identical"
    ]
    (judged,) = judge_cells(
        [Pair(1, step(1, "x", same, other), repeated(1, "x", same))], STANDARD, {}
    )
    assert judged.verdict == "missing"
    assert [one.verdict for one in judged.outputs] == ["identical", "missing"]
    assert _verdicts(Pair(1, step(1), repeated(1, "x", same))) == ["extra"]


def test_marks_of_different_keys_tell_nothing_of_each_other() -> None:
    def shows(key: bytes, more: str = "") -> dict[str, object]:
        return stream(Redactor(key).text("api_key=abcd1234efgh" + more))

    before = step(1, "x", shows(b"a" * 32))
    again = [repeated(1, "x", shows(key)) for key in (b"a" * 32, b"b" * 32)]

    assert _verdicts(Pair(1, before, again[0])) == ["identical"]
    assert _verdicts(Pair(1, before, again[1])) == ["unverifiable"]
    assert _verdicts(Pair(1, before, repeated(1, "x", shows(b"b" * 32, " more")))) == ["differs"]


def test_a_cell_that_was_not_repeated_is_missing_even_if_it_showed_nothing() -> None:
    assert _verdicts(Pair(1, step(1), None)) == ["missing"]
    assert _verdicts(Pair(1, step(1), repeated(1, status="not run"))) == ["missing"]
    assert _verdicts(Pair(1, step(1, status="not run"), None)) == ["identical"]


def test_an_output_in_the_middle_that_is_missing_does_not_shift_the_others() -> None:
    table = {"output_type": "display_data", "data": {"text/plain": "a", "text/html": "<table>"}}
    image = {"output_type": "display_data", "data": {"image/png": "AAAA"}}
    before = step(1, "x", stream("a"), image, table)
    (judged,) = judge_cells([Pair(1, before, repeated(1, "x", stream("a"), table))], STANDARD, {})
    assert [(one.kind, one.verdict) for one in judged.outputs] == [
        ("text", "identical"),
        ("image", "missing"),
        ("table", "identical"),
    ]


def test_lines_of_several_processes_may_come_in_any_order() -> None:
    assert _verdicts(pair(1, "a\nb\n", "b\na\n", "print()")) == ["differs"]
    spawning = judge_cells([pair(1, "a\nb\n", "b\na\n", "!make")], STANDARD, {})[0]
    assert spawning.verdict == "identical" and spawning.outputs[0].masks == ("line order",)
    assert _verdicts(pair(1, "a\nb\n", "b\nc\n", "!make")) == ["differs"]


def test_an_output_that_was_too_large_to_keep_is_judged_by_its_digest() -> None:
    big = stream("long")
    mark = {"missing": sha256(canonical(big)), "type": "stream", "size_bytes": 4}
    gone = {"output_type": "display_data", "data": {}, "metadata": {"jupyter_mlops": mark}}
    assert _verdicts(Pair(1, step(1, "x", gone), repeated(1, "x", big))) == ["identical"]
    assert _verdicts(Pair(1, step(1, "x", gone), repeated(1, "x", stream("other")))) == [
        "unverifiable"
    ]
    assert _verdicts(Pair(1, step(1, "x", gone), repeated(1))) == ["missing"]


@pytest.mark.parametrize("metadata", [None, True, {"jupyter_mlops": True}, {"jupyter_mlops": []}])
def test_an_outputs_metadata_may_have_any_shape(metadata: object) -> None:
    own = {"output_type": "display_data", "data": {"text/plain": "1"}, "metadata": metadata}
    assert _verdicts(Pair(1, step(1, "x", own), repeated(1, "x", own))) == ["identical"]


def test_what_a_cell_produced_besides_outputs_counts_once() -> None:
    extra = judge_metrics(
        [Metric("a", 1.0, None, 1, "call")], [Metric("a", 2.0, None, 1, "call")], STANDARD
    )
    judged = judge_cells([pair(1, "x", "x"), pair(1, "x", "x"), pair(2, "x", "x")], STANDARD, extra)
    assert [one.verdict for one in judged] == ["identical", "differs", "identical"]


def test_metrics_are_compared_by_cell_name_step_and_place_in_their_series() -> None:
    def metric(
        value: float | str, name: str = "loss", cell: int = 1, step: int | None = None
    ) -> Metric:
        return Metric(name, value, step, cell, "variable")

    before = [
        metric(1.0),
        metric(2.0),
        metric(3.0, step=1),
        metric("NaN", "n"),
        metric(5.0, "gone"),
    ]
    after = [
        metric(1.0),
        metric(2.5),
        metric(3.0, step=1),
        metric("NaN", "n"),
        metric(1.0, "new", 2),
    ]
    found = judge_metrics(before, after, STANDARD)
    assert [(one.what, one.verdict, one.difference) for one in found[1]] == [
        ("loss", "differs", 0.2),
        ("gone", "missing", None),
    ]
    assert [(one.what, one.verdict) for one in found[2]] == [("new", "extra")]
    loose = replace(STANDARD, tolerance=0.5)
    assert [one.verdict for one in judge_metrics(before, after, loose)[1]] == [
        "within tolerance",
        "missing",
    ]
    inherited = replace(metric(9.0), inherited=True)
    assert judge_metrics([metric(1.0), inherited], [metric(1.0)], STANDARD) == {}


def test_counts_are_compared_as_integers() -> None:
    def judged(before: int, after: int) -> list[str]:
        found = judge_metrics(
            [Metric("n", before, None, 1, "call")], [Metric("n", after, None, 1, "call")], STANDARD
        )
        return [one.verdict for one in found.get(1, [])]

    assert judged(2**53, 2**53 + 1) == ["differs"]
    assert judged(2**2000, 2**2000 + 1) == ["differs"]
    assert judged(2**2000, 2**2000) == []


def test_digests_that_can_not_be_compared_are_neither_equal_nor_different() -> None:
    use = _file("a.csv", "xxh3:1")
    assert equal(use, use) is True
    assert equal(use, replace(use, digest="xxh3:2")) is False
    sized = replace(use, size_bytes=1)
    for size, found in ((1, None), (None, None), (2, False)):
        assert equal(sized, replace(use, digest="xxh3p:1", size_bytes=size)) is found
    for other in ("sha256:1", None):
        assert equal(use, replace(use, digest=other)) is None
    assert equal(use, replace(use, complete=False)) is None
    assert judge_data([use], [replace(use, digest="sha256:2")], STANDARD) == {}


def test_files_and_frames_that_changed_make_their_cell_differ() -> None:
    found = judge_data([_file("a.csv", "xxh3:1")], [_file("a.csv", "xxh3:2")], STANDARD)
    assert [(one.what, one.verdict) for one in found[3]] == [("a.csv", "differs")]
    read = replace(_file("a.csv", "xxh3:1"), access="read")
    assert judge_data([read], [replace(read, digest="xxh3:2")], STANDARD) == {}
    assert judge_data([_frame("xxh3:1")], [_frame("xxh3:2")], STANDARD)[3][0].kind == "table"
    assert judge_data([_frame("xxh3:1")], [], STANDARD) == {}


def test_a_file_with_its_own_date_and_a_frame_of_fit_times_prove_nothing() -> None:
    found = judge_data([_file("a.pdf", "xxh3:1")], [_file("a.pdf", "xxh3:2")], STANDARD)
    assert [one.verdict for one in found[3]] == ["unverifiable"]
    before = _frame("xxh3:1", Column("mean_fit_time", "f8", "x:1"), Column("score", "f8", "x:1"))
    after = _frame("xxh3:2", Column("mean_fit_time", "f8", "x:2"), Column("score", "f8", "x:1"))
    (judged,) = judge_data([before], [after], STANDARD)[3]
    assert (judged.verdict, judged.masks) == ("identical", ("duration",))
    worse = _frame("xxh3:3", Column("mean_fit_time", "f8", "x:2"), Column("score", "f8", "x:2"))
    assert judge_data([before], [worse], STANDARD)[3][0].verdict == "differs"


def test_what_can_not_be_compared_is_named_with_the_reason() -> None:
    before = [
        replace(_frame("xxh3:1"), name="part", complete=False),
        replace(_frame("xxh3:1"), name="later"),
        _file("unread", None, complete=False),
        replace(_frame("xxh3:1"), name="spelled"),
        replace(_frame("xxh3:1"), name="same"),
        replace(_frame("xxh3:1"), name="other"),
        replace(_frame("xxh3:1"), name="gone", complete=False),
        replace(_frame("xxh3:1"), name="earlier", complete=False, inherited=True),
    ]
    after = [replace(one, digest="xxh3:1", complete=True, inherited=False) for one in before]
    after[1] = replace(after[1], complete=False)
    after[3] = replace(after[3], digest="blake2b:1")
    after[5] = replace(after[5], digest="xxh3:2")
    del after[6]
    assert not_compared(before, after) == (
        "part, later, unread: only a part of the content was read in time",
        "spelled: digests of different algorithms",
    )


def test_a_digest_can_not_be_held_against_a_tolerance() -> None:
    found = judge_data([_frame("xxh3:1")], [_frame("xxh3:2")], replace(STANDARD, tolerance=0.1))
    assert [one.verdict for one in found[3]] == ["unverifiable"]


def test_equal_models_are_evidence_and_others_prove_nothing() -> None:
    def model(name: str, digest: str | None, **fields: object) -> ModelFit:
        return replace(ModelFit("sklearn.A", name, 3, {}, digest), **fields)  # type: ignore[arg-type]

    before = [
        model("same", "xxh3:1"),
        model("other", "xxh3:1"),
        model("unknown", None),
        model("spelled", "xxh3:1"),
        model("earlier", "xxh3:1", inherited=True),
        model("gone", "xxh3:1"),
    ]
    after = [
        model("same", "xxh3:1"),
        model("other", "xxh3:2"),
        model("unknown", "xxh3:1"),
        model("spelled", "sha256:1"),
        model("earlier", "xxh3:2"),
    ]
    assert judge_models(before, after) == {
        3: [
            OutputJudgement("model", "identical", what="same"),
            OutputJudgement("model", "unverifiable", what="other"),
        ]
    }


def test_changed_columns_are_those_known_to_differ() -> None:
    before = _frame(
        "x:1", Column("a", "i8", "x:1"), Column("b", "i8", "x:1"), Column("c", "i8", "x:1")
    )
    after = _frame(
        "x:2", Column("a", "i8", "x:2"), Column("b", "i8", "x:9", False), Column("d", "i8", "x:1")
    )
    assert changed_columns(before, after) == ("a", "c", "d")
    assert changed_columns(replace(before, column_count=9), after) == ("a",)


def test_the_standard_depends_on_the_environment() -> None:
    other = replace(ENVIRONMENT, packages={"numpy": "2.0", "black": "25.0"}, digest="sha256:1")
    newer = replace(ENVIRONMENT, packages={"numpy": "2.1", "black": "24.1"}, digest="sha256:2")
    assert tolerance_for(run(), run(), None) == 0.0
    assert tolerance_for(run(), run(environment=other), None) == 1e-6
    assert tolerance_for(run(), run(environment=other), 0.5) == 0.5
    assert tolerance_for(run(), run(environment=None), None) == 0.0
    assert same_rendering(ENVIRONMENT, other) and not same_rendering(ENVIRONMENT, newer)
    assert not same_rendering(ENVIRONMENT, replace(ENVIRONMENT, platform="Windows"))
    assert not same_rendering(ENVIRONMENT, None)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_not_finite_equal_themselves_only(value: str) -> None:
    before = [Metric("a", value, None, 1, "variable")]
    assert judge_metrics(before, before, STANDARD) == {}
    assert judge_metrics(before, [Metric("a", 1.0, None, 1, "variable")], STANDARD)[1]
