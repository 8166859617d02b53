"""What the store keeps, drops and forgets, as people read it."""

from __future__ import annotations

from dataclasses import replace

from jupyter_mlops import text
from jupyter_mlops.records import Collection, Dependent, Dropped, Folder, Forgetting

GOING = Forgetting(
    done=False,
    runs=("a" * 32,),
    dependents=(Dependent("b" * 32, "a reproduction of aaaaaaaa"),),
    executions=48,
    shared_executions=1,
    blobs=7,
    freed_bytes=20_700,
    copies=2,
)


def test_what_is_forgotten_is_told_in_words_of_the_notebook() -> None:
    first, what, shared, dependent = text.forgetting(GOING).splitlines()
    assert first == "to be forgotten: run aaaaaaaa"
    assert "the code and outputs of 48 executions of cells; copies of 2 data files" in what
    assert what.endswith("20.7 kB of stored content")
    assert shared.strip().startswith("1 execution of a cell stays")
    assert "has to go too (--with-dependents): bbbbbbbb" in dependent
    refused = replace(GOING, obstacle="its kernel still runs")
    assert text.forgetting(refused).endswith("not now: its kernel still runs")
    named = replace(refused, kernel="k-1")
    assert text.forgetting(named).endswith("still runs (kernel k-1)")
    both = replace(GOING, runs=("a" * 32, "b" * 32))
    assert "goes too: bbbbbbbb" in text.forgetting(both)


def test_a_preview_ends_with_what_yes_would_do() -> None:
    free = replace(GOING, dependents=())
    for one, end in (
        (free, "nothing was forgotten yet; to forget it for good, repeat this with --yes"),
        (GOING, "nothing was forgotten; --yes would be refused as well"),
        (
            replace(free, obstacle="it runs"),
            "nothing was forgotten; --yes would be refused as well",
        ),
        (replace(GOING, runs=("a" * 32, "b" * 32)), "repeat this with --yes"),
    ):
        assert text.forgetting(one, preview=True).splitlines()[-1].endswith(end)
        assert "--yes" not in text.forgetting(one)


def test_what_is_left_above_the_quota_is_explained_with_a_way_out() -> None:
    waste = Dropped("waste", "1 stored content", 1_000, "nothing names them any more")
    found = Collection(
        done=False, used_bytes=6_000, quota_bytes=2_000, left_bytes=5_000, dropped=(waste,)
    )
    *_, left, how = text.collection(found).splitlines()
    assert left.startswith("5.0 kB would be left, 3.0 kB above the quota: what runs")
    assert "jupyter mlops forget RUN" in left
    assert "--yes" in how
    unwritable = replace(found, notices=("nothing can be dropped",))
    assert text.collection(unwritable).splitlines()[-1] == "nothing can be dropped"


def test_an_answer_is_asked_for_only_where_it_can_be_kept() -> None:
    folder = Folder("/srv/churn", "ask", files=1, size_bytes=4, limit_bytes=10**9)
    shown = text.folder(folder)
    assert "a file above 1.0 GB is left out" in shown
    assert shown.splitlines()[-1] == "to answer: jupyter mlops keep-data /srv/churn yes (or no)"
    assert "to answer" not in text.folder(replace(folder, answerable=False))
