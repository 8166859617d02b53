"""What capture sees of whole notebooks, beside its peers: precision and recall by labels.

The notebooks are those of ``tests/labels``: ours, and with ``--public FOLDER`` those of other
people whose repositories are there. Each is executed once by each tool, in a copy of its folder,
and what it tells is compared by the rule of ``tests/labels/README.md``. Of the peers
(``_observed.py``) only the kinds are compared that they claim: names of the notebook, arguments of
models, or both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from _matching import KINDS, Entry, Score, score
from _measure import Goal, arguments, report
from _peers import PYTHON

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.labels.corpus import Labelled, labelled

LIMIT_S = 400
OURS = "jupyter_mlops"
# What a tool claims to see; of parameters, those of the notebook's names or those of models.
CLAIMS = {
    OURS: (*KINDS, "names", "arguments"),
    "exptrack": ("names", "metrics", "data"),
    "mlflow": ("arguments", "metrics", "models"),
    "ploomber": ("metrics",),
    "guild": ("names",),
    "papermill": ("names",),
}
GOALS = {"parameters": 0.9, "metrics": 0.9, "data": 0.95, "models": 0.95}
Seen = dict[str, list[dict[str, Any]]]


def ours(label: Labelled, folder: Path, scratch: Path) -> Seen:
    """Run a notebook with the product as it is installed, and read the run's record."""
    notebook = folder / label.path
    environment = os.environ | {"JUPYTER_MLOPS": "on", "JUPYTER_MLOPS_HOME": str(scratch / "home")}
    command = [sys.executable, "-m", "jupyter_mlops.cli", "run", notebook.name, "--json"]
    done = subprocess.run(
        command, cwd=notebook.parent, env=environment, capture_output=True, check=False,
        timeout=LIMIT_S, text=True,
    )  # fmt: skip
    return findings(json.loads(done.stdout), notebook.parent)


def findings(record: Mapping[str, Any], start: Path) -> Seen:
    """Return what a run's record tells, in the form that is compared."""
    parameters = [
        {**one, "of": one["source"] == "model"}
        for one in record["parameters"]
    ]  # fmt: skip
    for model in record["models"]:
        for name, value in model["parameters"].items():
            argument = {"name": name, "value": value, "cell": model["cell"], "of": model["class"]}
            parameters.append(argument)
    series: dict[tuple[str, int | None], dict[str, Any]] = {}
    for one in record["metrics"]:
        key = one["name"], one["cell"]
        steps = series.get(key, {"steps": 0})["steps"] + 1
        series[key] = {**one, "steps": steps}
    data = {
        (os.path.relpath(start / one["path"], start), one["access"], one["cell"])
        for one in record["data"]
        if one["kind"] in ("file", "database") and one["path"] and one["access"] != "made"
    }
    return {
        "parameters": parameters,
        "metrics": list(series.values()),
        "data": [{"path": path, "access": access, "cell": cell} for path, access, cell in data],
        "models": [{"classes": [one["class"]], "cell": one["cell"]} for one in record["models"]],
    }


def peer(tool: str, label: Labelled, folder: Path, scratch: Path) -> Seen | None:
    """Run a notebook with a peer; ``None`` if that failed."""
    own = scratch / "peer"
    own.mkdir()
    # Papermill is ours as well, and looks for engines that other packages bring.
    interpreter = sys.executable if tool == "papermill" else PYTHON
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment["PATH"] = f"{Path(interpreter).parent}{os.pathsep}{environment['PATH']}"
    script = Path(__file__).with_name("_observed.py")
    try:
        done = subprocess.run(
            [interpreter, script, tool, folder / label.path, own],
            cwd=(folder / label.path).parent, env=environment | {"JUPYTER_MLOPS": "off"},
            capture_output=True, check=False, text=True, timeout=LIMIT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        print(f"{tool}: {label.name}: {error.timeout:.0f} s were not enough", file=sys.stderr)
        return None
    if done.returncode:
        print(f"{tool}: {label.name}: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    found: Seen = json.loads(done.stdout)
    return found


def compared(tool: str, label: Labelled, seen: Seen) -> Iterator[tuple[str, Score]]:
    """Yield how a tool did in each kind that it claims."""
    for kind in KINDS:
        if kind in CLAIMS[tool]:
            yield kind, score(kind, getattr(label, kind), seen.get(kind, []))
    for part in ("names", "arguments"):
        if part in CLAIMS[tool]:
            yield part, score("parameters", *of_part(part, label.parameters, seen["parameters"]))


def of_part(part: str, labels: list[Any], found: list[Any]) -> tuple[list[Entry], list[Entry]]:
    """Return only the arguments of models, or only the others."""
    wanted = part == "arguments"
    return (
        # The labels of the other part are neither right nor wrong here.
        [one if bool(one.get("of")) is wanted else {**one, "optional": True} for one in labels],
        [one for one in found if bool(one.get("of")) is wanted],
    )


def told(name: str, tool: str, kind: str, made: Score) -> None:
    """Print what was missed and what is too much in one notebook."""
    for word, entries in (("missed", made.missed), ("extra", made.extra)):
        for one in entries:
            keys = ("cell", "name", "names", "value", "steps", "access", "path", "classes")
            what = {key: one[key] for key in keys if key in one}
            print(f"{tool} {kind} {word} {name}: {json.dumps(what, default=str)[:300]}")


def main() -> None:
    """Run, compare and print."""
    parser = arguments(__doc__, repeats=1)
    parser.add_argument("--public", type=Path, help="where the repositories of the public ones are")
    parser.add_argument("--only", default="", help="notebooks with this in their names")
    parser.add_argument("--tool", action="append", choices=CLAIMS, help="only this one; repeatable")
    parser.add_argument("--verbose", action="store_true", help="list misses and extras")
    options = parser.parse_args()
    tools = options.tool or list(CLAIMS)
    if not PYTHON.exists():
        print(f"no peers in {PYTHON.parent.parent}; see `make bench`", file=sys.stderr)
        tools = [tool for tool in tools if tool in (OURS, "papermill")]
    # Capture was mended by what it missed in the others, so those held out are told apart.
    scores: dict[bool, dict[tuple[str, str], Score]] = {False: {}, True: {}}
    ran = {held: dict.fromkeys(tools, 0) for held in scores}
    for label in labelled(options.public):
        if options.only not in label.name:
            continue
        for tool in tools:
            with tempfile.TemporaryDirectory() as scratch:
                place = Path(scratch).resolve()
                folder = label.copied(place)
                look = ours(label, folder, place) if tool == OURS else None
                seen = look or peer(tool, label, folder, place)
            if seen is None:
                continue
            held = label.name.startswith("held_out/")
            ran[held][tool] += 1
            for kind, made in compared(tool, label, seen):
                if options.verbose and kind in (*KINDS, *(CLAIMS[tool] if tool != OURS else ())):
                    told(label.name, tool, kind, made)
                total = scores[held].setdefault((tool, kind), Score())
                total += made
    held_out = rows(scores[True], ran[True])
    if held_out and not options.json:
        print("held out:")
        show(held_out)
        print("the others:")
    table = rows(scores[False], ran[False])
    if not options.json:
        show(table)
    goals = [
        Goal(f"{kind}, {what}", getattr(scores[False][OURS, kind], what), "", limit, at_least=True)
        for kind, limit in GOALS.items()
        if (OURS, kind) in scores[False]
        for what in ("precision", "recall")
    ]
    report([], options, goals, seen=table, held_out=held_out)


def rows(scores: Mapping[tuple[str, str], Score], ran: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return a table's rows."""
    return [
        {
            "tool": tool,
            "kind": kind,
            "precision": made.precision,
            "recall": made.recall,
            "found": len(made.found),
            "missed": len(made.missed),
            "extra": len(made.extra),
            "neither": len(made.neither),
            "notebooks": ran[tool],
        }
        for (tool, kind), made in sorted(scores.items(), key=lambda one: (one[0][1], one[0][0]))
    ]


def show(table: list[dict[str, Any]]) -> None:
    """Print a table."""
    print(f"{'kind':12}{'tool':16}precision  recall   found  missed  extra  neither  notebooks")
    for row in table:
        # Who tells nothing is not precise either.
        told_any = row["found"] + row["extra"] > 0
        precision = f"{row['precision']:9.3f}" if told_any else f"{'-':>9}"
        print(
            f"{row['kind']:12}{row['tool']:16}{precision}{row['recall']:8.3f}"
            f"{row['found']:8}{row['missed']:8}{row['extra']:7}{row['neither']:9}{row['notebooks']:11}"
        )


if __name__ == "__main__":
    main()
