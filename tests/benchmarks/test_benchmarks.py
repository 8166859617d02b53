from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
COMMANDS = {
    "audit_hook.py": [],
    "fingerprint.py": ["--megabytes", "8"],
    "kernel_start.py": [],
    "cell_cost.py": [],
    "journal.py": [],
    "corpus_cost.py": ["--megabytes", "8"],
    "seen.py": ["--only", "own/demand"],
}


def test_every_benchmark_is_listed_here_and_in_the_readme() -> None:
    names = {path.name for path in FOLDER.glob("[a-z]*.py")}
    assert names == set(COMMANDS)
    text = (FOLDER / "README.md").read_text()
    assert all(f"python benchmarks/{name}" in text for name in names)


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--check"], 1)])
def test_a_goal_that_is_not_met_fails_where_that_is_asked(options: list[str], code: int) -> None:
    source = (
        "from _measure import Goal, arguments, report\n"
        "options = arguments('', 1).parse_args()\n"
        "report([], options, [Goal('met', 1, 'ms', 2), Goal('missed', 3, 'ms', 2)])"
    )
    command = [sys.executable, "-c", source, *options]
    done = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (code, "")
    assert "missed" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_a_benchmark_measures_every_case_beside_its_baseline(name: str) -> None:
    command = [sys.executable, str(FOLDER / name), "--repeats", "1", "--json", *COMMANDS[name]]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["machine"]["cores"]
    for goal in document["goals"]:
        assert goal["measured"] > 0 and goal["limit"] > 0 and type(goal["met"]) is bool
    for row in document["rows"]:
        # One round each; of whole notebooks each cell is a measurement.
        assert row["n"] == 1 or name == "corpus_cost.py"
        assert 0 < row["min"] <= row["median"] <= row["p95"] <= row["max"]
        baseline = [
            other
            for other in document["rows"]
            if (other["what"], other["case"]) == (row["what"], row["baseline"])
        ]
        assert baseline
        if row["n"] == 1:  # of several, the ratio is the median of theirs
            assert row["ratio"]["median"] == pytest.approx(row["median"] / baseline[0]["median"])
