"""A reproduction from beginning to end: replay, sandbox, execution, verdict, cause."""

from __future__ import annotations

import os
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

from jupyter_mlops import files
from jupyter_mlops.errors import (
    CancelledError,
    MlopsError,
    NotebookError,
    StoreError,
    UnwritableWarning,
    UsageError,
)
from jupyter_mlops.execution import Job, execute
from jupyter_mlops.execution import notebook as documents
from jupyter_mlops.execution.restoring import restored
from jupyter_mlops.journal import now, this_process
from jupyter_mlops.records import (
    ALL_BUT_OUTPUTS,
    CANCELLED,
    Batch,
    BatchOutcome,
    CellJudgement,
    OutputJudgement,
    Parameter,
    Progress,
    Reproduction,
    Run,
    Verdict,
)
from jupyter_mlops.reproduction import cause, conclusion, masks, sandbox, translation, verdict
from jupyter_mlops.reproduction.flows import clock_values
from jupyter_mlops.reproduction.outputs import Standard
from jupyter_mlops.reproduction.randomness import give_recorded, unseeded, what_became
from jupyter_mlops.reproduction.replay import Replay, of_run
from jupyter_mlops.reproduction.sandbox import Place
from jupyter_mlops.reproduction.surroundings import variables_of
from jupyter_mlops.store import Store
from jupyter_mlops.store.recording import Recording

# How often progress is written to the store, where other processes see it.
_TELL_EVERY_S = 0.5


def reproduce(
    store: Store,
    run: str,
    *,
    current: bool = False,
    parameters: Mapping[str, Any] | None = None,
    in_place: bool = False,
    fresh_randomness: bool = False,
    output: Path | None = None,
    tolerance: float | None = None,
    user: str,
    secrets: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    cell_timeout_s: float | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_started: Callable[[Reproduction], None] | None = None,
    cancel: threading.Event | None = None,
) -> Verdict:
    """Repeat a run in a clean kernel and judge the result against it.

    Parameters
    ----------
    fresh_randomness
        Let the cells draw new random numbers, instead of putting the recorded states back.
    output
        Where to write the executed notebook.
    tolerance
        Relative difference up to which numbers are *within tolerance*; by default none in
        the same environment and 1e-6 in another.
    secrets
        Values, by name, of what was redacted (:mod:`~jupyter_mlops.execution.restoring`).
    on_started
        Called once with the reproduction when nothing can refuse it any more.

    Raises
    ------
    UsageError
        If the run can't be repeated as asked; nothing was started then.
    CancelledError
        If `cancel` was set before its end.
    """
    before = store.run(run)
    if before.status == "running" and before.trigger != "interactive":
        raise UsageError(message=f"run {before.id} has not ended yet; wait for it, or cancel it")
    plain = of_run(store, before, current, parameters or {})
    replay = _with_secrets(store, before, plain, secrets or {})
    if not fresh_randomness:
        give_recorded(replay, store)
    kernel = documents.kernel_name(replay.prepared.notebook, replay.kernel)
    folder = _folder(store, before)
    # Of a run that was itself made in a sandbox, the folder there and the one it stood for.
    own, its = store.folder(before.id) or str(folder), str(folder)
    folders = ((own, its),) if own != its else ()
    order = _Order(before, replay, kernel, user, tolerance, timeout_s, cell_timeout_s, folders)
    with _place(before, folder, replay, in_place) as where:
        batch = order.batch()
        with Recording(store, batch) as recording:
            under_way = _Reproducing(recording, order, batch, where, on_progress)
            found = under_way.run(on_started, cancel, output)
    return _kept(found, recording, store)


def _place(
    before: Run, folder: Path, replay: Replay, in_place: bool
) -> AbstractContextManager[Place]:
    if in_place:
        return nullcontext(sandbox.in_place(folder))
    return sandbox.copied(sandbox.plan(before, folder, replay.sources()))


def _kept(found: Verdict, recording: Recording, store: Store) -> Verdict:
    """Return the verdict; no id leads to what is not kept, or ends with a stand-in store."""
    if recording.lost is not None:
        said = f"{recording.lost}. What follows is not kept: the reproduction is listed as lost"
        warnings.warn(said, UnwritableWarning, stacklevel=3)
    return replace(found, reproduction=None) if recording.lost or store.unwritable else found


def _with_secrets(store: Store, run: Run, replay: Replay, given: Mapping[str, str]) -> Replay:
    try:
        file = None if run.notebook is None else documents.content(run.notebook)
    except NotebookError:
        file = None  # it is gone: nothing can be taken from it
    read = variables_of(run, replay.sources())
    prepared = restored(store.redactor, replay.prepared, given, file, replay.cell_of, read)
    store.learn_secrets(prepared.secrets)
    return replace(replay, prepared=prepared)


@dataclass(frozen=True)
class _Order:
    """What is to be repeated, and how."""

    before: Run
    replay: Replay
    kernel: str
    user: str
    tolerance: float | None
    timeout_s: float | None
    cell_timeout_s: float | None
    folders: tuple[tuple[str, str], ...] = ()

    @property
    def given(self) -> tuple[Parameter, ...]:
        """The values that a run without capture was given, with those that are asked for now."""
        asked = documents.as_recorded(self.replay.settings)
        new = {(one.name, one.cell) for one in asked}
        before = self.before.parameters if self.before.environment is None else ()
        return (*(one for one in before if (one.name, one.cell) not in new), *asked)

    def batch(self) -> Batch:
        """Return what the store is to know before it starts."""
        off = documents.switched_off_by(self.replay.prepared.notebook)
        shown = [(one.cell, one.name) for one in self.before.parameters]
        asked = [(one.cell, one.name) for one in self.replay.settings]
        return Batch(
            run=uuid4().hex,
            notebook=self.before.notebook,
            given=self.replay.given,
            trigger="reproduce",
            user=self.user,
            started=now(),
            process=this_process(),
            parent=self.before.id,
            steps=self.replay.positions,
            # What the recorded run shows, or was asked for, must not be missing beside it.
            shown=tuple(dict.fromkeys([*shown, *asked])),
            off=off,
            values=() if off is None else self.given,
        )


class _Reproducing:
    """One reproduction under way; every state it passes through is in the store."""

    def __init__(
        self,
        recording: Recording,
        order: _Order,
        batch: Batch,
        place: Place,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self._recording = recording
        self._order = order
        self._place = place
        self._on_progress = on_progress
        self._process = batch.process
        self._told = 0.0
        self._off = batch.off
        self._state = Reproduction(batch.run, order.before.id, "running", batch.started, order.user)

    def run(
        self,
        on_started: Callable[[Reproduction], None] | None,
        cancel: threading.Event | None,
        output: Path | None,
    ) -> Verdict:
        """Carry it out."""
        self._recording.begin()
        self._save()
        outcome: BatchOutcome | None = None
        try:
            if on_started is not None:
                on_started(self._state)
            outcome = execute(self._job(), self._progress, cancel)
            ended = self._order.replay.recorded(outcome)
            if self._off is not None:
                ended = documents.outputs_alone(ended)
            cancelled = cancel is not None and cancel.is_set() and outcome.status != "completed"
            problem = None if cancelled else files.delivered(output, outcome.executed)
            after = self._recording.finish(ended)
            if cancelled:
                raise CancelledError(what="the reproduction")
            found = self._judged(outcome, after, ended.reason)
            if problem is not None:
                raise problem
        except BaseException as error:
            self._fail(error, finished=outcome is not None)
            raise
        self._save(state="done", verdict=found)
        return found

    def _job(self) -> Job:
        order, place = self._order, self._place
        return Job(
            notebook=documents.dump(order.replay.prepared.notebook),
            run=self._state.id,
            cwd=str(place.cwd),
            kernel=order.kernel,
            trigger="reproduce",
            user=order.user,
            path=order.before.notebook,
            parameters=order.replay.prepared.tagged,
            secrets=order.replay.prepared.secrets,
            timeout_s=order.timeout_s,
            cell_timeout_s=order.cell_timeout_s,
            writable=place.writable,
            variables={**order.replay.prepared.variables, **dict(place.variables)},
            scratch=None if place.root is None else str(place.root),
        )

    def _progress(self, progress: Progress) -> None:
        if progress.cell is not None and not self._order.replay.current:
            progress = replace(progress, cell=self._order.replay.cell_of.get(progress.cell))
        if time.monotonic() - self._told >= _TELL_EVERY_S or progress.done == progress.total:
            with suppress(StoreError):  # the execution goes on; its end is told in any case
                self._state = replace(self._state, progress=progress)
                self._recording.store.save_reproduction(self._state, self._process)
            self._told = time.monotonic()
        if self._on_progress is not None:
            self._on_progress(progress)

    def _judged(self, outcome: BatchOutcome, after: Run, reason: str | None) -> Verdict:
        wrong = documents.not_in_effect(
            self._order.replay.settings, after, self._recording.store.redactor.value
        )
        if wrong:
            raise UsageError(message="; ".join(wrong))
        return judged(self._order, self._place, outcome, after, reason)

    def _fail(self, error: BaseException, finished: bool) -> None:
        cancelled = isinstance(error, (CancelledError, KeyboardInterrupt))
        if not finished:
            reason = CANCELLED if cancelled else f"{type(error).__name__}: {error}"
            status: Literal["interrupted", "failed"] = "interrupted" if cancelled else "failed"
            ended = BatchOutcome(status, reason, executed=None, cells=(), duration_s=0.0)
            self._recording.finish(ended)
        message = str(error) if isinstance(error, MlopsError) else repr(error)
        self._save(state="cancelled" if cancelled else "failed", message=message)

    def _save(self, **changes: Any) -> None:
        state = self._state = replace(self._state, **changes)
        self._recording.do(lambda store: store.save_reproduction(state, self._process))


def judged(
    order: _Order, place: Place, outcome: BatchOutcome, recorded: Run, reason: str | None
) -> Verdict:
    """Judge an execution against the run that it repeats; `reason` is why it failed."""
    before, replay = order.before, order.replay
    after = translation.as_before(recorded, replay.cell_of if replay.current else None, place)
    standard = Standard(
        before=masks.side(before.started, _span_s(before), order.folders),
        after=masks.side(after.started, outcome.duration_s, place.folders),
        tolerance=verdict.tolerance_for(before, after, order.tolerance),
        same_rendering=verdict.same_rendering(before.environment, after.environment),
    )
    pairs = replay.pairs(outcome, only_recorded=before.trigger == "interactive")
    grounds = verdict.grounds(pairs, clock_values(replay.steps), after)
    cells = verdict.judge_cells(pairs, standard, _judge_products(grounds, before, after, standard))
    concluded = conclusion.conclude(pairs, cells, outcome)
    at = concluded.at
    found = _causes(order, after, pairs, cells, concluded, outcome, place)
    random = unseeded(before, replay.steps)
    metrics = grounds.not_judged(before.metrics)
    data = verdict.not_compared(before.data, after.data)
    told = Verdict(
        run=before.id,
        reproduction=recorded.id,
        verdict=concluded.verdict,
        randomness=what_became(before, after, replay.steps),
        unseeded_cells=tuple(sorted({one.cell for one in random if one.cell is not None})),
        unverifiable=sum(o.verdict == "unverifiable" for cell in cells for o in cell.outputs),
        first_diverging_cell=None if at is None else pairs[at].cell,
        first_diverging_console=None if at is None else pairs[at].console,
        causes=found.found,
        cells=cells,
        kept=replay.kept,
        not_judged=(*metrics, *data),
    )
    is_judged = any(grounds.why_not(one) is None for one in before.metrics)
    untold = conclusion.Untold(() if is_judged else metrics, data)
    said = conclusion.sentence(told, reason, found.leading, untold)
    return replace(told, sentence=said)


def _judge_products(
    grounds: verdict.Grounds, before: Run, after: Run, standard: Standard
) -> dict[int | None, list[OutputJudgement]]:
    """Judge metrics, data and models of the cells that ran both times."""
    metrics = [
        [one for one in run.metrics if grounds.why_not(one) is None] for run in (before, after)
    ]
    # Where capture was off the first time, nothing is too much the second time.
    unseen = {one.cell for one in before.unseen if one.what == ALL_BUT_OUTPUTS}
    metrics[1] = [one for one in metrics[1] if unseen.isdisjoint({None, one.cell})]
    products = verdict.judge_metrics(metrics[0], metrics[1], standard)
    for more in (
        verdict.judge_data(before.data, after.data, standard),
        verdict.judge_models(before.models, after.models),
    ):
        for cell, judgements in more.items():
            products.setdefault(cell, []).extend(judgements)
    return products


def _causes(
    order: _Order,
    after: Run,
    pairs: list[verdict.Pair],
    cells: tuple[CellJudgement, ...],
    concluded: conclusion.Conclusion,
    outcome: BatchOutcome,
    place: Place,
) -> cause.Causes:
    if concluded.at is None:
        return cause.Causes(())
    first = [one for one in cells[concluded.at].outputs if one.verdict in verdict.DIVERGING]
    failed = next((cell for cell in outcome.cells if cell.status == "error"), None)
    ended_early = outcome.status != "completed"
    return cause.weighed(
        cause.Evidence(
            before=order.before,
            after=after,
            pairs=pairs,
            at=concluded.at,
            error=failed.error if ended_early and failed is not None else None,
            # Where the two part before its end, what ended it explains nothing.
            reason=outcome.reason if concluded.verdict == "could not run" else None,
            confined=place.writable is not None,
            limited=order.timeout_s is not None or order.cell_timeout_s is not None,
            differing=tuple(one.what for one in first if one.what),
            steps=order.replay.steps,
        )
    )


def _span_s(run: Run) -> float:
    # The cells of an interactive run lie hours apart; its duration is that of their work.
    last = max((one.started or run.started for one in run.cells), default=run.started)
    began, ended = masks.side(run.started, 0).began, masks.side(last, 0).began
    return (ended - began).total_seconds() + (run.duration_s or 0.0)


def _folder(store: Store, run: Run) -> Path:
    """Return the folder in which a run worked."""
    while run.trigger == "reproduce" and run.parent is not None:
        run = store.run(run.parent)  # its own was a sandbox, which is gone
    folder = store.folder(run.id)
    if folder is None and run.notebook is not None:
        folder = os.path.dirname(run.notebook)
    if folder is None:
        raise UsageError(message=f"run {run.id} can't be repeated: nobody told in which folder")
    return Path(folder)
