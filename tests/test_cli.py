"""The command line: one JSON document, one line for an error, exit codes 0, 1 and 2."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import pytest

from jupyter_mlops import cli, schema
from jupyter_mlops.settings import HOME_VARIABLE, SWITCH_VARIABLE, Settings
from tests.execution.documents import document

COMMAND = [sys.executable, "-m", "jupyter_mlops.cli"]


@dataclass(frozen=True)
class Said:
    """What one call answered."""

    code: int
    out: str
    err: str

    def document(self, kind: str) -> Any:
        """Return the one JSON document of standard output, which is of the contract's form."""
        assert self.out.count("\n") == 1, self.out
        found = json.loads(self.out)
        whole = schema.json_schema()
        rules = {**whole["definitions"][kind], "definitions": whole["definitions"]}
        faults = [fault.message for fault in jsonschema.Draft7Validator(rules).iter_errors(found)]
        assert faults == []
        return found


Call = Callable[..., Said]


@pytest.fixture
def call(
    home: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Call:
    """Give the command line in this process, with no configuration but the test's own."""
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("JUPYTER_NO_CONFIG", "")
    monkeypatch.chdir(tmp_path)

    def call(*words: object) -> Said:
        capsys.readouterr()
        code = cli.main([str(word) for word in words])
        return Said(code, *capsys.readouterr())

    return call


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """Give a notebook whose score follows from its only parameter."""
    return saved(tmp_path / "train.ipynb", "lr = 0.1", "print(lr)", "score = lr * 2")


def saved(path: Path, *sources: str) -> Path:
    nbformat.write(document(*sources), path)
    return path


def test_run_show_runs_and_compare_as_json(call: Call, notebook: Path, tmp_path: Path) -> None:
    made = call("run", notebook, "--json")
    record = made.document("Run")
    assert made.code == 0
    assert "3 of 3 cells" in made.err
    other = call("run", notebook, "-p", "lr", "-1e-3", "--json").document("Run")
    assert other["parameters"][0]["value"] == -0.001
    assert call("show", "@2", "--json").document("Run") == record
    page = call("runs", notebook.name, "--sort", "-parameter.lr", "--json").document("RunPage")
    assert [run["id"] for run in page["runs"]] == [record["id"], other["id"]]
    assert page["runs"][0]["parameters"] == {"lr": 0.1}
    html = tmp_path / "diff.html"
    compared = call("compare", "@2", "@1", "--html", html, "--json")
    assert compared.code == 0
    assert compared.document("Comparison")["parameters"] == {"lr": [0.1, -0.001]}
    assert html.stat().st_size > 1_000_000


def test_the_same_for_people(call: Call, notebook: Path) -> None:
    ran = call("run", notebook)
    assert ran.out.startswith("run ")
    assert " completed, took " in ran.out
    assert "lr=0.1" in ran.out
    assert "train.ipynb" in call("runs").out
    assert "Parameters" in call("show", "@1").out
    assert call("runs", "--where", "parameter.lr > 5").out == "no runs\n"


def test_parameters_from_a_file_are_overridden_by_p(
    call: Call, notebook: Path, tmp_path: Path
) -> None:
    (tmp_path / "p.yaml").write_text("lr: 0.7\n")
    record = call("run", notebook, "-f", "p.yaml", "--json").document("Run")
    assert record["parameters"][0]["value"] == 0.7
    record = call("run", notebook, "-f", "p.yaml", "-p", "lr", "0.8", "--json").document("Run")
    assert record["parameters"][0]["value"] == 0.8


def test_a_failed_run_exits_with_1(call: Call, tmp_path: Path) -> None:
    path = saved(tmp_path / "bad.ipynb", "x = 1", "1 / 0")
    said = call("run", path, "--json")
    assert said.code == 1
    assert said.document("Run")["status"] == "failed"
    said = call("run", path)
    assert said.code == 1
    assert "ZeroDivisionError: division by zero" in said.out


def test_what_a_notebook_prints_does_not_reach_standard_output(call: Call, tmp_path: Path) -> None:
    path = saved(tmp_path / "p.ipynb", "import os; print('LOUD'); os.system('echo LOUD')")
    assert "LOUD" not in call("run", path, "--json").out


def test_reproduce(call: Call, notebook: Path) -> None:
    record = call("run", notebook, "--json").document("Run")
    said = call("reproduce", "@1", "--json")
    verdict = said.document("Verdict")
    assert (said.code, verdict["verdict"], verdict["run"]) == (0, "identical", record["id"])
    said = call("reproduce", record["id"], "-p", "lr", "0.9")
    assert said.code == 1
    assert "differs" in said.out


def test_doctor(call: Call) -> None:
    said = call("doctor", "--json")
    found = said.document("Diagnosis")
    findings = [check for check in found["checks"] if check["state"] == "finding"]
    assert said.code == (1 if findings else 0)
    assert all(check["way_out"] for check in findings)
    assert {"capture", "kernels", "server", "front end", "store"} == {
        c["area"] for c in found["checks"]
    }


REFUSALS: list[tuple[Sequence[str], str]] = [
    ([], "VERB"),
    (["rnu", "a.ipynb"], "did you mean 'run'?"),
    (["run"], "NOTEBOOK"),
    (["run", "none.ipynb"], "none.ipynb: no such file"),
    (["run", "."], "is a folder, not a notebook"),
    (["run", "empty.ipynb"], "the file is empty"),
    (["run", "train.ipynb", "-p", "lrr", "1"], "did you mean 'lr'?"),
    (["run", "train.ipynb", "-p", "lr", "yes"], "lr: 'yes' is not a number"),
    (["run", "train.ipynb", "-p", "lr", "[1"], "is not a YAML 1.2 value"),
    (["run", "train.ipynb", "-p", "lr=1\nimport os", "1"], "has no parameter"),
    (["run", "train.ipynb", "-f", "none.yaml"], "No such file"),
    (["run", "train.ipynb", "-k", "nosuch"], "no kernel 'nosuch' is installed"),
    (["run", "train.ipynb", "--cwd", "none"], "is not a folder"),
    (["run", "train.ipynb", "-o", "train.ipynb"], "never written"),
    (["run", "train.ipynb", "-o", "none/x.ipynb"], "in a folder that exists"),
    (["run", "train.ipynb", "--timeout", "0"], "above 0"),
    (["runs", "none.ipynb"], "no run of it is recorded"),
    (["runs", "--where", "metric.a >"], "can't read"),
    (["runs", "--where", "1; drop table runs"], "can't read"),
    (["runs", "--sort", "nonsense"], "nonsense"),
    (["runs", "--limit", "0"], "from 1"),
    (["show", "@1"], "no run '@1'"),
    (["show", "zz"], "no run 'zz'"),
    (["show", "@0"], "no run '@0'"),
    (["reproduce", "@1"], "no run '@1'"),
    (["reproduce", "@1", "--tolerance", "x"], "not a number"),
    (["compare", "@1", "@2"], "no run '@1'"),
    (["compare", "@1", "--html", "none/x.html"], "in a folder that exists"),
    (["doctor", "now"], "now"),
    (["doctor", "--MLOps.capture=maybe"], "configuration"),
    (["doctor", "--config=none.py"], "none.py"),
]


@pytest.mark.parametrize(
    ("words", "says"), REFUSALS, ids=[" ".join(w) or "none" for w, _ in REFUSALS]
)
def test_a_refusal_is_one_line_and_exit_code_2(
    call: Call, notebook: Path, tmp_path: Path, words: Sequence[str], says: str
) -> None:
    (tmp_path / "empty.ipynb").touch()
    said = call(*words)
    assert said.code == 2
    assert said.out == ""
    assert len(said.err.splitlines()) == 1, said.err
    assert said.err.startswith("jupyter mlops: ")
    assert says in said.err
    again = call(*words, "--json")
    assert again.code == 2
    if words:
        assert json.loads(again.out)["message"] in again.err


def test_a_fault_of_ours_is_one_line_too(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("surprise")

    monkeypatch.setattr("jupyter_mlops.api.runs", fail)
    said = call("runs")
    assert said.code == 2
    assert said.err == "jupyter mlops: unexpected RuntimeError: surprise (--debug shows where)\n"
    assert "Traceback" in call("runs", "--debug").err


def test_the_configuration_file_says_where_the_store_is(
    call: Call, notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(HOME_VARIABLE)
    monkeypatch.setenv(SWITCH_VARIABLE, "on")
    (tmp_path / "config").mkdir()
    elsewhere = tmp_path / "elsewhere"
    (tmp_path / "config" / "jupyter_mlops_config.py").write_text(
        f"c.MLOps.home = {str(elsewhere)!r}\n"
    )
    record = call("run", notebook, "--json").document("Run")
    # The kernel, which reads no configuration, was told.
    assert record["parameters"]
    assert (elsewhere / "store.db").exists()
    monkeypatch.delenv(HOME_VARIABLE)
    assert f"set {HOME_VARIABLE}={elsewhere}" in call("doctor").out
    over = tmp_path / "over"
    assert call("runs", f"--MLOps.home={over}").out == "no runs\n"
    assert (over / "store.db").exists()


def test_a_broken_configuration_file_is_one_line(call: Call, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "jupyter_mlops_config.py").write_text("c.MLOps.home = = 1\n")
    said = call("runs")
    assert said.code == 2
    assert len(said.err.splitlines()) == 1


def test_help_version_and_what_jupyter_applications_offer(
    call: Call, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("--version").out.count(".") == 2
    with pytest.raises(SystemExit) as ended:
        cli.main(["--help"])
    assert ended.value.code == 0
    assert "reproduce" in capsys.readouterr().out
    assert "MLOps.home" in call("--help-all").out


def test_capture_switched_off_by_configuration(
    call: Call, notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH_VARIABLE, "on")
    record = call("run", notebook, "--MLOps.capture=False", "--json").document("Run")
    assert record["status"] == "completed"
    assert record["parameters"] == []
    assert "MLOps.capture" in record["unseen"][0]["why"]
    said = "not recorded: everything but the outputs; capture was switched off by "
    assert said in call("run", notebook).out


# --- the real program ----------------------------------------------------------------------


def test_help_and_runs_import_nothing_heavy(home: Settings) -> None:
    for words in (["--help"], ["runs"]):
        code = (
            "import sys\nfrom jupyter_mlops import cli\n"
            f"try: cli.main({words!r})\nexcept SystemExit: pass\n"
            "heavy = {'papermill', 'pandas', 'numpy', 'plotly', 'nbclient', 'IPython'}\n"
            "sys.exit(', '.join(sorted(heavy & set(sys.modules))) or 0)"
        )
        subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_jupyter_finds_the_command(home: Settings) -> None:
    jupyter = [sys.executable, "-m", "jupyter", "mlops", "runs", "--json"]
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(jupyter, env=environment, capture_output=True, check=True)
    assert json.loads(done.stdout)["runs"] == []
    assert done.stderr == b""


def test_a_reader_that_leaves_early_causes_no_complaint(home: Settings) -> None:
    with subprocess.Popen(
        [*COMMAND, "show", "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_output_in_a_terminal_without_unicode(home: Settings, tmp_path: Path) -> None:
    path = saved(tmp_path / "한글.ipynb", "name = '한글'")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([*COMMAND, "run", path], env=environment, capture_output=True, check=True)
    assert b"completed" in done.stdout
    done = subprocess.run(
        [*COMMAND, "show", "@1", "--json"], env=environment, capture_output=True, check=True
    )
    assert json.loads(done.stdout.decode("utf-8"))["parameters"][0]["value"] == "한글"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_the_kernel_and_leaves_a_record(
    home: Settings, tmp_path: Path, number: int
) -> None:
    started, marker = tmp_path / "started", tmp_path / "survived"
    path = saved(
        tmp_path / "long.ipynb",
        f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(120)",
        f"open({str(marker)!r}, 'w')",
    )
    process = subprocess.Popen(
        [*COMMAND, "run", str(path), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (started.exists() and started.read_text()):
        assert time.monotonic() < deadline, "the cell did not start"
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert json.loads(out)["status"] == "interrupted"
    assert not marker.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
