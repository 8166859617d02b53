"""The main job on a real notebook: run, run otherwise, compare, reproduce. `make demo` calls it.

It keeps what it records in `.demo` below the checkout, where `make lab` finds it.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "binder" / "tour.ipynb"
HOME = ROOT / ".demo"
PAGE = HOME / "comparison.html"


def main() -> int:
    """Do the main job; return 0 if the reproduction is as good as the run."""
    environment = {**os.environ, "JUPYTER_MLOPS_HOME": str(HOME), "JUPYTER_MLOPS": "on"}
    os.environ.update(environment)
    os.chdir(ROOT)
    first = recorded("run", "binder/tour.ipynb")
    second = recorded("run", "binder/tour.ipynb", "-p", "learning_rate", "0.02")
    told("The two runs, side by side")
    mlops("compare", first["id"][:8], second["id"][:8], "--html", os.path.relpath(PAGE))
    told("The first run again, in a clean kernel and a copy of its folder")
    verdict = mlops("reproduce", first["id"][:8])
    told("To see more")
    print(f"the comparison as a page:    {PAGE}")
    print("the same in JupyterLab:      make lab   (then open the MLOps sidebar on the left)")
    print(f"on the command line:         export JUPYTER_MLOPS_HOME={shlex.quote(str(HOME))}")
    print("                             .venv/bin/jupyter mlops runs")
    return verdict.returncode


def recorded(*words: str) -> dict[str, Any]:
    """Run a notebook, say in two lines what came out, and return its record."""
    told(f"jupyter mlops {shlex.join(words)}")
    done = mlops(*words, "--json", stdout=subprocess.PIPE, echo=False)
    if done.returncode:
        print(*reasons(done.stdout), sep="\n", file=sys.stderr)
        sys.exit(
            f"the demo stopped: jupyter mlops {shlex.join(words)} ended with {done.returncode}"
        )
    record: dict[str, Any] = json.loads(done.stdout)
    for kind in ("parameters", "metrics"):
        values = (
            f"{item['name']}={item['value']}" for item in record[kind] if item["source"] != "model"
        )
        print(f"{kind + ':':<12} {' '.join(values)}", flush=True)
    return record


def reasons(answer: bytes) -> list[str]:
    """Return why a run is not good, from its record; a refusal is on the terminal already."""
    try:
        record = json.loads(answer)
    except ValueError:  # no record: what it said instead is the reason
        return [answer.decode(errors="replace")]
    return [
        *record.get("notices", ()),
        *(f"not recorded: {u['what']}; {u['why']}" for u in record.get("unseen", ())),
    ]


def mlops(*words: str, echo: bool = True, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """Call the command line as a person would; its progress goes to the terminal."""
    if echo:
        print(f"$ jupyter mlops {shlex.join(words)}", flush=True)
    return subprocess.run(
        [sys.executable, "-m", "jupyter_mlops.cli", *words], check=False, **options
    )


def told(title: str) -> None:
    """Print a heading."""
    print(f"\n== {title}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
