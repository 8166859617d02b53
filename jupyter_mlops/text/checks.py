"""What `doctor` found as text."""

from __future__ import annotations

from jupyter_mlops.layout import clean, plural, table
from jupyter_mlops.records import Diagnosis


def diagnosis(record: Diagnosis, columns: int | None = None) -> str:
    """Show one line a check; a finding ends with what mends it."""
    words = {"ok": "ok", "finding": "FINDING", "unseen": "unseen"}
    rows = [
        (
            words[check.state],
            check.area,
            check.what + (f"; {check.way_out}" if check.way_out else ""),
        )
        for check in record.checks
    ]
    findings = sum(check.state == "finding" for check in record.checks)
    lines = [
        f"jupyter_mlops {record.version}, records in {clean(record.home)}",
        # A way out that is cut off is none.
        table(rows),
        plural(findings, "finding") if findings else "All is well.",
    ]
    return "\n".join(lines)
