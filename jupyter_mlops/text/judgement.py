"""The verdict of a reproduction as text."""

from __future__ import annotations

from jupyter_mlops.layout import NOTHING, clean, plural, table
from jupyter_mlops.records import Verdict
from jupyter_mlops.text.parts import section


def verdict(record: Verdict, columns: int | None = None) -> str:
    """Show the verdict's sentence, the cells that are not identical, and the causes."""
    lines = [clean(record.sentence or record.verdict)]
    differing = [cell for cell in record.cells if cell.verdict not in ("identical", "unverifiable")]
    rows = [
        (cell.cell, output.kind, output.verdict, _difference(output.difference))
        for cell in differing
        for output in cell.outputs
        if output.verdict != "identical"
    ]
    sections = [
        "\n".join(lines),
        section(
            "Cells that are not the same",
            ("CELL", "OUTPUT", "VERDICT", "DIFFERENCE"),
            rows,
            columns,
        ),
        section(
            "Causes, most likely first",
            ("KIND", "WHAT", "CELL", "DETAIL"),
            [(c.kind, c.what, c.cell, c.detail) for c in record.causes],
            columns,
        ),
        table(
            [
                ("run", record.run),
                ("reproduction", record.reproduction),
                ("randomness", record.randomness),
                ("judged", _counted(record)),
            ]
        ),
    ]
    return "\n\n".join(section for section in sections if section)


def _counted(record: Verdict) -> str:
    outputs = [output for cell in record.cells for output in cell.outputs]
    text = plural(len(outputs), "output")
    return f"{text}, {record.unverifiable} unverifiable" if record.unverifiable else text


def _difference(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3g}"
