from __future__ import annotations

from dataclasses import replace

from jupyter_mlops.records import BatchOutcome, Cause, CellJudgement, OutputJudgement, Verdict
from jupyter_mlops.reproduction.conclusion import Untold, conclude, sentence
from jupyter_mlops.reproduction.verdict import Pair, judge_cells
from tests.reproduction.builders import STANDARD, pair, repeated, step, stream


def _concluded(pairs: list[Pair], status: str = "completed") -> tuple[str, int | None]:
    outcome = BatchOutcome(status, "why", None, (), 1.0)  # type: ignore[arg-type]
    concluded = conclude(pairs, judge_cells(pairs, STANDARD, {}), outcome)
    return concluded.verdict, concluded.at


def _failing(cell: int) -> Pair:
    error = {"output_type": "error", "ename": "E", "evalue": "e"}
    return Pair(cell, step(cell), repeated(cell, "x", error, status="error"))


def test_all_alike_is_identical_and_one_output_makes_it_differ() -> None:
    assert _concluded([pair(0, "a", "a"), pair(1, "b", "b")]) == ("identical", None)
    assert _concluded([pair(0, "a", "a"), pair(1, "b", "c"), pair(2, "a", "d")]) == ("differs", 1)


def test_what_can_not_be_judged_hides_no_number_within_tolerance() -> None:
    pairs = [pair(4, "a", "a")]
    beside = (
        OutputJudgement("number", "within tolerance", 1e-9, what="acc"),
        OutputJudgement("model", "unverifiable", what="clf"),
    )
    cells = judge_cells(pairs, STANDARD, {4: beside})
    outcome = BatchOutcome("completed", None, None, (), 1.0)
    assert conclude(pairs, cells, outcome).verdict == "within tolerance"


def test_a_repetition_that_ended_early_could_not_run() -> None:
    not_run = Pair(2, step(2), repeated(2, status="not run"))
    assert _concluded([pair(0, "a", "a"), _failing(1), not_run], "failed") == ("could not run", 1)
    dead = Pair(1, step(1), repeated(1, status="interrupted"))
    assert _concluded([pair(0, "a", "a"), dead, not_run], "interrupted") == ("could not run", 1)


def test_what_had_already_differed_when_it_ended_counts() -> None:
    assert _concluded([pair(0, "a", "b"), _failing(1)], "failed") == ("differs", 0)


def test_a_run_that_failed_may_be_repeated_identically() -> None:
    error = {"output_type": "error", "ename": "E", "evalue": "e"}
    failed = Pair(1, step(1, "x", error, status="error"), repeated(1, "x", error, status="error"))
    assert _concluded([pair(0, "a", "a"), failed], "failed") == ("identical", None)
    mended = Pair(1, step(1, "x", error, status="error"), repeated(1, "x", stream("fine")))
    assert _concluded([pair(0, "a", "a"), mended]) == ("differs", 1)


def test_a_sentence_says_that_no_metric_was_judged_and_why() -> None:
    inherited = ("mae, r2: inherited from an earlier run",)
    found = Verdict("r", "p", "identical", "fresh", not_judged=inherited)
    assert sentence(found) == "identical"
    assert sentence(found, untold=Untold(metrics=found.not_judged)) == (
        "identical · but none of its metrics was judged (mae, r2: inherited from an earlier run)"
    )


def test_a_sentence_says_that_data_were_not_compared() -> None:
    untold = Untold(data=("df, X: only a part of the content was read in time",))
    assert sentence(Verdict("r", "p", "identical", "fresh"), untold=untold) == (
        "identical · data not compared: df, X: only a part of the content was read in time"
    )
    assert sentence(Verdict("r", "p", "differs", "fresh"), untold=untold) == "differs"


def test_sentences() -> None:
    def said(verdict: str, reason: str | None = None, **fields: object) -> str:
        return sentence(Verdict("r", "p", verdict, "fresh", **fields), reason)  # type: ignore[arg-type]

    data = Cause("data", "train.csv", 4, "column age", "x:1", "x:2")
    assert said("identical") == "identical"
    assert said("identical", unseeded_cells=(5, 7)) == (
        "identical · cells 5 and 7 are unseeded, so this may be chance"
    )
    assert said("identical", "cell 3 raised KeyError: 1") == (
        "identical · it failed the same way: cell 3 raised KeyError: 1"
    )
    assert said("identical", unverifiable=2) == "identical · 2 outputs can't be judged"
    model = CellJudgement(4, "unverifiable", (OutputJudgement("model", "unverifiable", what="m"),))
    assert said("identical", unverifiable=1, cells=(model,)) == (
        "identical · not the same inside, which can't be judged: m"
    )
    assert said("differs", first_diverging_cell=7, unverifiable=1, cells=(model,)) == (
        "differs · cell 7"
    )
    assert said("differs", first_diverging_cell=7, causes=(data,)) == (
        "differs · cell 7 · train.csv changed since (column age)"
    )
    order = Cause("order", "order of execution", 5, "read x from cell 3, and now from cell 4")
    assert said("differs", first_diverging_cell=7, causes=(order,)).endswith(
        "the order of execution: cell 5 read x from cell 3, and now from cell 4"
    )
    lr = Cause("parameter", "lr", 1, "0.1 → 0.2")
    assert said("differs", first_diverging_cell=7, causes=(lr, data)) == (
        "differs · cell 7 · lr 0.1 → 0.2"
    )
    differs = Verdict("r", "p", "differs", "fresh", first_diverging_cell=7, causes=(lr, data) * 2)
    assert sentence(differs, None, 2).endswith(
        "lr 0.1 → 0.2 and train.csv changed since (column age)"
    )
    assert sentence(differs, None, 4).endswith("and lr 0.1 → 0.2, and 1 more")
    unknown = Cause("unknown", "unknown", 7, "nothing recorded differs")
    assert said("differs", first_diverging_cell=7, causes=(unknown,)) == (
        "differs · cell 7 · cause unknown: nothing recorded differs"
    )
    reason = "cell 3 exceeded its limit of 5 s"
    timed_out = Cause("unknown", "unknown", 3, reason)
    assert said("could not run", reason, first_diverging_cell=3, causes=(timed_out,)) == (
        "could not run · cell 3 exceeded its limit of 5 s"
    )


def test_what_a_console_sent_is_named_by_its_code() -> None:
    sent = replace(step(0, "print(1)"), cell=None, source="model.score(X, y)\nprint('done')")
    assert Pair(None, sent, None).console == sent.source
    assert Pair(0, step(0), None).console is None, "it has a place"
    assert Pair(None, None, repeated(0)).console is None, "a new cell of the notebook has one too"
    told = Verdict("a", "b", "differs", "none used", first_diverging_console=sent.source)
    assert sentence(told, None, 0) == "differs · console: model.score(X, y)"
