"""What of a session's cells is stale, out of order, of hidden state, or not known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.events import CellStarted
from jupyter_mlops.store import disorder
from jupyter_mlops.store.disorder import Judged, judged_in
from jupyter_mlops.store.segmentation import segment
from jupyter_mlops.store.sessions import Session, tell
from tests.store import random_order
from tests.store.interpreter import Kernel

GOLDEN = Path(__file__).parent.parent / "golden" / "order.json"
SESSIONS: list[dict[str, Any]] = json.loads(GOLDEN.read_text())["sessions"]


def acted(session: dict[str, Any], folder: Path) -> Session:
    """Do what the person of a golden session does."""
    kernel = Kernel(folder)
    cells = dict(session["cells"])
    deleted: list[str] = []

    def execute(name: str, source: str, client: str) -> None:
        assert kernel.execute(name, source)
        at = len(kernel.events) - 2
        begun = kernel.events[at]
        assert isinstance(begun, CellStarted)
        told = {"deleted": tuple(deleted), "by_notebook": True} if client == "notebook" else {}
        kernel.events[at] = replace(begun, client=client, **told)
        if client == "notebook":
            deleted.clear()

    for deed in session["does"]:
        if deed == "run all" or "run" in deed:
            for name in cells if deed == "run all" else deed["run"]:
                execute(name, cells[name], "notebook")
        elif "edit" in deed:
            cells[deed["edit"]] = deed["to"]
        elif "delete" in deed:
            deleted.append(deed["delete"])
            del cells[deed["delete"]]
        elif "widget" in deed:
            kernel.change_outside(deed["widget"])
        elif "console" in deed:
            execute("console", deed["console"], "console")
        else:
            (folder / deed["outside"]).write_text(deed["holds"])
    told = tell(kernel.events, ())
    assert told is not None
    return told


def found(session: Session, cells: list[str], **layout: Any) -> dict[str, list[str]]:
    """Return what is said of each cell."""
    places = {f"id {name}": place for place, name in enumerate(cells)}
    order = judged(session, places, **layout)
    names = {one.number: one.cell.removeprefix("id ") for one in session.executions}
    return {
        names[number]: [
            f"{one.kind}: " + " ".join(filter(None, (one.what, one.why))) for one in its.disorder
        ]
        for number, its in order.items()
        if its.disorder
    }


def judged(session: Session, places: dict[str, int], **layout: Any) -> dict[int, Judged]:
    guessed = layout.get("guessed", frozenset())
    return judged_in(segment(session.executions), places, guessed, len(session.executions))


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session["name"])
def test_golden_order(session: dict[str, Any], tmp_path: Path) -> None:
    said = found(acted(session, tmp_path), list(session["cells"]))
    shortened = {
        name: [one.replace(f"{tmp_path}/", "") for one in its] for name, its in said.items()
    }
    assert shortened == session["order"]


def test_what_rests_on_a_place_that_nobody_told_is_unknown(tmp_path: Path) -> None:
    session = next(one for one in SESSIONS if one["name"] == "a name taken from a cell below")
    guessed = frozenset({"id more"})
    said = found(acted(session, tmp_path), list(session["cells"]), guessed=guessed)
    assert [one.partition(":")[0] for one in said["score"]] == ["unknown"]


def test_what_is_in_order_is_what_the_notebook_gives_from_its_top(tmp_path: Path) -> None:
    for seed in range(400):
        assert random_order.lies(random_order.act(seed, tmp_path), tmp_path) == [], seed


def test_a_plain_run_all_is_in_order(tmp_path: Path) -> None:
    for seed in range(200):
        acted = random_order.act(seed, tmp_path, in_order=True)
        assert random_order.alarms(acted) == [], seed


@pytest.mark.parametrize("rule", ["_again", "_not_there_yet", "_beside_opaque", "_taken"])
def test_the_property_notices_a_rule_that_is_gone(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: Any = {"_not_there_yet": (), "_beside_opaque": []}.get(rule)
    monkeypatch.setattr(disorder._Judge, rule, lambda self, *told: gone)
    noticed = (
        random_order.lies(random_order.act(seed, tmp_path), tmp_path) for seed in range(3000)
    )
    assert any(noticed)
