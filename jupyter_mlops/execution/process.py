"""A job in a process of its own: started, watched, and ended with all it started."""

from __future__ import annotations

import base64
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import psutil

from jupyter_mlops import temporary
from jupyter_mlops.execution import tree
from jupyter_mlops.records import CANCELLED, BatchOutcome, Progress, Trigger

# How long a job that was asked to end may take before it is ended from outside.
PATIENCE_S = 12.0
_POLL_S = 0.2
# Inherited by all that a job starts; tells its processes from those of others.
_MARK = "JUPYTER_MLOPS_JOB"


@dataclass(frozen=True)
class Job:
    """One notebook to execute.

    Attributes
    ----------
    notebook
        The document's bytes, literals already replaced (:class:`~.notebook.Prepared`).
    run
        Id of the run that it becomes; the kernel's own record carries it.
    cwd
        Absolute path of the kernel's working folder.
    path
        Absolute path of the notebook's file, for the record; it is not read.
    parameters
        Those that papermill injects (``Prepared.tagged``).
    kernel
        Name of an installed kernel (:func:`~.notebook.kernel_name`).
    timeout_s, cell_timeout_s
        Limits on the whole and on each cell, in seconds.
    writable
        Folders beneath which the notebook may write, on systems that can confine it
        (:mod:`~.confine`); ``None`` for everywhere.
    variables
        What to set in the kernel's environment.
    secrets
        Values that nothing kept may hold, by whatever name (``Prepared.secrets``).
    scratch
        A folder to remove should nobody be left to do so.
    """

    notebook: bytes
    run: str
    cwd: str
    kernel: str
    trigger: Trigger
    user: str
    path: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    timeout_s: float | None = None
    cell_timeout_s: float | None = None
    start_timeout_s: int = 120
    writable: tuple[str, ...] | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    scratch: str | None = None


def encode_job(job: Job) -> bytes:
    """Return the job as JSON; infinities are written as Python's json module does."""
    document = {**asdict(job), "notebook": base64.b64encode(job.notebook).decode()}
    return json.dumps(document).encode()


def decode_job(content: bytes) -> Job:
    """Read a job that :func:`encode_job` wrote."""
    document = json.loads(content)
    writable = document["writable"]
    return Job(
        **{
            **document,
            "notebook": base64.b64decode(document["notebook"]),
            "writable": None if writable is None else tuple(writable),
            "secrets": tuple(document["secrets"]),
        }
    )


def execute(
    job: Job,
    on_progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> BatchOutcome:
    """Execute a notebook and wait for its end.

    Whatever happens, no process that the notebook started outlives the call. An exception
    in this thread (``KeyboardInterrupt``, or one of `on_progress`) ends the execution and
    is raised again.

    Parameters
    ----------
    on_progress
        Called in this thread for each cell that starts or ends.
    cancel
        Set it from another thread to end the execution as *interrupted*.
    """
    began = time.monotonic()
    # What killed processes left behind goes first.
    temporary.collect(temporary.AT_START_S)
    with temporary.Folder("job", _short_folder()) as folder:
        with _started(folder) as watched:
            watched.order(job)
            watched.wait(job, on_progress, cancel)
        return _outcome(folder, watched, time.monotonic() - began)


class _Watched:
    """A running job, the processes seen below it, and why it was asked to end."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        self.process = process
        self._name = name
        self.asked: tuple[Literal["failed", "interrupted"], str] | None = None
        self._below: set[psutil.Process] = set()
        self._deadline: float | None = None

    def order(self, job: Job) -> None:
        """Tell the job what to do; its parameters may be secret, so by no file and no argument."""
        assert self.process.stdin is not None
        with suppress(OSError):  # it has ended already, and its end will be told
            self.process.stdin.write(encode_job(job) + b"\n")
            self.process.stdin.flush()

    def wait(
        self,
        job: Job,
        on_progress: Callable[[Progress], None] | None,
        cancel: threading.Event | None,
    ) -> None:
        """Return once the job has ended; end it where a limit or `cancel` asks for it."""
        limit = None if job.timeout_s is None else time.monotonic() + job.timeout_s
        for progress in self._progress():
            if progress is not None and on_progress is not None:
                on_progress(progress)
            if cancel is not None and cancel.is_set():
                self.ask("interrupted", CANCELLED)
            if limit is not None and time.monotonic() > limit:
                self.ask("failed", f"the run exceeded its limit of {job.timeout_s:g} s")
            if self._deadline is not None and time.monotonic() > self._deadline:
                return

    def ask(self, status: Literal["failed", "interrupted"], reason: str) -> None:
        """Ask the job to end its kernel and report what there is; the first reason counts."""
        if self.asked is not None:
            return
        self.asked = (status, reason)
        self._deadline = time.monotonic() + PATIENCE_S
        request = json.dumps({"status": status, "reason": reason}) + "\n"
        with suppress(OSError):  # it has just ended
            assert self.process.stdin is not None
            self.process.stdin.write(request.encode())
            self.process.stdin.flush()

    def end(self) -> None:
        """End the job, if it is still there, and everything ever seen below it."""
        self._below |= tree.descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.returncode != 0:
            # It did not end its tree itself, and may have been killed in the middle of it.
            self._below |= tree.marked(_MARK, self._name)
        tree.end(self._below)

    def _progress(self) -> Iterator[Progress | None]:
        # One item a line of progress, and None several times a second in between.
        from jupyter_mlops import schema

        lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, args=(lines,), daemon=True).start()
        looked = 0.0
        while True:
            with suppress(queue.Empty):
                line = lines.get(timeout=_POLL_S)
                if line is None:
                    break
                yield schema.decode(line, Progress)
            if time.monotonic() - looked > 1:
                # Should the job be killed, its tree would fall apart: remember it.
                self._below |= tree.descendants(self.process.pid)
                looked = time.monotonic()
            yield None
        while self.process.poll() is None:
            yield None
            time.sleep(_POLL_S / 4)

    def _read(self, lines: queue.SimpleQueue[bytes | None]) -> None:
        assert self.process.stdout is not None
        with suppress(OSError, ValueError):  # closed by `_started`, which waits for no line
            for line in self.process.stdout:
                lines.put(line)
        lines.put(None)


@contextmanager
def _started(folder: Path) -> Iterator[_Watched]:
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_mlops.execution.job", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            # Python puts the working folder of -m first on its path: it has to be ours.
            cwd=folder,
            env={**os.environ, _MARK: folder.name},
            start_new_session=True,
        )
    watched = _Watched(process, folder.name)
    try:
        yield watched
    except BaseException:  # a cancelled wait too must end the job; the error goes on
        watched.ask("interrupted", "the process that waited for it was interrupted")
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=PATIENCE_S)
        raise
    finally:
        watched.end()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):  # flushing to a process that has ended
                    pipe.close()


def _outcome(folder: Path, watched: _Watched, duration_s: float) -> BatchOutcome:
    from jupyter_mlops import schema

    code = watched.process.returncode
    try:
        outcome = schema.decode((folder / "outcome.json").read_bytes(), BatchOutcome)
    except FileNotFoundError:
        outcome = BatchOutcome("interrupted", None, executed=None, cells=(), duration_s=duration_s)
        code = code or 1
    if code == 0:
        return outcome
    # The job did not get to its end: what it left is what it had seen so far.
    status, reason = watched.asked or ("interrupted", _death(folder, code))
    return replace(outcome, status=status, reason=reason, duration_s=duration_s)


def _short_folder() -> str | None:
    # The kernel's sockets stand beneath it, and the path of one may have 107 bytes.
    folder = tempfile.gettempdir()
    return "/tmp" if os.name != "nt" and len(os.fsencode(folder)) > 60 else None


def _death(folder: Path, code: int) -> str:
    how = f"with exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
    said = (folder / "log.txt").read_text(errors="replace").strip().splitlines()
    return f"the process that executed the notebook ended {how}" + (
        f": {said[-1]}" if said and code >= 0 else ""
    )
