"""``run`` and ``reproduce``: the verbs that execute a notebook."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_mlops import files, settings
from jupyter_mlops.api.opening import OnProgress, PathLike, opened, shown_run
from jupyter_mlops.errors import BadValueError, UsageError

if TYPE_CHECKING:
    from jupyter_mlops.errors import MlopsError
    from jupyter_mlops.execution import Job
    from jupyter_mlops.execution.notebook import Prepared
    from jupyter_mlops.records import BatchOutcome, NotebookParameter, Reproduction, Run
    from jupyter_mlops.results import ShownRun, ShownVerdict
    from jupyter_mlops.store import Store
    from jupyter_mlops.store.recording import Recording


def run(
    notebook: PathLike,
    parameters: Mapping[str, Any] | None = None,
    *,
    output: PathLike | None = None,
    kernel: str | None = None,
    cwd: PathLike | None = None,
    timeout: float | None = None,
    cell_timeout: float | None = None,
    user: str | None = None,
    secrets: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
    store: Store | None = None,
) -> ShownRun:
    """Execute a notebook through papermill, with capture, and record it as a run.

    The notebook's file is never written. What can be refused is refused before a kernel starts.

    Parameters
    ----------
    parameters
        By name, or ``name@cell``; any literal that a cell assigns can be set, tagged or not.
    output
        Where to write the executed notebook; it is kept as an artifact in any case.
    kernel, cwd
        An installed kernel, and its working folder; default: the notebook's own.
    timeout, cell_timeout
        Limits on the whole and on each cell, in seconds.
    user
        Whose run it is; default: the operating system's user.
    secrets
        By name, where the notebook was itself written with secrets redacted.
    on_progress, cancel
        Called here for each cell that starts or ends; set by another thread to interrupt it.

    Returns
    -------
    ShownRun
        The record; its ``status`` tells whether it completed.

    Raises
    ------
    UsageError, StoreError
        If the notebook, a parameter, the kernel, another argument or the store can't be used.
    """
    from jupyter_mlops.execution.restoring import restored

    path = Path(os.path.abspath(notebook))
    given, prepared, name = _prepared(path, parameters or {}, kernel)
    target = None if output is None else files.writable(output, path)
    with opened(store, lasting=False) as kept:
        prepared = restored(kept.redactor, prepared, secrets or {})
        kept.learn_secrets(prepared.secrets)
        job = _job(path, prepared, name, cwd, timeout, cell_timeout, user)
        record = _recorded(kept, job, given, prepared, target, on_progress, cancel)
        if kept.unwritable is not None:
            record = _with_notice(record, f"this run is not kept: {kept.unwritable}")
    return shown_run(record)


def reproduce(
    run: str,
    *,
    current: bool = False,
    parameters: Mapping[str, Any] | None = None,
    in_place: bool = False,
    fresh_randomness: bool = False,
    output: PathLike | None = None,
    tolerance: float | None = None,
    user: str | None = None,
    secrets: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
    on_started: Callable[[Reproduction], None] | None = None,
    cancel: threading.Event | None = None,
    store: Store | None = None,
) -> ShownVerdict:
    """Replay a run in a clean kernel, in a copy of its folder, and judge the result against it.

    Parameters
    ----------
    current, parameters
        Execute the file as it is now; values other than the recorded ones, as for :func:`run`.
    in_place, fresh_randomness
        Work in the folder itself; draw afresh instead of putting back recorded randomness.
    tolerance, secrets
        Largest relative difference of numbers that passes; by name, what stands nowhere else.
    on_started
        Called in this thread once nothing can refuse the reproduction any more.

    Raises
    ------
    UnknownRunError, AmbiguousRunError, NeedsInPlaceError, SecretsNeededError
        If no run, or several, fit; the folder can't be copied; a secret is nowhere to be found.
    """
    from jupyter_mlops import reproduction
    from jupyter_mlops.results import ShownVerdict, shown

    if tolerance is not None and not 0 <= tolerance < float("inf"):
        raise BadValueError(name="tolerance", value=tolerance, expected="a number from 0")
    with opened(store, lasting=False) as kept:
        kept.refresh()
        found = kept.find(run)
        verdict = reproduction.reproduce(
            kept,
            found,
            current=current,
            parameters=dict(parameters or {}),
            in_place=in_place,
            fresh_randomness=fresh_randomness,
            output=None if output is None else files.writable(output, kept.run(found).notebook),
            tolerance=tolerance,
            user=user or settings.system_user(),
            secrets=secrets or {},
            on_progress=on_progress,
            on_started=on_started,
            cancel=cancel,
        )
    return shown(verdict, ShownVerdict)


def parameters(notebook: PathLike) -> tuple[NotebookParameter, ...]:
    """List the parameters that a notebook offers, tagged or not.

    Raises
    ------
    NotebookError
        If it can't be read.
    """
    from jupyter_mlops.execution import notebook as documents

    return documents.parameters(documents.read(Path(notebook)))


def _recorded(
    store: Store,
    job: Job,
    given: bytes,
    prepared: Prepared,
    target: Path | None,
    on_progress: OnProgress | None,
    cancel: threading.Event | None,
) -> Run:
    """Execute `job` as a run of `store`, and write the executed notebook to `target`."""
    from jupyter_mlops.execution import execute
    from jupyter_mlops.execution import notebook as documents
    from jupyter_mlops.journal import now, this_process
    from jupyter_mlops.records import Batch, BatchOutcome
    from jupyter_mlops.store.recording import Recording

    off = documents.switched_off_by(prepared.notebook)
    batch = Batch(
        run=job.run,
        notebook=job.path,
        given=given,
        trigger=job.trigger,
        user=job.user,
        started=now(),
        process=this_process(),
        off=off,
        values=() if off is None else documents.as_recorded(prepared.settings),
    )
    with Recording(store, batch) as recording:
        recording.begin()
        began = time.monotonic()
        try:
            outcome = execute(job, on_progress, cancel)
        except BaseException as error:
            ended = BatchOutcome(
                status="failed" if isinstance(error, Exception) else "interrupted",
                reason=str(error) or type(error).__name__,
                executed=None,
                cells=(),
                duration_s=time.monotonic() - began,
            )
            recording.finish(ended)
            raise
        problem = files.delivered(target, outcome.executed)
        record = _finished(recording, prepared, outcome, off)
    if recording.lost is not None:
        record = _not_kept(record, recording.lost)
    elif problem is not None:
        raise UsageError(message=f"{problem}; its record is kept: jupyter mlops show {job.run}")
    return record if problem is None else _with_notice(record, str(problem))


def _finished(
    recording: Recording, prepared: Prepared, outcome: BatchOutcome, off: str | None
) -> Run:
    """Record how an execution ended, and whether its parameters were in effect."""
    from jupyter_mlops.execution import notebook as documents

    if off is not None:
        outcome = documents.outputs_alone(outcome)
    record = recording.finish(outcome)
    redacted = recording.store.redactor.value
    mismatches = documents.not_in_effect(prepared.settings, record, redacted)
    if mismatches and outcome.status == "completed":
        failed = replace(outcome, status="failed", reason="; ".join(mismatches))
        record = recording.finish(failed)
    return record


def _not_kept(record: Run, why: MlopsError) -> Run:
    """Say in one notice what the store lacks of a run whose end it did not take."""
    from jupyter_mlops.records import CUT_SHORT, END_NOT_KEPT

    others = tuple(one for one in record.notices if not one.startswith(CUT_SHORT))
    more = ", nor all that its cells used and produced" if others != record.notices else ""
    notice = f"{END_NOT_KEPT}{more}, and `jupyter mlops runs` shows it as lost or not at all: {why}"
    return replace(record, notices=(*others, notice))


def _with_notice(record: Run, notice: str) -> Run:
    return replace(record, notices=(*record.notices, notice))


def _prepared(
    path: Path, parameters: Mapping[str, Any], kernel: str | None
) -> tuple[bytes, Prepared, str]:
    """Return the notebook as it is kept, a copy with the parameters set, and its kernel's name."""
    from jupyter_mlops.execution import notebook as documents

    content = documents.content(path)
    document = documents.reads(content, path)
    prepared = documents.with_parameters(document, parameters)
    given = documents.to_keep(document, content)
    return given, prepared, documents.kernel_name(document, kernel)


def _job(
    path: Path,
    prepared: Prepared,
    kernel: str,
    cwd: PathLike | None,
    timeout: float | None,
    cell_timeout: float | None,
    user: str | None,
) -> Job:
    from jupyter_mlops.execution import Job
    from jupyter_mlops.execution import notebook as documents

    return Job(
        notebook=documents.dump(prepared.notebook),
        run=uuid4().hex,
        cwd=files.folder("cwd", path.parent if cwd is None else cwd),
        kernel=kernel,
        trigger="run",
        user=user or settings.system_user(),
        path=str(path),
        parameters=prepared.tagged,
        secrets=prepared.secrets,
        timeout_s=_positive("timeout", timeout),
        cell_timeout_s=_positive("cell timeout", cell_timeout),
    )


def _positive(name: str, seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds < float("inf"):
        raise BadValueError(name=name, value=seconds, expected="a number of seconds above 0")
    return seconds
