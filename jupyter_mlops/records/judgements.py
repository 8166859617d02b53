"""What is said of runs: the verdict of a reproduction, a comparison, and their causes."""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

from jupyter_mlops.frozen import dataclass
from jupyter_mlops.records.batches import Progress
from jupyter_mlops.records.runs import SCHEMA_VERSION, RunVerdict

OutputVerdict = Literal[
    "identical", "within tolerance", "differs", "missing", "extra", "unverifiable"
]
OutputKind = Literal["text", "number", "table", "image", "html", "figure", "error", "model"]
RandomnessUse = Literal["restored", "fresh", "none used"]
CauseKind = Literal[
    "code",
    "parameter",
    "data",
    "environment",
    "seed",
    "order",
    "hidden state",
    "hardware",
    "unknown",
]


@dataclass(frozen=True)
class Cause:
    """Why two runs differ."""

    kind: CauseKind
    what: str
    cell: int | None
    detail: str
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class OutputJudgement:
    """How one output of a reproduction compares with the recorded one.

    ``difference`` is the largest relative difference of numbers, or the share of
    pixels changed of an image; ``None`` where neither applies. ``what`` names the metric,
    frame, file or model that was judged, and is empty for what a cell displayed.
    """

    kind: OutputKind
    verdict: OutputVerdict
    difference: float | None = None
    masks: tuple[str, ...] = ()
    what: str = ""


@dataclass(frozen=True)
class CellJudgement:
    """The verdict of one cell, and of each of its outputs in order."""

    cell: int | None
    verdict: OutputVerdict
    outputs: tuple[OutputJudgement, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What ``reproduce RUN --json`` prints.

    ``kept`` names the parameters that the notebook as it is now was given because the run was;
    ``not_judged`` the metrics and data that the repetition says nothing of, a line for each
    reason. Where what diverges first has no place in the notebook, since a console sent it,
    ``first_diverging_console`` has its source.
    """

    run: str
    reproduction: str | None
    verdict: RunVerdict
    randomness: RandomnessUse
    unseeded_cells: tuple[int, ...] = ()
    unverifiable: int = 0
    first_diverging_cell: int | None = None
    causes: tuple[Cause, ...] = ()
    cells: tuple[CellJudgement, ...] = ()
    sentence: str = ""
    kept: tuple[str, ...] = ()
    not_judged: tuple[str, ...] = ()
    first_diverging_console: str | None = None
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class Reproduction:
    """A reproduction under way or ended; ``id`` is the id of the run it makes."""

    id: str
    run: str
    state: Literal["running", "done", "cancelled", "failed", "lost"]
    started: str
    user: str
    progress: Progress | None = None
    verdict: Verdict | None = None
    message: str | None = None
    schema: int = SCHEMA_VERSION


@dataclass(frozen=True)
class MetricCause:
    """A difference between runs that can have made a metric differ."""

    metric: str
    kind: CauseKind
    what: str
    cell: int | None
    detail: str


@dataclass(frozen=True)
class Difference:
    """One thing that differs between compared runs, with its value in each run, in order.

    ``missing`` has the places of the runs that have no such thing; elsewhere ``None`` is a value.
    """

    what: str
    cell: int | None
    values: tuple[Any, ...]
    detail: str = ""
    missing: tuple[int, ...] = ()


@dataclass(frozen=True)
class Differences:
    """What differs between compared runs, by kind."""

    code: tuple[Difference, ...] = ()
    parameter: tuple[Difference, ...] = ()
    data: tuple[Difference, ...] = ()
    environment: tuple[Difference, ...] = ()
    output: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """What ``compare RUN RUN… --json`` prints; a value is ``None`` where a run has none.

    ``unknown`` lists what could be compared neither as equal nor as different: digests that
    are partial, missing, or of different algorithms. ``inferred`` names those of ``metrics``
    that no run did more than print beside a name; no figure shows them.
    """

    runs: tuple[str, ...]
    parameters: dict[str, tuple[Any, ...]]
    metrics: dict[str, tuple[float | int | str | None, ...]]
    differs: Differences
    unknown: tuple[Difference, ...] = ()
    causes: tuple[MetricCause, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    notebooks: tuple[str | None, ...] = ()
    inferred: tuple[str, ...] = ()
    schema: int = SCHEMA_VERSION

    @property
    def measured(self) -> dict[str, tuple[float | int | str | None, ...]]:
        """The metrics that are not inferred."""
        return {name: one for name, one in self.metrics.items() if name not in self.inferred}

    @property
    def printed(self) -> dict[str, tuple[float | int | str | None, ...]]:
        """The inferred metrics."""
        return {name: self.metrics[name] for name in self.inferred}
