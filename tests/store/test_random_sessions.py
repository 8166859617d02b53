"""No row ever shows a metric that its own parameters did not produce, and none is lost.

Longer by command: ``python -m tests.store.random_sessions 100000``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_mlops.store import agreement, documents, effective, lineage, overwriting, segmentation
from jupyter_mlops.store.identity import Identities
from tests.store import random_sessions
from tests.store.random_sessions import act, disturbed, lies, lost, smallest, told, unfaithful


@pytest.mark.slow
def test_no_row_lies(tmp_path: Path) -> None:
    for seed in range(1000):
        acted = act(seed, tmp_path)
        if lies(acted):
            pytest.fail(f"seed {seed}\n" + told(smallest(acted, tmp_path, lies), lies))


@pytest.mark.slow
def test_no_result_is_lost_and_closed_runs_stay(tmp_path: Path) -> None:
    for seed in range(200):
        acted = act(seed, tmp_path)
        if lost(acted):
            pytest.fail(f"seed {seed}\n" + told(smallest(acted, tmp_path, lost), lost))


@pytest.mark.slow
def test_what_is_under_way_changes_no_run(tmp_path: Path) -> None:
    for seed in range(200):
        acted = act(seed, tmp_path)
        if disturbed(acted):
            pytest.fail(f"seed {seed}\n" + told(smallest(acted, tmp_path, disturbed), disturbed))


@pytest.mark.slow
def test_a_lineage_replayed_alone_gives_the_same_metrics(tmp_path: Path) -> None:
    for seed in range(500):
        acted = act(seed, tmp_path)
        if unfaithful(acted):
            pytest.fail(f"seed {seed}\n" + told(smallest(acted, tmp_path, unfaithful), unfaithful))


@pytest.mark.parametrize(
    ("module", "name", "broken"),
    [
        (segmentation, "agree", lambda ours, theirs: True),
        (agreement, "_is_replaced", lambda ours, theirs: False),
        (documents, "several_values", lambda executions, segment: []),
        (segmentation, "came_from", lambda traced, full: set()),
        (lineage, "writes", lambda execution: set(execution.flow.binds)),
        (effective, "stands", lambda executions, index, parameter, among, seen: "all"),
        (
            effective,
            "stands",
            lambda executions, index, parameter, among, seen: overwriting.stands(
                executions, index, parameter, among, among
            ),
        ),
        (Identities, "of", lambda self, execution, origins: execution.source_digest),
    ],
    ids=[
        "everything agrees",
        "nothing is replaced by an edit",
        "several values are not said",
        "the last value counts",
        "no change in place",
        "nothing replaces",
        "all are witnesses",
        "source alone",
    ],
)
def test_the_property_notices_a_broken_rule(
    module: object, name: str, broken: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, name, broken)
    noticed = (
        bool(random_sessions.lies(acted) or random_sessions.lost(acted))
        for acted in (act(seed, tmp_path, hides=seed % 2 == 0) for seed in range(300))
    )
    assert any(noticed)
