"""What people call: the verbs as functions.

Every heavy import stands inside the function that needs it, so that naming one of these in
a kernel, or asking the command line for help, costs nothing. Each function opens the store
that :func:`jupyter_mlops.settings.read` tells, unless it is given one.

RUN is everywhere an id, a unique prefix of one, or ``@1`` for the newest run, ``@2`` for the
one before.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from jupyter_mlops import files, settings
from jupyter_mlops.errors import BadValueError, NotebookError, UsageError

if TYPE_CHECKING:
    from jupyter_mlops.execution import Job
    from jupyter_mlops.execution.notebook import Prepared
    from jupyter_mlops.records import NotebookParameter, Progress, Reproduction, Run
    from jupyter_mlops.results import Runs, ShownComparison, ShownDiagnosis, ShownRun, ShownVerdict
    from jupyter_mlops.settings import Settings
    from jupyter_mlops.store import Store

PathLike = str | os.PathLike[str]
OnProgress = Callable[["Progress"], None]


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
    on_progress: OnProgress | None = None,
    cancel: threading.Event | None = None,
    store: Store | None = None,
) -> ShownRun:
    """Execute a notebook through papermill, with capture, and record it as a run.

    The notebook's file is never written. What can be refused is refused before a kernel starts.

    Parameters
    ----------
    parameters
        By name, or ``name@cell`` where several cells assign the name. Tagged or not, any
        literal that a cell assigns can be set.
    output
        Where to write the executed notebook; it is kept as an artifact in any case.
    kernel
        Name of an installed kernel; default: the notebook's own.
    cwd
        The kernel's working folder; default: the notebook's folder.
    timeout, cell_timeout
        Limits on the whole and on each cell, in seconds.
    user
        Whose run it is; default: the operating system's user.
    on_progress
        Called in this thread for each cell that starts or ends.
    cancel
        Set it from another thread to end the run as *interrupted*.

    Returns
    -------
    ShownRun
        The record; its ``status`` tells whether it completed.

    Raises
    ------
    UsageError
        If the notebook can't be read, has no such parameter or kernel, a value has the wrong
        type, or an argument can't be used; its subclasses say which.
    StoreError
        If the store can't be used.
    """
    path = Path(os.path.abspath(notebook))
    given, prepared, name = _prepared(path, parameters or {}, kernel)
    job = _job(path, prepared, name, cwd, timeout, cell_timeout, user)
    target = None if output is None else files.writable(output, path)
    with _opened(store) as opened:
        record, executed = _recorded(opened, job, given, prepared, on_progress, cancel)
    if target is not None and executed is not None:
        files.write(target, executed)
    return _shown_run(record)


def runs(
    notebook: PathLike | None = None,
    *,
    where: str | None = None,
    sort: str | None = None,
    limit: int = 100,
    after: str | None = None,
    store: Store | None = None,
) -> Runs:
    """List runs, newest first.

    Parameters
    ----------
    notebook
        Only the runs of this notebook.
    where
        A condition such as ``metric.accuracy > 0.9 and parameter.lr = 0.1``, over
        ``metric.``, ``parameter.``, ``status``, ``notebook`` and other keys of a run, with
        ``= != < <= > >= ~``, ``and``, ``or``, ``not`` and parentheses.
    sort
        A key to sort by; ``-metric.accuracy`` puts the greatest first.
    limit
        How many at most.
    after
        The ``next`` of the page before.

    Raises
    ------
    BadExpressionError
        If `where` does not parse.
    NotebookError
        If there is neither such a file nor a run of it.
    """
    from jupyter_mlops.results import Runs

    path = None if notebook is None else os.path.abspath(notebook)
    if limit < 1:
        raise BadValueError(name="limit", value=limit, expected="at least 1")
    with _opened(store) as opened:
        opened.refresh()
        page = opened.runs(notebook=path, where=where, sort=sort, limit=limit, after=after)
    if path is not None and not page.runs and page.draft is None and not os.path.exists(path):
        raise NotebookError(path=notebook, reason="no such file, and no run of it is recorded")
    return Runs(page)


def show(run: str, *, store: Store | None = None) -> ShownRun:
    """Return the whole record of a run.

    Raises
    ------
    UnknownRunError, AmbiguousRunError
        If no run, or several, fit.
    """
    with _opened(store) as opened:
        opened.refresh()
        return _shown_run(opened.run(opened.find(run)))


def compare(
    *runs: str, html: PathLike | None = None, store: Store | None = None
) -> ShownComparison:
    """Tell what differs between runs, and which of it can have made a metric differ.

    Parameters
    ----------
    runs
        Two or more, in the order in which values are listed.
    html
        Where to write a page with the comparison and its figures; it needs no network.

    Raises
    ------
    UsageError
        If fewer than two different runs are given.
    UnknownRunError, AmbiguousRunError
        If no run, or several, fit.
    """
    from jupyter_mlops.comparison import diff
    from jupyter_mlops.results import ShownComparison, shown

    target = None if html is None else files.writable(html)
    with _opened(store) as opened:
        opened.refresh()
        ids = list(dict.fromkeys(opened.find(name) for name in runs))
        if len(ids) < 2:
            raise UsageError(message="compare needs two different runs, such as @1 @2")
        records = [opened.run(name) for name in ids]
        cells = [opened.cells(name) for name in ids]
    comparison = diff.compare(records, cells)
    if target is not None:
        from jupyter_mlops.comparison import html as page

        files.write(target, page.render(comparison, records, cells).encode("utf-8", "replace"))
    return shown(comparison, ShownComparison)


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
    on_progress: OnProgress | None = None,
    on_started: Callable[[Reproduction], None] | None = None,
    cancel: threading.Event | None = None,
    store: Store | None = None,
) -> ShownVerdict:
    """Replay a run in a clean kernel, in a copy of its folder, and judge the result against it.

    Parameters
    ----------
    current
        Execute the notebook's file as it is now instead of what was recorded.
    parameters
        Values other than the recorded ones, as for :func:`run`.
    in_place, fresh_randomness
        Work in the folder itself; draw afresh (no effect: recorded randomness is not put back).
    tolerance
        Largest relative difference of numbers that still passes.
    on_started
        Called in this thread once nothing can refuse the reproduction any more.

    Raises
    ------
    UnknownRunError, AmbiguousRunError, NeedsInPlaceError
        If no run, or several, fit; if the folder can't be copied.
    """
    from jupyter_mlops import reproduction
    from jupyter_mlops.results import ShownVerdict, shown

    if tolerance is not None and not 0 <= tolerance < float("inf"):
        raise BadValueError(name="tolerance", value=tolerance, expected="a number from 0")
    with _opened(store) as opened:
        opened.refresh()
        found = opened.find(run)
        path = opened.run(found).notebook
        target = None if output is None else files.writable(output, path)
        verdict = reproduction.reproduce(
            opened,
            found,
            current=current,
            parameters=dict(parameters or {}),
            in_place=in_place,
            fresh_randomness=fresh_randomness,
            output=target,
            tolerance=tolerance,
            user=user or settings.system_user(),
            on_progress=on_progress,
            on_started=on_started,
            cancel=cancel,
        )
    return shown(verdict, ShownVerdict)


def doctor(*, of: Settings | None = None) -> ShownDiagnosis:
    """Tell whether everything is recorded, whether the store is sound, and what mends it."""
    from jupyter_mlops import diagnosis
    from jupyter_mlops.results import ShownDiagnosis, shown

    return shown(diagnosis.diagnose(of or settings.read()), ShownDiagnosis)


def parameters(notebook: PathLike) -> tuple[NotebookParameter, ...]:
    """List the parameters that a notebook offers, tagged or not.

    Raises
    ------
    NotebookError
        If it can't be read.
    """
    from jupyter_mlops.execution import notebook as documents

    return documents.parameters(documents.read(Path(notebook)))


def open_store(of: Settings | None = None) -> Store:
    """Open the store of these settings, or of the environment's, for several verbs on it.

    Raises
    ------
    StoreError
        If it can't be used.
    """
    from jupyter_mlops.store import Store

    return Store.open(of or settings.read())


@contextmanager
def _opened(store: Store | None) -> Iterator[Store]:
    if store is not None:
        yield store
        return
    with open_store() as opened:
        yield opened


def _recorded(
    store: Store,
    job: Job,
    given: bytes,
    prepared: Prepared,
    on_progress: OnProgress | None,
    cancel: threading.Event | None,
) -> tuple[Run, bytes | None]:
    """Execute `job` as a run of `store`; return its record and the executed notebook."""
    from jupyter_mlops.execution import execute
    from jupyter_mlops.execution import notebook as documents
    from jupyter_mlops.journal import now, this_process
    from jupyter_mlops.records import Batch, BatchOutcome

    store.begin_batch(
        Batch(
            run=job.run,
            notebook=job.path,
            given=given,
            trigger=job.trigger,
            user=job.user,
            started=now(),
            process=this_process(),
        )
    )
    began = time.monotonic()
    try:
        outcome = execute(job, on_progress, cancel)
    except BaseException as error:
        store.finish_batch(
            job.run,
            BatchOutcome(
                status="failed" if isinstance(error, Exception) else "interrupted",
                reason=str(error) or type(error).__name__,
                executed=None,
                cells=(),
                duration_s=time.monotonic() - began,
            ),
        )
        raise
    record = store.finish_batch(job.run, outcome)
    mismatches = documents.not_in_effect(prepared.settings, record)
    if mismatches and outcome.status == "completed":
        failed = replace(outcome, status="failed", reason="; ".join(mismatches))
        record = store.finish_batch(job.run, failed)
    return record, outcome.executed


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
        timeout_s=_positive("timeout", timeout),
        cell_timeout_s=_positive("cell timeout", cell_timeout),
    )


def _positive(name: str, seconds: float | None) -> float | None:
    if seconds is not None and not 0 < seconds < float("inf"):
        raise BadValueError(name=name, value=seconds, expected="a number of seconds above 0")
    return seconds


def _shown_run(record: Run) -> ShownRun:
    from jupyter_mlops.results import ShownRun, shown

    return shown(record, ShownRun)
