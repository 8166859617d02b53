"""What would go with a run is told by an index, and is what reading every row tells."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from jupyter_mlops.records import BatchCell
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store, forgetting, mentions, references
from jupyter_mlops.store.database import Database
from jupyter_mlops.store.tables import copies, noted
from jupyter_mlops.store.tables import mentions as rows
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import Server, batch, messages, notebook, outcome, started

# Which part of the index is there when it is asked.
PARTS = ("all", "first", "none", "damaged")


def fill(home: Settings, store: Store, folder: Path) -> None:
    """Record two sessions and two batch runs that share some content, and not all."""
    for name in ("one", "other"):
        kernel = Kernel(folder)
        started(kernel, kernel_id=name)
        kernel.execute("data", "data = [1.0, 2.0]")
        kernel.execute("lr", f"lr = 0.{len(name)}")
        kernel.execute("score", "score = sum(data) * lr")
        kernel.execute("lr", f"lr = 1.{len(name)}")
        kernel.execute("score", "score = sum(data) * lr")
        kernel.end()
        write_journal(home, kernel.events)
        server = Server(home, f"server-{name}")
        for message, text in zip(messages(kernel), ("both", name, "both", name), strict=False):
            server.saw(name, message, text)
        store.refresh()
    for run, text in (("1" * 32, "both"), ("2" * 32, "alone")):
        store.begin_batch(batch(run, notebook("print(1)")))
        said = {"output_type": "stream", "name": "stdout", "text": text}
        cell = BatchCell(0, "c0", "print(1)", "ok", None, 1, 0.1, (said,), None)
        store.finish_batch(run, outcome(cell, executed=text.encode()))
        store.refresh()


def orphaned_by_reading_all(database: Database, run: str) -> set[str]:
    """Delete the run's rows, read all that are left, and take it back."""
    with database._engine.connect() as connection, connection.begin() as transaction:
        plan = forgetting._plan(connection, [run], with_dependents=False)
        candidates = forgetting._named(connection, plan)
        forgetting._delete_rows(connection, plan)
        named = references.named(connection)
        transaction.rollback()
    return candidates - named


@pytest.mark.parametrize("part", PARTS)
def test_what_the_index_tells_is_what_all_rows_tell(
    home: Settings,
    store: Store,
    tmp_path: Path,
    part: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mentions, "_AT_ONCE", 10 if part == "first" else 2000)
    fill(home, store, tmp_path)
    database = store._database
    with database.write() as connection:
        if part == "none":
            connection.execute(delete(rows))
            connection.execute(delete(noted))
        elif part == "damaged":
            connection.execute(delete(rows).where(rows.c.owner.not_like("run:%")))
            connection.execute(update(noted).values(lines=noted.c.lines + 1))
        assert not connection.execute(copies.select()).all()
    found = 0
    for run in store.runs().runs:
        expected = orphaned_by_reading_all(database, run.id)
        with database.read() as connection:
            plan = forgetting._plan(connection, [run.id], with_dependents=False)
            assert forgetting._orphaned(connection, plan)[0] == expected
        found += len(expected)
    assert found > 6, "nothing would go"


def test_the_index_covers_what_it_says_after_a_run_was_forgotten(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    fill(home, store, tmp_path)
    while len(found := store.runs().runs) > 1:
        store.forget([found[-1].id])
        with store._database.read() as connection:
            covered = mentions._covered(connection)
            noted_ones = connection.execute(noted.select().where(noted.c.owner != "runs:")).all()
            assert {row.owner for row in noted_ones if row.lines} <= covered.keys()
            there = connection.execute(rows.select()).all()
            alive = {mentions._key(one) for one in references.named(connection)}
            assert {row.digest for row in there} <= alive


def test_a_preview_waits_for_nobody_who_writes(
    home: Settings, store: Store, tmp_path: Path
) -> None:
    fill(home, store, tmp_path)
    run = store.runs().runs[0].id
    writer = sqlite3.connect(store.path, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    try:
        assert store.forgetting([run]).runs == (run,)
    finally:
        writer.rollback()
        writer.close()
