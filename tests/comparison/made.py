"""Runs made of records for comparisons: nothing is executed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from jupyter_mlops import dataflow
from jupyter_mlops.comparison.diff import compare as compare_runs
from jupyter_mlops.journal import sha256
from jupyter_mlops.records import (
    CellDetail,
    CellExecution,
    Comparison,
    DataUse,
    Environment,
    Metric,
    Output,
    Parameter,
    Run,
)

Made = tuple[Run, tuple[CellDetail, ...]]


def cell(
    position: int | None, source: str, outputs: Sequence[dict[str, Any]] = (), **fields: Any
) -> CellDetail:
    """Give an execution of `source` that read and wrote what its code says."""
    flow = dataflow.analyse(source)
    execution = CellExecution(
        cell=position,
        id=None,
        execution_count=1,
        status="ok",
        started=None,
        duration_s=0.1,
        source_digest=sha256(source.encode()),
        reads=tuple(sorted(flow.reads)),
        writes=tuple(sorted(flow.writes)),
        outputs=tuple(Output(o["output_type"], None, sha256(str(o).encode()), 1) for o in outputs),
    )
    return CellDetail(replace(execution, **fields), source, tuple(outputs))


def made(
    name: str, cells: Sequence[str | CellDetail], metrics: Sequence[Metric] = (), **fields: Any
) -> Made:
    """Give a run of `cells`, whose literals are its parameters."""
    details = tuple(
        one if isinstance(one, CellDetail) else cell(n, one) for n, one in enumerate(cells)
    )
    run = Run(
        id=name * 32,
        session="s",
        notebook="/work/train.ipynb",
        notebook_digest=None,
        status="completed",
        trigger="run",
        user="alice",
        started="2026-01-01T00:00:00Z",
        duration_s=1.0,
        parameters=tuple(
            Parameter(literal.name, literal.value, literal.type, one.execution.cell, "literal")
            for one in details
            for literal in dataflow.literals(one.source)
        ),
        metrics=tuple(metrics),
        environment=environment(),
    )
    return replace(run, **fields), details


def compare(*runs: Made) -> Comparison:
    return compare_runs([run for run, _ in runs], [cells for _, cells in runs])


def metric(name: str, value: Any, cell: int | None, step: int | None = None) -> Metric:
    return Metric(name, value, step, cell, "call")


def file(path: str, digest: str | None, cell: int | None, **fields: Any) -> DataUse:
    use = DataUse("file", None, path, "read", cell, digest)
    return replace(use, **fields)


def environment(**packages: str) -> Environment:
    found = {"numpy": "2.0", **packages}
    return Environment("3.11.7", "Linux", found, sha256(str(found).encode()))


def printed(content: str | list[str], name: str = "stdout") -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": content}


def shown(**bundle: Any) -> dict[str, Any]:
    data = {mime.replace("__", "/"): content for mime, content in bundle.items()}
    return {"output_type": "display_data", "data": data, "metadata": {}}
