from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import nbformat
import psutil
import pytest

from jupyter_mlops.execution import Job, execute
from jupyter_mlops.execution.process import decode_job, encode_job
from jupyter_mlops.records import BatchOutcome, Progress
from tests.execution.documents import are_dead, document, job, numbers, wait_until


def _states(outcome: BatchOutcome) -> list[str]:
    return [cell.status for cell in outcome.cells]


def _document(outcome: BatchOutcome) -> nbformat.NotebookNode:
    assert outcome.executed is not None
    return nbformat.reads(outcome.executed.decode(), as_version=4)


# A cell has to get as far as it is to hang within its limit, on a busy machine too.
LIMIT_S = 7.5

# A worker that leaves the kernel's group and session, and ignores what asks it to end.
STUBBORN = textwrap.dedent("""
    import os, signal, subprocess, sys, time
    code = ("import os, signal, time; os.setsid(); signal.signal(signal.SIGTERM, signal.SIG_IGN);"
            "signal.signal(signal.SIGINT, signal.SIG_IGN);"
            "open('pids', 'a').write(f'{os.getpid()} '); time.sleep(600)")
    middle = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {code!r}])"
    subprocess.run([sys.executable, "-c", middle])  # its own parent ends at once
    open("pids", "a").write(f"{os.getpid()} ")
""")


def test_a_job_survives_its_own_encoding(tmp_path: Path) -> None:
    given = job(document("x = 1"), tmp_path, parameters={"a": float("inf"), "b": [1, "é"]})
    assert decode_job(encode_job(given)) == given


def test_a_notebook_is_executed_in_its_folder_with_progress_and_without_writing_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "papermill.py").write_text("raise SystemExit('shadowed')")
    (tmp_path / "own.py").write_text("value = 7")
    notebook = document(
        "import os, own\nprint(own.value)\nprint(os.path.realpath('.'))",
        "",
        "from IPython.display import display\ndisplay(1)\nprint('a')\nos.system('echo b')\n2",
        "raise ValueError('never')",
        tags={4: ["skip-execution"]},
    )
    said: list[Progress] = []
    outcome = execute(job(notebook, tmp_path), on_progress=said.append)
    assert (outcome.status, outcome.reason) == ("completed", None)
    assert _states(outcome) == ["ok", "ok", "not run"]
    first, second, skipped = outcome.cells
    assert (first.cell, second.cell, skipped.cell) == (1, 3, 4)
    assert first.id == notebook.cells[1].id and first.msg_id and first.msg_id != second.msg_id
    assert first.outputs == (
        {"output_type": "stream", "name": "stdout", "text": f"7\n{tmp_path.resolve()}\n"},
    )
    assert second.outputs[0]["output_type"] == "display_data"
    # What another program wrote comes when it likes.
    (result,) = [one for one in second.outputs if one["output_type"] == "execute_result"]
    assert result["data"] == {"text/plain": "2"} and second.execution_count == 2
    assert [(one.done, one.total, one.cell) for one in said] == [
        (0, 2, 1),
        (1, 2, None),
        (1, 2, 3),
        (2, 2, None),
    ]
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".ipynb") == []
    executed = _document(outcome)
    assert [cell.source for cell in executed.cells] == [cell.source for cell in notebook.cells]
    assert "mlops_given" not in outcome.executed.decode()  # type: ignore[union-attr]


def test_tagged_parameters_are_injected_and_the_positions_stay_those_of_the_notebook(
    tmp_path: Path,
) -> None:
    notebook = document("x = 1\ny = 'a'", "print(x, y)", tags={1: ["parameters"]})
    given = job(notebook, tmp_path, parameters={"x": 5, "y": "{x.__class__} ' \" \\ \n"})
    outcome = execute(given)
    assert outcome.status == "completed", outcome.reason
    assert [(cell.cell, cell.injected) for cell in outcome.cells] == [
        (1, False),
        (None, True),
        (2, False),
    ]
    assert outcome.cells[2].outputs[0]["text"] == "5 {x.__class__} ' \" \\ \n\n"


def test_what_a_cell_shows_that_asked_not_to_be_recorded_is_not_in_the_outcome(
    tmp_path: Path,
) -> None:
    notebook = document(
        "print('secret')",
        "%%mlops skip\nprint('secret')",
        "print('kept')",
        tags={1: ["mlops-skip"]},
    )
    notebook.cells[2].source = notebook.cells[2].source.replace("%%mlops skip", "%%mlops  skip ")
    outcome = execute(job(notebook, tmp_path))
    assert outcome.status == "completed", outcome.reason
    assert [len(cell.outputs) for cell in outcome.cells] == [0, 0, 1]
    assert b"secret\\n" not in (outcome.executed or b"")


@pytest.mark.parametrize("odd", [True, "text", ["a"], None])
def test_metadata_of_any_shape_is_executed(odd: object, tmp_path: Path) -> None:
    names = ("jupyter_mlops", "papermill", "mlops_given", "widgets")
    notebook = document("x = 1", "print(x)")
    for metadata in (notebook.metadata, *(cell.metadata for cell in notebook.cells)):
        metadata.update(dict.fromkeys(names, odd))
    notebook.cells[2].metadata["mlops_given"] = dict.fromkeys(("id", "name", "cell"), odd)
    seen: list[Progress] = []
    outcome = execute(job(notebook, tmp_path), on_progress=seen.append)
    assert outcome.status == "completed", outcome.reason
    assert [cell.cell for cell in outcome.cells] == [1, 2]
    assert outcome.cells[1].outputs[0]["text"] == "1\n"
    assert [one.cell for one in seen if one.cell is not None] == [1, 2]


def test_an_error_ends_the_run_and_what_came_after_did_not_run(tmp_path: Path) -> None:
    outcome = execute(job(document("x = 1", "1 / 0", "x", "x"), tmp_path))
    assert outcome.status == "failed"
    assert outcome.reason == "cell 2 raised ZeroDivisionError: division by zero"
    assert _states(outcome) == ["ok", "error", "not run", "not run"]
    error = outcome.cells[1].error
    assert error is not None and (error.type, error.message) == (
        "ZeroDivisionError",
        "division by zero",
    )
    assert "\x1b" not in error.traceback and "1 / 0" in error.traceback
    executed = _document(outcome)
    assert len(executed.cells) == 5
    stated = [cell.metadata.papermill["status"] for cell in executed.cells[1:]]
    assert stated == ["completed", "failed", "pending", "pending"]


def test_a_tagged_error_is_expected_and_the_run_goes_on(tmp_path: Path) -> None:
    outcome = execute(
        job(document("1 / 0", "print('after')", tags={1: ["raises-exception"]}), tmp_path)
    )
    assert (outcome.status, _states(outcome)) == ("completed", ["error", "ok"])
    assert len(_document(outcome).cells) == 3


def test_an_error_that_a_cell_shows_behind_an_ok_reply_fails_the_run_at_its_end(
    tmp_path: Path,
) -> None:
    nested = "get_ipython().run_cell('1 / 0');"
    outcome = execute(job(document("x = 1", nested, "print('after')"), tmp_path))
    assert (outcome.status, _states(outcome)) == ("failed", ["ok", "ok", "ok"])
    assert outcome.reason == "cell 2 showed the error ZeroDivisionError: division by zero"
    assert outcome.cells[2].outputs[0]["text"] == "after\n"
    tagged = execute(job(document(nested, tags={1: ["raises-exception"]}), tmp_path))
    assert (tagged.status, tagged.reason) == ("completed", None)
    secret = execute(job(document(nested, tags={1: ["mlops-skip"]}), tmp_path))
    assert secret.reason == "cell 1 showed the error ZeroDivisionError"


@pytest.mark.parametrize(
    ("source", "status", "state", "reason"),
    [
        ("import sys; sys.exit(0)", "failed", "error", "cell 2 left with sys.exit(0)"),
        ("quit()", "failed", "ok", "cell 2 called quit()"),
        ("import os; os._exit(0)", "interrupted", "interrupted", "the kernel died in cell 2"),
        ("import os; os.kill(os.getpid(), 9)", "interrupted", "interrupted", "by SIGKILL"),
        ("raise KeyboardInterrupt", "interrupted", "interrupted", "cell 2 was interrupted"),
    ],
)
def test_an_execution_that_left_in_the_middle_never_completed(
    source: str, status: str, state: str, reason: str, tmp_path: Path
) -> None:
    outcome = execute(job(document("x = 1", source, "print('never')"), tmp_path))
    assert outcome.status == status and reason in (outcome.reason or "")
    assert _states(outcome) == ["ok", state, "not run"]
    assert outcome.cells[1].msg_id is not None
    assert _document(outcome).cells[3].metadata.papermill["status"] == "pending"


def test_a_cell_over_its_limit_is_interrupted_and_its_traceback_kept(tmp_path: Path) -> None:
    source = "import time\ntry:\n    time.sleep(600)\nfinally:\n    open('tidied', 'w').close()"
    outcome = execute(job(document("x = 1", source, "x"), tmp_path, cell_timeout_s=LIMIT_S))
    assert outcome.status == "failed" and outcome.reason == "cell 2 exceeded its limit of 7.5 s"
    assert _states(outcome) == ["ok", "interrupted", "not run"]
    assert (
        outcome.cells[1].error is not None and "time.sleep(600)" in outcome.cells[1].error.traceback
    )
    assert (tmp_path / "tidied").exists()


def test_a_cell_that_ignores_the_interrupt_is_killed_with_all_it_started(tmp_path: Path) -> None:
    deaf = "while True:\n    try:\n        time.sleep(600)\n    except BaseException:\n        pass"
    outcome = execute(job(document(STUBBORN + deaf, "1"), tmp_path, cell_timeout_s=2 * LIMIT_S))
    assert outcome.status == "failed" and "exceeded its limit of 15 s" in (outcome.reason or "")
    assert _states(outcome) == ["interrupted", "not run"]
    assert are_dead(numbers(tmp_path / "pids", 2))


def test_the_whole_run_has_a_limit(tmp_path: Path) -> None:
    outcome = execute(job(document("import time; time.sleep(600)"), tmp_path, timeout_s=3))
    assert outcome.status == "failed" and outcome.reason == "the run exceeded its limit of 3 s"
    # On a busy machine it may not have come to the first cell by then.
    assert _states(outcome) in (["interrupted"], ["not run"], [])


def test_cancelling_ends_the_kernel_and_its_workers(tmp_path: Path) -> None:
    workers = textwrap.dedent("""
        from joblib import Parallel, delayed
        def work(number):
            import os, time
            open("pids", "a").write(f"{os.getpid()} ")
            time.sleep(600)
        Parallel(n_jobs=2)(delayed(work)(number) for number in range(2))
    """)
    cancel = threading.Event()
    pids: list[int] = []

    def cancel_once_all_work() -> None:
        pids.extend(numbers(tmp_path / "pids", 4))
        cancel.set()

    canceller = threading.Thread(target=cancel_once_all_work)
    canceller.start()
    outcome = execute(job(document("x = 1", STUBBORN + workers, "x"), tmp_path), cancel=cancel)
    canceller.join()
    assert (outcome.status, outcome.reason) == ("interrupted", "it was cancelled")
    assert _states(outcome) == ["ok", "interrupted", "not run"]
    assert are_dead(pids)


def test_a_cancel_before_the_start_runs_nothing(tmp_path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    outcome = execute(job(document("open('ran', 'w')"), tmp_path), cancel=cancel)
    assert (outcome.status, outcome.reason) == ("interrupted", "it was cancelled")
    assert not (tmp_path / "ran").exists()


def test_workers_left_behind_by_a_completed_run_end_with_it(tmp_path: Path) -> None:
    # Else a busy machine may end the worker before it has written down who it is.
    both = "while len(open('pids').read().split()) < 2: time.sleep(0.01)"
    outcome = execute(job(document(STUBBORN, both), tmp_path))
    assert outcome.status == "completed", outcome.reason
    assert are_dead(numbers(tmp_path / "pids", 2))


def is_job(process: psutil.Process) -> bool:
    try:
        return "jupyter_mlops.execution.job" in process.cmdline()
    except psutil.Error:  # another test's, which ends
        return False


def test_a_job_that_is_killed_leaves_what_it_had_seen_and_no_process(tmp_path: Path) -> None:
    here = psutil.Process()

    def kill_the_job(progress: Progress) -> None:
        if progress.cell == 2:
            numbers(tmp_path / "pids", 2)
            (process,) = [one for one in here.children() if is_job(one)]
            process.send_signal(signal.SIGKILL)

    notebook = document("print('kept')", STUBBORN + "time.sleep(600)")
    outcome = execute(job(notebook, tmp_path), on_progress=kill_the_job)
    assert outcome.status == "interrupted" and "SIGKILL" in (outcome.reason or "")
    assert outcome.cells[0].outputs[0]["text"] == "kept\n"
    assert are_dead(numbers(tmp_path / "pids", 2))


def test_an_exception_of_the_caller_ends_everything_and_is_raised(tmp_path: Path) -> None:
    def fail(progress: Progress) -> None:
        if progress.cell == 2:
            raise ConnectionError("the browser left")

    notebook = document(
        "import os; open('pids', 'w').write(f'{os.getpid()} ')", "import time; time.sleep(600)"
    )
    with pytest.raises(ConnectionError, match="the browser left"):
        execute(job(notebook, tmp_path), on_progress=fail)
    assert are_dead(numbers(tmp_path / "pids", 1))


def executed_elsewhere(given: Job, folder: Path) -> subprocess.Popen[bytes]:
    """Execute a job in a process that may be killed."""
    (folder / "job.json").write_bytes(encode_job(given))
    code = (
        "from pathlib import Path; from jupyter_mlops.execution import execute;"
        "from jupyter_mlops.execution.process import decode_job;"
        f"execute(decode_job(Path({str(folder / 'job.json')!r}).read_bytes()))"
    )
    return subprocess.Popen([sys.executable, "-c", code])


def test_when_whoever_waits_is_killed_the_kernel_ends_too(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    (scratch / "copy").mkdir(parents=True)
    given = job(document(STUBBORN + "time.sleep(600)"), tmp_path, scratch=str(scratch))
    waiting = executed_elsewhere(given, tmp_path)
    pids = numbers(tmp_path / "pids", 2)
    pids += [child.pid for child in psutil.Process(waiting.pid).children(recursive=True)]
    (started,) = psutil.Process(waiting.pid).children()
    folder = Path(started.cmdline()[-1])
    assert folder.is_dir()
    waiting.kill()
    waiting.wait()
    wait_until(lambda: are_dead(pids))
    assert not scratch.exists() and not folder.exists()


def test_what_is_left_when_all_are_killed_goes_with_the_next_execution(tmp_path: Path) -> None:
    given = job(document("import os, time; open('pids', 'w').write(f'{os.getpid()} ')\n"
                         "time.sleep(600)"), tmp_path)  # fmt: skip
    waiting = executed_elsewhere(given, tmp_path)
    pids = numbers(tmp_path / "pids", 1)
    (started,) = psutil.Process(waiting.pid).children()
    folder = Path(started.cmdline()[-1])
    started.suspend()
    waiting.kill()
    waiting.wait()
    assert execute(job(document("1"), tmp_path)).status == "completed"
    assert folder.is_dir(), "a job works in it"
    started.kill()
    wait_until(lambda: are_dead([*pids, started.pid]))
    assert execute(job(document("1"), tmp_path)).status == "completed"
    assert not folder.exists()


def test_two_executions_at_once_keep_their_own_folders(tmp_path: Path) -> None:
    outcomes: dict[str, BatchOutcome] = {}

    def one(name: str) -> None:
        (tmp_path / name).mkdir()
        source = "import os\nprint(os.path.basename(os.getcwd()))"
        outcomes[name] = execute(job(document(source), tmp_path / name))

    threads = [threading.Thread(target=one, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {n: o.cells[0].outputs[0]["text"] for n, o in outcomes.items()} == {
        "a": "a\n",
        "b": "b\n",
    }


def test_a_notebook_without_a_kernel_that_starts_fails_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "data" / "kernels" / "broken"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-c", "raise SystemExit(3)", "{connection_file}"]
    (spec / "kernel.json").write_text(
        json.dumps({"argv": argv, "display_name": "Broken", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "data"))
    outcome = execute(job(document("x = 1"), tmp_path, kernel="broken"))
    assert outcome.status == "failed" and "the kernel 'broken' did not start" in (
        outcome.reason or ""
    )
    assert _states(outcome) == ["not run"]
