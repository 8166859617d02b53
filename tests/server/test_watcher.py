"""From a journal's growth to an event on Jupyter's own stream."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError
from jupyter_events.schema_registry import SchemaRegistry

from jupyter_mlops.errors import StoreError
from jupyter_mlops.events import Notice
from jupyter_mlops.journal import Journal
from jupyter_mlops.server import events, watcher
from jupyter_mlops.server.extension import MLOps
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store
from tests.server.journals import record
from tests.server.served import DEADLINE_S, Fetch, until
from tests.store.said import batch, notebook


@pytest.fixture
def store(home: Settings) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


async def _change(socket: Any, kind: str = "runs") -> dict[str, Any]:
    """Return the next event of ours of a kind."""
    while True:
        message = await asyncio.wait_for(socket.read_message(), DEADLINE_S)
        event: dict[str, Any] = json.loads(message)
        if event.pop("schema_id") == events.CHANGE and event["kind"] == kind:
            return event


async def test_a_change_is_told_on_the_event_stream(
    mlops: MLOps, jp_ws_fetch: Fetch, jp_fetch: Fetch, home: Settings
) -> None:
    await until(lambda: mlops.watcher.sequence is not None and mlops.watcher._known)
    socket = await jp_ws_fetch("api", "events", "subscribe")
    record(home)
    event = await _change(socket)
    assert set(event) == {"sequence", "kind", "ids"}, "an event is a hint and carries no data"
    page = json.loads((await jp_fetch("mlops", "runs")).body)
    assert event["ids"] == [page["runs"][0]["id"]]
    status = json.loads((await jp_fetch("mlops", "status")).body)
    assert status["sequence"] == event["sequence"]
    assert status["unsynced"] == 0

    # What another process took in first is told as well.
    record(home, accuracy=0.5)
    with Store.open(home) as store:
        store.refresh()
        (newest,) = store.runs(limit=1).runs
    later = await _change(socket)
    assert later["sequence"] > event["sequence"] and newest.id in later["ids"]
    socket.close()


async def test_an_event_with_anything_else_is_refused(mlops: MLOps) -> None:
    schemas: SchemaRegistry = mlops.serverapp.event_logger.schemas
    events.register(mlops.serverapp.event_logger)
    data: dict[str, Any] = {"sequence": 1, "kind": "runs", "ids": []}
    schemas.validate_event(events.CHANGE, data)
    for wrong in ({"metrics": {"accuracy": 1}}, {"kind": "other"}, {"ids": [1]}, {"sequence": -1}):
        with pytest.raises(ValidationError):
            schemas.validate_event(events.CHANGE, data | wrong)


async def test_many_changes_are_told_with_the_newest(mlops: MLOps, jp_ws_fetch: Fetch) -> None:
    socket = await jp_ws_fetch("api", "events", "subscribe")
    ids = [str(number) for number in range(events.IDS_LIMIT + 5)]
    events.emit(mlops.serverapp.event_logger, 7, "runs", ids)
    assert (await _change(socket))["ids"] == ids[5:]
    socket.close()


async def test_a_store_that_fails_is_a_problem_and_no_end(
    mlops: MLOps,
    jp_ws_fetch: Fetch,
    jp_fetch: Fetch,
    home: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await until(lambda: mlops.watcher._known)
    monkeypatch.setattr(watcher, "ERROR_INTERVAL_S", 0.1)
    socket = await jp_ws_fetch("api", "events", "subscribe")
    with monkeypatch.context() as broken:

        def fail(self: Store) -> None:
            raise StoreError(message="the disk is full; make room")

        broken.setattr(Store, "refresh", fail)
        record(home)
        assert (await _change(socket, "status"))["ids"] == []
        status = json.loads((await jp_fetch("mlops", "status")).body)
        assert "the disk is full; make room" in status["problems"]
        assert status["unsynced"] == 1
    await _change(socket, "status")
    status = json.loads((await jp_fetch("mlops", "status")).body)
    assert status["problems"] == [] and status["unsynced"] == 0
    socket.close()


async def test_looks_less_often_while_nothing_happens(
    mlops: MLOps, home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    await until(lambda: mlops.watcher._known)
    assert mlops.watcher._interval_s() == watcher.BUSY_INTERVAL_S
    monkeypatch.setattr(watcher, "IDLE_AFTER_S", -1.0)
    assert mlops.watcher._interval_s() == watcher.IDLE_INTERVAL_S


def test_signature(store: Store, home: Settings) -> None:
    first = watcher.signature(store)
    assert watcher.signature(store) == first
    book = Journal(home.journals, "w")
    created = watcher.signature(store)
    assert created != first
    times = os.stat(book.path)
    book.append(Notice, what="stored into room that the file has", why="a test")
    os.utime(book.path, ns=(times.st_atime_ns, times.st_mtime_ns))
    grown = watcher.signature(store)
    assert grown != created
    assert watcher.signature(store) == grown
    store.refresh()
    taken_in = watcher.signature(store)
    book.append(Notice, what="again", why="a test")
    assert watcher.signature(store) not in (taken_in, grown)
    book.close()


def test_a_change_by_another_process_is_seen_wherever_the_store_is(
    home: Settings, tmp_path: Path
) -> None:
    elsewhere = replace(home, store_url=f"sqlite:///{tmp_path / 'elsewhere' / 'runs.sqlite'}")
    with Store.open(elsewhere) as ours, Store.open(elsewhere) as theirs:
        before = watcher.signature(ours)
        theirs.begin_batch(batch("a" * 32, notebook("lr = 0.1")))
        assert watcher.signature(ours) != before
