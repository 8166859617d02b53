"""What gc drops, what it leaves, and that nothing lies afterwards."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jupyter_mlops.errors import MissingBlobError
from jupyter_mlops.journal import Journal, this_process
from jupyter_mlops.records import BatchCell, Collection, Reproduction
from jupyter_mlops.settings import Settings
from jupyter_mlops.store import Store, collection
from jupyter_mlops.store.blobs import Blobs
from tests.store.crashing import CrashError, dying_at
from tests.store.golden import write_journal
from tests.store.interpreter import Kernel
from tests.store.said import Server, batch, messages, notebook, outcome, started

SIZE = 10_000


def with_quota(home: Settings, quota_bytes: int) -> Store:
    return Store.open(replace(home, quota_bytes=quota_bytes))


def execute(store: Store, number: int, *, parent: str | None = None, text: str = "") -> str:
    """Record a batch run with an output of its own."""
    run = f"{number}" * 32
    said = (text or str(number)) * SIZE
    output = {"output_type": "stream", "name": "stdout", "text": said}
    cell = BatchCell(
        cell=0, id="c0", source="print()", status="ok", msg_id=None, execution_count=1,
        duration_s=0.1, error=None, outputs=(output,),
    )  # fmt: skip
    given = notebook("print()")
    trigger = "run" if parent is None else "reproduce"
    begun = f"2026-01-0{number}T00:00:00Z"
    store.begin_batch(batch(run, given, started=begun, parent=parent, trigger=trigger))
    store.finish_batch(run, outcome(cell, executed=str(number).encode()))
    return run


def age(home: Settings, seconds: float = 2 * collection.GRACE_S) -> None:
    """Let all content be as old as that."""
    then = time.time() - seconds
    for path in home.blobs.rglob("*"):
        if path.is_file():
            os.utime(path, (then, then))


def text_of(store: Store, run: str) -> str:
    return str(store.cells(run)[0].outputs[0].get("text", ""))


def sizes(home: Settings) -> int:
    paths = [*home.blobs.rglob("*"), *home.journals.glob("*")]
    return sum(path.stat().st_size for path in paths if path.is_file())


def dropped_runs(found: Collection) -> list[str | None]:
    return [one.run for one in found.dropped if one.kind == "content"]


def test_below_the_quota_only_waste_goes(home: Settings, store: Store) -> None:
    run = execute(store, 1)
    waste = store.put(b"nobody names this")
    assert store.gc(dry_run=False).dropped == ()
    age(home)
    assert store.put(b"put again") != waste
    told = store.gc(dry_run=True)
    assert [(one.kind, one.size_bytes) for one in told.dropped] == [("waste", 17)]
    assert store.blob(waste)
    done = store.gc(dry_run=False)
    assert (done.dropped, done.left_bytes) == (told.dropped, sizes(home))
    with pytest.raises(MissingBlobError, match="not in the store"):
        store.blob(waste)
    assert text_of(store, run) == "1" * SIZE
    # What was put a moment ago may be on its way to its row.
    assert store.put(b"put again")


def test_what_is_put_again_meanwhile_stays(
    home: Settings, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = store.put(b"content")
    age(home)
    drop = Blobs.drop

    def raced(self: Blobs, dropped: str, before: float) -> int | None:
        store.put(b"content")
        return drop(self, dropped, before)

    monkeypatch.setattr(Blobs, "drop", raced)
    assert store.gc(dry_run=False).dropped
    assert store.blob(digest) == b"content"


def test_above_the_quota_the_oldest_content_goes_and_rows_say_so(home: Settings) -> None:
    with with_quota(home, 25_000) as store:
        ids = [execute(store, number) for number in (1, 2, 3)]
        age(home)
        before = [store.run(run) for run in ids]
        told = store.gc(dry_run=True)
        assert dropped_runs(told) == [ids[0]]
        assert [text_of(store, run) for run in ids] == [n * SIZE for n in "123"]
        done = store.gc(dry_run=False)
        assert (done.dropped, done.left_bytes) == (told.dropped, sizes(home))
        assert done.left_bytes <= 25_000
        assert [text_of(store, run) for run in ids] == ["", "2" * SIZE, "3" * SIZE]
        after = [store.run(run) for run in ids]
        assert after[1:] == before[1:]
        assert replace(after[0], notices=()) == before[0]
        assert "were dropped by gc" in after[0].notices[0]
        digest = before[0].cells[0].outputs[0].digest
        assert digest is not None
        with pytest.raises(MissingBlobError, match=r"dropped by gc on 20.*to keep the quota"):
            store.blob(digest)
        mark = store.cells(ids[0])[0].outputs[0]["metadata"]["jupyter_mlops"]
        assert mark["missing"] == digest and "dropped by gc" in mark["why"]
        assert store.given_notebook(ids[0]) == notebook("print()")
        assert store.gc(dry_run=False).dropped == ()
        # The same content made again is there again.
        assert store.blob(store.put(b"1")) == store.executed_notebook(ids[0]) == b"1"


def test_what_others_need_stays(home: Settings) -> None:
    with with_quota(home, 1) as store:
        shared = [execute(store, number, text="s") for number in (1, 2)]
        original = execute(store, 3)
        repeated = execute(store, 4, parent=original)
        running = "5" * 32
        store.begin_batch(batch(running, notebook("5")))
        age(home)
        done = store.gc(dry_run=False)
        assert set(dropped_runs(done)) == {*shared, repeated}
        assert [(one.run, one.why) for one in done.protected] == [
            (original, "a reproduction rests on it")
        ]
        assert text_of(store, original) == "3" * SIZE
        assert store.given_notebook(running)
        assert done.left_bytes > done.quota_bytes
        # Equal outputs of two runs go with the later one, and not before.
        assert [one.size_bytes < 100 for one in done.dropped if one.run in shared] == [True, False]


def test_a_reproduction_without_a_run_of_its_own_counts_too(home: Settings) -> None:
    with with_quota(home, 1) as store:
        run = execute(store, 1)
        store.save_reproduction(
            Reproduction("r" * 32, run, "running", "2026-01-02T00:00:00Z", "ada"), this_process()
        )
        age(home)
        assert dropped_runs(store.gc(dry_run=False)) == []


def test_content_of_a_live_kernel_stays(home: Settings, kernel: Kernel) -> None:
    started(kernel, kernel_id="k")
    kernel.execute("draft", "note = 'draft'")
    write_journal(home, kernel.events)
    server = Server(home)
    server.saw("k", messages(kernel)[-1], "d" * SIZE)
    with with_quota(home, 1) as store:
        store.refresh()
        age(home)
        assert store.gc(dry_run=False).dropped == ()
        assert [path for path in home.journals.iterdir() if kernel.id in path.name]
        kernel.end()
        write_journal(home, kernel.events)
        store.refresh()
        age(home)
        # The kernel has ended; the server goes on, and its journal with it.
        found = store.gc(dry_run=False).dropped
        assert [one.what for one in found if one.kind == "journal"] == ["1 journal"]
        assert sum(one.size_bytes for one in found if one.kind == "content") > SIZE
        assert store.run("@1").metrics
    server.told("k", "/a.ipynb")


def test_journals_go_once_they_are_taken_in_and_left(
    home: Settings, store: Store, kernel: Kernel
) -> None:
    kernel.end()
    path = write_journal(home, kernel.events)
    alive = Journal(home.journals, "server-alive")
    odd = home.journals / "odd.jsonl"
    odd.write_text('{"type": "of the future", "v": 99}\n')
    store.refresh()
    before = store.run("@1")
    done = store.gc(dry_run=False)
    assert [one.what for one in done.dropped] == ["1 journal"]
    assert not path.exists()
    # One is held by its writer, one has lines that only a newer version can read.
    assert odd.exists() and alive.path.exists()
    alive.close()
    store.gc(dry_run=False)
    store.refresh()
    assert store.run("@1") == before


def test_a_closed_journal_with_lines_that_were_not_taken_in_stays(
    home: Settings, store: Store, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel.end()
    path = write_journal(home, kernel.events[:-1])
    store.refresh()
    refresh = store.refresh

    def late() -> Any:
        found = refresh()
        write_journal(home, kernel.events)
        return found

    monkeypatch.setattr(store, "refresh", late)
    assert store.gc(dry_run=False).dropped == ()
    assert path.exists()


@pytest.mark.parametrize("step", range(6))
def test_who_dies_in_between_leaves_only_waste(
    home: Settings, monkeypatch: pytest.MonkeyPatch, step: int, kernel: Kernel
) -> None:
    kernel.end()
    write_journal(home, kernel.events)
    with with_quota(home, 15_000) as store:
        ids = [execute(store, number) for number in (1, 2, 3)]
        store.put(b"waste")
        age(home)
        dying = dying_at(step, monkeypatch)
        dying(os, "rename")
        dying(Path, "unlink")
        with pytest.raises(CrashError):
            store.gc(dry_run=False)
    monkeypatch.undo()
    with with_quota(home, 15_000) as store:
        # Each output is there whole, or its row says that it was dropped.
        for number, run in zip("123", ids, strict=True):
            output = store.cells(run)[0].outputs[0]
            mark = output["metadata"]["jupyter_mlops"] if "metadata" in output else None
            assert mark is not None or output["text"] == number * SIZE
            if mark is not None:
                assert "dropped by gc" in mark["why"]
        age(home)
        # What lay aside is put back first, and is waste again the next time.
        store.gc(dry_run=False)
        store.gc(dry_run=False)
        assert sizes(home) <= 15_000
        assert not list(home.blobs.rglob("*.aside"))
        assert text_of(store, ids[2]) == "3" * SIZE


def test_the_quota_is_said_with_the_way_out(home: Settings) -> None:
    with with_quota(home, 1) as store:
        execute(store, 1)
        (said,) = [one for one in store.problems() if "quota" in one]
        assert said.endswith("see what can go with: jupyter mlops gc")
    with with_quota(home, 10**9) as store:
        assert not [one for one in store.problems() if "quota" in one]
