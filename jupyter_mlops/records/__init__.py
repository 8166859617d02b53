"""The domain, as frozen dataclasses: what a run is made of.

The words are the product's words, and the field names are the keys of the JSON
document that ``jupyter mlops show RUN --json`` prints. Nothing is declared twice:
outside the kernel :mod:`jupyter_mlops.schema` decodes, validates and derives the
JSON Schema, and from it the front end's ``schema.ts``, from these classes. This
module is imported inside kernels and therefore needs the standard library alone.

A *digest* is a string ``algorithm:hex``, whole, never cut. Times are RFC 3339
strings in UTC, durations are seconds, sizes are bytes, and ``cell`` is a position
in the notebook from 0, markdown cells counted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from jupyter_mlops.records.disorder import Disorder, DisorderKind
from jupyter_mlops.records.runs import (
    ALL_BUT_OUTPUTS,
    CHANGED_BESIDE,
    CHANGED_OUTSIDE,
    INTEGER_LIMIT,
    NOT_FINITE,
    SCHEMA_VERSION,
    WHOLE_CELL,
    Access,
    Artifact,
    CellDetail,
    CellError,
    CellExecution,
    CellStatus,
    Column,
    DataKind,
    DataUse,
    Environment,
    Executing,
    Fingerprint,
    FittedOn,
    Metric,
    MetricSource,
    ModelFit,
    Output,
    Parameter,
    ParameterSource,
    Process,
    RandomUse,
    Run,
    RunError,
    RunStatus,
    RunVerdict,
    Trigger,
    Unseen,
)
from jupyter_mlops.records.surroundings import Repository, Surroundings

if TYPE_CHECKING:
    from jupyter_mlops.records.batches import (
        CANCELLED,
        CUT_SHORT,
        END_NOT_KEPT,
        Batch,
        BatchCell,
        BatchOutcome,
        Progress,
        Step,
    )
    from jupyter_mlops.records.failures import last_failure
    from jupyter_mlops.records.judgements import (
        Cause,
        CauseKind,
        CellJudgement,
        Comparison,
        Difference,
        Differences,
        MetricCause,
        OutputJudgement,
        OutputKind,
        OutputVerdict,
        RandomnessUse,
        Reproduction,
        Verdict,
    )
    from jupyter_mlops.records.manners import (
        Collection,
        Dependent,
        Dropped,
        Folder,
        Forgetting,
        KeepData,
        Protected,
    )
    from jupyter_mlops.records.reports import (
        Check,
        Diagnosis,
        KernelCapture,
        NotebookParameter,
        Status,
    )
    from jupyter_mlops.records.rows import Draft, RunPage, RunSummary, disorder_of, state_of

__all__ = [
    "ALL_BUT_OUTPUTS",
    "CANCELLED",
    "CHANGED_BESIDE",
    "CHANGED_OUTSIDE",
    "CUT_SHORT",
    "END_NOT_KEPT",
    "INTEGER_LIMIT",
    "NOT_FINITE",
    "SCHEMA_VERSION",
    "WHOLE_CELL",
    "Access",
    "Artifact",
    "Batch",
    "BatchCell",
    "BatchOutcome",
    "Cause",
    "CauseKind",
    "CellDetail",
    "CellError",
    "CellExecution",
    "CellJudgement",
    "CellStatus",
    "Check",
    "Collection",
    "Column",
    "Comparison",
    "DataKind",
    "DataUse",
    "Dependent",
    "Diagnosis",
    "Difference",
    "Differences",
    "Disorder",
    "DisorderKind",
    "Draft",
    "Dropped",
    "Environment",
    "Executing",
    "Fingerprint",
    "FittedOn",
    "Folder",
    "Forgetting",
    "KeepData",
    "KernelCapture",
    "Metric",
    "MetricCause",
    "MetricSource",
    "ModelFit",
    "NotebookParameter",
    "Output",
    "OutputJudgement",
    "OutputKind",
    "OutputVerdict",
    "Parameter",
    "ParameterSource",
    "Process",
    "Progress",
    "Protected",
    "RandomUse",
    "RandomnessUse",
    "Repository",
    "Reproduction",
    "Run",
    "RunError",
    "RunPage",
    "RunStatus",
    "RunSummary",
    "RunVerdict",
    "Status",
    "Step",
    "Surroundings",
    "Trigger",
    "Unseen",
    "Verdict",
    "disorder_of",
    "last_failure",
    "state_of",
]

# What a run is made of is all that a kernel needs; the rest is loaded on first use (PEP 562).
_LATER = ("batches", "failures", "judgements", "manners", "reports", "rows")


def __getattr__(name: str) -> Any:
    for module in _LATER if name in __all__ else ():
        found = vars(import_module(f"{__name__}.{module}"))
        if name in found:
            globals()[name] = found[name]
            return found[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
