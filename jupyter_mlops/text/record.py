"""One run as text: the whole record, or in short how it ended."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_mlops.layout import (
    NOTHING,
    clean,
    duration,
    listed,
    local_time,
    number,
    plural,
    size,
    table,
    value_text,
)
from jupyter_mlops.records import CellExecution, DataUse, Metric, Run, disorder_of, state_of
from jupyter_mlops.text import surroundings
from jupyter_mlops.text.parts import (
    ID_SHOWN,
    INDENT,
    Section,
    in_words,
    inherited,
    named,
    ranges,
    section,
    short,
)

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

# Why a digest is, and how to have another one the next time.
_PARTIAL = (
    "(partial): all of it could not be read before the next cell was executed, so it compares as\n"
    "unknown. Where cells are executed one by one, wait a moment after the one that makes it;\n"
    "jupyter mlops run waits by itself, for up to 5 s or as long as the cell took."
)


def run(record: Run, columns: int | None = None) -> str:
    """Show a whole record, section by section, with the cell of every entry."""
    head = [
        ("run", record.id),
        ("status", state_of(record)),
        ("notebook", record.notebook or f"{NOTHING} (nobody told the kernel its path)"),
        ("started", f"{local_time(record.started)}, took {duration(record.duration_s)}"),
        ("by", f"{record.user} ({record.trigger})"),
    ]
    if record.parent:
        head.append(("parent", record.parent))
    if record.verdict:
        head.append(("verdict", record.verdict))
    if counts := disorder_of(record.cells):
        head.append(("order", in_words(counts)))
    head += _errors(record)
    sections = [
        table(head, columns=columns),
        *(section(title, names, rows, columns) for title, names, rows in _results(record)),
        "" if all(use.complete for use in record.data) else _PARTIAL,
        _environment(record),
        *(section(title, names, rows, columns) for title, names, rows in _course(record)),
        section(
            "Copies of data files (jupyter mlops restore RUN PATH)", None, _kept(record), columns
        ),
    ]
    return "\n\n".join(section for section in sections if section)


def _kept(record: Run) -> list[tuple[object, ...]]:
    return [(one.path, size(one.size_bytes)) for one in record.kept]


def outcome(record: Run, columns: int | None = None, *, kept: bool = True) -> str:
    """Show in a few lines how an execution ended and what came out.

    Without `kept` nobody can ask for the record later, and no verb on it is offered.
    """
    short = record.id[:ID_SHOWN]
    rest = (
        f"all of it: jupyter mlops show {short}"
        if kept
        else "it can't be shown later; --json prints all of it, -o FILE keeps the executed notebook"
    )
    rows = [
        ("parameters", named({p.name: p.value for p in record.parameters})),
        ("metrics", named(_values(record, inferred=False), number)),
    ]
    printed = _values(record, inferred=True)
    rows += [("printed (inferred)", named(printed, number))] if printed else []
    rows += _errors(record)
    rows += [("notice", notice) for notice in _notices(record)]
    # Of the whole run, such as one without capture: too long and too weighty for a cut row.
    missing = (f"not recorded: {u.what}; {u.why}" for u in record.unseen if u.cell is None)
    return "\n".join(
        [
            f"run {short} {record.status}, took {duration(record.duration_s)}",
            table(rows, indent=INDENT, columns=columns),
            *map(clean, missing),
            rest,
        ]
    )


def _values(record: Run, *, inferred: bool) -> dict[str, float | int | str]:
    return {m.name: m.value for m in record.metrics if m.is_inferred == inferred}


def _errors(record: Run) -> list[tuple[str, str]]:
    """Return a row for each cell that raised."""
    return [
        ("error", f"{_cell_name(cell)}: {cell.error}")
        for cell in record.cells
        if cell.error is not None
    ]


def _notices(record: Run) -> list[str]:
    """Return the notices that say more than the errors do already."""
    raised = tuple(
        f"{_cell_name(cell)} raised {cell.error.type}"
        for cell in record.cells
        if cell.error is not None
    )
    return [notice for notice in record.notices if not notice.startswith(raised)]


def _source(metric: Metric) -> str:
    return f"{metric.source} (inferred)" if metric.is_inferred else metric.source


def _results(record: Run) -> list[Section]:
    """Return what a run took and gave, a section each: title, header, rows."""

    def at(cell: int | None) -> object:
        return "console" if cell is None and has_console else cell

    has_console = any(cell.console for cell in record.cells)
    return [
        (
            "Parameters",
            ("CELL", "NAME", "VALUE", "TYPE", "SOURCE"),
            [
                (at(p.cell), p.name, value_text(p.value), p.type, p.source + inherited(p.inherited))
                for p in record.parameters
            ],
        ),
        (
            "Metrics",
            ("CELL", "NAME", "VALUE", "STEP", "SOURCE"),
            [
                (at(m.cell), m.name, number(m.value), m.step, _source(m) + inherited(m.inherited))
                for m in record.metrics
            ],
        ),
        (
            "Data",
            ("CELL", "ACCESS", "KIND", "NAME", "ROWS", "SIZE", "DIGEST"),
            [(at(use.cell), *_data_row(use)) for use in record.data],
        ),
        (
            "Statements",
            ("CELL", "DATABASE", "STATEMENT"),
            [
                (at(u.cell), u.path, " ".join(u.statement.split()))
                for u in record.data
                if u.statement
            ],
        ),
        (
            "Models",
            ("CELL", "NAME", "CLASS", "ARGUMENTS"),
            [
                (
                    at(m.cell),
                    m.name,
                    m.class_ + inherited(m.inherited),
                    named(m.parameters, value_text),
                )
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
            [(r.cell, str(r), "yes" if r.seeded else "no") for r in record.randomness],
        ),
        (
            "Cells",
            ("CELL", "COUNT", "STATUS", "TOOK", "READS", "WRITES", "OUTPUTS"),
            [_cells_row(cells) for cells in _grouped(record.cells)],
        ),
        (
            "Not in order",
            ("CELL", "IS", "BECAUSE"),
            [
                (cell.cell, one.kind, " ".join(filter(None, (one.what, one.why))))
                for cell in record.cells
                for one in cell.disorder
            ],
        ),
        ("Unseen", ("CELL", "WHAT", "WHY"), [(u.cell, u.what, u.why) for u in record.unseen]),
        ("Notices", None, [(notice,) for notice in _notices(record)]),
    ]


def _data_row(use: DataUse) -> tuple[object, ...]:
    digest = short(use.digest) if use.digest else "none, see Unseen"
    name = use.path or use.name
    rows = use.rows
    return (
        use.access + inherited(use.inherited) + (" (inferred)" if use.inferred else ""),
        use.form or use.kind,
        name,
        rows,
        size(use.size_bytes),
        (digest if use.complete else f"{digest} (partial)") + (" (text kept)" if use.kept else ""),
    )


def _grouped(cells: Sequence[CellExecution]) -> list[list[CellExecution]]:
    """Group what was not run, of which nothing else is known; every other cell stands alone."""
    groups: list[list[CellExecution]] = []
    for cell in cells:
        if cell.status == "not run" and groups and groups[-1][-1].status == "not run":
            groups[-1].append(cell)
        else:
            groups.append([cell])
    return groups


def _cell_name(cell: CellExecution) -> str:
    return f"cell {cell.cell}" if cell.cell is not None else "a console's cell"


def _cells_row(cells: Sequence[CellExecution]) -> tuple[object, ...]:
    cell = cells[0]
    if len(cells) > 1:
        at = ranges(one.cell for one in cells if one.cell is not None)
        return (at, None, f"{len(cells)} not run", None, None, None, None)
    status = cell.status if cell.error is None else f"{cell.status}: {cell.error.type}"
    return (
        "added" if cell.injected else "console" if cell.console else cell.cell,
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
    around = () if record.surroundings is None else surroundings.lines(record.surroundings)
    lines = (clean(text), *map(clean, around), short(environment.digest))
    return "\n".join(("Environment", *(INDENT + line for line in lines)))
