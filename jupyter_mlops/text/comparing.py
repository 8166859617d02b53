"""A comparison of runs as text."""

from __future__ import annotations

from jupyter_mlops.layout import NOTHING, clean, cut, listed, number, unified, value_text
from jupyter_mlops.records import Comparison, Difference
from jupyter_mlops.text.parts import INDENT, id_length, section

# Lines of a cell's diff that are shown.
_DIFF_LINES = 30


def comparison(record: Comparison, columns: int | None = None) -> str:
    """Show side by side what differs, and below it what can have made the metrics differ."""
    length = id_length(record.runs)
    ids = [run_id[:length] for run_id in record.runs]
    metrics = [
        (name, *(NOTHING if value is None else number(value) for value in values))
        for name, values in record.metrics.items()
        if len(set(map(str, values))) > 1
    ]
    differs = record.differs
    sections = [
        section("Metrics", ("", *ids), metrics, columns),
        section(
            "Parameters", ("", *ids), [(d.what, *_values(d)) for d in differs.parameter], columns
        ),
        "\n".join(["Code", *(_code(d, columns) for d in differs.code)]) if differs.code else "",
        section("Data", None, [(d.what, _at(d), d.detail) for d in differs.data], columns),
        section(
            "Environment", ("", *ids), [(d.what, *_values(d)) for d in differs.environment], columns
        ),
        section("Outputs", None, [(_at(d), "differs") for d in differs.output], columns),
        section(
            "Could not be compared",
            None,
            [(d.what, _at(d), d.detail) for d in record.unknown],
            columns,
        ),
        section(
            "Can have made a metric differ",
            ("METRIC", "KIND", "WHAT", "CELL", "DETAIL"),
            [(c.metric, c.kind, c.what, c.cell, c.detail) for c in record.causes],
            columns,
        ),
    ]
    shown = [section for section in sections if section]
    return "\n\n".join(shown) if shown else f"nothing differs between {listed(ids)}"


def _code(difference: Difference, columns: int | None) -> str:
    """Show a cell's code in the first run that has it against the next that differs."""
    head = f"{INDENT}{_at(difference)}: {clean(difference.detail)}"
    sources = [source for source in difference.values if source is not None]
    other = next((source for source in sources if source != sources[0]), None)
    lines = [] if other is None else unified(sources[0], other)
    if len(lines) > _DIFF_LINES:
        lines = [*lines[:_DIFF_LINES], "…"]
    shown = (INDENT * 2 + clean(line) for line in lines)
    return "\n".join([head, *(line if columns is None else cut(line, columns) for line in shown)])


def _values(difference: Difference) -> list[str]:
    return [NOTHING if value is None else value_text(value) for value in difference.values]


def _at(difference: Difference) -> str:
    return NOTHING if difference.cell is None else f"cell {difference.cell}"
