"""What `doctor` found as text."""

from __future__ import annotations

from jupyter_mlops import text
from jupyter_mlops.records import Check, Diagnosis


def test_a_diagnosis_has_one_line_a_check_with_the_way_out() -> None:
    checks = (
        Check("store", "ok", "the store opens"),
        Check("capture", "finding", "capture is off", "unset JUPYTER_MLOPS"),
    )
    shown = text.diagnosis(Diagnosis("1.0", "/home", checks))
    assert shown.splitlines() == [
        "jupyter_mlops 1.0, records in /home",
        "ok       store    the store opens",
        "FINDING  capture  capture is off; unset JUPYTER_MLOPS",
        "1 finding",
    ]
    assert text.diagnosis(Diagnosis("1.0", "/", checks[:1])).endswith("All is well.")
