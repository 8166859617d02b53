"""A verdict as text."""

from __future__ import annotations

from jupyter_mlops import text
from jupyter_mlops.records import Cause, CellJudgement, OutputJudgement, Verdict


def test_a_verdict_shows_its_sentence_cells_and_causes() -> None:
    verdict = Verdict(
        run="a",
        reproduction="b",
        verdict="differs",
        randomness="none used",
        unverifiable=1,
        causes=(Cause("data", "train.csv", 4, "2 of 891 rows, column age"),),
        cells=(
            CellJudgement(1, "identical", (OutputJudgement("text", "identical"),)),
            CellJudgement(7, "differs", (OutputJudgement("number", "differs", 0.0131),)),
        ),
        sentence="differs: cell 7; train.csv changed",
    )
    shown = text.verdict(verdict)
    assert shown.splitlines()[0] == "differs: cell 7; train.csv changed"
    assert "7     number  differs  0.0131" in shown
    assert "data  train.csv  4     2 of 891 rows, column age" in shown
    assert "2 outputs, 1 unverifiable" in shown
    assert "\n  1 " not in shown
