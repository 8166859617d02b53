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

from jupyter_mlops.records.batches import (
    Batch,
    BatchCell,
    BatchOutcome,
    Progress,
    Step,
)
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
from jupyter_mlops.records.reports import (
    Check,
    Diagnosis,
    KernelCapture,
    NotebookParameter,
    Status,
)
from jupyter_mlops.records.runs import (
    NOT_FINITE,
    SCHEMA_VERSION,
    Access,
    Artifact,
    CellDetail,
    CellError,
    CellExecution,
    CellStatus,
    Column,
    DataKind,
    DataUse,
    Draft,
    Environment,
    Executing,
    Failure,
    Fingerprint,
    Metric,
    MetricSource,
    ModelFit,
    Output,
    Parameter,
    ParameterSource,
    Process,
    RandomUse,
    Run,
    RunPage,
    RunStatus,
    RunSummary,
    RunVerdict,
    Trigger,
    Unseen,
)

__all__ = [
    "NOT_FINITE",
    "SCHEMA_VERSION",
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
    "Column",
    "Comparison",
    "DataKind",
    "DataUse",
    "Diagnosis",
    "Difference",
    "Differences",
    "Draft",
    "Environment",
    "Executing",
    "Failure",
    "Fingerprint",
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
    "RandomUse",
    "RandomnessUse",
    "Reproduction",
    "Run",
    "RunPage",
    "RunStatus",
    "RunSummary",
    "RunVerdict",
    "Status",
    "Step",
    "Trigger",
    "Unseen",
    "Verdict",
]
