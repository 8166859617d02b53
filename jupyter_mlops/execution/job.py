"""The subprocess that executes one notebook: ``python -m jupyter_mlops.execution.job FOLDER``.

papermill changes the working folder of its process and may be stopped only with it, so
every execution has a process of its own. It speaks with the one that started it through
standard input (the job, then requests; its end means that nobody waits for it any more),
lines of progress on standard output, and ``outcome.json`` in the folder, which holds no secret.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_mlops import schema, settings, temporary
from jupyter_mlops.execution import confine, engine, tree
from jupyter_mlops.execution.process import Job, decode_job
from jupyter_mlops.execution.secrets import JobSecrets
from jupyter_mlops.records import BatchOutcome, Progress

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from jupyter_mlops.execution.client import Conduct
    from jupyter_mlops.execution.evidence import Evidence

# jsonschema compiles the grammar of web addresses as soon as it finds this package, which
# takes longer than all other imports together, and no notebook is ever checked with it.
_UNUSED = "rfc3987_syntax"

# How long the notebook may take to end once asked to, before this process ends itself.
LAST_PATIENCE_S = 20.0


def main(folder: Path) -> int:
    """Execute the job described in `folder` and leave its outcome there."""
    # The kernel inherits standard output; what it writes there must not pass as progress.
    channel = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    tree.adopt_orphans()
    job = decode_job(sys.stdin.buffer.readline())
    for used in (folder, job.scratch):
        if used is not None:
            temporary.hold(Path(used))
    secrets = JobSecrets(settings.read().home, job, folder)
    if job.writable is not None and not confine.to([*job.writable, folder]):
        # Rather nothing than a write that nobody allowed.
        print("this system can't confine the notebook to its sandbox", file=sys.stderr)
        return 1

    def tell(progress: Progress) -> None:
        with suppress(OSError):  # nobody listens any more: the request to stop is under way
            os.write(channel, schema.encode(progress) + b"\n")

    abandoned = threading.Event()
    try:
        outcome = _execute(job, folder, secrets, tell, abandoned)
        _save(folder, outcome, secrets)
    finally:
        secrets.close()
        tree.end_descendants(os.getpid())
        if abandoned.is_set():
            for left in (folder, job.scratch):
                if left is not None:
                    temporary.remove(Path(left))
    return 0


def _execute(
    job: Job,
    folder: Path,
    secrets: JobSecrets,
    tell: Callable[[Progress], None],
    abandoned: threading.Event,
) -> BatchOutcome:
    sys.modules.setdefault(_UNUSED, None)  # type: ignore[arg-type]
    import papermill

    from jupyter_mlops.execution.client import Conduct
    from jupyter_mlops.execution.evidence import Evidence, mark
    from jupyter_mlops.execution.notebook import reads

    marked = mark(reads(job.notebook, job.path or "notebook"))
    evidence = Evidence(on_progress=tell)
    conduct = Conduct(
        cwd=Path(job.cwd),
        notebook=job.path,
        run=job.run,
        trigger=job.trigger,
        user=job.user,
        start_timeout_s=job.start_timeout_s,
        cell_timeout_s=job.cell_timeout_s,
        folder=folder,
        variables=job.variables,
        secrets=secrets.path,
        known_secrets=job.secrets,
        evidence=evidence,
        on_cell=_checkpoints(folder, evidence, secrets),
    )
    threading.Thread(target=_obey, args=(conduct, abandoned), daemon=True).start()
    try:
        papermill.execute_notebook(
            marked,
            None,
            parameters=dict(job.parameters),
            engine_name=engine.NAME,
            kernel_name=job.kernel,
            language=engine.Engine.nb_language(marked),
            progress_bar=False,
            conduct=conduct,
        )
    except papermill.PapermillExecutionError:  # for expected errors too; the evidence judges
        pass
    except Exception as error:  # noqa: BLE001 -- whatever goes wrong here is this run's failure and must be told
        traceback.print_exc()
        evidence.end("failed", f"papermill: {type(error).__name__}: {' '.join(str(error).split())}")
    return conduct.outcome or evidence.outcome(marked)


def _obey(conduct: Conduct, abandoned: threading.Event) -> None:
    line = sys.stdin.readline()
    if line.strip():
        request = json.loads(line)
        conduct.stop.ask(request["status"], request["reason"])
        sys.stdin.readline()  # until the other end closes it
    # It does so after this process has ended, unless it ended itself.
    abandoned.set()
    conduct.stop.ask("interrupted", "the process that waited for it ended")
    time.sleep(LAST_PATIENCE_S)
    # Still here: whatever holds the main thread up, nobody will see its result.
    tree.end_descendants(os.getpid())
    os._exit(1)


def _checkpoints(
    folder: Path, evidence: Evidence, secrets: JobSecrets
) -> Callable[[NotebookNode], None]:
    # What there is survives the death of this process, for at most a tenth of its time.
    due = 0.0

    def save(notebook: NotebookNode) -> None:
        nonlocal due
        began = time.monotonic()
        if began >= due:
            with suppress(OSError):  # a disk that is full now: the notebook goes on all the same
                _save(folder, evidence.outcome(notebook), secrets)
            ended = time.monotonic()
            due = ended + 10 * (ended - began)

    return save


def _save(folder: Path, outcome: BatchOutcome, secrets: JobSecrets) -> None:
    unfinished = folder / "outcome.part"
    unfinished.write_bytes(schema.encode(secrets.kept(outcome)))
    os.replace(unfinished, folder / "outcome.json")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
