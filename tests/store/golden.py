"""The golden sessions: how they are read, acted out, and told as rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from jupyter_mlops.events import Event
from jupyter_mlops.journal import SUFFIX, encode
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.store.interpreter import Kernel

PATH = Path(__file__).parent.parent / "golden" / "sessions.json"


class Executes(Protocol):
    """Whatever executes cells: the interpreter, or a real kernel."""

    def execute(self, cell: str, source: str) -> bool: ...

    def end(self) -> None: ...


def sessions() -> list[dict[str, Any]]:
    """Return the golden sessions."""
    found: list[dict[str, Any]] = json.loads(PATH.read_text())["sessions"]
    return found


def act(session: dict[str, Any], folder: Path, start: Any) -> None:
    """Do what the person of the session does; `start` starts a kernel, `end` is left out last."""
    cells: dict[str, str] = dict(session["cells"])
    kernel: Executes = start()
    for deed in session["does"]:
        if deed == "restart":
            kernel.end()
            kernel = start()
        elif deed == "run all":
            _run(kernel, cells, list(cells))
        elif "run" in deed:
            _run(kernel, cells, deed["run"])
        elif "edit" in deed:
            cells[deed["edit"]] = deed["to"]
        elif "add" in deed:
            cells[deed["add"]] = deed["source"]
        elif "delete" in deed:
            del cells[deed["delete"]]
        else:
            (folder / deed["outside"]).write_text(deed["holds"])


def _run(kernel: Executes, cells: dict[str, str], names: list[str]) -> None:
    for name in names:
        if not kernel.execute(name, cells[name]):
            return


def interpreted(session: dict[str, Any], folder: Path) -> list[Kernel]:
    """Act a session out in the interpreter."""
    kernels: list[Kernel] = []

    def start() -> Kernel:
        kernels.append(Kernel(folder))
        return kernels[-1]

    act(session, folder, start)
    return kernels


def write_journal(home: Settings, events: list[Event]) -> Path:
    """Write events as the journal of their writer."""
    home.journals.mkdir(parents=True, exist_ok=True)
    path = home.journals / (events[0].writer + SUFFIX)
    path.write_bytes(b"".join(encode(event) + b"\n" for event in events))
    return path


def rows(store: Store) -> Iterator[dict[str, Any]]:
    """Yield what the store makes of it, oldest first, as the golden file tells it."""
    for summary in reversed(store.runs().runs):
        run = store.run(summary.id)
        inherited = sorted(metric.name for metric in run.metrics if metric.inherited)
        yield {
            "parameters": summary.parameters,
            "metrics": summary.metrics,
            "inherited": inherited,
            "status": summary.status,
        }


def differences(expected: list[dict[str, Any]], found: list[dict[str, Any]]) -> list[str]:
    """Say in words where the rows differ."""
    if len(expected) != len(found):
        return [f"{len(expected)} rows expected, {len(found)} found: {found}"]
    said = []
    for number, (want, have) in enumerate(zip(expected, found, strict=True)):
        if want["parameters"] != have["parameters"]:
            said.append(f"row {number}: {want['parameters']} expected, {have['parameters']} found")
        if want["metrics"].keys() != have["metrics"].keys() or any(
            value not in ("any", have["metrics"][name]) for name, value in want["metrics"].items()
        ):
            said.append(f"row {number}: {want['metrics']} expected, {have['metrics']} found")
        if sorted(want.get("inherited", ())) != have["inherited"]:
            said.append(f"row {number}: inherited {have['inherited']}")
        if "status" in want and want["status"] != have["status"]:
            said.append(f"row {number}: status {have['status']}")
    return said
