"""A comparison of runs as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from jupyter_mlops.layout import (
    NOTHING,
    change,
    clean,
    cut,
    listed,
    plural,
    same,
    setting_texts,
    told_apart,
    unified,
    value_text,
)
from jupyter_mlops.records import Comparison, Difference
from jupyter_mlops.text.parts import INDENT, file_name, id_length, ranges, section

# Lines of a cell's diff that are shown.
_DIFF_LINES = 30


def comparison(record: Comparison, columns: int | None = None) -> str:
    """Show side by side what differs, and below it what can have made the metrics differ."""
    length = id_length(record.runs)
    ids = [run_id[:length] for run_id in record.runs]
    differs = record.differs
    sections = [
        _metrics("Metrics", record.measured, ids, columns),
        section(
            "Parameters",
            ("", *ids),
            [(d.what, *setting_texts(d.values, d.missing)) for d in differs.parameter],
            columns,
        ),
        "\n".join(["Code", *(_code(d, columns) for d in differs.code)]) if differs.code else "",
        section(
            "Data",
            None,
            [(d.what, _at(d), d.detail or "content differs") for d in differs.data],
            columns,
        ),
        section(
            "Environment", ("", *ids), [(d.what, *_values(d)) for d in differs.environment], columns
        ),
        _outputs(differs.output, ids, columns),
        _metrics("Printed numbers (inferred)", record.printed, ids, columns),
        section(
            "Could not be compared",
            None,
            [(d.what, _at(d), d.detail) for d in record.unknown],
            columns,
        ),
        section(
            "Can have made a metric differ",
            ("METRICS", "KIND", "WHAT", "CELL", "DETAIL"),
            _causes(record),
            columns,
        ),
    ]
    shown = [section for section in sections if section]
    shown = shown or [f"nothing differs between {listed(ids)}"]
    return "\n\n".join([*_notebooks(record), *shown])


def _metrics(
    title: str,
    metrics: Mapping[str, Sequence[float | int | str | None]],
    ids: Sequence[str],
    columns: int | None,
) -> str:
    """Show the metrics that differ; between two runs also by how much."""
    changed = {name: values for name, values in metrics.items() if not same(values)}
    rows = [(name, *told_apart(values)) for name, values in changed.items()]
    if len(ids) != 2:
        return section(title, ("", *ids), rows, columns)
    more = (change(*values) for values in changed.values())
    rows = [(*row, difference) for row, difference in zip(rows, more, strict=True)]
    return section(title, ("", *ids, "DIFFERENCE"), rows, columns)


def _causes(record: Comparison) -> list[tuple[object, ...]]:
    """Return a row for each cause, with all the metrics that it can have changed."""
    metrics: dict[tuple[object, ...], list[str]] = {}
    for cause in record.causes:
        key = (cause.kind, cause.what, cause.cell, cause.detail)
        metrics.setdefault(key, []).append(cause.metric)
    return [(listed(names), *key) for key, names in metrics.items()]


def _outputs(differing: Sequence[Difference], ids: Sequence[str], columns: int | None) -> str:
    """Name the cells whose outputs differ in one line, and show the first of them."""
    if not differing:
        return ""
    cells = [difference.cell for difference in differing if difference.cell is not None]
    nameless = len(differing) - len(cells)
    where = [f"{'cells' if len(cells) > 1 else 'cell'} {ranges(cells)}"] if cells else []
    where += [f"{plural(nameless, 'cell')} without a position"] if nameless else []
    lines = [f"{INDENT}differ in {' and '.join(where)}"]
    first = differing[0]
    other = next((n for n, value in enumerate(first.values) if value != first.values[0]), None)
    if other is None:
        # The values are excerpts: long texts differ further on, images inside.
        return "\n".join(["Outputs", f"{lines[0]}, where they are not shown; see --html"])
    if cells or len(differing) > 1:
        lines[0] += f"; below {_at(first) if first.cell is not None else 'the first'}"
    lines[0] += f", {ids[0]} (-) against {ids[other]} (+)"
    shown = _lines(unified(first.values[0], first.values[other]), columns)
    return "\n".join(["Outputs", *lines, *shown])


def _code(difference: Difference, columns: int | None) -> str:
    """Show a cell's code in the first run that has it against the next that differs."""
    head = f"{INDENT}{_at(difference)}: {clean(difference.detail)}"
    sources = [source for source in difference.values if source is not None]
    other = next((source for source in sources if source != sources[0]), None)
    lines = [] if other is None else unified(sources[0], other)
    return "\n".join([head, *_lines(lines, columns)])


def _lines(lines: Sequence[str], columns: int | None) -> list[str]:
    """Return the first lines of a diff as they are shown, and how many more there are."""
    shown = [INDENT * 2 + clean(line) for line in lines[:_DIFF_LINES]]
    if len(lines) > _DIFF_LINES:
        shown.append(f"{INDENT * 2}… {plural(len(lines) - _DIFF_LINES, 'more line')}")
    return shown if columns is None else [cut(line, columns) for line in shown]


def _notebooks(record: Comparison) -> list[str]:
    """Say that the runs are of different notebooks, whose cells have numbers of their own."""
    names = list(dict.fromkeys(map(file_name, record.notebooks)))
    if len(set(record.notebooks)) < 2:
        return []
    if len(names) < 2:
        names = [path or NOTHING for path in dict.fromkeys(record.notebooks)]
    numbered = "a cell has its number in the first of them that has it"
    return [clean(f"runs of different notebooks ({', '.join(names)}): {numbered}")]


def _values(difference: Difference) -> list[str]:
    return [NOTHING if value is None else value_text(value) for value in difference.values]


def _at(difference: Difference) -> str:
    return NOTHING if difference.cell is None else f"cell {difference.cell}"
