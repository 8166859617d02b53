"""Records as plain text: what the command line prints and what a REPL shows of a result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from textwrap import wrap
from typing import Any

from jupyter_mlops.layout import (
    NOTHING,
    clean,
    cut,
    duration,
    listed,
    local_time,
    number,
    pad,
    plural,
    size,
    table,
    unified,
    value_text,
    width,
)
from jupyter_mlops.records import (
    CellExecution,
    Comparison,
    DataUse,
    Diagnosis,
    Difference,
    Draft,
    Run,
    RunPage,
    Verdict,
)

INDENT = "  "
# Characters of an id that people see; more where that fits several runs.
ID_SHOWN = 8
# Lines of a cell's diff that are shown.
_DIFF_LINES = 30
# Packages that are worth a line of their own among hundreds.
_PACKAGES_SHOWN = (
    "numpy",
    "pandas",
    "polars",
    "scipy",
    "scikit-learn",
    "torch",
    "tensorflow",
    "jax",
    "xgboost",
)

Section = tuple[str, Sequence[str] | None, Sequence[Sequence[object]]]


def runs(page: RunPage, columns: int | None = None) -> str:
    """Show a page of runs as a table, newest first as they come, and the draft below."""
    parents = (run.parent for run in page.runs if run.parent)
    length = _id_length([*(run.id for run in page.runs), *parents])
    rows = [
        (
            run.id[:length],
            run.status,
            local_time(run.started),
            duration(run.duration_s),
            run.trigger if run.parent is None else f"{run.trigger} of {run.parent[:length]}",
            _file_name(run.notebook),
            _named(run.metrics, number),
            _named(run.parameters),
        )
        for run in page.runs
    ]
    lines = [_run_table(rows, columns) if rows else "no runs"]
    if page.draft is not None:
        lines.append(_draft(page.draft))
    if page.next is not None:
        lines.append("There are more: raise --limit, or narrow the list with --where.")
    return "\n".join(lines)


def run(record: Run, columns: int | None = None) -> str:
    """Show a whole record, section by section, with the cell of every entry."""
    head = [
        ("run", record.id),
        ("status", record.status),
        ("notebook", record.notebook or f"{NOTHING} (nobody told the kernel its path)"),
        ("started", f"{local_time(record.started)}, took {duration(record.duration_s)}"),
        ("by", f"{record.user} ({record.trigger})"),
    ]
    if record.parent:
        head.append(("parent", record.parent))
    sections = [
        table(head, columns=columns),
        *(_section(title, names, rows, columns) for title, names, rows in _results(record)),
        _environment(record),
        *(_section(title, names, rows, columns) for title, names, rows in _course(record)),
    ]
    return "\n\n".join(section for section in sections if section)


def outcome(record: Run, columns: int | None = None) -> str:
    """Show in a few lines how an execution ended and what came out."""
    short = record.id[:ID_SHOWN]
    rows = [
        ("parameters", _named({p.name: p.value for p in record.parameters})),
        ("metrics", _named({m.name: m.value for m in record.metrics}, number)),
    ]
    rows += [
        (f"cell {cell.cell}", f"{cell.error.type}: {cell.error.message}")
        for cell in record.cells
        if cell.error is not None
    ]
    rows += [("notice", notice) for notice in record.notices]
    # Of the whole run, such as one without capture: too long and too weighty for a cut row.
    missing = (f"not recorded: {u.what}; {u.why}" for u in record.unseen if u.cell is None)
    return "\n".join(
        [
            f"run {short} {record.status}, took {duration(record.duration_s)}",
            table(rows, indent=INDENT, columns=columns),
            *map(clean, missing),
            f"all of it: jupyter mlops show {short}",
        ]
    )


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
        _section(
            "Cells that are not the same",
            ("CELL", "OUTPUT", "VERDICT", "DIFFERENCE"),
            rows,
            columns,
        ),
        _section(
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


def comparison(record: Comparison, columns: int | None = None) -> str:
    """Show side by side what differs, and below it what can have made the metrics differ."""
    length = _id_length(record.runs)
    ids = [run_id[:length] for run_id in record.runs]
    metrics = [
        (name, *(NOTHING if value is None else number(value) for value in values))
        for name, values in record.metrics.items()
        if len(set(map(str, values))) > 1
    ]
    differs = record.differs
    sections = [
        _section("Metrics", ("", *ids), metrics, columns),
        _section(
            "Parameters", ("", *ids), [(d.what, *_values(d)) for d in differs.parameter], columns
        ),
        "\n".join(["Code", *(_code(d, columns) for d in differs.code)]) if differs.code else "",
        _section("Data", None, [(d.what, _at(d), d.detail) for d in differs.data], columns),
        _section(
            "Environment", ("", *ids), [(d.what, *_values(d)) for d in differs.environment], columns
        ),
        _section("Outputs", None, [(_at(d), "differs") for d in differs.output], columns),
        _section(
            "Could not be compared",
            None,
            [(d.what, _at(d), d.detail) for d in record.unknown],
            columns,
        ),
        _section(
            "Can have made a metric differ",
            ("METRIC", "KIND", "WHAT", "CELL", "DETAIL"),
            [(c.metric, c.kind, c.what, c.cell, c.detail) for c in record.causes],
            columns,
        ),
    ]
    shown = [section for section in sections if section]
    return "\n\n".join(shown) if shown else f"nothing differs between {listed(ids)}"


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


def _run_table(rows: Sequence[tuple[str, ...]], columns: int | None) -> str:
    """Align runs; metrics and parameters go below their run where the table is too wide."""
    header = ("RUN", "STATUS", "STARTED", "TOOK", "TRIGGER", "NOTEBOOK", "METRICS", "PARAMETERS")
    whole = table(rows, header)
    if columns is None or max(map(width, whole.splitlines())) <= columns:
        return whole
    head, *lines = table([row[:-2] for row in rows], header[:-2], columns=columns).splitlines()
    shown = [head]
    for line, row in zip(lines, rows, strict=True):
        shown.append(line)
        for name, values in zip(("metrics", "parameters"), row[-2:], strict=True):
            label, below = INDENT + pad(name, 12), " " * (len(INDENT) + 12)
            if values != NOTHING:
                parts = wrap(
                    clean(values), max(columns, 40), initial_indent=label, subsequent_indent=below
                )
                shown += [cut(part, columns) for part in parts]
    return "\n".join(shown)


def _results(record: Run) -> list[Section]:
    """Return what a run took and gave, a section each: title, header, rows."""
    return [
        (
            "Parameters",
            ("CELL", "NAME", "VALUE", "TYPE", "SOURCE"),
            [
                (p.cell, p.name, value_text(p.value), p.type, p.source + _inherited(p.inherited))
                for p in record.parameters
            ],
        ),
        (
            "Metrics",
            ("CELL", "NAME", "VALUE", "STEP", "SOURCE"),
            [
                (m.cell, m.name, number(m.value), m.step, m.source + _inherited(m.inherited))
                for m in record.metrics
            ],
        ),
        (
            "Data",
            ("CELL", "ACCESS", "KIND", "NAME", "ROWS", "SIZE", "DIGEST"),
            [_data_row(use) for use in record.data],
        ),
        (
            "Models",
            ("CELL", "NAME", "CLASS", "ARGUMENTS"),
            [
                (m.cell, m.name, m.class_ + _inherited(m.inherited), _named(m.parameters))
                for m in record.models
            ],
        ),
    ]


def _course(record: Run) -> list[Section]:
    """Return how a run went: randomness, cells, and what could not be seen."""
    return [
        (
            "Randomness",
            ("CELL", "GENERATOR", "SEEDED"),
            [(r.cell, r.generator, "yes" if r.seeded else "no") for r in record.randomness],
        ),
        (
            "Cells",
            ("CELL", "COUNT", "STATUS", "TOOK", "READS", "WRITES", "OUTPUTS"),
            [_cell_row(cell) for cell in record.cells],
        ),
        ("Unseen", ("CELL", "WHAT", "WHY"), [(u.cell, u.what, u.why) for u in record.unseen]),
        ("Notices", None, [(notice,) for notice in record.notices]),
    ]


def _section(
    title: str,
    header: Sequence[str] | None,
    rows: Iterable[Sequence[object]],
    columns: int | None,
) -> str:
    rows = list(rows)
    if not rows:
        return ""
    return title + "\n" + table(rows, header, indent=INDENT, columns=columns)


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


def _draft(draft: Draft) -> str:
    changed = _named(draft.parameters)
    cells = plural(len(draft.cells), "cell")
    what = f": {changed}" if changed != NOTHING else ""
    return f"Draft, no result yet ({cells} executed in {_file_name(draft.notebook)}){clean(what)}"


def _data_row(use: DataUse) -> tuple[object, ...]:
    digest = use.digest or "none, see Unseen"
    name = use.path or use.name
    rows = use.rows
    return (
        use.cell,
        use.access + _inherited(use.inherited),
        use.kind,
        name,
        rows,
        size(use.size_bytes),
        digest if use.complete else f"{digest} (partial)",
    )


def _cell_row(cell: CellExecution) -> tuple[object, ...]:
    status = cell.status if cell.error is None else f"{cell.status}: {cell.error.type}"
    return (
        "added" if cell.injected else cell.cell,
        cell.execution_count,
        status,
        duration(cell.duration_s),
        listed(cell.reads) or NOTHING,
        listed(cell.writes) or NOTHING,
        plural(len(cell.outputs), "output") if cell.outputs else NOTHING,
    )


def _environment(record: Run) -> str:
    if record.environment is None:
        return ""
    environment = record.environment
    known = environment.packages
    named = [f"{name} {known[name]}" for name in _PACKAGES_SHOWN if name in known]
    packages = plural(len(known), "package") + (f", among them {', '.join(named)}" if named else "")
    text = f"Python {environment.python} on {environment.platform}, {packages}"
    return f"Environment\n{INDENT}{clean(text)}\n{INDENT}{environment.digest}"


def _counted(record: Verdict) -> str:
    outputs = [output for cell in record.cells for output in cell.outputs]
    text = plural(len(outputs), "output")
    return f"{text}, {record.unverifiable} unverifiable" if record.unverifiable else text


def _difference(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.3g}"


def _values(difference: Difference) -> list[str]:
    return [NOTHING if value is None else value_text(value) for value in difference.values]


def _at(difference: Difference) -> str:
    return NOTHING if difference.cell is None else f"cell {difference.cell}"


def _named(values: dict[str, Any], shown: Callable[[Any], str] = value_text) -> str:
    return " ".join(f"{name}={shown(value)}" for name, value in values.items()) or NOTHING


def _inherited(inherited: bool) -> str:
    return " (inherited)" if inherited else ""


def _file_name(path: str | None) -> str:
    return NOTHING if path is None else path.replace("\\", "/").rpartition("/")[2]


def _id_length(ids: Sequence[str]) -> int:
    length = ID_SHOWN
    while len({name[:length] for name in ids}) < len(set(ids)):
        length += 1
    return length
